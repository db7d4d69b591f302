"""What a deployment in progress is going to change, before it has.

Knows where CloudFormation keeps this: in the change set that it executes, else in the template or
the resources of the stack. Refuses to know what happens then.
"""

from collections.abc import Mapping
from typing import Any

from cfn_trigger.deployment import aws
from cfn_trigger.deployment.change_sets import change_sets
from cfn_trigger.deployment.stack import parsed_template, processed_template
from cfn_trigger.deployment.state import ExpectedChanges
from macro.cloudformation import as_map, section
from macro.model import Json


def read_expected_changes(stack_id: str, status: str, client: Any) -> ExpectedChanges:
    """Read what a stack in a status such as UPDATE_IN_PROGRESS is going to change.

    Raises UsageError if it cannot be read.
    """
    with aws.requesting(f"stack {stack_id!r}"):
        if status.startswith("DELETE"):
            template = processed_template(stack_id, client)
            return ExpectedChanges(logical_ids=_existing(stack_id, client), template=template)
        if change_set := _executed_change_set(stack_id, client):
            response = client.get_template(ChangeSetName=change_set, TemplateStage="Processed")
            template = parsed_template(response, stack_id).values
            return ExpectedChanges(logical_ids=_changes(change_set, client), template=template)
        template = processed_template(stack_id, client)
        is_new = status.startswith("CREATE")
        logical_ids = _unconditional(template) if is_new else None
        return ExpectedChanges(logical_ids=logical_ids, template=template)


def _executed_change_set(stack_id: str, client: Any) -> str:
    """Return the ARN of the change set that is being executed; empty if there is none."""
    executed = (each.id for each in change_sets(stack_id, client) if each.is_executed)
    return next(executed, "")


def _changes(change_set: str, client: Any) -> frozenset[str]:
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    return frozenset(
        change["ResourceChange"]["LogicalResourceId"]
        for page in pages
        for change in page["Changes"]
        if change.get("Type") == "Resource"
    )


def _existing(stack_id: str, client: Any) -> frozenset[str]:
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return frozenset(
        resource["LogicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    )


def _unconditional(template: Mapping[str, Json]) -> frozenset[str]:
    """Return the resources that are surely created; another one counts once it has begun."""
    resources = section(template, "Resources")
    return frozenset(
        name for name, resource in resources.items() if "Condition" not in as_map(resource)
    )
