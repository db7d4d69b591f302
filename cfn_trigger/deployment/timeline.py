"""What happens in a deployment, line by line: a fold over events of the stack and log entries.

Knows CloudFormation's events and Lambda's log, and what both mean. Refuses to know where they come
from and when they are read: there is no clock here and no cloud.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

from cfn_trigger.deployment.provider_steps import after_step
from cfn_trigger.deployment.state import (
    IN_PROGRESS,
    DeploymentState,
    Event,
    Line,
    LogEntry,
    Tone,
    TriggerRun,
)
from macro.model import TRIGGER_TYPE
from macro.names import PROVIDER

_REVIEW: Final = "REVIEW_IN_PROGRESS"
_OF_LAMBDA: Final = re.compile(
    r'(START|END|REPORT|INIT_START|INIT_REPORT) |\{.*"type": ?"platform\.'
)
# CloudFormation marks these two in no other way than by their reason.
_INITIATED: Final = "Resource creation Initiated"
_CANCELLED: Final = re.compile(r"Resource (creation|update) cancelled", re.IGNORECASE)


def advance(
    state: DeploymentState, events: Iterable[Event], entries: Iterable[LogEntry]
) -> tuple[DeploymentState, tuple[Line, ...]]:
    """Take in what was read, whether it was seen before or not, and return the new lines.

    Of the first events only those count that belong to a deployment still in progress. Once it has
    ended only entries count, which may arrive late.
    """
    new_events = [event for event in events if event.id not in state.seen]
    new_entries = [entry for entry in entries if entry.id not in state.seen]
    relevant = new_events if state.has_read else since_rest(new_events)
    seen = state.seen.union((event.id for event in new_events), (entry.id for entry in new_entries))
    state = replace(state, seen=seen, has_read=True)
    lines: list[Line] = []
    # At the same moment, what is logged precedes the event that follows from it.
    news: list[Event | LogEntry] = [*new_entries, *relevant]
    for item in sorted(news, key=lambda item: item.at):
        match item:
            case Event():
                state, more = _after_event(state, item)
            case LogEntry():
                state, more = _after_entry(state, item)
        lines += more
    return state, tuple(lines)


def since_rest(events: Sequence[Event]) -> list[Event]:
    """Return the events after the last one at which the stack was at rest; they are in order."""
    return list(takewhile(lambda event: not event.is_at_rest, reversed(events)))[::-1]


# ---- events


def _after_event(state: DeploymentState, event: Event) -> tuple[DeploymentState, Iterable[Line]]:
    if state.ended or event.status == _REVIEW:  # a change set alone is not a deployment
        return state, ()
    if event.is_of_stack:
        state = _after_stack_event(state, event)
    if not state.has_begun:
        return state, ()
    name = event.logical_id
    if event.physical_id:
        state = replace(state, physical_ids={**state.physical_ids, name: event.physical_id})
    if event.type == TRIGGER_TYPE:
        state = replace(state, runs={**state.runs, name: _run_after(state.runs.get(name), event)})
    if _is_cause_of_failure(event):
        state = replace(state, failures=(*state.failures, event))
    return state, () if event.reason == _INITIATED else (_event_line(event),)


def _is_cause_of_failure(event: Event) -> bool:
    is_failed = event.status.endswith("_FAILED") and not event.is_of_stack
    return is_failed and not _CANCELLED.match(event.reason)


def _after_stack_event(state: DeploymentState, event: Event) -> DeploymentState:
    return replace(
        state,
        stack=event.logical_id,
        stack_id=event.physical_id,
        began=state.began or event.at,
        ended=event.at if event.is_at_rest else None,
        first_status=state.first_status or event.status,
        status=event.status,
    )


def _run_after(run: TriggerRun | None, event: Event) -> TriggerRun:
    if event.status.endswith(IN_PROGRESS):
        return run if run and event.reason == _INITIATED else TriggerRun(began=event.at)
    return replace(run or TriggerRun(began=event.at), is_over=True)


def _event_line(event: Event) -> Line:
    problem, _, rest = event.reason.partition("; ")  # the summary has the whole reason
    reason = f": {problem}{'; …' if rest else ''}" if problem else ""
    message = f"{event.status:<18}  {event.logical_id} ({event.type}){reason}"
    return Line(
        at=event.at,
        kind="resource",
        name=event.logical_id,
        message=message,
        tone=_status_tone(event.status),
    )


def _status_tone(status: str) -> Tone:
    match status:
        case _ if "FAILED" in status or "ROLLBACK" in status:
            return "bad"
        case _ if status.endswith("_COMPLETE"):
            return "good"
    return "plain"


# ---- log entries


def is_output(text: str) -> bool:
    """Return whether a log entry is what a function printed, rather than Lambda's about it."""
    return bool(text.strip()) and not _OF_LAMBDA.match(text)


def _after_entry(state: DeploymentState, entry: LogEntry) -> tuple[DeploymentState, Iterable[Line]]:
    if not is_output(entry.text):
        return state, ()
    step = _provider_step(entry.text) if entry.source == PROVIDER else {}
    if not step:
        return state, (output_line(entry),)
    name = str(step["trigger"])
    run, lines = after_step(state.runs.get(name) or TriggerRun(began=entry.at), step, entry.at)
    return replace(state, runs={**state.runs, name: run}), lines


def output_line(entry: LogEntry) -> Line:
    """Return the line for what a function printed."""
    text = entry.text.rstrip()
    return Line(at=entry.at, kind="log", name=entry.source, message=text, tone="quiet")


def _provider_step(text: str) -> dict[str, Any]:
    try:
        step = json.loads(text)
    except ValueError:
        return {}
    return step if isinstance(step, dict) and {"step", "trigger"} <= step.keys() else {}
