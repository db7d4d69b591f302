"""How a deployment stands now, and how it ended, in lines for a person.

Knows the layout of a provider's reason. Refuses to know how the state came about (`timeline`).
"""

import re
from datetime import datetime
from typing import Final

from cfn_trigger.deployment.provider_steps import in_seconds, poll_count
from cfn_trigger.deployment.state import DeploymentState, Event, Line, Tone, TriggerRun

_LAST_LINES: Final = "last log lines:"
_FULL_LOG: Final = re.compile(r"full log: (\S+)")


def status_lines(state: DeploymentState, now: datetime) -> tuple[str, ...]:
    """Return a line for each trigger that runs now, with its attempt and its seconds."""
    return tuple(
        f"{name}: {_run_status(run, now)}" for name, run in state.runs.items() if not run.is_over
    )


def _run_status(run: TriggerRun, now: datetime) -> str:
    progress = f": {run.progress}" if run.progress else ""
    return f"attempt {run.attempt}{poll_count(run)}, {in_seconds(now - run.began)}{progress}"


def summary(state: DeploymentState) -> tuple[Line, ...]:
    """Return how a deployment ended, and each failure with its whole reason; nothing before."""
    if state.ended is None or state.began is None:
        return ()
    duration = in_seconds(state.ended - state.began)
    tone: Tone = "good" if state.succeeded else "bad"
    messages = [(f"{state.stack}: {state.status} after {duration}", tone)]
    messages += [(_failure_message(event), "bad") for event in state.failures]
    return tuple(
        Line(at=state.ended, kind="end", name=state.stack, message=message, tone=its_tone)
        for message, its_tone in messages
    )


def _failure_message(event: Event) -> str:
    reason = event.reason or "CloudFormation gives no reason"
    log = _FULL_LOG.search(reason)
    hint = f"; look at it: aws logs tail {log[1]} --since 1h" if log else ""
    return f"{event.status} {event.logical_id} ({event.type}); {reason}{hint}"


def reason_lines(reason: str) -> tuple[str, ...]:
    """Split a reason into lines: each of its parts, and each log line in it."""
    return tuple(line for part in reason.split("; ") for line in _part_lines(part))


def _part_lines(part: str) -> list[str]:
    if not part.startswith(_LAST_LINES):
        return [part]
    logged = part.removeprefix(_LAST_LINES).strip().split(" / ")
    return [_LAST_LINES, *(f"  {line}" for line in logged)]
