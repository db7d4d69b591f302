"""The function that a trigger defines, as resources.

Knows what such a function needs besides itself: a log group, and a role unless it has one. Refuses
to know what runs it.
"""

from typing import Final

from macro import parts
from macro.canonical import Canon
from macro.cloudformation import FUNCTION_TYPE, as_map, condition_of, is_dynamic
from macro.destinations import send_dead_letters, send_failures
from macro.model import ABSENT, Json, Settings, Trigger
from macro.names import function_id, log_group_id, role_id
from macro.permissions import checkpoint, join_vpc, trace

_ARN_OF_A_GROUP: Final = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}:*"
)


def definition(trigger: Trigger, settings: Settings, canon: Canon) -> dict[str, Json]:
    """Build the function that a trigger defines, and what it needs; nothing for other triggers.

    It has a log group without a name (Lambda would leave one behind otherwise) and, unless the
    author gave one, a role that may write to it and send to where failed events go; `Policies`
    adds statements to that role.
    """
    if trigger.function is None:
        return {}
    group = log_group_id(trigger.logical_id)
    properties = {name: value for name, value in trigger.function.items() if name != "Policies"}
    logging = properties.get("LoggingConfig", {})
    writes_elsewhere = not isinstance(logging, dict) or is_dynamic(logging) or "LogGroup" in logging
    resources: dict[str, Json] = {}
    if not writes_elsewhere:
        properties["LoggingConfig"] = {"LogGroup": {"Ref": group}, **logging}
        resources[group] = parts.log_group(settings)
    if "Role" not in properties:
        role = role_id(trigger.logical_id)
        properties["Role"] = {"Fn::GetAtt": [role, "Arn"]}
        group_arn = _arn_of_its_group(logging) if writes_elsewhere else parts.arn_of(group)
        policies = _policies(trigger.function)
        built = parts.role("Runs a handler of this stack", group_arn, policies, settings)
        # Without troposphere, which does not accept an intrinsic function as a policy.
        built["Properties"]["Policies"] += _sending(trigger, canon)
        resources[role] = built
    properties = parts.with_tags(properties, settings)
    resources[function_id(trigger.logical_id)] = {"Type": FUNCTION_TYPE, "Properties": properties}
    condition = condition_of(trigger.attributes)
    return {name: under(condition, resource) for name, resource in resources.items()}


def under(condition: str, resource: Json) -> Json:
    """Return a resource with a condition; unchanged if the condition is empty."""
    return resource | ({"Condition": condition} if condition else {})


def _policies(function: Json) -> dict[str, Json]:
    """Return the policies of a function's role, by name."""
    policies = {"JoinVpc": join_vpc()} if "VpcConfig" in function else {}
    tracing = function.get("TracingConfig")
    if tracing and as_map(tracing).get("Mode") != "PassThrough":
        policies["Trace"] = trace()
    if "DurableConfig" in function:
        policies["Checkpoint"] = checkpoint()
    if statements := function.get("Policies"):
        policies["Handler"] = {"Version": "2012-10-17", "Statement": statements}
    return policies


def _sending(trigger: Trigger, canon: Canon) -> list[Json]:
    """Return the policies to send failed events to a trigger's and its function's destinations."""
    policies: list[Json] = []
    if trigger.failure_destination is not ABSENT:
        policies.append(send_failures(trigger.failure_destination, canon))
    if dead_letters := as_map(trigger.function).get("DeadLetterConfig"):
        policies.append(send_dead_letters(dead_letters, canon))
    return policies


def _arn_of_its_group(logging: Json) -> Json:
    """Return the ARN of the log group that the function is configured with."""
    if not isinstance(logging, dict) or "LogGroup" not in logging:
        return "*"
    return {"Fn::Sub": [_ARN_OF_A_GROUP, {"Name": logging["LogGroup"]}]}
