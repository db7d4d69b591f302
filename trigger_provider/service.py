"""One event, served until CloudFormation has its answer or a fresh execution takes over.

Knows the order of the steps, and that there is one answer whatever happens. Refuses to decide
(`decision`), to word an answer (`answer`) or to read a reply (`calls`).
"""

import traceback
from contextlib import suppress
from typing import Any, Final

from trigger_provider.calls import (
    DEFAULT_RUN,
    NOT_A_SUCCESS,
    PAUSES,
    History,
    Log,
    ask_status,
    growing,
    hand_over,
    invoke,
    is_lasting_refusal,
    look,
    poll,
    read_history,
    stop,
)
from trigger_provider.decision import (
    QUESTION_PAUSES,
    RESERVE,
    SHORT,
    UNKNOWN_STATUS,
    Action,
    decide,
    is_not_there,
    learn,
    lot,
    must_ask,
    room,
)
from trigger_provider.relay import answer_of_part, resumed
from trigger_provider.request import (
    Map,
    Outcome,
    Progress,
    Request,
    bare_request,
    failed,
    handed_over,
    parse_progress,
    parse_request,
    sent_at,
)
from trigger_provider.result import warning
from trigger_provider.text import encoded, truncate
from trigger_provider.transport import Effects, response_of, text_of

LOGGED: Final = 300
"""Bytes of a handler's messages in the log."""

LONGEST_PUT: Final = 5
"""The longest that sending an answer may take, in seconds."""

LONGEST_QUESTION: Final = 5
"""The longest that a poll waits for the stack's status, in seconds."""

BETWEEN_QUESTIONS: Final = 30
"""Seconds between two requests for the stack's status while a handler is polled."""


def serve(event: Map, effects: Effects, me: str) -> None:
    """Serve one event of CloudFormation, or one that an earlier execution handed over."""

    def log(step: str, **more: Any) -> None:
        name, kind = event["LogicalResourceId"], event["RequestType"]
        effects.log({"step": step, "trigger": name, "type": kind} | more)

    now = effects.clock().now
    sent = sent_at(event, now)
    until = sent + bare_request(event).service_timeout
    if now > until:
        log("dropped: CloudFormation no longer waits", level="ERROR")
    elif body := event.get("Answer") or find_answer(event, effects, me, log):
        answered = event | {"Answer": body, "Progress": {"sent": sent}}
        deliver(answered, until, effects, me, log)


def find_answer(event: Map, effects: Effects, me: str, log: Log) -> Map | None:
    """Do what is decided until there is an answer; None if another execution gives it.

    The one guard: CloudFormation waits an hour for an answer that does not come. What failed in
    here is answered as soon as it is known whether that wedges the stack.
    """
    now = effects.clock().now
    request, progress = bare_request(event), Progress(now, sent_at(event, now))
    is_read = is_broken = False
    while True:
        try:
            if not is_read:
                is_read = True
                read = parse_request(event)
                event = resumed(event, read, now)
                request, progress = read, parse_progress(event, read, now)
                if "Progress" in event:
                    progress = notice_cancel(request, progress, effects, log)
            action = decide(request, progress, effects.clock())
            if action.step == "respond":
                return concluded(request, progress, action.outcome, effects, log)
            log(action.step, attempt=progress.failures + 1, seconds=action.seconds)
            if action.step == "hand over":
                hand_over(handed_over(event, progress), effects, me, log)
                return None
            progress = carry_out(action, request, progress, effects, log)
        except Exception as error:  # noqa: BLE001 (CloudFormation is answered, whatever happens)
            log("provider failed", level="ERROR", trace=traceback.format_exc())
            broken = failed(type(error).__name__, str(error), is_final=True)
            if not must_ask(request, progress):
                return concluded(request, progress, broken, effects, log)
            if is_broken:
                return concluded(request, progress, UNKNOWN_STATUS, effects, log)
            is_broken, progress = True, progress._replace(outcome=broken)


def concluded(
    request: Request, progress: Progress, outcome: Outcome, effects: Effects, log: Log
) -> Map:
    """Compose the answer and log how it ended; a durable execution does not outlast it.

    It goes on if the next part of the trigger goes on with it.
    """
    execution = progress.outcome.execution
    if execution and outcome.kind != "passed":
        log("stop", status=stop(execution, outcome, effects).status)
    body, reason = answer_of_part(request, progress, outcome)
    status = body["Status"]
    level = "INFO" if not reason else "WARN" if status == "FAILED" else "ERROR"
    if outcome.kind == "skipped" and outcome.error:
        level = "ERROR"
    if outcome.is_unexpected:
        reason = "Expect is not met"  # only CloudFormation receives the value
    log("respond", level=level, status=status, reason=reason or outcome.message)
    return body


def deliver(event: Map, until: float, effects: Effects, me: str, log: Log) -> None:
    """Send the answer until it is accepted, or until CloudFormation no longer waits for it.

    An execution that ends earlier hands the answer over to a fresh one. It goes on sending the
    answer itself if it cannot know whether a fresh execution has begun, or if that might begin too
    late: an answer that comes twice does no harm.
    """
    is_handed_over = False
    for pause in growing(PAUSES):
        response = response_of(effects.put(event["ResponseURL"], encoded(event["Answer"])))
        if response.kind == "answered" and response.status < NOT_A_SUCCESS:
            return
        why = "" if response.kind == "answered" else text_of(response)
        log("the response was not accepted", level="ERROR", status=response.status, why=why)
        now, left = effects.clock()
        wait = min(pause, max(1, until - LONGEST_PUT - now))
        if now + wait > until:
            return
        if left - wait < 3 * RESERVE and not is_handed_over:
            is_handed_over = True
            log("hand over", attempt=1, seconds=0)
            with suppress(RuntimeError):  # this execution goes on alone
                is_sure = hand_over(event, effects, me, log)
                if is_sure and until - now > 3 * SHORT:
                    return
        left = effects.clock().left - LONGEST_PUT
        if left <= 0:
            return
        effects.sleep(min(wait, left))


# ---- one step


def carry_out(
    action: Action, request: Request, progress: Progress, effects: Effects, log: Log
) -> Progress:
    """Do a step that neither answers nor hands over, and return what is known then."""
    began, outcome = effects.clock().now, Outcome("none")
    match action.step:
        case "wait" | "ask":
            # While nobody knows whether the stack rolls back, Timeout does not pass.
            is_charged = not must_ask(request, progress)
            if action.step == "wait":
                effects.sleep(action.seconds)
            else:
                progress = notice_rollback(request, progress, effects, action.seconds, log)
            progress = progress._replace(fresh=False)
            if is_charged:
                return notice_cancel(request, progress, effects, log)
            return progress._replace(began=progress.began + effects.clock().now - began)
        case "look":
            outcome = look(request, effects)
            if outcome.kind == "done":
                return seen(progress, outcome.result)
        case "poll":
            outcome = poll(request, progress, effects, action.seconds)
        case _:
            outcome = invoke(request, progress, effects, action.seconds)
            longest = max(progress.longest, effects.clock().now - began)
            progress = progress._replace(longest=longest)
    words: Map = {}
    is_secret = request.no_echo or progress.no_echo or outcome.no_echo
    if outcome.kind == "pending" and outcome.message and not is_secret:
        words = {"progress": truncate(outcome.message, LOGGED)}
    if outcome.kind == "done" and (hint := warning(request, outcome.result)):
        words = {"level": "WARN", "warning": hint}
    log(outcome.kind, error=outcome.error, **words)
    return learn(request, progress, outcome, effects.clock())


def seen(progress: Progress, configuration: Map) -> Progress:
    """Return what is known once the handler's configuration was seen."""
    log_group = (configuration.get("LoggingConfig") or {}).get("LogGroup", "")
    is_durable = bool(configuration.get("DurableConfig"))
    timeout = configuration.get("Timeout", DEFAULT_RUN) if configuration and not is_durable else 0
    return progress._replace(
        ready=True, log_group=log_group, function_timeout=timeout, is_durable=is_durable
    )


# ---- the stack


def notice_rollback(
    request: Request, progress: Progress, effects: Effects, seconds: float, log: Log
) -> Progress:
    """Learn whether an Update belongs to a rollback, of the stack or of this resource alone.

    If the provider may not ask, it assumes that there is no rollback, and it does not know how the
    last run ended. If the status shows a rollback and the events of this operation do not, it asks
    again: the status may be that of an earlier operation.
    """
    response, status = ask_status(request, effects, seconds)
    now, is_reached = effects.clock().now, response.kind == "answered" or progress.is_reached
    progress = progress._replace(is_reached=is_reached, status=status or progress.status)
    history = History()
    if status or is_lasting_refusal(response):
        history = read_history(request, progress, effects, seconds)
    elif is_not_there(request, progress, effects.clock()):
        history = History(is_taken_back=False)
    if history.has_failed is None or not status:
        log("stack status unknown", level="WARN", status=response.status)
    if history.is_taken_back is None:
        usual = QUESTION_PAUSES[: progress.questions + 1][-1]
        # Even a short Timeout leaves room for some questions.
        pause = min(usual, request.service_timeout / 6) * (1 + lot(request, progress))
        return progress._replace(questions=progress.questions + 1, ask_at=now + pause)
    has_failed = history.is_taken_back or history.has_failed
    ask_at = now + 2 * BETWEEN_QUESTIONS  # this asked twice: status and events
    return progress._replace(
        rolling_back=history.is_taken_back, has_failed=has_failed, ask_at=ask_at
    )


def notice_cancel(request: Request, progress: Progress, effects: Effects, log: Log) -> Progress:
    """Learn whether the stack still needs the request; a rollback and a Delete are needed.

    The first status that the provider receives decides whether an Update belongs to a rollback.
    """
    now = effects.clock().now
    is_wanted = request.kind == "Delete" or progress.rolling_back or must_ask(request, progress)
    # At first, the status may still be that of the previous operation.
    if is_wanted or now < max(progress.ask_at, progress.sent + BETWEEN_QUESTIONS):
        return progress
    seconds = min(LONGEST_QUESTION, room(request, progress, effects.clock()))
    previous_status = progress.status
    response, status = ask_status(request, effects, seconds)
    progress = progress._replace(ask_at=now + BETWEEN_QUESTIONS, status=status or previous_status)
    if not status:
        log("stack status unknown", level="WARN", status=response.status)
    if request.kind == "Update" and not previous_status:
        return progress._replace(rolling_back="ROLLBACK" in status)
    gone = "ROLLBACK" in status or "DELETE" in status
    return progress._replace(cancelled=status if gone else "")
