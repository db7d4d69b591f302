"""One event, served until CloudFormation is answered or a fresh execution has taken over.

Knows the order of the steps, and that there is one answer whatever happens. Refuses to decide
(`decision`), to word an answer (`answer`) or to read a reply (`calls`).
"""

import traceback
from typing import Any, Final

from trigger_provider.answer import answer
from trigger_provider.calls import (
    NOT_A_SUCCESS,
    Log,
    hand_over,
    invoke,
    look,
    stack_status,
    tries,
)
from trigger_provider.decision import Action, decide, learn
from trigger_provider.request import (
    Map,
    Outcome,
    Progress,
    Request,
    bare_request,
    parse_progress,
    parse_request,
)
from trigger_provider.result import warning
from trigger_provider.text import encoded, truncate
from trigger_provider.transport import Effects, response_of

LOGGED: Final = 300
"""Bytes of a handler's own words in the log."""


def serve(event: Map, effects: Effects, me: str) -> None:
    """Serve one event of CloudFormation, or one that an earlier execution handed over."""

    def log(step: str, **more: Any) -> None:
        name, kind = event["LogicalResourceId"], event["RequestType"]
        effects.log({"step": step, "trigger": name, "type": kind} | more)

    if body := find_answer(event, effects, me, log):
        deliver(event, body, effects, log)


def find_answer(event: Map, effects: Effects, me: str, log: Log) -> Map | None:
    """Do what is decided until there is an answer; None if it is not, or no longer, ours to give.

    The one guard: CloudFormation waits an hour for an answer that does not come.
    """
    request, progress = bare_request(event), Progress(effects.clock().now)
    try:
        progress = parse_progress(event, progress.began)
        request = parse_request(event)
        if effects.clock().now > progress.began + request.service_timeout:
            log("dropped: CloudFormation no longer waits", level="ERROR")
            return None
        progress = notice_rollback(request, progress, effects, log)
        if "Progress" in event:
            progress = notice_cancel(request, progress, effects, log)
        while (action := decide(request, progress, effects.clock())).step != "respond":
            log(action.step, attempt=progress.failures + 1, seconds=action.seconds)
            if action.step == "hand over":
                hand_over(event, progress, effects, me)
                return None
            progress = carry_out(action, request, progress, effects, log)
        return concluded(request, progress, action.outcome, log)
    except Exception as error:  # noqa: BLE001 (CloudFormation is answered, whatever happens)
        log("provider failed", level="ERROR", trace=traceback.format_exc())
        progress = notice_rollback(request, progress, effects, log)
        failed = Outcome("failed", type(error).__name__, str(error))
        return concluded(request, progress, failed, log)


def concluded(request: Request, progress: Progress, outcome: Outcome, log: Log) -> Map:
    """Compose the answer and log how it ended."""
    body, reason = answer(request, progress, outcome)
    status = body["Status"]
    level = "INFO" if not reason else "WARN" if status == "FAILED" else "ERROR"
    if outcome.is_unexpected:
        reason = "Expect is not met"  # what the result is, is told to CloudFormation alone
    log("respond", level=level, status=status, reason=reason or outcome.message)
    return body


def deliver(event: Map, body: Map, effects: Effects, log: Log) -> None:
    """Put the answer until it is taken, five times at most."""
    for _ in tries(effects, (1, 2, 4, 8), lambda: effects.clock().left):
        response = response_of(effects.put(event["ResponseURL"], encoded(body)))
        if response.kind == "answered" and response.status < NOT_A_SUCCESS:
            return
        why = "" if response.kind == "answered" else response.text
        log("the response was not accepted", level="ERROR", status=response.status, why=why)


# ---- one step


def carry_out(
    action: Action, request: Request, progress: Progress, effects: Effects, log: Log
) -> Progress:
    """Do one step that neither answers nor hands over, and return what is known then."""
    match action.step:
        case "wait":
            effects.sleep(action.seconds)
            return notice_cancel(request, progress._replace(fresh=False), effects, log)
        case "look":
            outcome = look(request, effects)
            if outcome.kind == "done":
                return progress._replace(ready=True, log_group=outcome.result)
        case "invoke":
            began = effects.clock().now
            outcome = invoke(request, progress, effects, action.seconds)
            longest = max(progress.longest, effects.clock().now - began)
            progress = progress._replace(longest=longest)
        case _:
            raise AssertionError(action.step)
    words: Map = {}
    is_secret = request.no_echo or progress.no_echo or outcome.no_echo
    if outcome.kind == "pending" and outcome.message and not is_secret:
        words = {"progress": truncate(outcome.message, LOGGED)}
    if outcome.kind == "done" and (hint := warning(request, outcome.result)):
        words = {"level": "WARN", "warning": hint}
    log(outcome.kind, error=outcome.error, **words)
    return learn(request, progress, outcome, effects.clock())


def notice_rollback(request: Request, progress: Progress, effects: Effects, log: Log) -> Progress:
    """Learn whether an Update belongs to a rollback: the first status that can be read decides."""
    if progress.rolling_back is not None:
        return progress
    if request.kind != "Update":
        return progress._replace(rolling_back=False)
    if not (status := stack_status(request, progress, effects, log)):
        return progress
    return progress._replace(rolling_back=status.startswith("UPDATE_ROLLBACK"))


def notice_cancel(request: Request, progress: Progress, effects: Effects, log: Log) -> Progress:
    """Learn whether the stack still wants what is asked; a rollback and a Delete are wanted."""
    was_unknown = progress.rolling_back is None
    progress = notice_rollback(request, progress, effects, log)
    if request.kind == "Delete" or progress.rolling_back or was_unknown:
        return progress
    status = stack_status(request, progress, effects, log)
    gone = "ROLLBACK" in status or "DELETE" in status
    return progress._replace(cancelled=status if gone else "")
