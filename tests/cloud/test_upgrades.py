"""What becomes of stacks that exist when cfn-trigger itself changes, or goes."""

import json
from typing import Any

from tests.support.stacks import Stack, function, trigger

SEEN = """
    def handler(event, context):
        print(event["RequestType"])
"""
RESOURCES = {
    **function("Seen", SEEN),
    "Run": trigger("Seen", ExecuteOnDelete=True, Payload={"RequestType": "with a payload"}),
}


def processed(stack: Stack) -> dict[str, Any]:
    """Return the template as today's macro expands it."""
    cloudformation = stack.clients.boto("cloudformation")
    told = cloudformation.get_template(StackName=stack.name, TemplateStage="Processed")
    body = told["TemplateBody"]
    template: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
    return template


def test_a_change_of_the_providers_code_runs_no_trigger(stack: Stack) -> None:
    stack.deploy(RESOURCES)
    template = processed(stack)
    code = template["Resources"]["TriggerProvider"]["Properties"]["Code"]
    code["ZipFile"] += "\n# of another release\n"

    outcome = stack.deploy_text(json.dumps(template))

    assert outcome.exit_code == 0, outcome.stderr
    assert ("TriggerProvider", "UPDATE_COMPLETE", "") in stack.events()
    assert stack.log("Seen") == ["with a payload"]


def test_the_expanded_template_takes_the_place_of_the_macro_and_runs_no_trigger(
    stack: Stack,
) -> None:
    stack.deploy({**RESOURCES, "Before": {"Type": "AWS::SQS::Queue"}})
    template = processed(stack)
    template["Resources"]["After"] = template["Resources"].pop("Before")

    outcome = stack.deploy_text(json.dumps(template))

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.log("Seen") == ["with a payload"]


def test_removing_the_triggers_removes_everything_that_was_added(stack: Stack) -> None:
    stack.deploy(RESOURCES)

    outcome = stack.deploy_text(json.dumps({"Resources": function("Seen", SEEN)}))

    assert outcome.exit_code == 0, outcome.stderr
    cloudformation = stack.clients.boto("cloudformation")
    told = cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    kept = {one["LogicalResourceId"] for one in told if one["ResourceStatus"] != "DELETE_COMPLETE"}
    assert kept == {"Seen", "SeenRole"}
    assert stack.log("Seen") == ["with a payload", "with a payload"]  # the second at its deletion
