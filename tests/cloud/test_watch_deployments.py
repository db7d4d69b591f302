"""`cfn-trigger watch` beside a real `sam deploy`.

The local cloud has a function's log only when its execution is over, and the provider's execution
takes as long as the trigger: what is told while it goes on is tested in tests/commands.
"""

import json
import re
import signal
from pathlib import Path

from tests.cloud.command import ended, started, wait_until_it_looks
from tests.support.clients import Clients
from tests.support.stacks import POLLED, RAISING, Stack, function, trigger
from tests.support.waiting import PATIENCE


def watched(clients: Clients, stack: Stack, resources: dict[str, object]) -> tuple[str, int]:
    """Deploy beside a watch, and give what that said of triggers, and its exit code."""
    words = ("watch", stack.name, "--timeout", str(PATIENCE))
    with started(clients, stack.folder, *words) as process:
        wait_until_it_looks(process)
        stack.deploy(resources)
        outcome = ended(process)
    assert outcome.stderr == ""
    output = outcome.stdout.replace(stack.name, "STACK")
    return output, outcome.exit_code


def about_triggers(output: str) -> list[str]:
    """List the lines about triggers, and what their handlers printed, without times."""
    lines = re.findall(r"(?m)^\S+    (.*)$", output)
    return [re.sub(r"after \d+ s", "after N s", line) for line in lines]


def test_a_deployment_that_succeeds_is_followed(clients: Clients, stack: Stack) -> None:
    output, exit_code = watched(
        clients, stack, {**function("Seed", POLLED), "Run": trigger("Seed")}
    )

    assert exit_code == 0
    assert sorted(about_triggers(output)) == [
        "Run: done after N s, poll 1",
        "Run: in progress after N s: 1 of 2",
        "Run: started, attempt 1",
        "Seed | table 1",
        "Seed | table 2",
    ]
    assert "CREATE_COMPLETE     Seed (AWS::Lambda::Function)" in output
    assert re.fullmatch(r"STACK: CREATE_COMPLETE after \d+ s", output.splitlines()[-1])


def test_a_deployment_that_fails_is_followed_to_its_reason(clients: Clients, stack: Stack) -> None:
    stack.deploy({**function("Bad", "def handler(event, context): ..."), "Run": trigger("Bad")})

    output, exit_code = watched(clients, stack, {**function("Bad", RAISING), "Run": trigger("Bad")})

    assert exit_code == 1
    assert "Run: attempt 1 failed after N s: LookupError" in about_triggers(output)
    assert "Bad | about to fail" in about_triggers(output)
    end = output[output.index("STACK: UPDATE_ROLLBACK") :]
    group = re.search(r"full log: (\S+)", end)
    assert group
    lines = [line for line in end.splitlines() if not line.startswith("    ")]
    assert re.sub(r"after \d+ s", "after N s", "\n".join(lines)) == (
        "STACK: UPDATE_ROLLBACK_COMPLETE after N s\n"
        "UPDATE_FAILED Run (Custom::Trigger)\n"
        "  LookupError: no such table\n"
        '  at File "index.py", line 4, in handler raise LookupError("no such table")\n'
        "  last log lines:\n"
        f"  full log: {group[1]}\n"
        f"  look at it: aws logs tail {group[1]} --since 1h"
    )
    assert "    about to fail" in end.splitlines()


def test_watch_with_json_prints_an_object_per_line(clients: Clients, stack: Stack) -> None:
    with started(clients, stack.folder, "watch", stack.name, "--json") as process:
        wait_until_it_looks(process)
        stack.deploy({"Queue": {"Type": "AWS::SQS::Queue"}})
        outcome = ended(process)

    objects = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert {tuple(line) for line in objects} == {("at", "kind", "name", "message", "tone")}
    assert [(line["kind"], line["message"].split()[0]) for line in objects] == [
        ("resource", "CREATE_IN_PROGRESS"),
        ("resource", "CREATE_IN_PROGRESS"),
        ("resource", "CREATE_COMPLETE"),
        ("resource", "CREATE_COMPLETE"),
        ("end", f"{stack.name}:"),
    ]


def test_a_deployment_that_does_not_begin_is_a_usage_error(
    clients: Clients, tmp_path: Path
) -> None:
    with started(clients, tmp_path, "watch", "nowhere", "--timeout", "0") as one:
        outcome = ended(one)

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        "cfn-trigger: no deployment is in progress; waiting for one to begin\n"
        "cfn-trigger: stack 'nowhere': no deployment began within 0 s; start one, or raise"
        " --timeout\n"
    )


def test_ctrl_c_ends_a_watch_without_a_word(clients: Clients, tmp_path: Path) -> None:
    with started(clients, tmp_path, "watch", "nowhere") as process:
        wait_until_it_looks(process)
        process.send_signal(signal.SIGINT)
        outcome = ended(process)

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (130, "", "")
