"""OnRollback in real deployments: what is rolled back is undone, by the code that was deployed."""

import json
from typing import Any, Final

from tests.support.clients import Clients
from tests.support.stacks import Stack, function, trigger
from tests.support.waiting import wait_until

RAISING: Final = {"Runtime": "python3.13", "Handler": "index.handler"} | {
    "Code": {"ZipFile": "def handler(event, context): raise RuntimeError('no')"}
}
FAILS: Final = {"Type": "Custom::Trigger", "Properties": {"Function": RAISING}}
NOTHING: Final = {"Topic": {"Type": "AWS::SNS::Topic"}}
REVERT: Final = """
    def handler(event, context):
        print(RELEASE, event["RollbackOf"], event["LogicalResourceId"], event["Result"])
"""


def migration(release: str, name: str = "Run") -> dict[str, Any]:
    """A trigger, its handler, and what undoes it, all of a release."""
    migrate = f"""
    def handler(event, context):
        print({release!r})
        return {{"Release": {release!r}, "Run": event["ExecutionId"]}}
    """
    return {
        **function("Migrate", migrate),
        **function("Revert", REVERT.replace("RELEASE", repr(release))),
        name: trigger("Migrate", OnRollback={"Handler": {"Ref": "Revert"}}),
    }


def with_failing_trigger(resources: dict[str, Any], *after: str) -> dict[str, Any]:
    return {**resources, "Fails": {**FAILS, "DependsOn": list(after)}}


def undone(stack: Stack) -> list[tuple[str, str, str, str]]:
    """Return for each undo: its code's release, the operation, the trigger, the run's release."""
    lines = [line.split(maxsplit=3) for line in stack.log("Revert")]
    return [
        (code, operation, name, json.loads(result.replace("'", '"'))["Release"])
        for code, operation, name, result in lines
    ]


def test_a_creation_that_fails_is_undone(stack: Stack) -> None:
    outcome = stack.deploy(with_failing_trigger(migration("1"), "Run"))

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert undone(stack) == [("1", "Create", "Run", "1")]


def test_an_update_that_fails_is_undone_by_its_own_code_and_a_good_one_or_a_deletion_is_not(
    stack: Stack,
) -> None:
    created = stack.deploy(migration("1"))
    assert created.exit_code == 0, created.stderr

    outcome = stack.deploy(with_failing_trigger(migration("2"), "Run"))
    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert undone(stack) == [("2", "Update", "Run", "2")]
    assert stack.log("Migrate") == ["1", "2"]

    updated = stack.deploy(migration("3"))
    assert updated.exit_code == 0, updated.stderr
    removed = stack.deploy({**migration("3"), **NOTHING, "Run": trigger("Migrate")})
    assert removed.exit_code == 0, removed.stderr
    assert stack.log("Migrate") == ["1", "2", "3"]
    stack.delete()
    assert len(undone(stack)) == 1


def test_a_trigger_that_is_new_in_a_failed_update_is_undone(stack: Stack) -> None:
    created = stack.deploy(NOTHING)
    assert created.exit_code == 0, created.stderr

    stack.deploy(with_failing_trigger({**NOTHING, **migration("1", name="Late")}, "Late"))

    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert undone(stack) == [("1", "Update", "Late", "1")]


def test_a_canceled_update_undoes_what_had_succeeded_and_not_what_still_ran(
    stack: Stack, clients: Clients
) -> None:
    endless = """
    def handler(event, context):
        print("still at it" if event.get("EventState") else "begins")
        return {"Status": "IN_PROGRESS", "EventState": 1, "RetryAfter": 1}
    """
    later = trigger("Work", ExecuteAfter=["Run"], OnRollback={"Handler": {"Ref": "Revert"}})
    created = stack.deploy(migration("1"))
    assert created.exit_code == 0, created.stderr
    cloudformation = clients.boto("cloudformation")
    resources = {**migration("2"), **function("Work", endless), "Later": later}

    cloudformation.update_stack(
        StackName=stack.name,
        TemplateBody=json.dumps({"Transform": "Trigger", "Resources": resources}),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    wait_until(lambda: "still at it" in stack.log("Work"))
    cloudformation.cancel_update_stack(StackName=stack.name)
    wait_until(lambda: stack.status() == "UPDATE_ROLLBACK_COMPLETE")

    assert undone(stack) == [("2", "Update", "Run", "2")]


def test_an_update_that_fails_in_the_trigger_is_not_undone(stack: Stack) -> None:
    stack.deploy(migration("1"))
    broken = {**migration("2"), **function("Migrate", "def handler(event, context): missing")}

    assert stack.deploy(broken).exit_code == 1

    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert undone(stack) == []
