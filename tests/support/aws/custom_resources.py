"""Requests to a custom resource: how CloudFormation spells them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
Knows one request at a time; which request follows which answer is `operations`' affair.
"""

import json
import time as calendar
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

Kind = Literal["Create", "Update", "Delete"]
Properties = Mapping[str, Any]
Event = dict[str, Any]

STACK_NAME: Final = "shop"
STACK_ID: Final = "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/6a1cb5f0-8b0e"
HANDLER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-Migrate-1A2B3C"
PROVIDER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-TriggerProvider-9Z"
SECRET: Final = "hunter2"  # noqa: S105 (a canary: what must stay secret contains it)
URL_EXPIRES: Final = 7200  # seconds that a ResponseURL is valid


def skeleton(value: Any, *holes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as the macro sends it: a JSON skeleton, and values to put into it."""
    return {"Skeleton": json.dumps(value)} | ({"Values": list(holes)} if holes else {})


def stringified(value: Any) -> Any:
    """Return a property as CloudFormation hands it over: every scalar as a string.

    https://github.com/aws/aws-cdk/issues/15249
    """
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return {key: stringified(item) for key, item in value.items()}
        case list() | tuple():
            return [stringified(item) for item in value]
    return str(value)


def completed(properties: Properties) -> dict[str, Any]:
    """Return all properties that the macro emits for a trigger with these settings."""
    timeout = properties.get("Timeout", 900)
    waits = min(timeout + 60, 3600) if isinstance(timeout, int) else 3600
    required = {"ServiceToken": PROVIDER, "ServiceTimeout": waits, "HandlerArn": HANDLER}
    return required | {"Fingerprint": {"Code": "c0ffee"}} | dict(properties)


def response_url(logical_id: str, request_id: str, at: float) -> str:
    """Return a pre-signed URL of the response bucket, valid for two hours."""
    bucket = "https://cloudformation-custom-resource-response-eucentral1.s3.amazonaws.com/"
    date = calendar.strftime("%Y%m%dT%H%M%SZ", calendar.gmtime(at))
    return (
        f"{bucket}{quote(f'{STACK_ID}|{logical_id}|{request_id}', safe='')}"
        f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host"
        f"&X-Amz-Expires={URL_EXPIRES}&X-Amz-Signature={SECRET}{request_id[:8]}"
    )


def request_event(
    kind: Kind,
    logical_id: str,
    properties: Properties,
    *,
    request_id: str,
    at: float,
    old_properties: Properties | None = None,
    physical_id: str = "",
) -> Event:
    """Return the event that CloudFormation sends; Create has no physical id."""
    event: Event = {
        "RequestType": kind,
        "ServiceToken": PROVIDER,
        "ResponseURL": response_url(logical_id, request_id, at),
        "StackId": STACK_ID,
        "RequestId": request_id,
        "ResourceType": "Custom::Trigger",
        "LogicalResourceId": logical_id,
        "ResourceProperties": stringified(completed(properties)),
    }
    if kind == "Update":
        event["OldResourceProperties"] = stringified(completed(old_properties or {}))
    if kind != "Create":
        event["PhysicalResourceId"] = physical_id
    return event


def made_up_id(logical_id: str, number: int) -> str:
    """Return a physical id as CloudFormation chooses one where it has read none.

    https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1814
    """
    return f"{STACK_NAME}-{logical_id}-{'1KXVQZ3F8R0B' + str(number % 10)}"
