"""Requests to a custom resource: how CloudFormation spells them, and what has come of one.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
Knows one request at a time; which request follows which answer is `operations`' affair.
"""

import json
import time as calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from tests.support.aws.functions import Attempt
from tests.support.aws.virtual_time import FOREVER

Kind = Literal["Create", "Update", "Delete"]
Properties = Mapping[str, Any]
Event = dict[str, Any]

STACK_NAME: Final = "shop"
STACK_ID: Final = "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/6a1cb5f0-8b0e"
HANDLER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-Migrate-1A2B3C"
PROVIDER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-TriggerProvider-9Z"
SECRET: Final = "hunter2"  # noqa: S105 (a canary: what must stay secret contains it)
URL_EXPIRES: Final = 7200  # seconds that a ResponseURL is valid


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that S3 took."""

    at: float
    body: dict[str, Any]
    size: int
    execution: int  # which execution of the provider put it

    @property
    def status(self) -> str:
        return str(self.body["Status"])

    @property
    def reason(self) -> str:
        return str(self.body.get("Reason", ""))

    @property
    def physical_id(self) -> str:
        return str(self.body["PhysicalResourceId"])

    @property
    def data(self) -> dict[str, str]:
        return dict(self.body.get("Data", {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call of the provider while it served a request, and the status it was told."""

    at: float
    name: str  # "invoke", "look", "hand over", "put", or an action of CloudFormation's API
    status: int


@dataclass(slots=True, repr=False)
class Request:
    """One request, and all that happened while it was served."""

    event: Event
    properties: Properties
    sent_at: float
    stack_status: str
    takes_back: bool = False  # a rollback, of the stack or of this failed resource alone
    old_properties: Properties | None = None
    read: tuple[str, ...] = ()  # attributes that the template reads
    answers: list[Answer] = field(default_factory=list)
    heard: bool = False  # the provider knows that its response was taken
    attempts: list[Attempt] = field(default_factory=list)
    executions: list[Any] = field(default_factory=list)
    questions: list[tuple[float, str]] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    refused_puts: int = 0
    excuses: set[str] = field(default_factory=set)  # of what AWS did that no provider can mend
    cancelled_at: float = FOREVER

    def __repr__(self) -> str:
        return f"<{self.kind} {self.trigger}, sent at {self.sent_at}>"

    @property
    def id(self) -> str:
        """What tells this request from every other: CloudFormation may reuse a RequestId."""
        return f"{self.event['RequestId']} {self.sent_at}"

    @property
    def kind(self) -> Kind:
        return self.event["RequestType"]  # type: ignore[no-any-return]  # JSON

    @property
    def trigger(self) -> str:
        return str(self.event["LogicalResourceId"])

    @property
    def old_id(self) -> str:
        return str(self.event.get("PhysicalResourceId", ""))

    @property
    def timeout(self) -> float:
        """The trigger's Timeout, in seconds."""
        timeout = self.properties.get("Timeout", 900)
        return float(timeout) if isinstance(timeout, int | float) else 900.0

    @property
    def deadline(self) -> float:
        """When CloudFormation stops waiting."""
        return self.sent_at + float(self.event["ResourceProperties"]["ServiceTimeout"])

    @property
    def answer(self) -> Answer | None:
        """The response that CloudFormation read, if one came before its deadline."""
        return next((each for each in self.answers if each.at <= self.deadline), None)


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
    own = {"ServiceToken": PROVIDER, "ServiceTimeout": waits, "HandlerArn": HANDLER}
    return own | {"Fingerprint": {"Code": "c0ffee"}} | dict(properties)


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
