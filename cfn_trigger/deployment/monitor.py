"""Follows a deployment: when to read, and when to stop.

Knows how often AWS may be called. Refuses to know what is read (`poller`) and what it means
(`timeline`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import DeploymentState, Event, Line, LogEntry
from cfn_trigger.deployment.summary import summary
from cfn_trigger.errors import ThrottledError, UsageError

PAUSE: Final = 1.0
"""Seconds between two reads: short enough for a person, and long enough for AWS's limits."""

LONGEST_PAUSE: Final = 30.0

NOTHING_READ: Final = DeploymentState()

Progress = tuple[DeploymentState, tuple[Line, ...]]
"""What is known after a read, and the lines that it added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorEffects:
    """What following a deployment needs from the outside; tests replace it."""

    events: Callable[[DeploymentState], Iterable[Event]]
    log_entries: Callable[[DeploymentState], Iterable[LogEntry]]
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
    within `patience` seconds.
    """
    state, pause, began = known, PAUSE, effects.now()
    while not state.ended:
        try:
            events = effects.events(state)
        except ThrottledError:
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause = PAUSE
            state, lines = timeline.advance(state, events, ())
            state, logged = timeline.advance(state, (), effects.log_entries(state))
            yield state, _in_order(lines, logged)
        if not state.has_begun and (effects.now() - began).total_seconds() >= patience:
            problem = f"stack {stack!r}: no deployment began within {patience:g} s"
            raise UsageError(f"{problem}; start one, or raise --timeout")
        if not state.ended:
            effects.sleep(pause)
    if state.runs:  # the last lines of a log arrive late
        effects.sleep(PAUSE)
        state, lines = timeline.advance(state, (), effects.log_entries(state))
        yield state, lines
    yield state, summary(state)


def before_deployment(effects: MonitorEffects) -> DeploymentState:
    """Read what a stack has been through, so that only what follows is shown; none is in progress.

    A deployment may be over before it is read for the first time.
    """
    state, _ = timeline.advance(NOTHING_READ, effects.events(NOTHING_READ), ())
    return state


def _in_order(lines: Iterable[Line], logged: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted((*logged, *lines), key=lambda line: line.at))
