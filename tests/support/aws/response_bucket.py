"""The bucket that CloudFormation reads responses from.

Knows the contract of a response, outages, and the end of a pre-signed URL.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.aws.custom_resources import URL_EXPIRES
from tests.support.aws.network import Reply
from tests.support.aws.requests import Answer, Request
from tests.support.aws.virtual_time import VirtualTime, require

RESPONSE_LIMIT: Final = 4096  # bytes; CloudFormation fails the resource with more
ID_LIMIT: Final = 1024


@dataclass(slots=True)
class Bucket:
    """The response bucket; `taken` is told of each response that it took."""

    time: VirtualTime
    taken: Callable[[Request], None]
    outages: list[tuple[float, float, Reply]] = field(default_factory=list)

    def is_out_for(self, seconds: float, *, after: float = 0.0, status: int = 503) -> None:
        """Refuse every response from then on for so long."""
        begins = self.time.now + after
        reply = Reply(status=status, body=b"<Error><Code>SlowDown</Code></Error>")
        self.outages.append((begins, begins + seconds, reply))

    def put(self, request: Request, body: bytes, execution: int) -> Reply:
        """Take a response, or refuse it."""
        check_response(body, request)
        for begins, ends, reply in self.outages:
            if begins <= self.time.now < ends:
                request.refused_puts += 1
                return reply
        if self.time.now >= int(request.sent_at) + URL_EXPIRES:
            request.refused_puts += 1
            return Reply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
        answer = Answer(
            at=self.time.now, body=json.loads(body), size=len(body), execution=execution
        )
        if request.answers and "delivered twice" not in request.excuses:
            again = answer.body == request.answers[0].body
            require(again, f"another answer to one {request.kind}: {answer.body}")
        request.answers.append(answer)
        self.taken(request)
        return Reply(status=200, seconds=0.1)


def check_response(body: bytes, request: Request) -> None:
    """Hold a response to CloudFormation's contract, and to what the project adds to it."""
    require(len(body) < RESPONSE_LIMIT, f"a response of {len(body)} bytes")
    answer, event = json.loads(body), request.event
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        require(answer.pop(key) == event[key], f"{key} is not echoed")
    keys = {"Status", "Reason", "PhysicalResourceId"}
    require(keys <= set(answer) <= keys | {"NoEcho", "Data"}, f"a response with {set(answer)}")
    require(answer["Status"] in {"SUCCESS", "FAILED"}, f"a status {answer['Status']}")
    physical_id = answer["PhysicalResourceId"]
    is_id = isinstance(physical_id, str) and 0 < len(physical_id.encode()) <= ID_LIMIT
    require(is_id, f"a physical id {physical_id!r}")
    kept = request.kind != "Delete" or physical_id == event["PhysicalResourceId"]
    require(kept, f"a physical id changed by a Delete: {physical_id}")
    line = re.fullmatch(r"[^\n\r]*[^\n\r. ]", answer["Reason"])
    require(line, f"a reason that is not one line without a final stop: {answer['Reason']!r}")
    check_attributes(answer, request)


def check_attributes(answer: dict[str, Any], request: Request) -> None:
    """Hold the attributes of a response to the contract: strings only, and none after a Delete."""
    attributes = answer.get("Data", {})
    allowed = request.kind != "Delete" or not answer.keys() & {"NoEcho", "Data"}
    require(allowed, "attributes after a Delete")
    strings = all(isinstance(value, str) for value in attributes.values())
    require(strings, f"attributes that are not strings: {attributes}")
