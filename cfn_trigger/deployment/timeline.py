"""What a person is told of a deployment: a fold over its events and the entries of logs.

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
_UNDER_WAY: Final = "_IN_PROGRESS"
_OF_LAMBDA: Final = re.compile(
    r'(START|END|REPORT|INIT_START|INIT_REPORT) |\{.*"type": ?"platform\.'
)
_INITIATED: Final = "Resource creation Initiated"
_CANCELLED: Final = re.compile(r"Resource (creation|update) cancelled", re.IGNORECASE)
_LOGGED: Final = "last log lines:"
_FULL_LOG: Final = re.compile(r"full log: (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a stack, as CloudFormation describes it; `name` is a logical id."""

    id: str
    at: datetime
    name: str
    type: str
    status: str
    physical_id: str = ""
    reason: str = ""
    is_of_stack: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing goes on in the stack any more."""
        return self.is_of_stack and not self.status.endswith(_UNDER_WAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the log of a function; `source` is its logical id."""

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something to tell."""

    at: datetime
    kind: Kind
    name: str
    said: str
    tone: Tone = "plain"

    def in_json(self) -> dict[str, str]:
        """Give it for machines."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How far a trigger's request is; `doing` is the handler's own word for it."""

    began: datetime
    attempt: int = 1
    polls: int = 0
    is_started: bool = False
    was_pending: bool = False
    refusal: str = ""
    doing: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of a stack and its deployment.

    `seen` are the ids of what was taken in, `names` physical ids by logical id. `begun_as` and
    `status` are statuses of the stack, empty until a deployment begins.
    """

    has_looked: bool = False
    seen: frozenset[str] = frozenset()
    stack: str = ""
    stack_id: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    begun_as: str = ""
    status: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    failures: tuple[Event, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the deployment ended as what it began as."""
        return self.status == self.begun_as.replace(_UNDER_WAY, "_COMPLETE")


def advance(
    state: State, events: Iterable[Event], entries: Iterable[Entry]
) -> tuple[State, tuple[Line, ...]]:
    """Take in what was read, seen before or not, and say what is new.

    Of the first events only those of a deployment that is still under way count. After its end
    only entries do, which may come late.
    """
    fresh = [one for one in events if one.id not in state.seen]
    known = underway(fresh) if not state.has_looked else fresh
    told = [one for one in entries if one.id not in state.seen]
    everything: list[Event | Entry] = [*fresh, *told]
    seen = state.seen.union(one.id for one in everything)
    state = replace(state, seen=seen, has_looked=True)
    lines: list[Line] = []
    news: list[Event | Entry] = [*told, *known]  # what is logged comes before what follows from it
    for one in sorted(news, key=lambda one: one.at):
        state, more = _event(state, one) if isinstance(one, Event) else _entry(state, one)
        lines += more
    return state, tuple(lines)


def underway(events: Sequence[Event]) -> list[Event]:
    """Give the last events in which a stack does not rest; the events are in order."""
    return list(takewhile(lambda one: not one.is_idle, reversed(events)))[::-1]


# ---- events


def _event(state: State, one: Event) -> tuple[State, Iterable[Line]]:
    if state.ended or one.status == _REVIEW:  # a change set alone is no deployment
        return state, ()
    if one.is_of_stack:
        state = _of_stack(state, one)
    if not state.begun_as:
        return state, ()
    if one.physical_id:
        state = replace(state, names={**state.names, one.name: one.physical_id})
    if one.type == TRIGGER_TYPE:
        state = replace(state, runs={**state.runs, one.name: _of_trigger(state, one)})
    if one.status.endswith("_FAILED") and not _CANCELLED.match(one.reason) and not one.is_of_stack:
        state = replace(state, failures=(*state.failures, one))
    return state, () if one.reason == _INITIATED else (_told(one),)


def _of_stack(state: State, one: Event) -> State:
    return replace(
        state,
        stack=one.name,
        stack_id=one.physical_id,
        began=state.began or one.at,
        ended=one.at if one.is_idle else None,
        begun_as=state.begun_as or one.status,
        status=one.status,
    )


def _of_trigger(state: State, one: Event) -> Run:
    run = state.runs.get(one.name)
    if one.status.endswith(_UNDER_WAY):
        return run if run and one.reason == _INITIATED else Run(began=one.at)
    return replace(run or Run(began=one.at), is_over=True)


def _told(one: Event) -> Line:
    what, _, more = one.reason.partition("; ")  # the whole is for the end
    why = f": {what}{'; …' if more else ''}" if what else ""
    name = f"{one.name} ({one.type})"
    said = f"{one.status:<18}  {name}{why}"
    return Line(at=one.at, kind="resource", name=one.name, said=said, tone=_tone(one.status))


def _tone(status: str) -> Tone:
    match status:
        case _ if "FAILED" in status or "ROLLBACK" in status:
            return "bad"
        case _ if status.endswith("_COMPLETE"):
            return "good"
    return "plain"


# ---- entries


def is_printed(text: str) -> bool:
    """Tell whether a line of a log is a function's own, and not Lambda's about it."""
    return bool(text.strip()) and not _OF_LAMBDA.match(text)


def _entry(state: State, one: Entry) -> tuple[State, Iterable[Line]]:
    if not is_printed(one.text):
        return state, ()
    step = _step(one.text) if one.source == PROVIDER else {}
    if not step:
        return state, (printed(one),)
    name = str(step["trigger"])
    run, lines = stepped(state.runs.get(name) or Run(began=one.at), step, one.at)
    return replace(state, runs={**state.runs, name: run}), lines


def printed(one: Entry) -> Line:
    """Tell a line that a function has printed."""
    return Line(at=one.at, kind="log", name=one.source, said=one.text.rstrip(), tone="quiet")


def _step(text: str) -> dict[str, Any]:
    try:
        step = json.loads(text)
    except ValueError:
        return {}
    return step if isinstance(step, dict) and {"step", "trigger"} <= step.keys() else {}


def stepped(run: Run, step: Mapping[str, Any], at: datetime) -> tuple[Run, tuple[Line, ...]]:
    """Take in one step of the provider's log."""
    said, tone = _said(run, step, f"after {_seconds(at - run.began)}{_poll(run)}")
    line = Line(at=at, kind="trigger", name=str(step["trigger"]), said=said, tone=tone)
    return _learned(run, step), (line,) if said else ()


def _learned(run: Run, step: Mapping[str, Any]) -> Run:
    match step["step"]:
        case "invoke" if run.was_pending:
            return replace(run, was_pending=False, polls=run.polls + 1)
        case "invoke":
            return replace(run, attempt=int(step["attempt"]), is_started=True)
        case "pending":
            return replace(run, was_pending=True, refusal="", doing=str(step.get("progress", "")))
        case "refused":
            return replace(run, refusal=str(step["error"]))
        case "failed":
            return Run(began=run.began, attempt=run.attempt)
    return run


def _said(run: Run, step: Mapping[str, Any], after: str) -> tuple[str, Tone]:
    """Say a step, or nothing where another line does."""
    told: tuple[str, Tone] = "", "plain"
    match step["step"]:
        case "invoke" if not (run.was_pending or run.is_started):
            told = f"started, attempt {step['attempt']}", "plain"
        case "pending":
            doing = step.get("progress")
            told = f"in progress {after}{f': {doing}' if doing else ''}", "plain"
        case "refused" if step["error"] != run.refusal:
            told = f"not started {after}: {step['error']}", "plain"
        case "failed":
            told = f"attempt {run.attempt} failed {after}: {step['error']}", "bad"
        case "done":
            told = f"done {after}", "good"
        case "hand over":
            told = f"goes on in a fresh execution {after}", "quiet"
        case "respond":
            told = _answer(step)
        case other if other not in ("look", "invoke", "wait", "refused"):
            more = " ".join(str(step[key]) for key in ("status", "why", "trace") if step.get(key))
            told = f"{other}{': ' if more else ''}{more}", "bad"
    return told


def _answer(step: Mapping[str, Any]) -> tuple[str, Tone]:
    match step:
        case {"level": "INFO", "reason": str(reason)} if reason:
            return f"did not run: {reason}", "quiet"
        case {"level": "ERROR", "reason": reason}:
            return f"failed, and the deployment goes on: {reason}", "bad"
    return "", "plain"  # what succeeded is said to be done; CloudFormation says why one failed


def _poll(run: Run) -> str:
    return f", poll {run.polls}" if run.polls else ""


def spread(reason: str) -> tuple[str, ...]:
    """Spread a reason over lines, each part and each line of the log that is in it."""
    return tuple(line for part in reason.split("; ") for line in _lines(part))


def _lines(part: str) -> list[str]:
    if not part.startswith(_LOGGED):
        return [part]
    return [_LOGGED, *(f"  {line}" for line in part.removeprefix(_LOGGED).strip().split(" / "))]


def _seconds(time: timedelta) -> str:
    return f"{max(0, round(time.total_seconds()))} s"


# ---- how it stands, and how it ended


def standing(state: State, now: datetime) -> tuple[str, ...]:
    """Say in a line each how far the triggers are that run now."""
    return tuple(
        f"{name}: {_how_far(run, now)}" for name, run in state.runs.items() if not run.is_over
    )


def _how_far(run: Run, now: datetime) -> str:
    doing = f": {run.doing}" if run.doing else ""
    return f"attempt {run.attempt}{_poll(run)}, {_seconds(now - run.began)}{doing}"


def verdict(state: State) -> tuple[Line, ...]:
    """Say how a deployment that has ended went, with each failure's whole reason."""
    if state.ended is None or state.began is None:
        return ()
    took = _seconds(state.ended - state.began)
    tone: Tone = "good" if state.succeeded else "bad"
    said = [(f"{state.stack}: {state.status} after {took}", tone)]
    for one in state.failures:
        reason = one.reason or "CloudFormation gives no reason"
        where = _FULL_LOG.search(reason)
        hint = f"; look at it: aws logs tail {where[1]} --since 1h" if where else ""
        said.append((f"{one.status} {one.name} ({one.type}); {reason}{hint}", "bad"))
    return tuple(
        Line(at=state.ended, kind="end", name=state.stack, said=each, tone=its)
        for each, its in said
    )
