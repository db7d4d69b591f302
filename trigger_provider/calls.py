"""Requests to Lambda and CloudFormation, and what each reply means.

Knows the two services' requests, headers, error codes and limits. Refuses to know when to ask.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from trigger_provider.decision import (
    LONGEST_REFUSAL,
    PROPAGATING,
    RESERVE,
    SHORT,
    THROTTLED,
    UNREACHABLE,
    UNSEEN,
    due,
)
from trigger_provider.request import (
    ABSENT,
    PART,
    Map,
    Outcome,
    Progress,
    Request,
    execution_id,
    failed,
)
from trigger_provider.result import BAD_REQUEST, function_error, judge, reported
from trigger_provider.text import as_map, encoded, map_of
from trigger_provider.transport import Effects, Response, response_of, text_of

OK: Final = 200
ACCEPTED: Final = 202
FORBIDDEN: Final = 403
THROTTLED_STATUS: Final = 429
NOT_A_SUCCESS: Final = 300
"""The first HTTP status that is not a success."""

FAILED_THERE: Final = 500
"""The first HTTP status of a failure of the service itself."""

LONGEST_CONTEXT: Final = 3583
"""Bytes of a client context in base64.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

PASSES: Final = (
    r"(CodeArtifactUserDeleted|\w+(Conflict|NotReady|Pending|Throttled))Exception|"
    f"{PROPAGATING}|{THROTTLED}"
)
"""Error codes with which Lambda says that it started nothing, for a reason that passes.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

CROWDED: Final = "ConcurrentInvocationLimitExceeded"
"""The reason of a throttled invocation for which the account had no concurrency to spare.

One that exceeds what is reserved for its function has `ReservedFunction` before that; where 0 are
reserved, it always does. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

LONGEST_RUN: Final = 900
"""Seconds that a function may run if its timeout is not known."""

DEFAULT_RUN: Final = 3
"""Seconds that a function may run by default."""

PAUSES: Final = (1, 2, 4, 8, 16, 30)
"""Seconds between two tries to hand over or to answer; the last goes on."""

Log = Callable[..., None]


def growing(pauses: Sequence[float]) -> Iterator[float]:
    """Yield the pauses, and then repeat the last."""
    return chain(pauses, repeat(pauses[-1]))


def path(function: str, what: str) -> str:
    """Return the path of a function in Lambda's API."""
    return f"/2015-03-31/functions/{quote(function, safe='')}/{what}"


# ---- the handler


def look(request: Request, effects: Effects) -> Outcome:
    """Check whether the handler can be invoked; its configuration is the result.

    A look that was refused has seen nothing. One that is denied may be so for good.
    """
    where = path(request.handler_arn, "configuration")
    response = response_of(effects.call("lambda", "GET", where, b"", {}, RESERVE))
    if unread := passing(response):
        return unread._replace(error=UNSEEN) if response.status == FORBIDDEN else unread
    if response.status >= NOT_A_SUCCESS:  # Lambda will say so when it is invoked
        return Outcome("done", result={})
    if known := map_of(response.body):
        return readiness(request, known)
    return Outcome("refused", UNSEEN, "the handler's configuration is not JSON")


def readiness(request: Request, known: Map) -> Outcome:
    """Return whether a handler with this configuration can be invoked.

    After an update that failed, it still runs its previous code: good enough for a Delete alone.
    https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    for name in ("State", "LastUpdateStatus")[: 1 if request.kind == "Delete" else 2]:
        status = known.get(name) or ""
        if re.match("Failed|De", status):  # or it is deactivated or deleted
            why = known.get(f"{name}Reason") or f"the function's {name} is {status}"
            if name != "State":
                why = f"{why.rstrip('.')}; the handler still has its previous code"
            return failed(known.get(f"{name}ReasonCode") or status, why, is_final=True)
    if known.get("State") == "Pending" or known.get("LastUpdateStatus") == "InProgress":
        return Outcome("refused", "NotReady", "the handler is being created or updated")
    return Outcome("done", result=known)


def invoke(request: Request, progress: Progress, effects: Effects, seconds: float) -> Outcome:
    """Start the handler once, wait for it if it is synchronous, and read the reply."""
    if progress.is_durable or (request.durable and not progress.ready):
        return begin(request, progress, effects, seconds)
    payload, context = invocation(request, progress)
    headers: Map = {"X-Amz-Invocation-Type": request.invocation_type}
    runs_until: float = 0
    if request.invocation_type == "RequestResponse":
        longest = progress.function_timeout or LONGEST_RUN
        runs_until = effects.clock().now + longest + RESERVE  # its start does not count
        headers["X-Amz-Log-Type"] = "Tail"
        if context:
            headers["X-Amz-Client-Context"] = context
        if len(context) > LONGEST_CONTEXT:
            hint = "keep it shorter, or make the Payload an object, which can hold it"
            return failed("ClientContext", f"no room for EventState; {hint}")
    where = path(request.handler_arn, "invocations")
    response = response_of(effects.call("lambda", "POST", where, payload, headers, seconds))
    match response.kind:
        case "answered":
            outcome = invoked(request, response)
            may_run = outcome.kind == "failed" and response.status >= FAILED_THERE
            return outcome._replace(runs_until=runs_until) if may_run else outcome
        case "not sent":
            return Outcome("refused", UNREACHABLE, text_of(response))
        case "cut off":
            message = f"{text_of(response)}; the handler may have run"
            return failed("ConnectionLost", message, runs_until=runs_until)
        case "timed out":
            hint = "return IN_PROGRESS earlier to be polled"
            if effects.clock().now + 1 >= due(request, progress):
                hint = f"Timeout is {request.timeout:g} s"
            message = f"no answer in {seconds:.0f} s; {hint}"
            return failed("HandlerTooSlow", message, runs_until=runs_until)


# ---- a durable handler

# https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html: an execution
# that is started again under its name, with the same payload, is the same execution.
# https://github.com/aws/aws-durable-execution-sdk-python/pull/512: reads may not know it at first.


def begin(request: Request, progress: Progress, effects: Effects, seconds: float) -> Outcome:
    """Start a durable execution; one that may not have started is started again."""
    name = execution_id(request.event, progress)
    headers = {
        "X-Amz-Invocation-Type": "Event",
        "X-Amz-Durable-Execution-Name": f"{name}-{progress.failures + progress.polls + 1}",
    }
    if request.invocation_type == "DryRun":
        headers = {"X-Amz-Invocation-Type": "DryRun"}
    arn = request.handler_arn
    # A name, a part of an ARN and an ARN have 0, 2 and 6 colons, and one more with a qualifier.
    where = path(arn if arn.count(":") % 2 else f"{arn}:$LATEST", "invocations")
    payload, _ = invocation(request, progress)
    seconds = min(seconds, RESERVE)  # Lambda accepts an event at once, or is asked again
    response = response_of(effects.call("lambda", "POST", where, payload, headers, seconds))
    if unread := passing(response):
        return unread
    if response.status >= NOT_A_SUCCESS or request.invocation_type != "RequestResponse":
        return invoked(request, response)
    if execution := response.headers.get("x-amz-durable-execution-arn"):
        return goes_on(request, progress, execution)
    return failed("NotDurable", "Lambda started no durable execution", is_final=True)


def goes_on(request: Request, progress: Progress, execution: str, message: str = "") -> Outcome:
    """Return the outcome of a durable execution that is running; its polls become rarer."""
    after = min(request.poll_interval, 2 ** min(progress.polls, 4), LONGEST_REFUSAL)
    result = {"RetryAfter": after, "EventState": progress.state}
    return Outcome("pending", message=message, result=result, execution=execution)


def poll(request: Request, progress: Progress, effects: Effects, seconds: float) -> Outcome:
    """Read the status of a durable execution.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html
    """
    execution = progress.outcome.execution
    where = path_of_execution(execution)
    response = response_of(effects.call("lambda", "GET", where, b"", {}, seconds))
    if response.status != OK:
        unread = passing(response) or refusal(response)
        return unread._replace(kind="refused", execution=execution)
    known = map_of(response.body)
    status = known.get("Status")
    message = f"the durable execution is {status}"
    match status:
        case "SUCCEEDED":
            return result_of(request, (known.get("Result") or "null").encode())
        case "FAILED" | "TIMED_OUT" | "STOPPED":
            error = {"errorType": status, "message": message}
            return reported(error | as_map(known.get("Error")))
    return goes_on(request, progress, execution, "" if status == "RUNNING" else message)


def stop(execution: str, why: Outcome, effects: Effects) -> Response:
    """Stop a durable execution that nothing waits for any longer; try three times, if need be.

    https://docs.aws.amazon.com/lambda/latest/api/API_StopDurableExecution.html
    """
    body = encoded({"ErrorType": why.error, "ErrorMessage": why.message})
    where = f"{path_of_execution(execution)}/stop"
    for pause in PAUSES[:3]:
        response = response_of(effects.call("lambda", "POST", where, body, {}, RESERVE / 2))
        if response.status in {OK, BAD_REQUEST} or effects.clock().left < SHORT:
            break
        effects.sleep(pause)
    return response


def path_of_execution(execution: str) -> str:
    """Return the path of a durable execution in Lambda's API."""
    return f"/2025-12-01/durable-executions/{quote(execution, safe='')}"


# ---- what a reply says


def passing(response: Response) -> Outcome | None:
    """Return the refusal if a request that is safe to repeat may succeed later, None if not."""
    if response.kind != "answered":
        return Outcome("refused", UNREACHABLE, text_of(response))
    if response.status in {FORBIDDEN, THROTTLED_STATUS} or response.status >= FAILED_THERE:
        return refusal(response)._replace(kind="refused", is_crowded=False)
    return None


def refusal(response: Response) -> Outcome:
    """Read an error of Lambda: what passes was refused, anything else may have run and failed.

    https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
    """
    body, outcome = map_of(response.body), function_error(response.body)
    names = response.headers.get("x-amzn-errortype"), body.get("code"), body.get("__type")
    name = next(filter(None, names), f"HTTP {response.status}")
    error, why = str(name).split(":")[0].split("#")[-1], body.get("Reason") or ""
    is_throttled = response.status == THROTTLED_STATUS
    message = f"{outcome.message.rstrip('.')} ({why})" if why else outcome.message
    if why == f"ReservedFunction{CROWDED}":
        message += "; the handler's reserved concurrency is in use, or 0"
    kind: Any = "refused" if is_throttled or re.fullmatch(PASSES, error) else "failed"
    return outcome._replace(kind=kind, error=error, message=message, is_crowded=why == CROWDED)


def invoked(request: Request, response: Response) -> Outcome:
    """Read Lambda's answer to an invocation."""
    if response.status >= NOT_A_SUCCESS:
        return refusal(response)
    if response.headers.get("x-amz-function-error"):
        tail = base64.b64decode(response.headers.get("x-amz-log-result", ""))
        return function_error(response.body, tail.decode(errors="replace"))
    if request.invocation_type != "RequestResponse":
        return Outcome("done")
    return result_of(request, response.body or b"null")


def result_of(request: Request, text: bytes) -> Outcome:
    """Judge the JSON that a handler returned."""
    try:
        return judge(request, json.loads(text))
    except (ValueError, RecursionError):
        return failed("BadResult", "the handler's result is not JSON, or nested too deeply")


def invocation(request: Request, progress: Progress) -> tuple[bytes, str]:
    """Return the handler's event, and the client context that describes it next to a payload."""
    description = description_of(request, progress)
    if request.payload is ABSENT:
        return encoded(description), ""
    payload = request.payload
    is_carried = isinstance(payload, dict) and progress.state is not None
    if is_carried:
        payload = payload | {"EventState": progress.state}
    return encoded(payload), client_context(description, is_carried=is_carried)


def client_context(description: Map, *, is_carried: bool) -> str:
    """Return a description as a client context, without what does not fit; `Truncated` lists it.

    The state is left out only where the payload carries it. The context becomes a header, which
    not every runtime reads as UTF-8: what is not ASCII stands there for want of room alone.
    """
    is_ascii, carried = True, "EventState" if is_carried else "Old"
    context = packed(description, is_ascii=is_ascii)
    for name in ("Old", "Payload", "Result", carried, "", "PhysicalResourceId"):
        if len(context) > LONGEST_CONTEXT:
            is_ascii &= name != ""
            if name in description:
                left_out = [*description.get("Truncated", []), name]
                rest = {key: item for key, item in description.items() if key != name}
                description = rest | {"Truncated": left_out}
            context = packed(description, is_ascii=is_ascii)
    return context


def packed(description: Map, *, is_ascii: bool) -> str:
    """Return a description as the base64 of a client context."""
    text = encoded(description).decode()
    context = json.dumps({"custom": {"trigger": text}}, ensure_ascii=is_ascii)
    return base64.b64encode(context.encode()).decode()


def description_of(request: Request, progress: Progress) -> Map:
    """Return the description of a request for its handler: type, ids, attempt, previous payload."""
    keys = ("RequestType", "RequestId", "StackId", "LogicalResourceId", "PhysicalResourceId")
    event = request.event
    description = {key: event[key].removeprefix(PART) for key in keys if key in event}
    description["LogicalResourceId"] = request.part_of or request.name
    description["ExecutionId"] = execution_id(event, progress)
    description |= progress.identity | {"Attempt": progress.failures + 1}
    if progress.state is not None:
        description["EventState"] = progress.state
    if request.run:
        of = {"RollbackOf": "Update" if "UPDATE" in progress.status else "Create"}
        return description | request.run | of
    if request.old_payload is not ABSENT:
        description["Old"] = request.old_payload
    return description


# ---- the stack


def ask(request: Request, effects: Effects, seconds: float, action: str, more: Map) -> Response:
    """Ask CloudFormation about the stack of a request, once."""
    query = {"Action": action, "StackName": request.event["StackId"], "Version": "2010-05-15"}
    form = urlencode(query | more).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return response_of(effects.call("cloudformation", "POST", "/", form, headers, seconds))


def is_lasting_refusal(response: Response) -> bool:
    """Return whether CloudFormation would give the same response again.

    With these statuses, it refuses a request for good, or for want of rate.
    """
    return BAD_REQUEST <= response.status <= FORBIDDEN and not re.search(TRANSIENT, response.body)


TRANSIENT: Final = b"Throttl|LimitExceeded|Expired|Timeout"
"""Error codes with which CloudFormation refuses what it may answer a little later."""


def ask_status(request: Request, effects: Effects, seconds: float) -> tuple[Response, str]:
    """Ask for the status of the stack; it is empty if the response has none.

    DescribeStacks may lag behind: a new request may get the status of an earlier operation.
    """
    response = ask(request, effects, seconds, "DescribeStacks", {})
    return response, "".join(re.findall(r"<StackStatus>\s*(\w+)", text_of(response))[:1])


class History(NamedTuple):
    """What a stack's events say about a trigger, None if they do not say it.

    `is_taken_back`: the trigger failed in the current operation, and this request takes it back; or
    the stack rolls back, which its events may show before DescribeStacks does. If the provider may
    not read them, the status decides.
    `has_failed`: it failed in the previous operation, and has not succeeded since.
    """

    is_taken_back: bool | None = None
    has_failed: bool | None = None


Operations = list[tuple[list[str], list[str]]]
"""Of each operation, the statuses of the trigger and those of the stack."""

Newest = tuple[bool, str, str] | tuple[()]
"""Whether the newest event is of the stack, its status, and when it was."""


def read_history(request: Request, progress: Progress, effects: Effects, seconds: float) -> History:
    """Read the events of this operation, and of the last if it matters whether that failed.

    They come newest first, a hundred at a time. An operation begins with an event of the stack
    itself that its user initiated; for an undo, all operations count since the last that succeeded
    or was rolled back. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    """
    is_in_place = bool(request.run) and request.kind == "Update"
    operations: Operations = [([], [])]
    newest: Newest = ()
    more: Map = {}
    for _ in range(MOST_PAGES):
        response = ask(request, effects, seconds, "DescribeStackEvents", more)
        text = text_of(response)
        members = re.findall("(?s)<member>(.*?)</member>", text)
        if not members:
            is_rollback = "ROLLBACK" in progress.status and not is_in_place
            return History(is_rollback if is_lasting_refusal(response) else None)
        for member in members:
            event = dict(re.findall(r"(?s)<(\w+)>(.*?)</\1>", member))
            status = event.get("ResourceStatus", "")
            is_of_stack = event.get("PhysicalResourceId") == request.event["StackId"]
            if is_of_stack or event.get("LogicalResourceId") == request.name:
                newest = newest or (is_of_stack, status, event.get("Timestamp", ""))
                operations[-1][is_of_stack].append(status)
                is_first = event.get("ResourceStatusReason") == "User Initiated"
                is_rest = is_of_stack and status.endswith("COMPLETE")
                if is_rest if is_in_place else is_first:
                    operations.append(([], []))
        token = re.search("<NextToken>(.*?)</", text)
        is_late = effects.clock().left < SHORT
        if len(operations) > 1 + request.unchanged or is_late or not token:
            break
        from html import unescape  # noqa: PLC0415 (a cold start should not pay for it)

        more = {"NextToken": unescape(token[1])}
    return history_of(request, progress, operations, newest)


def history_of(
    request: Request, progress: Progress, operations: Operations, newest: Newest
) -> History:
    """Return what operations, the newest first, and their newest event say."""
    is_shown = "ROLLBACK" in progress.status
    (steps, stack), (last, last_stack) = [*operations, ([], [])][:2]
    is_rollback = "ROLLBACK" in str(stack[:1])
    # Either response may be from before this request began.
    is_of_stack, status, shown_at = newest or (False, "", "")
    times = (time.gmtime(progress.sent + it) for it in (-SKEW, SKEW))
    sent, after = (time.strftime("%FT%T", it) for it in times)
    if shown_at > after:
        return History(request.run is None)  # CloudFormation no longer waits: it runs nothing
    is_over = status.endswith("COMPLETE") or (is_shown and not is_rollback)
    is_old = (is_of_stack and not is_rollback) or shown_at < sent
    if shown_at and progress.questions < (ASKED_AGAIN if is_over else 2 if is_old else 0):
        return History()
    is_taken_back = is_rollback or is_shown or "UPDATE_FAILED" in steps[:2]
    if request.run and request.kind == "Update":
        # A rollback may update an undo only because it refers to the trigger, and an undo may be
        # taken back alone: then no run of a deployment that failed is known to it.
        is_taken_back = is_rollback and "UPDATE_COMPLETE" in steps
    # A resource that failed and was taken back by itself still counts as failed: CloudFormation
    # only regards a stack that was rolled back as stable.
    if "ROLLBACK" in str(last_stack):
        last = last[:1]
    return History(is_taken_back, "FAILED" in str(last))


MOST_PAGES: Final = 40
"""Pages of events that are read: of two updates of a stack of 500 resources, and more."""

ASKED_AGAIN: Final = 4
"""Questions in a row for which a response of an earlier moment is not believed."""

SKEW: Final = 5
"""Whole seconds between the event of a request and the date of its ResponseURL, at most.

If the event were still earlier, each Update would wait until it has asked three times.
"""


# ---- the provider itself


def hand_over(event: Map, effects: Effects, me: str, log: Log) -> bool:
    """Start a fresh execution that continues; return False if it has probably begun.

    Raises RuntimeError if none can be started. A request that was certainly not accepted is
    repeated. If no reply came, the fresh execution may have begun, and nothing can tell: then only
    that execution continues, since two would start a handler twice.
    """
    body, headers = encoded(event), {"X-Amz-Invocation-Type": "Event"}
    for pause in growing(PAUSES):
        left = effects.clock().left
        seconds = max(1, min(SHORT, max(left - 2 * RESERVE, left / 2)))
        reply = effects.call("lambda", "POST", path(me, "invocations"), body, headers, seconds)
        response = response_of(reply)
        if response.status == ACCEPTED:
            return True
        if response.kind in {"timed out", "cut off"}:
            log("handed over, without a reply", level="WARN", why=text_of(response))
            return False
        spare = effects.clock().left - 2 * RESERVE
        if not passing(response) or spare <= 0:
            break
        effects.sleep(min(pause, spare, LONGEST_REFUSAL))
    log("not handed over", level="ERROR", why=text_of(response))
    raise RuntimeError(f"could not start a new execution: {text_of(response)}")
