"""What happens in a deployment, line by line: a fold over events of the stack and log entries.

Knows CloudFormation's events and Lambda's log, and what both mean. Refuses to know where they come
from and when they are read: there is no clock here and no cloud.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

from cfn_trigger.deployment.durations import as_words
from cfn_trigger.deployment.provider_steps import after_step, forgiven_reason
from cfn_trigger.deployment.reasons import headline
from cfn_trigger.deployment.resources import answered_part_of, parts, role_of, run_name
from cfn_trigger.deployment.state import (
    IN_PROGRESS,
    DeploymentState,
    Event,
    ExpectedChanges,
    Forgiven,
    Line,
    LogEntry,
    ResourceChange,
    ResourceProgress,
    Tone,
    TriggerRun,
    Weight,
)
from macro.model import TRIGGER_TYPE
from macro.names import PROVIDER

_REVIEW: Final = "REVIEW_IN_PROGRESS"
_OF_LAMBDA: Final = re.compile(
    r'(START|END|REPORT|INIT_START|INIT_REPORT|EXTENSION|LOGS)\s|\{.*"type": ?"platform\.'
)
_TERMINAL_CODES: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Control sequences and operating system commands of ECMA-48."""

_NOTICEABLE: Final = 0.1
"""Seconds; the duration of a shorter change is not shown."""


def advance(
    state: DeploymentState, events: Iterable[Event], entries: Iterable[LogEntry]
) -> tuple[DeploymentState, tuple[Line, ...]]:
    """Take in what was read, whether it was seen before or not, and return the new lines.

    Of the first events only those count that belong to a deployment still in progress. Once it has
    ended, only entries and the events of nested stacks count, which may arrive late.
    """
    new_events = [event for event in events if event.id not in state.seen]
    new_entries = [entry for entry in entries if entry.id not in state.seen]
    of_root = [event for event in new_events if event.is_of_root]
    relevant = new_events if state.has_read else since_rest(new_events)
    seen = state.seen.union((event.id for event in new_events), (entry.id for entry in new_entries))
    latest = of_root[-1] if of_root else state.latest
    state = replace(state, seen=seen, has_read=True, latest=latest)
    lines: list[Line] = []
    # At the same moment, what is logged precedes the event that follows from it.
    news: list[Event | LogEntry] = [*new_entries, *relevant]
    for item in sorted(news, key=lambda item: item.at):
        match item:
            case Event():
                state, more = _after_event(state, _of_whole_trigger(state, item))
            case LogEntry():
                state, more = _after_entry(state, item)
        lines += more
    return state, tuple(lines)


def since_rest(events: Sequence[Event]) -> list[Event]:
    """Return the events after the last one at which the stack was at rest; they are in order."""
    return list(takewhile(lambda event: not event.is_at_rest, reversed(events)))[::-1]


def expecting(state: DeploymentState, path: str, changes: ExpectedChanges) -> DeploymentState:
    """Take in what this deployment will change in the stack at a path.

    Resources of a nested stack make a total only together with those of the stack that is followed.
    """
    of_stack = parts(changes.template)
    names = {path + part: path + trigger for part, trigger in of_stack.items()}
    state = replace(state, parts={**state.parts, **names})
    if changes.logical_ids is None or (path and state.expected is None):
        return state
    expected = {path + of_stack.get(each, each) for each in changes.logical_ids}
    return replace(state, expected=(state.expected or frozenset()) | expected)


# ---- events


def _after_event(state: DeploymentState, event: Event) -> tuple[DeploymentState, Iterable[Line]]:
    if event.status == _REVIEW or (state.ended and not event.path):
        return state, ()  # a change set alone is not a deployment
    if event.is_of_root:
        state = _after_stack_event(state, event)
    if not state.has_begun:
        return state, ()
    if event.is_failure:
        state = replace(state, failures=(*state.failures, event))
    if event.is_of_stack and event.path:  # its parent has an event for the same
        return state, ()
    is_continued = _is_continued(state, event)
    if not event.is_of_stack:
        state = _after_resource_event(state, event)
    if event.reason.kind == "initiated":
        return state, ()
    line = _event_line(state, event)
    return state, (replace(line, weight="detail") if is_continued else line,)


def _is_continued(state: DeploymentState, event: Event) -> bool:
    """Whether an event is only of a part of a trigger: the trigger has begun, and has not ended."""
    before = state.resources.get(event.name)
    is_running = before is not None and not before.is_done
    is_beginning = event.status.endswith(IN_PROGRESS) and event.type == TRIGGER_TYPE
    return _is_passed_on(state, event) or (is_beginning and is_running)


def _of_whole_trigger(state: DeploymentState, event: Event) -> Event:
    """Return an event of a part of a trigger as one of the trigger; any other as it is."""
    known = state.parts.get(event.name, "").removeprefix(event.path)
    trigger = known or answered_part_of(event.logical_id, event.physical_id)
    is_part = event.type == TRIGGER_TYPE and bool(trigger)
    return replace(event, logical_id=trigger, part=event.logical_id) if is_part else event


def _after_stack_event(state: DeploymentState, event: Event) -> DeploymentState:
    is_rollback = "ROLLBACK" in event.status and "CLEANUP" not in event.status
    if is_rollback and state.status and "ROLLBACK" not in state.status:
        state = _rolling_back(state)
    return replace(
        state,
        stack=event.logical_id,
        stack_id=event.physical_id,
        began=state.began or event.at,
        ended=event.at if event.is_at_rest else None,
        first_status=state.first_status or event.status,
        status=event.status,
    )


def _rolling_back(state: DeploymentState) -> DeploymentState:
    """Return the beginning of a rollback: it will change what has changed."""
    untouched = {
        failure.name
        for failure in state.failures
        if failure.status == "CREATE_FAILED" and failure.reason.kind == "canceled"
    }
    return replace(state, expected=frozenset(state.resources) - untouched, resources={})


def _after_resource_event(state: DeploymentState, event: Event) -> DeploymentState:
    name, is_passed_on = event.name, _is_passed_on(state, event)
    if event.physical_id and not event.part:
        state = replace(state, physical_ids={**state.physical_ids, name: event.physical_id})
    if is_passed_on:
        return state
    before = state.resources.get(name)
    began = event.at if before is None or before.is_done else before.began
    progress = ResourceProgress(type=event.type, status=event.status, began=began)
    state = replace(state, resources={**state.resources, name: progress})
    match role_of(event.logical_id, event.type):
        case "trigger" | "undo":
            trigger = event.path + run_name(event.logical_id)
            run = replace(_run_after(state.runs.get(trigger), event), resource=event.logical_id)
            return replace(state, runs={**state.runs, trigger: run})
        case "nested stack" if event.physical_id:
            return replace(state, stack_ids={**state.stack_ids, f"{name}/": event.physical_id})
        case _:
            return state


def _is_passed_on(state: DeploymentState, event: Event) -> bool:
    """Whether an event of a part changes nothing for its trigger: the next part continues.

    In a rollback there may be no next one. A deletion begins with the trigger itself.
    """
    if not event.part or event.status.endswith("_FAILED"):
        return False
    is_end = event.status.endswith("_COMPLETE")
    if state.is_rolling_back:
        return event.status.startswith("DELETE") and not is_end
    return event.status.startswith("DELETE") or is_end


def _run_after(run: TriggerRun | None, event: Event) -> TriggerRun:
    if event.status.endswith(IN_PROGRESS):
        goes_on = run and (event.reason.kind == "initiated" or not run.is_over)
        earlier = replace(run, earlier=None) if run else None
        return run if run and goes_on else TriggerRun(began=event.at, earlier=earlier)
    return replace(run or TriggerRun(began=event.at), is_over=True)


# ---- the line of an event


def _event_line(state: DeploymentState, event: Event) -> Line:
    resource = state.resources.get(event.name)
    elapsed = event.at - resource.began if resource and resource.is_done else None
    is_noticeable = elapsed is not None and elapsed.total_seconds() >= _NOTICEABLE
    duration = f", {as_words(elapsed)}" if elapsed and is_noticeable else ""
    is_repeated = any(
        failure.reason == event.reason and failure is not event for failure in state.failures
    )
    is_shown = event.reason.kind == "cause" and not is_repeated
    reason = headline(event.reason.text) if is_shown else ""
    tally = state.tally
    change = ResourceChange(
        status=event.status,
        type=event.type,
        reason=reason,
        seconds=round(elapsed.total_seconds(), 3) if elapsed is not None else None,
        done=tally.done,
        total=tally.total,
    )
    is_of_part = _is_passed_on(state, event)
    name = event.path + event.part if is_of_part else event.name
    subject = f"{event.status} {name} ({event.type}){duration}"
    return Line(
        at=event.at,
        kind="resource",
        name=event.name,
        message=f"{subject}: {reason}" if reason else subject,
        tone=_status_tone(event),
        weight=_weight(event),
        change=change,
    )


def _weight(event: Event) -> Weight:
    begins = event.status.endswith(IN_PROGRESS)
    match role_of(event.logical_id, event.type):
        case _ if event.is_of_stack:
            return "event"
        case _ if event.reason.kind == "canceled":
            return "detail"
        case "trigger":
            return "event" if begins or event.status.startswith("DELETE") else "outcome"
        case _ if event.status.endswith("_FAILED"):
            return "event"
        case "plumbing" | "undo":  # its log says whether an undo ran
            return "detail"
        case _:
            return "start" if begins else "event"


def _status_tone(event: Event) -> Tone:
    match event.status:
        case status if event.reason.kind == "canceled":
            return "quiet"
        case status if "FAILED" in status or "ROLLBACK" in status:
            return "bad"
        case status if status.endswith("_COMPLETE"):
            return "good"
    return "plain"


# ---- log entries


def is_output(text: str) -> bool:
    """Return whether a log entry is what a function printed, rather than Lambda's about it."""
    return bool(text.strip()) and not _OF_LAMBDA.match(text)


def _after_entry(state: DeploymentState, entry: LogEntry) -> tuple[DeploymentState, Iterable[Line]]:
    if not is_output(entry.text):
        return state, ()
    path, _, function = entry.source.rpartition("/")
    step = _provider_step(entry.text) if function == PROVIDER else {}
    if not step:
        return state, (output_line(entry),)
    own_name = f"{path}/{step['trigger']}" if path else str(step["trigger"])
    name = run_name(state.parts.get(own_name, own_name))
    run = state.runs.get(name) or TriggerRun(began=entry.at)
    if run.earlier and entry.at < run.began:  # a late entry
        earlier, lines = after_step(run.earlier, step, name=name, at=entry.at)
        run = replace(run, earlier=earlier)
    else:
        run, lines = after_step(run, step, name=name, at=entry.at)
    if role_of(str(step["trigger"]), TRIGGER_TYPE) == "undo":
        lines = tuple(replace(line, weight=_weight_of_undo(step)) for line in lines)
    if reason := forgiven_reason(step):
        failure = Forgiven(at=entry.at, trigger=name, reason=reason)
        state = replace(state, forgiven=(*state.forgiven, failure))
    return replace(state, runs={**state.runs, name: run}), lines


def _weight_of_undo(step: Mapping[str, Any]) -> Weight:
    """Return how much a step of an undo matters: the end of a run, or that there was none."""
    match step:
        case {"step": "respond", "level": "INFO"}:
            return "detail"
        case {"step": "respond" | "done"}:
            return "outcome"
    return "event"


def output_line(entry: LogEntry) -> Line:
    """Return the line for what a function printed."""
    # Lambda writes a traceback with carriage returns, and a function may print codes for terminals.
    text = _TERMINAL_CODES.sub("", entry.text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()
    return Line(at=entry.at, kind="log", name=entry.source, message=text, tone="quiet")


def _provider_step(text: str) -> dict[str, Any]:
    try:
        step = json.loads(text)
    except ValueError:
        return {}
    return step if isinstance(step, dict) and {"step", "trigger"} <= step.keys() else {}
