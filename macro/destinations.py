"""What a role must allow so that Lambda can send a function's failed events to a destination.

Knows which action each kind of destination needs. Refuses to know whose role it is (`define`).

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-add-dlq.html
"""

from collections.abc import Iterator, Mapping
from typing import Final

from macro.canonical import Canon, Symbol, Text, fields, is_arn
from macro.cloudformation import ALIAS_TYPE, FUNCTION_TYPE, VERSION_TYPE, properties_of, type_of
from macro.model import Json
from macro.permissions import policy
from macro.references import mentions

_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "events": ("events:PutEvents",),
    "lambda": ("lambda:InvokeFunction",),
    "s3": ("s3:PutObject", "s3:ListBucket"),
}
"""The action by the service in a destination's ARN."""

_DEAD_LETTERS: Final = ("sqs", "sns")
_SERVICES: Final[Mapping[str, str]] = {
    "AWS::SQS::Queue": "sqs",
    "AWS::SNS::Topic": "sns",
    "AWS::Events::EventBus": "events",
    "AWS::S3::Bucket": "s3",
    **dict.fromkeys((FUNCTION_TYPE, ALIAS_TYPE, VERSION_TYPE), "lambda"),
}
_KEYS: Final = ("KmsMasterKeyId", "KmsKeyIdentifier")
_NO_VALUE: Final[Json] = {"Ref": "AWS::NoValue"}


def send_failures(destination: Json, canon: Canon) -> Json:
    """Return the policy that allows a role to send to a trigger's FailureDestination."""
    return _chosen("SendFailures", destination, canon, tuple(_ACTIONS))


def send_dead_letters(config: Json, canon: Canon) -> Json:
    """Return the policy that allows a role to send to the target of a DeadLetterConfig."""
    match config:
        case {"Fn::If": [condition, yes, no]}:
            sides = [send_dead_letters(side, canon) for side in (yes, no)]
            return {"Fn::If": [condition, *sides]}
        case {"TargetArn": target}:
            return _chosen("SendDeadLetters", target, canon, _DEAD_LETTERS)
    return _NO_VALUE


def _chosen(name: str, destination: Json, canon: Canon, services: tuple[str, ...]) -> Json:
    """Return a policy with the conditions under which its destination is chosen."""
    match destination:
        case {"Fn::If": [condition, yes, no]}:
            sides = [_chosen(name, side, canon, services) for side in (yes, no)]
            return {"Fn::If": [condition, *sides]}
        case {"Ref": "AWS::NoValue"}:
            return _NO_VALUE
    known = {service for text in canon.texts(destination) if (service := _service(text, canon))}
    possible = [service for service in services if not known or service in known]
    actions = [action for service in possible for action in _ACTIONS[service]]
    resource = [destination, _within(destination)] if "s3" in possible else destination
    document = policy(*actions, Resource=resource)
    document["Statement"] += [
        *(_encrypting(key) for key in dict.fromkeys(_keys(destination, canon)))
    ]
    return {"PolicyName": name, "PolicyDocument": document}


def _service(text: Text, canon: Canon) -> str:
    """Return the service of an ARN; empty if it is only known at deployment."""
    match text.parts:
        case [Symbol(name=name)]:
            return _SERVICES.get(type_of(canon.resources.get(name)), "")
    match fields(text) if is_arn(text) else ():
        case [_, _, [str(service)], *_]:
            return service
    return ""


def _within(bucket: Json) -> Json:
    """Return the ARN of all objects in a bucket."""
    if isinstance(bucket, str):
        return f"{bucket}/*"
    return {"Fn::Join": ["/", [bucket, "*"]]}


def _keys(destination: Json, canon: Canon) -> Iterator[str]:
    """Yield the template's KMS keys that encrypt a destination of the template."""
    for reference in mentions(destination).references:
        properties = properties_of(canon.resources.get(reference.name))
        for key in mentions([properties.get(name) for name in _KEYS]).references:
            if type_of(canon.resources.get(key.name)) == "AWS::KMS::Key":
                yield key.name


def _encrypting(key: str) -> Json:
    """Return the statement that sending to something encrypted with a key requires.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    actions = ("kms:GenerateDataKey", "kms:Decrypt")
    (statement,) = policy(*actions, Resource={"Fn::GetAtt": [key, "Arn"]})["Statement"]
    return statement
