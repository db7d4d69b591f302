"""Whole lives of a stack, drawn from a seed, in a world where any call can go wrong.

`play` plays one life and holds each request of it to the invariants:

(a) One answer. None only if an execution was killed, Lambda lost the event, or nobody took the
    answer. Two only where the reply to a hand-over that Lambda took was lost: the execution that
    handed over can't know, and answers at once; the fresh one goes on and answers too, unread.
    Each of the two answers once, and together they start the handler no more often than one.
(b) Never FAILED in answer to a Delete, nor to an Update sent during a rollback, if CloudFormation
    told the stack's status at least once before the answer. A question that was throttled or
    got lost is asked again.
(c) The handler starts no more often than Retry grants and it asked to be polled, never after it
    was done, never once the answer is put, and not at all where the contract says so. A poll
    carries the state that the handler gave last.
(d) An answer is at most 4,096 bytes of JSON, echoes the ids, and has a physical id: the request's
    on Update and Delete, unless the handler that succeeded set its own.
(e) It comes before the ServiceTimeout, unless Lambda held an event until Timeout was over.
(f) The log never holds the ResponseURL, the payload or the result; with NoEcho, a reason neither.
(g) SUCCESS tells that the handler succeeded, or that nothing had to; a success is told as one.
(h) It gives up no earlier than it must: when Retry is spent, a minute of denials is over, the next
    start would come after Timeout, the stack is cancelled, or no fresh execution is to be had.
(i) Executions that leave the handler alone are few, since a fresh one invokes first; one that
    begins after the ServiceTimeout does nothing.

Lives of odd seeds are served by the text that stacks embed, the others by the package.
The protocol itself, (d) and (f) among it, is held by `tests/provider/world.py` at each call.
`python -m tests.provider.campaign SEED` prints what happened in a life.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.provider.cloudformation import Kind, Properties, Resource, Stack
from tests.provider.faults import Draw, Fault, Settings
from tests.provider.world import (
    SECRET,
    SUBJECTS,
    Answer,
    BreachError,
    Case,
    Event,
    Handler,
    Line,
    World,
    holds,
)

NEVER = 1e12
FEW = 5  # executions that only wait: a pause of an hour takes four, and one may start in the last
STABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@dataclass(slots=True, kw_only=True)
class Met:
    """What the calls of one request met."""

    event: Event
    settings: Settings
    sent_at: float
    rolling_back: bool
    invocations: list[Fault] = field(default_factory=list)
    started_at: list[float] = field(default_factory=list)
    puts: list[Fault] = field(default_factory=list)
    questions: list[Fault] = field(default_factory=list)
    told_status_at: float = NEVER
    told_before_start: bool = False
    began_at: float = NEVER
    cancelled_at: float = NEVER
    idle_executions: int = 0
    hand_overs: list[Fault] = field(default_factory=list)
    killed: bool = False
    ran_out: bool = False
    event_lost: bool = False
    held_past_timeout: bool = False
    held_past_service_timeout: bool = False
    lost_replies: int = 0

    @property
    def starts(self) -> list[Fault]:
        return [fault for fault in self.invocations if fault.started]

    @property
    def kind(self) -> str:
        return str(self.event["RequestType"])

    @property
    def old_id(self) -> str:
        return str(self.event.get("PhysicalResourceId", ""))

    @property
    def timeout(self) -> float:
        given = self.settings.get("Timeout", 900)
        return float(given) if self.is_readable else 3600.0

    @property
    def is_readable(self) -> bool:
        return self.settings.get("Timeout") != "soon"

    @property
    def never_created(self) -> bool:
        name = self.event["LogicalResourceId"]
        return self.old_id in {f"{name}-create-failed", f"shop-{name}-1KXVQZ3F8R0B2"}

    @property
    def is_unchanged(self) -> bool:
        now, old = self.event["ResourceProperties"], self.event.get("OldResourceProperties", {})
        same = all(now.get(key) == old.get(key) for key in ("Fingerprint", "Payload", "Enabled"))
        once = self.settings.get("ExecuteOnHandlerChange") is False
        return same and once and not (self.settings.get("Attributes") or self.never_created)

    @property
    def must_skip(self) -> bool:
        """Whether the contract says that nothing runs."""
        settings = self.settings
        match self.kind:
            case _ if not self.is_readable or not settings.get("Enabled", True):
                return True
            case "Delete":
                return self.never_created or not settings.get("ExecuteOnDelete")
            case "Update":
                rolls = self.rolling_back and self.told_before_start
                return self.is_unchanged or (rolls and not settings.get("ExecuteOnRollback"))
        return False

    @property
    def is_forgiven(self) -> bool:
        return (
            self.kind == "Delete"
            or self.rolling_back
            or self.settings.get("OnFailure") == "Continue"
        )


# ---- a rough world


class RoughLine(Line):
    """A kind of call that meets what is drawn for it."""

    def __init__(self, name: str, draw: Callable[[str], Fault]) -> None:
        super().__init__(name)
        self.draw = draw

    def next(self, now: float) -> Any:
        self.times.append(now)
        return self.draw(self.name).behaviour


class RoughHandler(Handler):
    """A handler whose starts meet what is drawn for them."""

    def __init__(self, draw: Callable[[str], Fault]) -> None:
        super().__init__("handler", looks=RoughLine("look", draw))
        self.draw = draw

    def next(self, now: float) -> Any:
        self.times.append(now)
        return self.draw(self.name).behaviour


class RoughWorld(World):
    """A world whose calls meet what a seed draws, and that keeps a record of it."""

    def __init__(self, draw: Draw, transcript: list[str], subject: str = "package") -> None:
        super().__init__(SUBJECTS[subject])
        self.draw, self.transcript = draw, transcript
        self.handler = RoughHandler(self.meets)
        self.stack = RoughLine("stack", self.meets)
        self.bucket = RoughLine("bucket", self.meets)
        self.hand_overs = RoughLine("hand-over", self.meets)
        self.met: Met
        self._line = ""
        self._killed = False

    def notes(self, text: str) -> None:
        self.transcript.append(f"{self.elapsed:10.1f}  {text}")

    def meets(self, line: str) -> Fault:
        """Draw what a call meets, and keep it."""
        met = self.met
        if line == "handler":
            sync = met.settings.get("InvocationType", "RequestResponse") == "RequestResponse"
            fault = self.draw.start(met.settings, starts=len(met.invocations), sync=sync)
            met.invocations.append(fault)
            met.started_at.append(self.elapsed)
        else:
            fault = self.draw.on_line(line)
        if line == "bucket":
            met.puts.append(fault)
        if line == "stack" and fault.name == "ok":
            met.told_status_at = min(met.told_status_at, self.elapsed)
            met.told_before_start |= not met.invocations
        if line == "stack":
            met.questions.append(fault)
        if line == "hand-over":
            met.hand_overs.append(fault)
            met.lost_replies += fault.name.startswith("taken") and not fault.behaviour.kills
        self._line, self._killed = line, fault.behaviour.kills
        self.notes(f"  {line}: {fault.name}")
        return fault

    def gave_up_waiting(self) -> None:
        self.notes("    which took longer than the provider waits")
        if self._line == "handler":
            last = self.met.invocations[-1]
            self.met.invocations[-1] = replace(last, ends="failed", own_id=None, state=None)

    def deliver(self, event: Event) -> list[Answer]:
        self.pass_time(self.draw.choice(0, 0, 0, 0, 0, 0, 0, 2, 30, 700))
        return super().deliver(event)

    def hand_over(self, event: Event) -> None:
        if self.draw.chance(0.02):
            self.met.event_lost = True
            self.notes("    and Lambda loses the event")
            return
        later = 0 if self.draw.chance(0.9) else self.draw.choice(5, 100, 1000)
        self._queue.append((self.now + 1 + later, event))

    def _execute(self, case: Case, event: Event) -> None:
        met, puts, starts = self.met, len(self.met.puts), len(self.met.invocations)
        calls = len(self.handler.times) + len(self.handler.looks.times)
        met.began_at = min(met.began_at, self.elapsed)
        waited = self.elapsed - met.sent_at
        met.held_past_timeout |= waited > met.timeout
        service_timeout = float(case.event["ResourceProperties"]["ServiceTimeout"])
        too_late = waited > service_timeout
        met.held_past_service_timeout |= too_late
        self.notes(" execution")
        self._killed = False
        super()._execute(case, event)
        end = self.ends[-1]
        self.notes(f" {end}")
        holds(not end.startswith("crashed"), f"(a) an execution {end}")
        met.idle_executions += calls == len(self.handler.times) + len(self.handler.looks.times)
        did = (len(met.puts), len(met.invocations)) != (puts, starts)
        holds(not (too_late and did), "(i) an execution did something after the ServiceTimeout")
        if end == "killed" and not self._killed:
            holds(met.puts[puts:], "(a) the time of an execution ran out before it put an answer")
            met.ran_out = True
        met.killed |= self._killed


# ---- a life


class Life(Stack):
    """A stack whose every request is held to the invariants."""

    def __init__(self, seed: int) -> None:
        self.draw = Draw(seed)
        self.rough = RoughWorld(self.draw, [], tuple(SUBJECTS)[seed % 2])
        super().__init__(self.rough, transcript=self.rough.transcript)

    def goes_by(self) -> None:
        """Play the life: a creation, some updates, and perhaps a deletion."""
        names = ("First", "Second", "Third")[: self.draw.choice(1, 1, 2, 3)]
        triggers: dict[str, Properties] = {name: self.draw.settings() for name in names}
        self.deploy(triggers, breaks=self.draw.chance(0.1))
        for _ in range(self.draw.choice(0, 1, 2, 3)):
            if self.status == "UPDATE_ROLLBACK_FAILED":
                self.continue_update_rollback()
            if self.status not in STABLE:
                break
            triggers = {name: self.draw.changed(dict(old)) for name, old in triggers.items()}
            if len(triggers) > 1 and self.draw.chance(0.15):
                triggers.popitem()
            if self.draw.chance(0.15):
                triggers.setdefault("Late", self.draw.settings())
            self.deploy(triggers, breaks=self.draw.chance(0.3))
        if self.draw.chance(0.8):
            self.delete()

    def sends(self, event: Event) -> list[Answer]:
        """Send an event, and hold what comes of it to the invariants."""
        rolling_back = "UPDATE_ROLLBACK" in self.status and event["RequestType"] == "Update"
        met = Met(
            event=event, settings=self._asked, sent_at=self.world.elapsed, rolling_back=rolling_back
        )
        self.rough.met = met
        told = f"{met.kind} {event['LogicalResourceId']} {self._asked} {met.old_id[:40]}"
        self.rough.notes(f"{told}: {self.draw.mood()}")
        before, seen = self.status, len(self.world.handler.invocations)
        if self.draw.chance(0.1) and before in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            self._is_cancelled(met)
        answers = self.world.deliver(event)
        for answer in answers:
            self.rough.notes(f"answered at {answer.at:.1f}: {answer.status} {answer.reason[:200]}")
        self._cancelled = self.world.elapsed >= met.cancelled_at
        self.world.stack_becomes(before)
        states = [invocation.state for invocation in self.world.handler.invocations[seen:]]
        held_to_the_invariants(met, answers, states, calm=self.draw.is_calm)
        return answers

    def _is_cancelled(self, met: Met) -> None:
        rollback = self.status.replace("CREATE_IN", "ROLLBACK_IN").replace("E_IN", "E_ROLLBACK_IN")
        after = self.draw.choice(0.5, 20, 300, 1500)
        met.cancelled_at = met.sent_at + after
        self.rough.notes(f"  cancelled after {after} s")
        self.world.stack_becomes(self.draw.choice(rollback, "DELETE_IN_PROGRESS"), after=after)

    def _plays(
        self, kind: Kind, name: str, properties: Properties, old: Resource | None = None
    ) -> tuple[bool, str]:
        self._asked, self._cancelled = dict(properties), False
        ok, physical_id = super()._plays(kind, name, properties, old)
        return ok and not self._cancelled, physical_id


# ---- the invariants


def held_to_the_invariants(
    met: Met, answers: list[Answer], states: list[Any], *, calm: bool
) -> None:
    """Hold one request to all of them; (d) and (f) are held at each call as well."""
    is_answered_once(met, answers)
    starts_as_often_as_granted(met, calm=calm)
    carries_the_last_state(met, states)
    for answer in answers:
        never_wedges_a_stack(met, answer)
        echoes_the_physical_id(met, answer)
        comes_in_time(met, answer)
        keeps_a_secret(met, answer)
        tells_the_truth(met, answer)
    if len(answers) == 1:
        gives_up_no_earlier_than_it_must(met, answers[0])
    few = met.idle_executions <= FEW or has_a_large_state(met)
    holds(few, f"(i) {met.idle_executions} executions left the handler alone")


def is_answered_once(met: Met, answers: list[Answer]) -> None:
    holds(len(answers) <= 1 + met.lost_replies, f"(a) {len(answers)} answers")
    refused = met.puts and (len(met.puts) >= 3 or met.ran_out)
    excused = met.killed or met.event_lost or met.held_past_service_timeout
    holds(answers or refused or excused, "(a) no answer")


def never_wedges_a_stack(met: Met, answer: Answer) -> None:
    if answer.status == "FAILED":
        holds(met.kind != "Delete", "(b) FAILED in answer to a Delete")
        told = answer.at > met.told_status_at
        told |= answer.at == met.told_status_at and not met.lost_replies  # else the fresh one's
        holds(not (met.rolling_back and told), "(b) FAILED during a rollback")
        if met.rolling_back and answer.at < met.sent_at + met.timeout - 1:
            first = [fault.name for fault in met.questions[:3]]
            final = {"denied", "garbage"}
            holds(len(first) == 3 or final & {*first}, f"(b) the stack was asked {first} only")


def starts_as_often_as_granted(met: Met, *, calm: bool) -> None:
    starts = met.starts
    attempts = met.settings.get("Retry", {}).get("MaxAttempts", 1)
    granted = 0 if met.must_skip else attempts + sum(fault.ends == "pending" for fault in starts)
    holds(len(starts) <= granted, f"(c) {len(starts)} starts, {granted} were granted")
    holds(all(fault.ends != "done" for fault in starts[:-1]), "(c) a start after it was done")
    if calm and met.kind != "Delete" and not met.rolling_back and met.cancelled_at > met.began_at:
        late = [at for at in met.started_at[1:] if at > met.cancelled_at]
        holds(not late, "(c) a start after the stack was cancelled")


def carries_the_last_state(met: Met, states: list[Any]) -> None:
    if met.settings.get("InvocationType"):
        return
    reached = [fault for fault in met.invocations if "not sent" not in fault.name]
    last: Any = None
    for fault, state in zip(reached, states, strict=False):
        holds(state == last, f"(c) a poll with the state {state!r}, not {last!r}")
        last = fault.state if fault.ends == "pending" else last


def echoes_the_physical_id(met: Met, answer: Answer) -> None:
    new_id = met.starts[-1].own_id if met.starts else None
    unclear = met.starts and met.starts[-1].ends == "unclear"
    if met.kind == "Update" and not (unclear or met.never_created):
        kept = new_id if answer.status == "SUCCESS" and new_id else met.old_id
        holds(answer.physical_id == kept, f"(d) the physical id {answer.physical_id}, not {kept}")


def comes_in_time(met: Met, answer: Answer) -> None:
    waits = float(met.event["ResourceProperties"]["ServiceTimeout"])
    late = answer.at - met.sent_at - waits
    holds(late <= 0 or met.held_past_timeout, f"(e) answered {late:.1f} s after ServiceTimeout")


def keeps_a_secret(met: Met, answer: Answer) -> None:
    told = answer.reason + answer.body.get("Data", {}).get("Error", "")
    holds(not met.settings.get("NoEcho") or SECRET not in told, f"(f) with NoEcho: {told}")


def tells_the_truth(met: Met, answer: Answer) -> None:
    last = met.starts[-1].ends if met.starts else "none"
    cancelled = met.cancelled_at < NEVER
    if answer.status == "SUCCESS":
        excused = met.is_forgiven or met.must_skip or cancelled
        holds(excused or last in {"done", "unclear"}, f"(g) SUCCESS after {last}")
    elif met.is_readable and len(met.old_id) < 100 and not met.lost_replies:
        holds(last != "done", f"(g) FAILED though the handler was done: {answer.reason}")
        holds(not met.must_skip, f"(g) FAILED though nothing had to run: {answer.reason}")


def gives_up_no_earlier_than_it_must(met: Met, answer: Answer) -> None:
    if not met.invocations or met.must_skip or met.rolling_back or met.cancelled_at < NEVER:
        return
    if any(fault.name != "ok" for fault in met.hand_overs) or has_a_large_state(met):
        return
    last, retry = met.invocations[-1], met.settings.get("Retry", {})
    match last.ends:
        case "pending":
            said = met.settings.get("PollInterval", 10)
            pause = max(1.0, float(said if last.retry_after is None else last.retry_after))
        case "failed":
            if sum(fault.ends in {"failed", "unclear"} for fault in met.starts) >= retry.get(
                "MaxAttempts", 1
            ):
                return
            pause = float(retry.get("MaxInterval", 60))
        case "refused":
            if "denied" in last.name and answer.at - denied_since(met) >= 60:
                return
            pause = 10.0
        case _:
            return
    next_start = answer.at + pause + 1  # the date of a request has no fractions of a second
    holds(
        next_start >= met.sent_at + met.timeout, f"(h) gave up after {last.name}: {answer.reason}"
    )


def denied_since(met: Met) -> float:
    """Return when the row of denials at the end began."""
    since = met.started_at[-1]
    for fault, at in zip(met.invocations[::-1], met.started_at[::-1], strict=True):
        if "denied" not in fault.name:
            break
        since = at
    return since


def has_a_large_state(met: Met) -> bool:
    """Whether a state may be too large for a client context, which fails attempts unstarted."""
    return "Payload" in met.settings and any(len(str(f.state)) > 300 for f in met.invocations)


# ---- play


def play(seed: int) -> tuple[str, list[str]]:
    """Play the life of a seed: return the invariant that it broke, if any, and its transcript."""
    life = Life(seed)
    try:
        life.goes_by()
    except (BreachError, AssertionError) as breach:
        return str(breach), life.transcript
    return "", life.transcript


if __name__ == "__main__":
    said, transcript = play(int(sys.argv[1]))
    sys.stdout.write("\n".join([*transcript, said or "no invariant was broken", ""]))
