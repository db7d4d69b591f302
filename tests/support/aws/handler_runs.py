"""How a run of a handler goes: how long it takes, and what it returns or raises.

Knows what Lambda makes of a run: a body, a function error, the end of its log. Refuses to know
when a handler is started, and by whom.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.support.aws.network import Reply

Ending = Literal["done", "pending", "failed"]
LOG_TAIL = 4096  # bytes of a log that a synchronous invocation returns
RESULT_LIMIT = 6_291_556  # bytes of a synchronous result


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a handler: `ends` says how by the contract between handler and provider."""

    seconds: float = 1.0
    body: bytes = b"null"
    headers: Mapping[str, str] = field(default_factory=dict)
    ends: Ending = "done"
    physical_id: str | None = None  # a valid one that this run returned
    state: Any = None
    retry_after: Any = None

    @property
    def reply(self) -> Reply:
        """The reply to a synchronous invocation, once the run has ended."""
        return Reply(status=200, body=self.body, headers=self.headers, seconds=0.0)


def returns(result: Any = None, *, seconds: float = 1.0) -> Run:
    """Return a run that ends with a result."""
    result_map = result if isinstance(result, dict) else {}
    said_failed = result_map.get("Status") in {"FAILED", "FAILURE"}
    physical_id = result_map.get("PhysicalResourceId")
    return Run(
        seconds=seconds,
        body=json.dumps(result).encode(),
        ends="failed" if said_failed else "done",
        physical_id=physical_id if is_physical_id(physical_id) else None,
    )


def is_physical_id(value: Any) -> bool:
    """Return whether CloudFormation accepts a value as a physical id: 1 to 1,024 bytes of text."""
    return isinstance(value, str) and 0 < len(value.encode(errors="replace")) <= 1024


def in_progress(state: Any = None, *, retry_after: Any = None, seconds: float = 1.0) -> Run:
    """Return a run that asks to be invoked again."""
    answer = {"Status": "IN_PROGRESS", "EventState": state, "RetryAfter": retry_after}
    answer = {key: value for key, value in answer.items() if value is not None}
    return replace(
        returns(answer, seconds=seconds), ends="pending", state=state, retry_after=retry_after
    )


def fails_with(payload: Any, *, log: str = "", seconds: float = 1.0) -> Run:
    """Return a run that ends with a function error: its payload, and its log's last 4 KB."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    tail = base64.b64encode(log.encode()[-LOG_TAIL:]).decode()
    headers = {"X-Amz-Function-Error": "Unhandled", "X-Amz-Log-Result": tail}
    return Run(seconds=seconds, body=body, headers=headers, ends="failed")


def raises(error_type: str, message: str, *, log: str = "", seconds: float = 1.0) -> Run:
    """Return a run that raises, as the Python runtime reports it."""
    frame = '  File "/var/task/app.py", line 7, in handler\n    migrate()\n'
    payload = {"errorMessage": message, "errorType": error_type, "requestId": "8f5b"}
    return fails_with(payload | {"stackTrace": [frame]}, log=log, seconds=seconds)


def as_lambda_ends_it(run: Run, *, timeout: float) -> Run:
    """Return the run as the function's own Timeout and the limit of a result leave it.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    if run.seconds >= timeout:
        message = f"RequestId: 8f5b Error: Task timed out after {timeout:.2f} seconds"
        payload = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        return fails_with(payload, seconds=timeout)
    if len(run.body) > RESULT_LIMIT:
        message = (
            f"Response payload size exceeded maximum allowed payload size ({RESULT_LIMIT} bytes)."
        )
        payload = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
        return fails_with(payload, seconds=run.seconds)
    return run
