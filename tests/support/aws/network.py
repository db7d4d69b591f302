"""What happens between the provider and a service: replies, refusals, losses, delays.

Knows the shape of a reply as the provider's effects return it, and where on its way a call can go
wrong: never sent, its request lost, its reply lost, or slow. Refuses to know any service.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any, Final, Literal

from trigger_provider.index import LOST, NOT_SENT

Wire = tuple[int, HTTPMessage, bytes]
Trouble = Literal["none", "not sent", "request lost", "reply lost", "killed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply, `seconds` after the request was sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.05

    @property
    def wire(self) -> Wire:
        """The reply as the effects return it; header names are blind to case, as in HTTP."""
        headers = HTTPMessage()
        for name, value in self.headers.items():
            headers[name] = value
        return self.status, headers, self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What one call meets on its way; `after` delays the reply.

    `killed` ends the execution of the provider once the service has the request, as running out of
    memory does.
    """

    trouble: Trouble = "none"
    after: float = 0.0
    instead: Reply | None = None  # the service answers this and does nothing


FAIR: Final = Weather()
Forecast = Callable[[str], Weather]  # by the name of a call: "invoke", "look", "hand over" …


def lost(trouble: Trouble) -> Wire:
    """Return what the provider is told about a call without a reply."""
    if trouble == "not sent":
        return NOT_SENT, HTTPMessage(), b"ConnectionRefusedError [Errno 111] Connection refused"
    return LOST, HTTPMessage(), b"ConnectionResetError [Errno 104] Connection reset by peer"


def timed_out() -> Wire:
    """Return what the provider is told when its own time limit for a call passed."""
    return LOST, HTTPMessage(), b"TimeoutError timed out"


def json_reply(status: int, body: Any, **more: Any) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status=status, body=json.dumps(body).encode(), **more)


def lambda_error(status: int, error: str, message: str, *, reason: str = "") -> Reply:
    """Return an error of Lambda's API, its type in a header.

    Only TooManyRequestsException has a `Reason`, and spells `message` in lower case:
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """
    throttled = error == "TooManyRequestsException"
    body = {"Type": "User" if status < 500 else "Service"}
    body |= {"Reason": reason} if reason else {}
    body |= {"message" if throttled else "Message": message}
    return json_reply(status, body, headers={"X-Amzn-ErrorType": error})


def throttled(reason: str = "ConcurrentInvocationLimitExceeded") -> Reply:
    """Return Lambda's refusal for want of concurrency or rate."""
    return lambda_error(429, "TooManyRequestsException", "Rate Exceeded.", reason=reason)


def query_error(status: int, code: str, message: str) -> Reply:
    """Return an error of CloudFormation's API, which speaks the query protocol.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
    """
    fault = "Sender" if status < 500 else "Receiver"
    xml = (
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>'
        f"<Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></ErrorResponse>"
    )
    return Reply(status=status, body=xml.encode(), headers={"Content-Type": "text/xml"})
