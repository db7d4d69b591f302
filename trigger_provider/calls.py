"""What is asked of Lambda and CloudFormation, and what each reply means.

Knows the two services' requests, headers, error codes and limits. Refuses to know when to ask.
"""

import base64
import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

from trigger_provider.decision import RESERVE, due
from trigger_provider.request import ABSENT, Map, Outcome, Progress, Request, handed_over, url_date
from trigger_provider.result import function_error, judge
from trigger_provider.text import encoded
from trigger_provider.transport import Effects, Response, response_of

ACCEPTED: Final = 202
THROTTLED: Final = 429
NOT_A_SUCCESS: Final = 300
"""The first HTTP status that is none."""

FAILED_THERE: Final = 500
"""The first HTTP status with which a service says that the failure is its own."""

LONGEST_CONTEXT: Final = 3583
"""Bytes of a client context in base64.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

DID_NOT_RUN: Final = re.compile("AccessDenied|ResourceConflict|NotReady|TooManyRequests|Throttl")
"""Error codes with which Lambda says that it started nothing."""

Log = Callable[..., None]


def tries(effects: Effects, pauses: Iterable[float], room: Callable[[], float]) -> Iterator[None]:
    """Yield once for each try: at once, then after each pause, while there is room for seconds."""
    yield
    for pause in pauses:
        if (seconds := room()) <= 0:
            return
        effects.sleep(min(pause, seconds))
        yield


def path(function: str, what: str) -> str:
    """Return the path of a function in Lambda's API."""
    return f"/2015-03-31/functions/{quote(function, safe='')}/{what}"


# ---- the handler


def look(request: Request, effects: Effects) -> Outcome:
    """See whether the handler can be invoked; its log group is the result."""
    where = path(request.handler_arn, "configuration")
    response = response_of(effects.call("lambda", "GET", where, b"", {}, RESERVE))
    if response.kind != "answered" or response.status == THROTTLED:
        return Outcome("refused", "Unreachable", response.text)
    known: Map = {}
    with contextlib.suppress(ValueError):
        if response.status < NOT_A_SUCCESS:  # denied: Lambda will say so when it is invoked
            known = json.loads(response.body)
    if known.get("State") == "Pending" or known.get("LastUpdateStatus") == "InProgress":
        return Outcome("refused", "NotReady", "the handler is still being created or updated")
    return Outcome("done", result=known.get("LoggingConfig", {}).get("LogGroup", ""))


def invoke(request: Request, progress: Progress, effects: Effects, seconds: float) -> Outcome:
    """Start the handler once, wait for it if it is synchronous, and read what came of it."""
    payload, context = invocation(request, progress)
    headers: Map = {"X-Amz-Invocation-Type": request.invocation_type}
    if request.invocation_type == "RequestResponse":
        headers["X-Amz-Log-Type"] = "Tail"
        if context:
            headers["X-Amz-Client-Context"] = context
        if len(context) > LONGEST_CONTEXT:
            hint = "keep it shorter, or make the Payload an object, which can hold it"
            return Outcome("failed", "ClientContext", f"no room for EventState; {hint}")
    where = path(request.handler_arn, "invocations")
    response = response_of(effects.call("lambda", "POST", where, payload, headers, seconds))
    match response.kind:
        case "answered":
            return invoked(request, response)
        case "not sent":
            return Outcome("refused", "Unreachable", response.text)
        case "cut off":
            message = f"{response.text}; the handler may have run"
            return Outcome("failed", "ConnectionLost", message)
        case "timed out":
            hint = "return IN_PROGRESS earlier to be polled"
            if effects.clock().now + 1 >= due(request, progress):
                hint = f"Timeout is {request.timeout:g} s"
            return Outcome("failed", "HandlerTooSlow", f"no answer in {seconds:.0f} s; {hint}")


def invoked(request: Request, response: Response) -> Outcome:
    """Read Lambda's answer to an invocation."""
    if response.status >= NOT_A_SUCCESS:
        error = (response.headers.get("X-Amzn-ErrorType") or f"HTTP {response.status}").split(":")[
            0
        ]
        kind: Any = "refused" if DID_NOT_RUN.search(error) else "failed"
        return function_error(response.body)._replace(kind=kind, error=error)
    if response.headers.get("X-Amz-Function-Error"):
        tail = base64.b64decode(response.headers.get("X-Amz-Log-Result", ""))
        return function_error(response.body, tail.decode(errors="replace"))
    if request.invocation_type != "RequestResponse":
        return Outcome("done")
    try:
        return judge(request, json.loads(response.body or b"null"))
    except ValueError:
        return Outcome("failed", "BadResult", "the handler's result is not JSON")
    except RecursionError:
        return Outcome("failed", "BadResult", "the handler's result is nested too deeply")


def invocation(request: Request, progress: Progress) -> tuple[bytes, str]:
    """Return the handler's event, and the client context that describes it beside a payload."""
    description = description_of(request, progress)
    if request.payload is ABSENT:
        return encoded(description), ""
    payload = request.payload
    is_carried = isinstance(payload, dict) and progress.state is not None
    if is_carried:
        payload = payload | {"EventState": progress.state}
    return encoded(payload), client_context(description, is_carried=is_carried)


def client_context(description: Map, *, is_carried: bool) -> str:
    """Return a description as a client context, less what has no room; `Truncated` says so.

    The state is left out only where the payload carries it. The context becomes a header, which
    not every runtime reads as UTF-8: what is not ASCII stands there for want of room alone.
    """
    context = packed(description)
    for name in ["Old", *(["EventState"] if is_carried else [])]:
        if len(context) > LONGEST_CONTEXT and name in description:
            description = without(description, name)
            context = packed(description)
    if len(context) > LONGEST_CONTEXT:
        context = packed(description, is_ascii=False)
    if len(context) > LONGEST_CONTEXT and "PhysicalResourceId" in description:
        context = packed(without(description, "PhysicalResourceId"), is_ascii=False)
    return context


def without(description: Map, name: str) -> Map:
    """Return a description that says that a part of it is left out."""
    rest = {key: item for key, item in description.items() if key != name}
    return rest | {"Truncated": [*description.get("Truncated", []), name]}


def packed(description: Map, *, is_ascii: bool = True) -> str:
    """Return a description as the base64 of a client context."""
    text = encoded(description).decode()
    context = json.dumps({"custom": {"trigger": text}}, ensure_ascii=is_ascii)
    return base64.b64encode(context.encode()).decode()


def description_of(request: Request, progress: Progress) -> Map:
    """Return what a handler is told of its event: what is asked, by whom, which attempt it is."""
    keys = ("RequestType", "RequestId", "StackId", "LogicalResourceId", "PhysicalResourceId")
    description = {key: request.event[key] for key in keys if key in request.event}
    # CloudFormation uses a RequestId again when a deployment is tried again: the date differs.
    parts = [*(request.event[key] for key in keys[1:4]), url_date(request.event)]
    description["ExecutionId"] = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    description["Attempt"] = progress.failures + 1
    if progress.state is not None:
        description["EventState"] = progress.state
    if request.old_payload is not ABSENT:
        description["Old"] = request.old_payload
    return description


# ---- the stack


def stack_status(request: Request, progress: Progress, effects: Effects, log: Log) -> str:
    """Return the status of the stack, empty where it cannot be read in time."""

    def room() -> float:
        now, left = effects.clock()
        return min(left - RESERVE, due(request, progress) - now)

    stack = request.event["StackId"]
    query = {"Action": "DescribeStacks", "StackName": stack, "Version": "2010-05-15"}
    form = urlencode(query).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status = 0
    for _ in tries(effects, (1, 2, 4, 8, 16), room):
        if (seconds := room()) <= 0:
            break
        reply = effects.call("cloudformation", "POST", "/", form, headers, min(seconds, RESERVE))
        response = response_of(reply)
        if found := re.search(b"<StackStatus>(.*?)</", response.body):
            return found[1].decode()
        status = response.status
        is_definite = response.kind == "answered" and status < FAILED_THERE
        if is_definite and b"Throttling" not in response.body:
            break  # asking again would be answered the same
    log("stack status unknown: assuming no rollback", level="WARN", status=status)
    return ""


# ---- the provider itself


def hand_over(event: Map, progress: Progress, effects: Effects, me: str) -> None:
    """Start a fresh execution that goes on; raises RuntimeError where there is none to be had."""
    body, headers = encoded(handed_over(event, progress)), {"X-Amz-Invocation-Type": "Event"}
    for _ in tries(effects, (1, 2, 3), lambda: effects.clock().left - 2 * RESERVE):
        reply = effects.call("lambda", "POST", path(me, "invocations"), body, headers, 5)
        response = response_of(reply)
        if response.status == ACCEPTED:
            return
        if response.kind in {"timed out", "cut off"}:
            break  # it may have begun: two would answer
    raise RuntimeError(f"could not start a new execution: {response.text}")
