"""`cfn-trigger local`, as a person uses it."""

import ast
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cfn_trigger.commands import local
from cfn_trigger.errors import UsageError
from cfn_trigger.local_cloud.cloud import Cloud
from tests.support.command_line import ROOT
from tests.support.processes import ignoring_ctrl_c, with_environment
from tests.support.waiting import PATIENCE

BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "examples" / "self-test" / "template.yaml"


def cloud(**environment: str) -> Cloud:
    return Cloud(endpoint=environment["AWS_ENDPOINT_URL"], environment=environment)


def test_two_exports_have_the_location_of_the_cloud_and_its_credentials() -> None:
    local_cloud = cloud(
        AWS_ENDPOINT_URL="http://cloud",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 the emulator's own
        AWS_DEFAULT_REGION="us-east-1",
        AWS_REGION="us-east-1",
        AWS_PAGER="",
    )

    assert [local.shell_export(export) for export in local.exports(local_cloud)] == [
        "export AWS_ENDPOINT_URL=http://cloud AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
        "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_SESSION_TOKEN=''",
    ]


def test_a_missing_package_is_named_with_how_to_install_it() -> None:
    with pytest.raises(UsageError) as caught:
        local.require_packages(["json", "no_such_emulator"])

    assert caught.value.message == (
        "the local cloud needs no_such_emulator; install it with: pip install 'cfn-trigger[local]'"
    )


def test_the_required_packages_are_those_that_the_local_cloud_imports() -> None:
    files = (ROOT / "cfn_trigger" / "local_cloud").glob("*.py")
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]

    imported = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert imported - {"cfn_trigger", "boto3", "botocore"} == set(local.REQUIRED_PACKAGES)


# ---- as a person uses it


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run it in a process group of its own, as a terminal does."""
    process = subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "cfn_trigger", "local", *arguments),
        cwd=ROOT,
        env={"TMPDIR": str(folder), "PATH": os.environ["PATH"], "HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def exported(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(2)]
    assert all(line.startswith("export ") for line in lines), lines
    return dict(re.findall(r"(\w+)='?([^'\s]*)'?", "".join(lines)))


def deployed(environment: Mapping[str, str], home: Path) -> str:
    """Deploy the example by `sam deploy`, which knows the two exports and nothing else."""
    ended = subprocess.run(
        [
            *(BIN / "sam", "deploy", "--stack-name", "self-test", "--template-file", EXAMPLE),
            *("--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-progressbar"),
        ],
        cwd=home,
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), **environment}
        | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def is_listening(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


def test_templates_with_triggers_can_be_deployed_with_its_exports_and_ctrl_c_leaves_nothing(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with command(tmp_path, "--port=0") as process:
        environment = exported(process)
        endpoint = environment["AWS_ENDPOINT_URL"]

        output = deployed(environment, home)
        process.send_signal(signal.SIGINT)

        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert "Successfully created/updated stack - self-test" in output
    assert not is_listening(endpoint)
    assert with_environment(f"GATEWAY_PORT={endpoint.rpartition(':')[2]}") == []
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_port_that_is_in_use_is_a_usage_error(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with command(tmp_path, f"--port={port}") as process:
            stdout, stderr = process.communicate(timeout=PATIENCE)

    assert (process.returncode, stdout) == (2, "")
    assert stderr == (
        f"cfn-trigger: port {port} on 127.0.0.1: Address already in use; stop what uses it, or pass"
        " another --port\n"
    )
