"""What comes next: pure functions of the request, the progress and the clock.

Knows when a trigger runs, waits, goes on in a fresh execution and gives up. Refuses to know how
any of it is done. `docs/decision-table.md` is generated from here.
"""

import hashlib
import re
from typing import Final, Literal, NamedTuple

from trigger_provider.request import PART, Outcome, Progress, Request, failed, marker, never_created

RESERVE: Final = 10
"""Seconds of an execution reserved for the answer: two attempts of five seconds each."""

PROPAGATION: Final = 60
"""Seconds for which a denial may be due to a policy that IAM has not propagated yet."""

PASSING: Final = 90
"""Seconds that are left of a part's hour, besides those for its answer, when the next goes on."""

SHORT: Final = 60
"""Seconds of an execution in which nothing new is started, reserved for handing over."""

LIFETIME: Final = 900
"""Seconds of an execution; a rehearsal, which holds no slot that another could use, has more."""

FULL: Final = 840
"""Seconds that a fresh execution is sure to have; with more asked for, it would hand over too."""

FRESH: Final = 870
"""Seconds that a fresh execution has once it has looked at the handler."""

GROWTH: Final = 1.5
"""How much longer than the longest so far an attempt is expected to take at most."""

LONGEST_REFUSAL: Final = 10
"""Seconds between two tries of a call that was refused: 1, 2, 4, 8, and then this many."""

QUESTION_PAUSES: Final = (2, 10, 30, 60)
"""Seconds between requests for the stack's status that were not answered; the last is repeated.

Each pause is lengthened, at most to twice as much, so that the stacks of an account do not all ask
at the same time (`lot`).
"""

NOT_THERE: Final = 300
"""Seconds after which an API that has never replied counts as unreachable."""

PROPAGATING: Final = "((EC2|KMS)?AccessDenied|(EFS|S3Files)Mount(Connectivity|Timeout))(Exception)?"
"""Error codes that may pass: a policy, or the network path to a file system, may be too new."""

THROTTLED: Final = "TooManyRequestsException|Throttling(Exception)?"
"""Error codes of too many requests, or of a function that has no concurrency left."""

UNREACHABLE: Final = "Unreachable"
"""The error of a call that reached nothing."""

UNSEEN: Final = "ConfigurationUnavailable"
"""The error of a look that was denied, or answered with something else than JSON."""

Step = Literal["ask", "look", "invoke", "poll", "wait", "hand over", "respond"]


class Clock(NamedTuple):
    """The time in seconds since 1970, and the seconds left in this execution."""

    now: float
    left: float


class Action(NamedTuple):
    """The next step; `seconds` bound what asks, looks, invokes or waits, `outcome` is answered."""

    step: Step
    seconds: float = 0
    outcome: Outcome = Outcome("none")


def decide(request: Request, progress: Progress, clock: Clock) -> Action:
    """Return what comes next, for every request, progress and clock."""
    if stopping := wait_for_stop(request, progress, clock):
        return stopping
    if why := reason_to_skip(request, progress):
        return Action("respond", outcome=Outcome("skipped", message=why))
    if must_ask(request, progress):
        return question(request, progress, clock)
    if ending := final_outcome(request, progress, clock):
        return Action("respond", outcome=ending)
    resume_at = min(progress.resume_at, passing_at(request, progress))
    action = (
        wait_until(resume_at, request, progress, clock)
        or wait_for_room(request, progress, clock)
        or start(request, progress, clock)
    )
    delay = handover_margin(request) if action.step == "hand over" else 0
    if max(clock.now + delay, resume_at) >= due(request, progress):
        return Action("respond", outcome=too_late(request, progress.outcome))
    return action


def start(request: Request, progress: Progress, clock: Clock) -> Action:
    """Return the invocation, the look before it, or the poll of an execution that goes on."""
    if progress.outcome.execution:
        return Action("poll", brief(clock))
    is_seen = progress.ready or is_unseen_for_long(request, progress, clock)
    return Action("invoke" if is_seen else "look", room(request, progress, clock))


# ---- whether it runs


def wait_for_stop(request: Request, progress: Progress, clock: Clock) -> Action | None:
    """Return how a Delete waits until a cancelled Create has stopped its durable execution.

    CloudFormation deletes a trigger whose Create has not answered, and then what allows that
    Create to stop anything; a function is not deleted while an execution goes on.
    """
    is_durable_delete = request.kind == "Delete" and request.durable
    if is_durable_delete and never_created(request) and request.old_id != marker(request):
        # With the shortest Timeout, CloudFormation waits for a minute.
        return wait_until(progress.sent + SHORT - RESERVE, request, progress, clock)
    return None


def reason_to_skip(request: Request, progress: Progress) -> str:  # noqa: PLR0911 (a table; each row returns)
    """Return why a request does not run the handler, empty if it does."""
    match request.kind:
        case _ if not request.enabled:
            return "Enabled is false"
        case _ if request.run is not None:
            is_due = request.run and progress.rolling_back is not False
            return "" if is_due else "nothing to undo"
        case "Update" if progress.rolling_back and not request.execute_on_rollback:
            return "the stack is rolling back"
        case "Update" if request.unchanged and progress.has_failed is False:
            once = not request.execute_on_handler_change
            return "ExecuteOnHandlerChange is false" if once else "only settings changed"
        case "Delete" if not request.execute_on_delete or request.old_id.startswith(PART):
            return "ExecuteOnDelete is false"
        case "Delete" if request.old_id == marker(request):
            return "it was never created"
    return ""


def must_ask(request: Request, progress: Progress) -> bool:
    """Whether it has to be known first if the stack rolls back.

    FAILED in answer to an Update would wedge it then, and only then is a run undone.
    """
    return progress.rolling_back is None and (request.kind == "Update" or bool(request.run))


def question(request: Request, progress: Progress, clock: Clock) -> Action:
    """Return the next step to learn whether the stack rolls back.

    A trigger of which that is never known is not run, since its handler may be an old one, and
    not answered FAILED, since that would wedge the stack: the last second's answer is SUCCESS.
    """
    latest = latest_answer(request, progress)
    if clock.now >= latest:
        return Action("respond", outcome=UNKNOWN_STATUS)
    last_question = latest - 1
    ask_at = min(progress.ask_at, latest if clock.now >= last_question else last_question)
    if delay := wait_until(ask_at, request, progress, clock):
        return delay
    return Action("ask", brief(clock))


UNKNOWN_STATUS: Final = Outcome(
    "skipped", "StatusUnknown", "it is unknown whether the stack is rolling back"
)
"""The outcome of an Update if the provider could not learn whether it is a rollback."""


def is_not_there(request: Request, progress: Progress, clock: Clock) -> bool:
    """Return whether to give up an API that never replied, leaving at least half of Timeout."""
    timeout = min(request.timeout, request.service_timeout)  # a part has only its own hour
    longest = min(NOT_THERE, request.service_timeout - RESERVE - timeout / 2)
    is_silent = progress.questions > 1 and not progress.is_reached
    return is_silent and clock.now - progress.sent >= longest


# ---- whether it ends


def final_outcome(request: Request, progress: Progress, clock: Clock) -> Outcome | None:
    """Return the outcome that ends the request, if the last one does or the stack gave it up."""
    outcome = progress.outcome
    is_last = outcome.is_final or progress.failures >= request.max_attempts
    if outcome.kind in {"done", "skipped"} or (outcome.kind == "failed" and is_last):
        return outcome
    if is_denied(outcome) and clock.now - progress.refused_since >= PROPAGATION:
        return outcome._replace(kind="failed")
    if not progress.cancelled:
        return Outcome("passed") if passes_on(request, progress, clock) else None
    if outcome.kind == "failed":
        return outcome
    return failed("Cancelled", f"the stack is {progress.cancelled}")


def is_denied(outcome: Outcome) -> bool:
    """Return whether a call may have been refused because something is too new.

    A policy may be too new, and so may a durable execution that Lambda does not know or calls
    invalid.
    """
    too_new = f"{PROPAGATING}|.*(Invalid|NotFound).*"
    return outcome.kind == "refused" and bool(re.fullmatch(too_new, outcome.error))


def is_unseen_for_long(request: Request, progress: Progress, clock: Clock) -> bool:
    """Return whether looks are denied for good, so that the handler is invoked without one."""
    # Refused looks are 1, 2 and 4 seconds apart: a third of a short Timeout is left for a try.
    longest = min(PROPAGATION, request.timeout / 3)
    return progress.outcome.error == UNSEEN and clock.now - progress.refused_since >= longest


def passes_on(request: Request, progress: Progress, clock: Clock) -> bool:
    """Return whether the next part of a trigger goes on: now, or rather than start anything."""
    at = passing_at(request, progress)
    return clock.now >= (at if clock.now < progress.resume_at else at - needed(progress))


def passing_at(request: Request, progress: Progress) -> float:
    """Return when a part makes way for the next, since CloudFormation waits no longer.

    In a rollback there may be no next one: then the trigger has what is left of this hour.
    """
    is_passing = request.part_of and request.kind != "Delete" and not progress.rolling_back
    return latest_answer(request, progress) - PASSING if is_passing else float("inf")


def latest_answer(request: Request, progress: Progress) -> float:
    """Return when the answer must be sent, because CloudFormation does not wait longer."""
    return progress.sent + request.service_timeout - RESERVE


def due(request: Request, progress: Progress) -> float:
    """Return when Timeout is over."""
    return min(progress.began + request.timeout, latest_answer(request, progress))


def too_late(request: Request, outcome: Outcome) -> Outcome:
    """Return the failure of a request that is not done in time, with its last outcome."""
    last = outcome.message.rstrip(" .") or "not done"
    message = f"{last}; Timeout is {request.timeout:g} s"
    return outcome._replace(kind="failed", error=outcome.error or "Timeout", message=message)


# ---- whether there is time for it

# Theory of operation: an attempt needs an execution that outlasts it. A fresh execution is sure to
# have FULL seconds, so an attempt that needs more time than is left here starts in a fresh one.
# Executions are few all the same: every execution hands over when it ends, after FULL seconds or
# more, and `may_hop` grants only two additional ones in FULL seconds. An attempt that has to wait
# for its execution waits here. A poll is expected to take no longer than the polls before it.


def room(request: Request, progress: Progress, clock: Clock) -> float:
    """Return the seconds that a step may take here."""
    return max(1, min(clock.left - RESERVE, due(request, progress) - clock.now))


def brief(clock: Clock) -> float:
    """Return the seconds that a call may take that does not wait for the handler."""
    return max(1, min(RESERVE, clock.left - RESERVE))


def wait_until(at: float, request: Request, progress: Progress, clock: Clock) -> Action | None:
    """Return how to wait: here for what this execution has, and then in a fresh one."""
    pause, here = at - clock.now, clock.left - SHORT
    if pause <= 0:
        return None
    is_last = due(request, progress) - clock.now <= clock.left - RESERVE
    if is_last or (progress.fresh and clock.left <= 2 * SHORT):
        here = clock.left - RESERVE
    if pause <= min(RESERVE, clock.left - 2 * RESERVE):
        return Action("wait", pause)  # so that the fresh execution starts at once
    if here >= 1 or progress.fresh:
        return Action("wait", min(pause, max(here, 1)))
    return Action("hand over")


def wait_for_room(request: Request, progress: Progress, clock: Clock) -> Action | None:
    """Return how an attempt gets an execution with enough time; None if it has one."""
    left_of_timeout = due(request, progress) - clock.now
    if progress.fresh:
        return None
    if (
        gives_way(progress)
        and left_of_timeout > handover_margin(request)
        and clock.left <= LIFETIME
    ):
        return Action("hand over")
    if clock.left >= min(needed(progress), left_of_timeout):
        return None  # a fresh execution has no more than what is left of Timeout
    if clock.left < SHORT or may_hop(progress, clock):
        return Action("hand over")
    hop_at = progress.sent + FULL * (progress.hops - 1) + 1
    hop_at = min(hop_at, passing_at(request, progress))
    if progress.outcome.kind == "pending" or due(request, progress) - hop_at <= clock.left:
        is_known_short = clock.left < GROWTH * progress.longest < FULL
        return Action("hand over") if is_known_short else None
    return wait_until(hop_at, request, progress, clock)


def needed(progress: Progress) -> float:
    """Return the seconds that an execution should have left for an attempt."""
    if progress.outcome.execution:
        return SHORT
    longest = GROWTH * progress.longest
    if progress.outcome.kind == "refused":  # it did not run, so it may still take as long as before
        longest = progress.longest + RESERVE
    timeout = progress.function_timeout + 2 * RESERVE
    if progress.outcome.kind == "pending":
        timeout = min(timeout, FULL / 2)
    return max(SHORT, min(max(longest, timeout), FRESH))


def may_hop(progress: Progress, clock: Clock) -> bool:
    """Return whether there were few enough executions for an additional one."""
    return progress.hops - 1 < (clock.now - progress.sent) / FULL


def handover_margin(request: Request) -> float:
    """Return how many seconds before the end of Timeout the last execution must have started.

    The event that starts one may wait in Lambda's queue for that long. If it waited longer, nobody
    would respond before CloudFormation stops waiting.
    """
    return min(SHORT, request.timeout / 2)


def gives_way(progress: Progress) -> bool:
    """Whether this execution ends, to leave its slot to another function in a small account.

    All slots may be held by providers whose handlers wait for a slot. A provider gives way for as
    long as others take its slot: an execution that had to wait for a slot does not count as a hop.
    Once handlers get slots, it takes two more refusals to give way again.
    """
    is_crowded = progress.outcome.is_crowded and progress.refusals % 2 == 0
    return is_crowded and progress.hops <= 1 + progress.polls


# ---- after an outcome


def learn(request: Request, progress: Progress, outcome: Outcome, clock: Clock) -> Progress:
    """Fold an outcome into what is known, with the time to go on."""
    pause: float = 0
    known = progress._replace(
        outcome=outcome._replace(runs_until=outcome.runs_until or progress.outcome.runs_until),
        fresh=False,
        refusals=0,
        refused_since=0,
        physical_id=outcome.physical_id or progress.physical_id,
        no_echo=outcome.no_echo or progress.no_echo,
    )
    match outcome.kind:
        case "refused":
            pause = min(2 ** min(progress.refusals, 4), LONGEST_REFUSAL)
            is_throttled_look = not progress.ready and re.fullmatch(THROTTLED, outcome.error)
            if outcome.is_crowded or is_throttled_look:
                pause = min(pause * (0.5 + lot(request, progress)), LONGEST_REFUSAL)
            is_same = outcome.error == progress.outcome.error
            since = progress.refused_since if is_same else clock.now
            known = known._replace(refusals=progress.refusals + 1, refused_since=since)
            # Other refusals are about the handler's state, so the provider looks at it again.
            is_silent = is_denied(outcome) or re.fullmatch(THROTTLED, outcome.error)
            if not is_silent and outcome.error != UNREACHABLE:
                known = known._replace(ready=False)
        case "failed":
            # A rate to the power of a thousand overflows; at sixty, the wait is MaxInterval anyway.
            growth = request.backoff_rate ** min(progress.failures, 60)
            pause = min(request.interval * growth, request.max_interval)
            known = known._replace(failures=progress.failures + 1)
        case "pending":
            after = outcome.result.get("RetryAfter")
            pause = max(1, request.poll_interval if after is None else float(after))
            state = outcome.result.get("EventState")
            known = known._replace(state=state, polls=progress.polls + 1)
    return known._replace(resume_at=max(clock.now + pause, outcome.runs_until))


def lot(request: Request, progress: Progress) -> float:
    """Return a number from 0 to 1 that differs between triggers, so that they act one by one."""
    tries = f"{progress.refusals} {progress.questions}"
    name = f"{request.event.get('RequestId')} {request.name} {tries}"
    return hashlib.sha256(name.encode(errors="replace")).digest()[0] / 256
