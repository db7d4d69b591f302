"""Durable executions: runs of a durable function that outlast an invocation, by name.

Knows how one is started, asked about and stopped, and until when Lambda keeps it. Refuses to know
how a function replays. https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.aws.functions import Attempt
from tests.support.aws.handler_runs import Run, fails_with
from tests.support.aws.network import Reply, json_reply, lambda_error
from tests.support.aws.virtual_time import VirtualTime, require

NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SYNCHRONOUS_LIMIT: Final = 900.0  # seconds of ExecutionTimeout
DAY: Final = 86_400.0
NO_ERROR: Final[dict[str, Any]] = dict.fromkeys(
    ("ErrorType", "ErrorMessage", "ErrorData", "StackTrace")
)
"""An ErrorObject in which nothing is set: in Lambda's replies, null stands for that."""


@dataclass(slots=True, kw_only=True)
class DurableExecution:
    """One execution, which has ended by itself at `attempt.ended` unless somebody stops it."""

    arn: str
    payload: bytes
    attempt: Attempt
    is_timed_out: bool = False
    stopped_with: Mapping[str, Any] | None = None
    paused: tuple[float, float] = (0.0, 0.0)  # from when until when somebody has paused it

    def status(self, now: float) -> str:
        """Return the status, as GetDurableExecution says it."""
        if self.stopped_with is not None:
            return "STOPPED"
        if now < self.attempt.ended:
            return "PAUSED" if self.paused[0] <= now < self.paused[1] else "RUNNING"
        if self.is_timed_out:
            return "TIMED_OUT"
        return "FAILED" if "X-Amz-Function-Error" in self.attempt.run.headers else "SUCCEEDED"


@dataclass(slots=True)
class DurableExecutions:
    """The executions of one durable function, and how long they may take and are kept.

    Reads are eventually consistent: for `unseen_for` seconds after its start, an execution whose
    ARN Lambda has returned is unknown.
    https://github.com/aws/aws-durable-execution-sdk-python/pull/512
    """

    time: VirtualTime
    unseen_for: float = 0.0
    execution_timeout: float = 86_400.0
    retention: float = 14 * DAY
    by_name: dict[str, DurableExecution] = field(default_factory=dict)
    next_pause: tuple[float, float] = (0.0, 0.0)  # seconds after its start, of the next execution

    def started(self, name: str, payload: bytes) -> Reply | None:
        """Return the reply to a repeated start; None if it is the first under this name."""
        require(NAME.fullmatch(name) is not None, f"an execution named {name}")
        known = self.by_name.get(name)
        if known is None or self._is_forgotten(known):
            return None
        if known.payload == payload:
            return accepted(known)
        message = f"Durable execution {name} was already started with another payload."
        return lambda_error(409, "DurableExecutionAlreadyStartedException", message)

    def begin(self, arn: str, name: str, payload: bytes, attempt: Attempt) -> Reply:
        """Begin an execution; it is over when its run is, or after its ExecutionTimeout."""
        is_timed_out = attempt.run.seconds > self.execution_timeout
        if is_timed_out:
            attempt.run = fails_with({}, seconds=self.execution_timeout)
            attempt.ended = self.time.now + self.execution_timeout
        first, last = self.next_pause
        execution = DurableExecution(
            arn=f"{arn}/durable-execution/{name}/{len(self.by_name) + 1:08x}-5d3f",
            payload=payload,
            attempt=attempt,
            is_timed_out=is_timed_out,
            paused=(self.time.now + first, self.time.now + last),
        )
        self.by_name[name] = execution
        return accepted(execution)

    def get(self, arn: str) -> tuple[Reply, Attempt | None]:
        """Return the reply to GetDurableExecution, and the attempt of which it tells the end."""
        execution = self._known(arn)
        if execution is None:
            return unknown(arn), None
        status, run = execution.status(self.time.now), execution.attempt.run
        body: dict[str, Any] = {"DurableExecutionArn": arn, "Status": status}
        match status:
            case "SUCCEEDED":
                body["Result"] = run.body.decode()
            case "FAILED":
                body["Error"] = error_of(run)
            case "TIMED_OUT":
                body["Error"] = NO_ERROR
            case "STOPPED":
                body["Error"] = {**NO_ERROR, **(execution.stopped_with or {})}
        is_over = status in {"SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT"}
        return json_reply(200, body), execution.attempt if is_over else None

    def stop(self, arn: str, error: Mapping[str, Any]) -> Reply:
        """Return the reply to StopDurableExecution, which ends what goes on."""
        execution = self._known(arn)
        if execution is None:
            return unknown(arn)
        if execution.status(self.time.now) in {"RUNNING", "PAUSED"}:
            execution.stopped_with = error
            execution.attempt.ended = self.time.now
            execution.attempt.run = Run(ends="failed")
        return json_reply(200, {"StopTimestamp": self.time.now})

    def _known(self, arn: str) -> DurableExecution | None:
        known = next((each for each in self.by_name.values() if each.arn == arn), None)
        if known is None or self._is_forgotten(known):
            return None
        return known if self.time.now >= known.attempt.began + self.unseen_for else None

    def _is_forgotten(self, execution: DurableExecution) -> bool:
        return self.time.now > execution.attempt.ended + self.retention


def accepted(execution: DurableExecution) -> Reply:
    """Return Lambda's reply to an asynchronous start."""
    headers = {"X-Amz-Durable-Execution-Arn": execution.arn}
    return Reply(status=202, headers=headers)


def unknown(arn: str) -> Reply:
    """Return Lambda's reply about an execution that it never knew, or no longer knows."""
    return lambda_error(404, "ResourceNotFoundException", f"Durable execution not found: {arn}")


def unqualified() -> Reply:
    """Return Lambda's refusal of a durable function without a version or an alias."""
    message = "You cannot invoke a durable function using an unqualified ARN."
    return lambda_error(400, "InvalidParameterValueException", message)


def too_long_to_wait() -> Reply:
    """Return Lambda's refusal of a synchronous invocation of what may take longer."""
    message = (
        "You cannot synchronously invoke a durable function with an executionTimeout "
        "greater than 15 minutes."
    )
    return lambda_error(400, "InvalidParameterValueException", message)


def error_of(run: Run) -> dict[str, Any]:
    """Return the error of a run as an ErrorObject, whose names are capitalized."""
    try:
        error = json.loads(run.body)
    except ValueError:
        error = None
    if not isinstance(error, dict):
        return NO_ERROR | {"ErrorMessage": run.body.decode(errors="replace")}
    names = {
        "errorType": "ErrorType", "errorMessage": "ErrorMessage", "stackTrace": "StackTrace",
    }  # fmt: skip
    return NO_ERROR | {names[key]: value for key, value in error.items() if key in names}
