"""A trigger of hours in real deployments, in which an hour lasts two minutes."""

import json
from typing import Any

import pytest

from cfn_trigger.deployment.reasons import unwrapped
from macro.expand import expand
from macro.model import Deployment
from tests.support.stacks import Stack, function, trigger

pytestmark = pytest.mark.long

SHORT_HOUR = 120
"""The ServiceTimeout of each part: it makes way for the next after 20 seconds.

It then has no minute left for a poll, so that the last part polls what the first has started.
"""

HOUR = 3600

POLLED = """
    import time
    def handler(event, context):
        until = event.get("EventState") or time.time() + SECONDS
        print("polled" if "EventState" in event else "started")
        if time.time() < until:
            return {"Status": "IN_PROGRESS", "EventState": until}
        ENDING
"""


def worker(seconds: int, ending: str) -> dict[str, Any]:
    """Return a handler that is polled for some seconds before it ends."""
    code = POLLED.replace("SECONDS", str(seconds)).replace("ENDING", ending)
    return function("Work", code, Timeout=3)


def in_parts(seconds: int, ending: str) -> str:
    """Return an expanded template whose trigger may take three hours, each of two minutes."""
    run = trigger("Work", Timeout=8000, PollInterval=2)
    rows = {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}
    return expanded({**worker(seconds, ending), "Run": run}, Outputs=rows)


def expanded(resources: dict[str, Any], **sections: Any) -> str:
    """Return an expanded template in which an hour lasts two minutes."""
    template = {"Resources": resources} | sections
    fragment: Any = expand(template, Deployment(request_id="one")).fragment
    for resource in fragment["Resources"].values():
        if resource.get("Properties", {}).get("ServiceTimeout") == HOUR:
            resource["Properties"]["ServiceTimeout"] = SHORT_HOUR
    return json.dumps(fragment)


def test_a_run_that_outlasts_an_hour_goes_on_in_the_next_part(stack: Stack) -> None:
    outcome = stack.deploy_text(in_parts(25, 'return {"Rows": 3}'))

    assert outcome.exit_code == 0, outcome.stderr
    done = [name for name, status, _ in stack.events() if status == "CREATE_COMPLETE"]
    assert [name for name in done if name.startswith("Run")] == ["RunPart1", "RunPart2", "Run"]
    assert stack.outputs() == {"Rows": "3"}
    assert stack.log("Work").count("started") == 1


def worker_with_undo(seconds: int, ending: str, **more: Any) -> str:
    """Return a trigger of hours with its undo, and the other resources of the template."""
    revert = """
    def handler(event, context):
        print(event["RollbackOf"], event["LogicalResourceId"], event["Result"])
    """
    run = trigger("Work", Timeout=8000, PollInterval=2, OnRollback={"Handler": {"Ref": "Revert"}})
    return expanded({**worker(seconds, ending), **function("Revert", revert), "Run": run, **more})


FAILS = {
    "Type": "Custom::Trigger",
    "DependsOn": "Run",
    "Properties": {
        "Function": {"Runtime": "python3.13", "Handler": "index.handler"}
        | {"Code": {"ZipFile": "def handler(event, context): raise RuntimeError('no')"}}
    },
}


def test_a_run_that_outlasted_an_hour_is_undone_once_if_the_deployment_fails_after_it(
    stack: Stack,
) -> None:
    outcome = stack.deploy_text(worker_with_undo(25, 'return {"Rows": 3}', Fails=FAILS))

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.reason("Fails").startswith("RuntimeError: no")
    assert stack.log("Work").count("started") == 1
    assert stack.log("Revert") == ["Create Run {'Rows': 3}"]


def test_a_run_that_fails_in_a_later_part_says_why_and_is_not_undone_but_a_good_one_is(
    stack: Stack,
) -> None:
    created = stack.deploy_text(worker_with_undo(0, 'return {"Rows": 1}'))
    assert created.exit_code == 0, created.stderr

    failed = stack.deploy_text(worker_with_undo(25, 'raise LookupError("no such table")'))
    assert failed.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    reasons = {name: why for name, status, why in stack.events() if status == "UPDATE_FAILED"}
    assert {name: unwrapped(why)[:27] for name, why in reasons.items()} == {
        "Run": "LookupError: no such table;"
    }
    assert stack.log("Work").count("started") == 2
    assert stack.log("Revert") == []

    rolled_back = stack.deploy_text(worker_with_undo(2, 'return {"Rows": 4}', Fails=FAILS))
    assert rolled_back.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.log("Revert") == ["Update Run {'Rows': 4}"]
