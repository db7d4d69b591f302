"""What happens in a deployment, line by line: a fold over events of the stack and log entries.

Knows CloudFormation's events, the steps in the provider's log, and what both mean. Refuses to know
where they come from and when they are read: there is no clock here and no cloud.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, Literal

from macro.model import TRIGGER_TYPE
from macro.names import PROVIDER

Kind = Literal["resource", "trigger", "log", "end"]
Tone = Literal["plain", "good", "bad", "quiet"]

_REVIEW: Final = "REVIEW_IN_PROGRESS"
_IN_PROGRESS: Final = "_IN_PROGRESS"
_OF_LAMBDA: Final = re.compile(
    r'(START|END|REPORT|INIT_START|INIT_REPORT) |\{.*"type": ?"platform\.'
)
# CloudFormation marks these two in no other way than by their reason.
_INITIATED: Final = "Resource creation Initiated"
_CANCELLED: Final = re.compile(r"Resource (creation|update) cancelled", re.IGNORECASE)
_LAST_LINES: Final = "last log lines:"
_FULL_LOG: Final = re.compile(r"full log: (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a stack, as CloudFormation describes it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str
    at: datetime
    logical_id: str
    type: str
    status: str
    physical_id: str = ""
    reason: str = ""
    is_of_stack: bool = False

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing happens in the stack from here on."""
        return self.is_of_stack and not self.status.endswith(_IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry in the log of a function; `source` is the function's logical id."""

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line for a person; `name` is the logical id of what it is about."""

    at: datetime
    kind: Kind
    name: str
    message: str
    tone: Tone = "plain"

    def as_json(self) -> dict[str, str]:
        """Return an object of strings: at (ISO 8601), kind, name, message, tone."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRun:
    """How far a trigger's request is; `progress` is what its handler says of that."""

    began: datetime
    attempt: int = 1
    polls: int = 0
    is_started: bool = False
    was_pending: bool = False
    refusal: str = ""
    progress: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """What is known of a stack and its deployment.

    `seen` are the ids of events and entries that were taken in; `physical_ids` and `runs` are by
    logical id. `first_status` and `status` are those of the stack in this deployment.
    """

    has_read: bool = False
    seen: frozenset[str] = frozenset()
    stack: str = ""
    stack_id: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    first_status: str = ""
    status: str = ""
    physical_ids: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, TriggerRun] = field(default_factory=dict)
    failures: tuple[Event, ...] = ()

    @property
    def has_begun(self) -> bool:
        """Whether a deployment has begun."""
        return bool(self.first_status)

    @property
    def succeeded(self) -> bool:
        """Whether the deployment has completed the operation that it began as."""
        return self.status == self.first_status.replace(_IN_PROGRESS, "_COMPLETE")


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
    if event.status.endswith(_IN_PROGRESS):
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


def after_step(
    run: TriggerRun, step: Mapping[str, Any], at: datetime
) -> tuple[TriggerRun, tuple[Line, ...]]:
    """Take in one step of the provider's log, and return the run and its new lines.

    The keys of a step are a contract: docs/operating.md.
    """
    message, tone = _step_message(run, step, f"after {_seconds(at - run.began)}{_polls(run)}")
    line = Line(at=at, kind="trigger", name=str(step["trigger"]), message=message, tone=tone)
    return _run_after_step(run, step), (line,) if message else ()


def _run_after_step(run: TriggerRun, step: Mapping[str, Any]) -> TriggerRun:
    match step["step"]:
        case "invoke" if run.was_pending:
            return replace(run, was_pending=False, polls=run.polls + 1)
        case "invoke":
            return replace(run, attempt=int(step["attempt"]), is_started=True)
        case "pending":
            progress = str(step.get("progress", ""))
            return replace(run, was_pending=True, refusal="", progress=progress)
        case "refused":
            return replace(run, refusal=str(step["error"]))
        case "failed":
            return TriggerRun(began=run.began, attempt=run.attempt)
    return run


def _step_message(run: TriggerRun, step: Mapping[str, Any], after: str) -> tuple[str, Tone]:
    """Return what to print of a step; an empty message where another line has it."""
    message: tuple[str, Tone] = "", "plain"
    match step["step"]:
        case "invoke" if not (run.was_pending or run.is_started):
            message = f"started, attempt {step['attempt']}", "plain"
        case "pending":
            progress = step.get("progress")
            message = f"in progress {after}{f': {progress}' if progress else ''}", "plain"
        case "refused" if step["error"] != run.refusal:
            message = f"not started {after}: {step['error']}", "plain"
        case "failed":
            message = f"attempt {run.attempt} failed {after}: {step['error']}", "bad"
        case "done":
            message = f"done {after}", "good"
        case "hand over":
            message = f"continues in a fresh execution {after}", "quiet"
        case "respond":
            message = _answer_message(step)
        case other if other not in ("look", "invoke", "wait", "refused"):
            details = [str(step[key]) for key in ("status", "why", "trace") if step.get(key)]
            message = f"{other}{': ' if details else ''}{' '.join(details)}", "bad"
    return message


def _answer_message(step: Mapping[str, Any]) -> tuple[str, Tone]:
    match step:
        case {"level": "INFO", "reason": str(reason)} if reason:
            return f"did not run: {reason}", "quiet"
        case {"level": "ERROR", "reason": reason}:
            return f"failed, and the deployment goes on: {reason}", "bad"
    return "", "plain"  # the step "done" has a success, and CloudFormation's event a failure


def _polls(run: TriggerRun) -> str:
    return f", poll {run.polls}" if run.polls else ""


def _seconds(time: timedelta) -> str:
    return f"{max(0, round(time.total_seconds()))} s"


# ---- where it stands, and how it ended


def status_lines(state: DeploymentState, now: datetime) -> tuple[str, ...]:
    """Return a line for each trigger that runs now, with its attempt and its seconds."""
    return tuple(
        f"{name}: {_run_status(run, now)}" for name, run in state.runs.items() if not run.is_over
    )


def _run_status(run: TriggerRun, now: datetime) -> str:
    progress = f": {run.progress}" if run.progress else ""
    return f"attempt {run.attempt}{_polls(run)}, {_seconds(now - run.began)}{progress}"


def summary(state: DeploymentState) -> tuple[Line, ...]:
    """Return how a deployment ended, and each failure with its whole reason; nothing before."""
    if state.ended is None or state.began is None:
        return ()
    duration = _seconds(state.ended - state.began)
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
