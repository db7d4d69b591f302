"""One event, served until CloudFormation is answered or a fresh execution has taken over.

Knows the order of the steps, and that there is one answer whatever happens. Refuses to decide
(`decision`), to word an answer (`answer`) or to read a reply (`calls`).
"""

import traceback
from functools import partial
from typing import Any, Final, assert_never

from trigger_provider.answer import Answer, answer
from trigger_provider.calls import Log, hand_over, invoke, look, stack_status, tries
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
from trigger_provider.text import encoded, truncate
from trigger_provider.transport import Effects, response_of

LOGGED: Final = 300
"""Bytes of a handler's own words in the log."""


def serve(event: Map, effects: Effects, me: str) -> None:
    """Serve one event of CloudFormation, or one that an earlier execution handed over."""
    log = partial(write_log, effects, bare_request(event))
    if answered := find_answer(event, effects, me, log):
        deliver(event, answered, effects, log)


def write_log(effects: Effects, request: Request, step: str, **more: Any) -> None:
    effects.log({"step": step, "trigger": request.name, "type": request.kind} | more)


def find_answer(event: Map, effects: Effects, me: str, log: Log) -> Answer | None:
    """Do what is decided until there is an answer; None if it is not, or no longer, ours to give.

    The one guard: CloudFormation waits an hour for an answer that does not come.
    """
    began = effects.clock().now
    request = bare_request(event)
    progress = Progress(began, event.get("Progress", {}).get("rolling_back"))
    try:
        request, progress = parse_request(event), parse_progress(event, began)
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


def concluded(request: Request, progress: Progress, outcome: Outcome, log: Log) -> Answer:
    """Compose the answer and log how it ended."""
    composed = answer(request, progress, outcome)
    failed = composed.body["Status"] == "FAILED"
    level = "INFO" if not composed.reason else "WARN" if failed else "ERROR"
    # What Expect rules out is quoted for CloudFormation alone: a log holds no result.
    reason = "Expect is not met" if outcome.is_unexpected else composed.reason or outcome.message
    log("respond", level=level, status=composed.body["Status"], reason=reason)
    return composed


def deliver(event: Map, answered: Answer, effects: Effects, log: Log) -> None:
    """Put the answer until it is taken, five times at most."""
    body = encoded(answered.body)
    for _ in tries(effects, (1, 2, 4, 8)):
        response = response_of(effects.put(event["ResponseURL"], body))
        if 200 <= response.status < 300:
            return
        why = "" if response.kind == "answered" else response.text
        log("the answer was not taken", level="ERROR", status=response.status, why=why)


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
            took = effects.clock().now - began
            progress = progress._replace(longest=max(progress.longest, took))
        case "hand over" | "respond":
            raise AssertionError(f"not carried out here: {action.step}")
        case _:
            assert_never(action.step)
    log_outcome(request, outcome, log)
    return learn(request, progress, outcome, effects.clock())


def log_outcome(request: Request, outcome: Outcome, log: Log) -> None:
    """Log what came of a step; a handler that is polled may say how far it is."""
    words: Map = {}
    if outcome.kind == "pending" and outcome.message and not request.no_echo:
        words = {"progress": truncate(outcome.message, LOGGED)}
    log(outcome.kind, error=outcome.error, **words)


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
