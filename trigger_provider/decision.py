"""What comes next: pure functions of the request, of what is known so far and of the clock.

Knows when a trigger runs, waits, goes on in a fresh execution and gives up. Refuses to know how
any of it is done. `docs/decision-table.md` is generated from here.
"""

from typing import Final, Literal, NamedTuple, assert_never

from trigger_provider.request import Outcome, Progress, Request, never_created

RESERVE: Final = 10
"""Seconds of an execution kept for the answer: two tries of five seconds each."""

PROPAGATION: Final = 60
"""Seconds for which a denial is believed to be a policy that IAM does not know everywhere yet."""

SHORT: Final = 60
"""Seconds of an execution in which nothing new is started, since a fresh one costs nothing."""

FULL: Final = 840
"""Seconds that a fresh execution is sure to have; with more asked for, it would hand over too."""

GROWTH: Final = 1.5
"""How much longer than the longest so far an attempt is expected to take at most."""

LONGEST_REFUSAL: Final = 10
"""Seconds between two tries of what was refused: 1, 2, 4, 8, and then so many."""

Step = Literal["look", "invoke", "wait", "hand over", "respond"]


class Clock(NamedTuple):
    """Now, in seconds since 1970, and the seconds that are left of this execution."""

    now: float
    left: float


class Action(NamedTuple):
    """The next step; `seconds` bound a look, an invocation and a wait, `outcome` is answered."""

    step: Step
    seconds: float = 0
    outcome: Outcome = Outcome("none")


def decide(request: Request, progress: Progress, clock: Clock) -> Action:
    """Return what comes next, for every request, progress and clock."""
    if why := reason_to_skip(request, progress):
        return Action("respond", outcome=Outcome("skipped", message=why))
    if ending := final_outcome(request, progress, clock):
        return Action("respond", outcome=ending)
    if is_too_late(request, progress, clock):
        return Action("respond", outcome=too_late(request, progress.outcome))
    pause, room = progress.resume_at - clock.now, clock.left - RESERVE
    if pause > 0 and (pause <= room or progress.fresh):
        # A fresh execution waits for what it can of a pause that is longer than its time.
        return Action("wait", min(pause, max(room, 1)))
    if needs_fresh_execution(progress, clock):
        return Action("hand over")
    seconds = max(1, min(room, due(request, progress) - clock.now))
    return Action("invoke" if progress.ready else "look", seconds)


def reason_to_skip(request: Request, progress: Progress) -> str:
    """Return why a request runs nothing, empty if it runs the handler."""
    match request.kind:
        case _ if not request.enabled:
            return "Enabled is false"
        case "Update" if progress.rolling_back and not request.execute_on_rollback:
            return "the stack is rolling back"
        case "Update" if request.unchanged:
            return "ExecuteOnHandlerChange is false"
        case "Delete" if not request.execute_on_delete:
            return "ExecuteOnDelete is false"
        case "Delete" if never_created(request):
            return "it was never created"
    return ""


def final_outcome(request: Request, progress: Progress, clock: Clock) -> Outcome | None:
    """Return the outcome that ends the request, if the last one does or the stack gave it up."""
    outcome = progress.outcome
    if outcome.kind == "done" or is_last_attempt(request, progress):
        return outcome
    if is_denied(outcome) and clock.now - progress.refused_since >= PROPAGATION:
        return outcome._replace(kind="failed")
    if not progress.cancelled:
        return None
    if outcome.kind == "failed":
        return outcome
    return Outcome("failed", "Cancelled", f"the stack is {progress.cancelled}")


def is_last_attempt(request: Request, progress: Progress) -> bool:
    """Whether the last attempt failed and Retry grants no other."""
    return progress.outcome.kind == "failed" and progress.failures >= request.max_attempts


def is_denied(outcome: Outcome) -> bool:
    """Whether IAM refused the call; Lambda and its role each have an error code for it."""
    return outcome.kind == "refused" and "AccessDenied" in outcome.error


def due(request: Request, progress: Progress) -> float:
    """Return when Timeout is over."""
    return progress.began + request.timeout


def is_too_late(request: Request, progress: Progress, clock: Clock) -> bool:
    """Whether Timeout is over, or will be when the next step is due."""
    return max(clock.now, progress.resume_at) >= due(request, progress)


def too_late(request: Request, outcome: Outcome) -> Outcome:
    """Return the failure of a request that is not done in time, with what came last."""
    last = outcome.message.rstrip(" .") or "not done"
    message = f"{last}; Timeout is {request.timeout:g} s"
    return outcome._replace(kind="failed", error=outcome.error or "Timeout", message=message)


def needs_fresh_execution(progress: Progress, clock: Clock) -> bool:
    """Whether this execution is too short for the next step, and a fresh one would be longer."""
    if progress.fresh:
        return False
    needed = GROWTH * progress.longest
    if progress.outcome.kind == "refused":  # it did not run: what was measured is still to come
        needed = progress.longest + RESERVE
    return progress.resume_at > clock.now or clock.left < max(SHORT, min(needed, FULL))


def learn(request: Request, progress: Progress, outcome: Outcome, clock: Clock) -> Progress:
    """Fold an outcome into what is known, with the time to go on."""
    pause: float = 0
    known = progress._replace(
        outcome=outcome,
        fresh=False,
        refusals=0,
        refused_since=0,
        physical_id=outcome.physical_id or progress.physical_id,
        no_echo=outcome.no_echo or progress.no_echo,
    )
    match outcome.kind:
        case "refused":
            pause = min(2 ** min(progress.refusals, 4), LONGEST_REFUSAL)
            since = (progress.refused_since or clock.now) if is_denied(outcome) else 0
            known = known._replace(refusals=progress.refusals + 1, refused_since=since)
        case "failed":
            # No float holds a rate to the power of a thousand; at sixty, the wait is the longest.
            growth = request.backoff_rate ** min(progress.failures, 60)
            pause = min(request.interval * growth, request.max_interval)
            known = known._replace(failures=progress.failures + 1)
        case "pending":
            after = outcome.result.get("RetryAfter")
            pause = max(1, request.poll_interval if after is None else float(after))
            known = known._replace(state=outcome.result.get("EventState"))
        case "none" | "done" | "skipped":
            pass
        case _:
            assert_never(outcome.kind)
    return known._replace(resume_at=clock.now + pause)
