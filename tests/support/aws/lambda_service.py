"""Lambda's API as the provider meets it: invocations, configurations, the queue of events.

Knows sizes, types of invocation, concurrency, and the queue in front of an asynchronous function.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tests.support.aws.concurrency import Pool
from tests.support.aws.custom_resources import PROVIDER, Event
from tests.support.aws.durable import DurableExecutions, unqualified
from tests.support.aws.executions import Call
from tests.support.aws.functions import Attempt, Function, denied
from tests.support.aws.handler_runs import as_lambda_ends_it
from tests.support.aws.network import Reply, lambda_error
from tests.support.aws.requests import Request
from tests.support.aws.virtual_time import FOREVER, VirtualTime, require

SYNCHRONOUS_LIMIT: Final = 6_291_456  # bytes of a payload
ASYNCHRONOUS_LIMIT: Final = 1_048_576
CONTEXT_LIMIT: Final = 3583  # bytes of base64
EVENT_AGE: Final = 3600.0  # seconds: MaximumEventAgeInSeconds of the provider's EventInvokeConfig
STATUSES: Final = {"RequestResponse": 200, "Event": 202, "DryRun": 204}


@dataclass(slots=True)
class LambdaService:
    """Functions, their pool, and the queue of the provider's events."""

    time: VirtualTime
    begin: Callable[[Request, Event, Callable[[], None]], None]  # starts the provider
    pool: Pool = field(init=False)
    functions: dict[str, Function] = field(default_factory=dict)
    queue_delay: Callable[[], float] = lambda: 1.0
    loses_event: Callable[[], bool] = lambda: False
    delivers_twice: Callable[[], bool] = lambda: False
    dropped: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = Pool(self.time)

    # ---- the provider's events

    def enqueue(self, request: Request, event: Event) -> None:
        """Accept an event for the provider; Lambda delivers it once, or twice, or never.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        if self.loses_event():
            request.excuses.add("event lost")
            return
        if self.delivers_twice():
            request.excuses.add("delivered twice")
            self._deliver_later(request, event, self.queue_delay() + 20, accepted=self.time.now)
        self._deliver_later(request, event, self.queue_delay(), accepted=self.time.now)

    def _deliver_later(
        self, request: Request, event: Event, seconds: float, *, accepted: float, tries: int = 0
    ) -> None:
        def deliver() -> None:
            if self.time.now - accepted > EVENT_AGE:
                self.dropped.append(event)
            elif self.pool.refusal(PROVIDER):
                pause = float(min(2**tries, 300))
                self._deliver_later(request, event, pause, accepted=accepted, tries=tries + 1)
            else:
                self.begin(request, event, self.pool.take(PROVIDER))

        self.time.after(seconds, deliver)

    # ---- the API

    def answer(self, call: Call) -> Reply:
        """Answer a call of the provider."""
        if call.name in {"poll", "stop"}:
            return self._about_execution(call)
        arn = unquote(call.path.split("/")[3])
        require(call.path.startswith("/2015-03-31/functions/"), f"no such path: {call.path}")
        require("/" not in arn and call.path.count("/") == 4, f"an ARN is not quoted: {call.path}")
        if call.name == "hand over":
            return self._hand_over(call)
        function = self.functions.get(":".join(arn.split(":")[:7]))
        if function is None:
            message = f"Function not found: {arn}"
            return lambda_error(404, "ResourceNotFoundException", message)
        if call.name == "look":
            require((call.body, dict(call.headers)) == (b"", {}), "a look with headers or a body")
            return function.configuration()
        return self._invoke(call, function)

    def _about_execution(self, call: Call) -> Reply:
        path = call.path.removesuffix("/stop")
        require(path.startswith("/2025-12-01/durable-executions/"), f"no such path: {call.path}")
        require(path.count("/") == 3, f"an ARN is not quoted: {call.path}")
        arn = unquote(path.rsplit("/", 1)[1])
        function = self.functions[":".join(arn.split(":")[:7])]
        if function.durable is None:
            return lambda_error(404, "ResourceNotFoundException", f"not found: {arn}")
        action = "GetDurableExecution" if call.name == "poll" else "StopDurableExecution"
        if function.is_denied:
            return denied(arn, f"lambda:{action}")
        if call.name == "stop":
            return function.durable.stop(arn, json.loads(call.body))
        require((call.body, dict(call.headers)) == (b"", {}), "a poll with headers or a body")
        reply, ended = function.durable.get(arn)
        call.tells_end_of(ended)
        return reply

    def _hand_over(self, call: Call) -> Reply:
        require(dict(call.headers) == {"X-Amz-Invocation-Type": "Event"}, "not an Event")
        if len(call.body) > ASYNCHRONOUS_LIMIT:
            return too_large(len(call.body), ASYNCHRONOUS_LIMIT)
        event = json.loads(call.body)
        kept = event.items() >= call.request.event.items()
        require(kept, "a hand-over that lost a part of the request")
        self.enqueue(call.request, event)
        return Reply(status=202)

    def _invoke(self, call: Call, function: Function) -> Reply:
        kind, context = checked_headers(call)
        limit = ASYNCHRONOUS_LIMIT if kind == "Event" else SYNCHRONOUS_LIMIT
        if len(call.body) > limit:
            return too_large(len(call.body), limit)
        is_qualified = len(unquote(call.path.split("/")[3]).split(":")) > 7
        refusal = function.refusal()
        if refusal is None and function.durable and not is_qualified:
            refusal = unqualified()
        if refusal or kind == "DryRun":
            return refusal or Reply(status=204)
        if function.durable:
            return self._begin_durably(call, function, function.durable, kind)
        reserved = function.reserved_concurrency
        if kind == "RequestResponse" and (
            refusal := self.pool.refusal(function.arn, reserved=reserved)
        ):
            return refusal
        attempt = self._begin_attempt(call, function, kind, context)
        if kind == "Event":
            return Reply(status=202)
        return Reply(
            status=200, body=attempt.run.body, headers=attempt.run.headers,
            seconds=attempt.run.seconds,
        )  # fmt: skip

    def _begin_durably(
        self, call: Call, function: Function, durable: DurableExecutions, kind: str
    ) -> Reply:
        """Start an execution, or find the one that was started under the same name.

        https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
        """
        name = call.headers.get("X-Amz-Durable-Execution-Name", "")
        if reply := durable.started(name, call.body):
            return reply
        require(kind == "Event", "a synchronous invocation of a durable handler")
        arn = unquote(call.path.split("/")[3])
        attempt = self._begin_attempt(call, function, kind, None, lasts=FOREVER)
        return durable.begin(arn, name, call.body, attempt)

    def _begin_attempt(
        self, call: Call, function: Function, kind: str, context: Any, *, lasts: float = 0
    ) -> Attempt:
        """Begin a run; what `lasts` longer than the function's own Timeout is durable."""
        run = as_lambda_ends_it(function.next_run(), timeout=max(function.timeout, lasts))
        is_durable = bool(lasts)
        attempt = Attempt(
            began=self.time.now,
            ended=self.time.now + run.seconds,
            run=run,
            request=call.request.id,
            trigger=call.request.trigger,
            invocation_type="RequestResponse" if is_durable and is_awaited(call) else kind,
            is_durable=is_durable,
            code=function.code,
            payload=json.loads(call.body),
            client_context=context,
            allowed=FOREVER if is_durable else call.seconds,
        )
        self.pool.hold(function.arn, 1.0 if is_durable else run.seconds)
        check_start(call.request, attempt)
        function.attempts.append(attempt)
        call.request.attempts.append(attempt)
        return attempt


def is_awaited(call: Call) -> bool:
    """Return whether the trigger waits for the end of what it starts."""
    return bool(
        call.request.properties.get("InvocationType", "RequestResponse") == "RequestResponse"
    )


def check_start(request: Request, attempt: Attempt) -> None:
    """Refuse a start that overlaps another of this request, or follows its answer."""
    if "delivered twice" in request.excuses or attempt.invocation_type == "Event":
        return
    running = [each for each in request.attempts if each.ended > attempt.began]
    require(not running, "a handler was started while an earlier attempt of it still ran")
    require(not request.answers, "a handler was started after the answer")


def checked_headers(call: Call) -> tuple[str, Any]:
    """Return an invocation's type and its client context, None without one."""
    headers = dict(call.headers)
    kind = headers.pop("X-Amz-Invocation-Type")
    encoded_context = headers.pop("X-Amz-Client-Context", None)
    name = headers.pop("X-Amz-Durable-Execution-Name", None)
    require(name is None or kind == "Event", f"an execution with a name and the type {kind}")
    require(kind in STATUSES, f"an invocation of type {kind}")
    synchronous = kind == "RequestResponse"
    tail = {"X-Amz-Log-Type": "Tail"} if synchronous else {}
    require(headers == tail, f"an invocation with {headers}")
    if encoded_context is None:
        return kind, None
    require(synchronous, "a client context without a synchronous invocation")
    require(len(encoded_context) <= CONTEXT_LIMIT, "a client context over 3,583 bytes")
    custom = json.loads(base64.b64decode(encoded_context))["custom"]
    return kind, json.loads(custom["trigger"])


def too_large(size: int, limit: int) -> Reply:
    """Return Lambda's refusal of a large payload."""
    message = f"{size} byte payload is too large for the Invoke operation (limit {limit} bytes)"
    return lambda_error(413, "RequestTooLargeException", message)
