"""What is left when a local cloud has ended: nothing."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cfn_trigger.local_cloud.cloud import Cloud, CloudError, running
from tests.local_cloud.account import Account, function, probing
from tests.support.clients import Clients
from tests.support.processes import ignoring_ctrl_c, with_environment
from tests.support.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parent.parent.parent
ENDLESS = "import threading\ndef handler(event, context):\n    threading.Event().wait()\n"


def processes(port: str) -> list[str]:
    return with_environment(f"GATEWAY_PORT={port}")


def port_of(cloud: Cloud) -> str:
    return cloud.endpoint.rpartition(":")[2]


def is_listening(port: str) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", int(port))) == 0


def run_an_endless_function(clients: Clients) -> None:
    account = Account(clients=clients)
    stack = account.create(function(ENDLESS, Timeout=900), capabilities=["CAPABILITY_IAM"])
    name = account.physical_id(stack, "Function")
    clients.boto("lambda").invoke(FunctionName=name, InvocationType="Event", Payload="{}")
    wait_until(lambda: len(processes(port_of(clients.cloud))) > 1)


def command(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "cfn_trigger", "local", *arguments),
        cwd=ROOT,
        env={"TMPDIR": str(folder), "PATH": os.defpath},
        stdout=subprocess.PIPE,
        text=True,
    )


def exported(person: "subprocess.Popen[str]") -> dict[str, str]:
    assert person.stdout
    lines = [person.stdout.readline() for _ in range(2)]
    return dict(re.findall(r"(\w+)='?([^'\s]*)'?", "".join(lines)))


def test_a_running_function_is_ended_with_the_cloud(tmp_path: Path) -> None:
    with running(log=tmp_path / "log") as cloud:
        with closing(Clients(cloud=cloud, home=tmp_path)) as clients:
            run_an_endless_function(clients)
        assert len(processes(port_of(cloud))) == 2

    assert processes(port_of(cloud)) == []
    assert not is_listening(port_of(cloud))
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_an_exception_ends_the_cloud() -> None:
    with pytest.raises(KeyError), running() as cloud:
        raise KeyError

    assert processes(port_of(cloud)) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_success_and_leaves_nothing(
    ending: int, tmp_path: Path
) -> None:
    with command("--port=0", folder=tmp_path) as person:
        environment = exported(person)
        port = environment["AWS_ENDPOINT_URL"].rpartition(":")[2]
        assert len(processes(port)) == 1

        person.send_signal(ending)

        assert person.wait(PATIENCE) == 0
    assert processes(port) == []
    assert list(tmp_path.iterdir()) == []


def test_the_server_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    with command("--port=0", folder=tmp_path) as person:
        port = exported(person)["AWS_ENDPOINT_URL"].rpartition(":")[2]

        person.kill()

    wait_until(lambda: processes(port) == [])
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_in_use_is_an_error(cloud: Cloud) -> None:
    port = port_of(cloud)

    with pytest.raises(CloudError) as caught, running(port=int(port)):
        pass

    assert str(caught.value) == (
        f"port {port} on 127.0.0.1: Address already in use; stop what uses it, or pass another"
        " --port"
    )


def test_a_reset_cloud_is_empty_of_stacks_and_macros(tmp_path: Path) -> None:
    with running() as cloud, closing(Clients(cloud=cloud, home=tmp_path)) as clients:
        account = Account(clients=clients)
        account.register_macro("Probe")

        cloud.reset()

        assert account.cloudformation.list_stacks()["StackSummaries"] == []
        account.register_macro("Probe")
        assert account.note(probing())["said"]["transformId"] == "123456789012::Probe"
