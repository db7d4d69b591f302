"""`cfn-trigger run` against handlers that are really deployed."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cloud.command import ROOT, run
from tests.support.clients import Clients, Outcome
from tests.support.stacks import POLLED, RAISING, Json, Stack, function, trigger
from tests.support.waiting import PATIENCE

SEEN = """
    import json
    def handler(event, context):
        print("saw", json.dumps(event, sort_keys=True))
        return {"Rows": 3, "About": (context.client_context or "") and "told"}
"""
FUNCTIONS = {
    **function("Seen", SEEN), **function("Polled", POLLED), **function("Bad", RAISING),
    "Queue": {"Type": "AWS::SQS::Queue"},
}  # fmt: skip


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    """Deploy the functions, and one trigger; the others are only in the template on disk."""
    outcome = stack.deploy({**FUNCTIONS, "Run": trigger("Seen", ExecuteOnDelete=True)})
    assert outcome.exit_code == 0, outcome.stderr
    return stack


def ran(clients: Clients, stack: Stack, run_trigger: Json, *more: str) -> Outcome:
    template = {"Transform": "Trigger", "Resources": {**FUNCTIONS, "Run": run_trigger}}
    (stack.folder / "own.yaml").write_text(json.dumps(template))
    outcome = run(clients, stack.folder, "run", "own.yaml", "Run", "--stack", stack.name, *more)
    stdout = re.sub(r"(?m)^\d\d:\d\d:\d\d    ", "", outcome.stdout)
    stdout = re.sub(r"after (\d+ min )?[\d.]+ s", "after N s", stdout).replace(stack.name, "STACK")
    return Outcome(exit_code=outcome.exit_code, stdout=stdout, stderr=outcome.stderr)


@pytest.mark.long
def test_a_handler_is_run_with_the_event_that_a_deployment_would_send(
    clients: Clients, deployed: Stack
) -> None:
    queue, before = deployed.physical_id("Queue"), deployed.log("Seen")
    payload = {"Queue": {"Ref": "Queue"}, "Name": {"Fn::GetAtt": ["Queue", "QueueName"]}, "N": 5}

    seen = ran(clients, deployed, trigger("Seen", Payload=payload), "--payload", '{"Name": "q"}')
    polled = ran(clients, deployed, trigger("Polled"))
    bad = ran(clients, deployed, trigger("Bad"))
    unmet = ran(clients, deployed, trigger("Seen", Expect={"Rows": 4}), "--request-type", "Update")
    unknown = ran(clients, deployed, trigger("Seen", Payload=payload))

    event = f'{{"N": 5, "Name": "q", "Queue": "{queue}"}}'
    assert (seen.exit_code, seen.stderr) == (0, "")
    assert re.sub(r"Run-\w{12}", "Run-ID", seen.stdout).replace(deployed.name, "STACK") == (
        f"Run: started, attempt 1\nSeen | saw {event}\n".replace(deployed.name, "STACK")
        + "Run: done after N s\n"
        "SUCCESS after N s\n"
        'result: {"Rows": 3, "About": "told"}\n'
        "physical id: Run-ID\n"
        "attributes:\n"
        "  Rows   3\n"
        "  About  told\n"
    )
    assert deployed.log("Seen")[len(before)] == f"saw {event}"
    assert polled.exit_code == 0
    assert polled.stdout.splitlines()[:6] == [
        "Run: started, attempt 1",
        "Polled | table 1",
        "Run: in progress after N s: 1 of 2",
        "Polled | table 2",
        "Run: done after N s, poll 1",
        "SUCCESS after N s",
    ]
    assert bad.exit_code == 1
    assert bad.stdout.splitlines()[:2] == ["Run: started, attempt 1", "Bad | about to fail"]
    assert "FAILED after N s\n  LookupError: no such table\n" in bad.stdout
    assert unmet.exit_code == 1
    assert "FAILED after N s\n  Expect: result.Rows is 3, expected 4\n" in unmet.stdout
    assert unknown.exit_code == 2
    assert unknown.stderr == (
        "cfn-trigger: Run: only CloudFormation knows Payload.Name (Queue.QueueName); pass the value"
        " with --payload, or that of a NoEcho parameter with --parameter\n"
    )


def test_a_stack_that_does_not_exist_is_a_usage_error(clients: Clients, tmp_path: Path) -> None:
    template = {"Transform": "Trigger", "Resources": {**FUNCTIONS, "Run": trigger("Seen")}}
    (tmp_path / "own.yaml").write_text(json.dumps(template))

    outcome = run(clients, tmp_path, "run", "own.yaml", "Run", "--stack", "nowhere")

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        "cfn-trigger: stack 'nowhere': does not exist in us-east-1; deploy it first, or check the"
        " name and the region\n"
    )


def asked(clients: Clients, stack: Stack, answer: bytes) -> tuple[int, str]:
    """Run a deployed trigger at a terminal, answer its question, and return what it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cfn_trigger", "run", "--deployed-stack", stack.name, "Run"],
        cwd=stack.folder,
        env=clients.environment() | {"PYTHONPATH": str(ROOT), "TERM": "dumb"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        os.write(ours, answer)
        stdout, _ = process.communicate(timeout=PATIENCE)
    os.close(ours)
    os.close(theirs)
    return process.returncode, stdout.decode()


def test_a_deployed_trigger_is_run_again_after_a_confirmation(
    clients: Clients, deployed: Stack
) -> None:
    before, events = deployed.log("Seen"), deployed.events()

    refused, _ = asked(clients, deployed, b"n\n")
    assert (refused, deployed.log("Seen")) == (1, before)

    exit_code, output = asked(clients, deployed, b"y\n")

    assert exit_code == 0
    assert f"Run of stack '{deployed.name}':" in output
    assert f"  function  {deployed.physical_id('Seen')} (Seen)" in output
    assert '"Rows": 3' in output
    assert len(deployed.log("Seen")) == len(before) + 1
    assert '"RequestType": "Update"' in deployed.log("Seen")[-1]
    assert (deployed.status(), deployed.events()) == ("CREATE_COMPLETE", events)


def test_a_deployed_trigger_is_run_again_without_a_question(
    clients: Clients, deployed: Stack
) -> None:
    words = ("run", "--deployed-stack", deployed.name, "Run", "--json")

    refused = run(clients, deployed.folder, *words)
    done = run(clients, deployed.folder, *words, "--yes")

    assert (refused.exit_code, done.exit_code) == (2, 0)
    assert json.loads(done.stdout)["result"]["Rows"] == 3
