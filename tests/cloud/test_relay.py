"""A trigger of hours in real deployments, in which an hour lasts two minutes."""

import json
from typing import Any

from cfn_trigger.deployment.reasons import unwrapped
from macro.expand import expand
from macro.model import Deployment
from tests.support.stacks import Stack, function, trigger

SHORT_HOUR = 120
"""The ServiceTimeout of each part: it makes way for the next after 20 seconds.

It then has no minute left for a poll, so that the last part polls what the first has started.
"""

POLLED = """
    import time
    def handler(event, context):
        until = event.get("EventState") or time.time() + SECONDS
        print("polled" if "EventState" in event else "started")
        if time.time() < until:
            return {"Status": "IN_PROGRESS", "EventState": until}
        ENDING
"""


def in_parts(seconds: int, ending: str) -> str:
    """Return an expanded template whose trigger may take three hours, each of two minutes."""
    code = POLLED.replace("SECONDS", str(seconds)).replace("ENDING", ending)
    template: dict[str, Any] = {
        "Resources": {
            **function("Work", code, Timeout=3),
            "Run": trigger("Work", Timeout=8000, PollInterval=2),
        },
        "Outputs": {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}},
    }
    expanded: Any = expand(template, Deployment(request_id="one")).fragment
    for name, resource in expanded["Resources"].items():
        if name.startswith("Run"):
            resource["Properties"]["ServiceTimeout"] = SHORT_HOUR
    return json.dumps(expanded)


def test_a_run_that_outlasts_an_hour_goes_on_in_the_next_part(stack: Stack) -> None:
    outcome = stack.deploy_text(in_parts(25, 'return {"Rows": 3}'))

    assert outcome.exit_code == 0, outcome.stderr
    done = [name for name, status, _ in stack.events() if status == "CREATE_COMPLETE"]
    assert [name for name in done if name.startswith("Run")] == ["RunPart1", "RunPart2", "Run"]
    assert stack.outputs() == {"Rows": "3"}
    assert stack.log("Work").count("started") == 1


def test_a_run_that_fails_in_a_later_part_says_why_and_is_rolled_back(stack: Stack) -> None:
    outcome = stack.deploy_text(in_parts(25, 'raise LookupError("no such table")'))

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    failed = {name: why for name, status, why in stack.events() if status == "CREATE_FAILED"}
    assert {name: unwrapped(why)[:27] for name, why in failed.items()} == {
        "Run": "LookupError: no such table;"
    }
    assert stack.log("Work").count("started") == 1
