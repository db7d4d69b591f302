"""What the policies that the macro adds allow, and how many characters IAM counts in them.

Knows policy documents as data. Refuses to know which resources hold them (`parts`) and which
handlers share one (`grouping`).
"""

from typing import Final

from macro.cloudformation import LONGEST_ARN
from macro.model import Json

# What Lambda needs to join a VPC: the managed policy AWSLambdaVPCAccessExecutionRole without the
# actions for logs.
_NETWORK_INTERFACES: Final = (
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
)  # fmt: skip


def policy(*actions: str, **more: Json) -> dict[str, Json]:
    """Return a policy document that allows some actions."""
    allowed = list(actions) if len(actions) > 1 else actions[0]
    statement = {"Effect": "Allow", "Action": allowed, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def write_logs(log_group_arn: Json) -> dict[str, Json]:
    """Return the policy document that lets a function write to a log group."""
    return policy("logs:CreateLogStream", "logs:PutLogEvents", Resource=log_group_arn)


def trace() -> dict[str, Json]:
    """Return the policy document that lets a function send its traces.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return policy("xray:PutTraceSegments", "xray:PutTelemetryRecords", Resource="*")


def checkpoint() -> dict[str, Json]:
    """Return the policy document that lets a durable function keep what it has done.

    As AWSLambdaBasicDurableExecutionRolePolicy, for any function: the role comes before its own.
    https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
    """
    actions = (f"lambda:{CHECKPOINT}", "lambda:GetDurableExecutionState")
    return policy(*actions, Resource="*")


CHECKPOINT: Final = "CheckpointDurableExecution"
"""The action without which a durable function cannot do anything."""


def see_stack() -> dict[str, Json]:
    """Return the policy document that lets the provider read the status of its stack."""
    actions = ("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents")
    return policy(*actions, Resource={"Ref": "AWS::StackId"})


def hand_over(provider: str) -> dict[str, Json]:
    """Return the policy document that lets the provider continue in a new execution of itself."""
    return policy("lambda:InvokeFunction", Resource={"Fn::GetAtt": [provider, "Arn"]})


def join_vpc() -> dict[str, Json]:
    """Return the policy document that lets a function join a VPC."""
    return policy(*_NETWORK_INTERFACES, Resource="*")


_INVOKE: Final = ("lambda:InvokeFunction", "lambda:GetFunctionConfiguration")
_DURABLE: Final = ("lambda:GetDurableExecution", "lambda:StopDurableExecution")


def invoke(*arns: Json, is_durable: bool = False) -> dict[str, Json]:
    """Return the policy document to invoke functions, their versions and aliases, and to read them.

    Each of `arns` is a string, or an intrinsic function that returns one. The ARN of a durable
    execution begins with that of a version or an alias.
    https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
    """
    actions = (*_INVOKE, *(_DURABLE if is_durable else ()))
    return policy(*actions, Resource=[part for arn in arns for part in _with_qualifiers(arn)])


def _with_qualifiers(arn: Json) -> tuple[Json, Json]:
    return arn, f"{arn}:*" if isinstance(arn, str) else {"Fn::Join": [":", [arn, "*"]]}


def characters_to_invoke(arn: Json) -> int:
    """Count the characters that a function takes beyond those of `invoke()` without any."""
    return sum(1 + characters(part) for part in _with_qualifiers(arn))


def characters(document: Json) -> int:
    """Count a policy's characters with the longest ARNs its references can resolve to.

    IAM counts no white space:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    match document:
        case {"Fn::GetAtt": _} | {"Ref": _}:
            return LONGEST_ARN + 2
        case {"Fn::Join": [_, [*parts]]}:
            return sum(map(characters, parts))
        case dict() if len(document) == 1 and next(iter(document)).startswith("Fn::"):
            return LONGEST_ARN + 2
        case dict():
            return 1 + sum(len(key) + 4 + characters(item) for key, item in document.items())
        case list():
            return 1 + sum(1 + characters(item) for item in document)
    return len(str(document)) + 2
