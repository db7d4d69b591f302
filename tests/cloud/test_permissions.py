"""The provider's permissions are exactly sufficient: without any one of them, something fails.

Each rule is a pair: what a permission is for, and the same deployment without it.
"""

import json
from typing import Any

import pytest

from macro.expand import expand
from macro.model import Deployment
from tests.support.clients import Outcome
from tests.support.stacks import Stack, function, trigger

SEEN = """
    def handler(event, context):
        print(event["RequestType"])
        return {}
"""
RAISING = """
    def handler(event, context):
        raise LookupError("no such table")
"""
POLLED = """
    def handler(event, context):
        if event.get("EventState") == "asked":
            return {"Done": "yes"}
        return {"Status": "IN_PROGRESS", "EventState": "asked"}
"""
# With so short an execution, every poll but the first is a fresh execution's.
SHORT = 61


def deployed(stack: Stack, resources: dict[str, Any], *, without: str = "") -> Outcome:
    """Deploy what triggers become, less one of the provider's policies."""
    expanded = json.loads(json.dumps(expand({"Resources": resources}, Deployment()).fragment))
    resources_of_stack = expanded["Resources"]
    resources_of_stack["TriggerProvider"]["Properties"]["Timeout"] = SHORT
    if without in resources_of_stack:
        del resources_of_stack[without]
    policies = resources_of_stack["TriggerProviderRole"]["Properties"]["Policies"]
    policies[:] = [policy for policy in policies if policy["PolicyName"] != without]
    for resource in resources_of_stack.values():
        if without in resource.get("DependsOn", []):
            resource["DependsOn"].remove(without)
    return stack.deploy_text(json.dumps(expanded))


@pytest.mark.long
@pytest.mark.parametrize(("without", "exit_code"), [("", 0), ("TriggerProviderHandOver", 1)])
def test_continuing_in_a_new_execution_requires_the_permission_to_invoke_itself(
    stack: Stack, without: str, exit_code: int
) -> None:
    run = trigger("Polled", PollInterval=1)

    outcome = deployed(stack, {**function("Polled", POLLED), "Run": run}, without=without)

    assert outcome.exit_code == exit_code, stack.events()
    if without:
        assert stack.reason("Run").startswith("RuntimeError: could not start a new execution: ")


@pytest.mark.parametrize(("without", "runs"), [("", 1), ("SeeRollback", 2)])
def test_detecting_a_rollback_requires_the_permission_to_describe_the_stack(
    stack: Stack, without: str, runs: int
) -> None:
    good = {**function("Seen", SEEN), "Run": trigger("Seen")}
    assert deployed(stack, good, without=without).exit_code == 0
    changed = {
        **function("Seen", SEEN, MemorySize=256),
        **function("Bad", RAISING),
        "Run": trigger("Seen"),
        "Fail": trigger("Bad", ExecuteAfter=["Run"]),
    }

    assert deployed(stack, changed, without=without).exit_code == 1

    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    ran = stack.log("Seen")[1:]
    assert ran == ["Update"] * runs


@pytest.mark.parametrize(("action", "runs"), [("", 1), ("DescribeStackEvents", 2)])
def test_running_nothing_for_a_setting_requires_the_permission_to_read_the_events_of_the_stack(
    stack: Stack, action: str, runs: int
) -> None:
    for timeout in (900, 800):
        resources = {**function("Seen", SEEN), "Run": trigger("Seen", Timeout=timeout)}
        text = json.dumps(expand({"Resources": resources}, Deployment()).fragment)
        without = text.replace(f"cloudformation:{action}", "cloudformation:ListImports")

        assert stack.deploy_text(without if action else text).exit_code == 0, stack.events()

    assert len(stack.log("Seen")) == runs


@pytest.mark.long
@pytest.mark.parametrize(("action", "is_found"), [("", True), ("GetFunctionConfiguration", False)])
def test_naming_the_handlers_log_requires_the_permission_to_read_its_configuration(
    stack: Stack, *, action: str, is_found: bool
) -> None:
    group = {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/own"}}}
    bad = function("Bad", RAISING, LoggingConfig={"LogGroup": {"Ref": "Group"}})
    resources = {**group, **bad, "Run": trigger("Bad")}
    text = json.dumps(expand({"Resources": resources}, Deployment()).fragment)

    outcome = stack.deploy_text(
        text.replace(f"lambda:{action}", "lambda:GetPolicy") if action else text
    )

    assert outcome.exit_code == 1
    assert stack.reason("Run").endswith("full log: /own") == is_found
