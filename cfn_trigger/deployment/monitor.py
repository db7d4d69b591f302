"""Follows a deployment: when to read, and when to stop.

Knows how often AWS may be called. Refuses to know what is read (`poller`) and what it means
(`timeline`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.change_sets import ChangeSet
from cfn_trigger.deployment.state import (
    DeploymentState,
    Event,
    ExpectedChanges,
    Line,
    LogEntry,
    Tone,
)
from cfn_trigger.deployment.summary import summary
from cfn_trigger.errors import ThrottledError, TransientError, UsageError

PAUSE: Final = 1.0
"""Seconds between two reads: short enough for a person, and long enough for AWS's limits."""

LONGEST_PAUSE: Final = 30.0

NOTHING_READ: Final = DeploymentState()

LONGEST_OUTAGE: Final = 600.0
"""Seconds without a response from AWS, other than throttling, after which this gives up.

The deployment does not depend on it.
"""

_DEEPEST: Final = 10
"""Reads after the end, of which each may reveal stacks nested in those before."""

Progress = tuple[DeploymentState, tuple[Line, ...]]
"""What is known after a read, and the lines that it added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorEffects:
    """What following a deployment needs from the outside; tests replace it.

    `expected` returns what is going to change, by path of a stack: of stacks that have begun since
    the last time.
    """

    events: Callable[[DeploymentState], Iterable[Event]]
    expected: Callable[[DeploymentState], Mapping[str, ExpectedChanges]]
    log_entries: Callable[[DeploymentState], Iterable[LogEntry]]
    refused: Callable[[DeploymentState], ChangeSet | None]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


def follow(
    effects: MonitorEffects,
    *,
    stack: str,
    patience: float,
    known: DeploymentState = NOTHING_READ,
) -> Iterator[Progress]:
    """Read again and again until a deployment has ended, and yield the progress of each read.

    `known` is what was read before the deployment was started. Raises UsageError if none begins
    within `patience` seconds, or if AWS does not answer for long. A change set that fails ends it
    too.
    """
    state, pause, began = known, PAUSE, effects.now()
    answered = began
    while not state.ended:
        try:
            state, lines = _advanced(state, effects)
        except TransientError as error:
            is_outage = not isinstance(error, ThrottledError)
            if is_outage and (not state.has_read or _seconds(effects, answered) > LONGEST_OUTAGE):
                raise
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause, answered = PAUSE, effects.now()
            _refuse_deleted(state, stack)
            yield state, lines
        if not state.has_begun:
            if change_set := effects.refused(state):
                yield _after_refusal(state, change_set, stack, effects.now())
                return
            _require_patience(stack, effects, began=began, patience=patience)
        if not state.ended:
            effects.sleep(pause)
    yield from _late_progress(state, effects)


def before_deployment(effects: MonitorEffects) -> DeploymentState:
    """Read the events of a stack before its deployment is started.

    If they are known, a deployment is followed even if it has ended before the first read.
    """
    state, _ = timeline.advance(NOTHING_READ, effects.events(NOTHING_READ), ())
    return state


def _seconds(effects: MonitorEffects, since: datetime) -> float:
    return (effects.now() - since).total_seconds()


def _advanced(state: DeploymentState, effects: MonitorEffects) -> Progress:
    """Take in what is new: events and entries together, so that they are in the order of time."""
    events = tuple(effects.events(state))
    begun, _ = timeline.advance(state, events, ())
    for path, changes in effects.expected(begun).items():
        state = timeline.expecting(state, path, changes)
    return timeline.advance(state, events, effects.log_entries(begun))


def _after_refusal(
    state: DeploymentState, change_set: ChangeSet, stack: str, at: datetime
) -> Progress:
    """Return the end of a deployment that did not begin, since its change set failed."""
    if change_set.is_empty:
        state = replace(state, refused="empty")
        message = f"{stack}: no deployment, since change set {change_set.name} has no changes"
    else:
        state = replace(state, refused="failed")
        reason = change_set.reason or "CloudFormation gives no reason"
        message = f"{stack}: no deployment, since change set {change_set.name} failed\n{reason}"
    tone: Tone = "good" if change_set.is_empty else "bad"
    line = Line(at=at, kind="end", name=stack, message=message, tone=tone, weight="outcome")
    return state, (line,)


def _refuse_deleted(state: DeploymentState, stack: str) -> None:
    """Raise UsageError for the id of a stack that is gone; its name may be used again."""
    is_deleted = state.latest is not None and state.latest.status == "DELETE_COMPLETE"
    if is_deleted and not state.has_begun and stack.startswith("arn:"):
        raise UsageError(f"stack {stack!r}: was deleted; nothing more will happen in it")


def _require_patience(
    stack: str, effects: MonitorEffects, *, began: datetime, patience: float
) -> None:
    if _seconds(effects, began) >= patience:
        problem = f"stack {stack!r}: no deployment began within {patience:g} s"
        raise UsageError(f"{problem}; start one, or raise --timeout")


def _late_progress(state: DeploymentState, effects: MonitorEffects) -> Iterator[Progress]:
    """Yield what is known only after the end: of nested stacks, and the last lines of logs."""
    for _ in range(_DEEPEST):
        before = state
        try:
            state, lines = _advanced(state, effects)
        except UsageError:  # the deployment has ended all the same
            break
        yield state, lines
        if state.seen == before.seen:
            break
    if state.runs:
        effects.sleep(PAUSE)
        state, lines = timeline.advance(state, (), effects.log_entries(state))
        yield state, lines
    yield state, summary(state)
