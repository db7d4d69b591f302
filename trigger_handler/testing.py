"""Play the life of a trigger against its handler, on this machine and in virtual time.

Knows how the trigger provider starts a handler, how it judges a result, and when it asks again;
waits are recorded, not slept. Refuses to know the rest of a template: nothing is tried twice
(`Retry`), held against `Expect`, or skipped, and an answer has no limit of length.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, Final, Literal, NamedTuple

from trigger_handler import Handler

ABSENT: Final[Any] = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()
START: Final = 1_800_000_000.0
STACK_ID: Final = "arn:aws:cloudformation:eu-west-1:123456789012:stack/stack/6a1cb5f0-8b0e"
LIMIT_OF_A_CLIENT_CONTEXT: Final = 3583

Map = dict[str, Any]
Kind = Literal["Create", "Update", "Delete"]


@dataclass(slots=True)
class Clock:
    """Virtual time, in seconds since the epoch; a handler that waits in a play waits with it."""

    now: float = START

    def time(self) -> float:
        """Give the time, as `time.time` does."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, as `time.sleep` does."""
        self.now += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What Lambda hands a handler beside its event."""

    clock: Clock
    ends: float
    client_context: Any
    aws_request_id: str
    function_name: str = "handler"
    function_version: str = "$LATEST"
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:handler"
    memory_limit_in_mb: str = "128"
    log_group_name: str = "/aws/lambda/handler"
    log_stream_name: str = "play"
    identity: Any = None

    def get_remaining_time_in_millis(self) -> int:
        """Give what is left of this execution."""
        return max(0, int((self.ends - self.clock.now) * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One start of the handler: the event as Lambda had it, and its description."""

    at: float
    event: Any
    description: Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What CloudFormation is told of one request, and how it came about.

    `reason` is empty if nothing went wrong; a Delete that fails is a SUCCESS with a reason, since
    it must not hold up the stack. `data` are the attributes, `pauses` the seconds between polls,
    `error` is what the handler raised, `cleanup` the Delete of what an update has replaced.
    """

    status: Literal["SUCCESS", "FAILED"]
    reason: str
    physical_id: str
    data: Map = field(default_factory=dict)
    pauses: tuple[float, ...] = ()
    error: Exception | None = None
    cleanup: "Answer | None" = None


class Outcome(NamedTuple):
    """`done`, `pending` or `failed`, as the provider judges an invocation."""

    kind: str
    why: str = ""
    result: Any = None
    error: Exception | None = None


@dataclass(slots=True, kw_only=True)
class Resource:
    """A trigger with its handler: create it, update it, delete it, and look at the answers."""

    handler: Callable[[Any, Any], Any]
    name: str = "Resource"
    timeout: float = 900
    poll_interval: float = 10
    function_timeout: float = 900
    clock: Clock = field(default_factory=Clock)
    payload: Any = ABSENT
    physical_id: str = ""
    invocations: list[Invocation] = field(default_factory=list)
    _requests: int = 0

    def create(self, payload: Any = ABSENT) -> Answer:
        """Create the resource, as the first deployment does."""
        answer = self._asks("Create", payload)
        self.payload, self.physical_id = payload, answer.physical_id
        return answer

    def update(self, payload: Any = ABSENT) -> Answer:
        """Update the resource; under a new physical id, what it replaces is deleted."""
        before, old_id = self.payload, self.physical_id
        answer = self._asks("Update", payload)
        if answer.status == "FAILED":
            return answer
        self.payload, self.physical_id = payload, answer.physical_id
        if answer.physical_id == old_id:
            return answer
        cleanup = self._asks("Delete", before, physical_id=old_id)
        return replace(answer, cleanup=cleanup)

    def delete(self) -> Answer:
        """Delete the resource; one that was never created is not."""
        return self._asks("Delete", self.payload)

    def _asks(self, kind: Kind, payload: Any, *, physical_id: str = "") -> Answer:
        old_id = physical_id or self.physical_id
        if kind == "Delete" and old_id == f"{self.name}-create-failed":
            return Answer(status="SUCCESS", reason="", physical_id=old_id)
        about = self._about(kind, old_id)
        outcome, pauses = self._until_done(about, payload)
        return self._answer(kind, outcome, old_id, pauses)

    def _about(self, kind: Kind, old_id: str) -> Map:
        self._requests += 1
        request = f"{self._requests:032x}"
        about: Map = {"RequestType": kind, "RequestId": request, "StackId": STACK_ID}
        about["LogicalResourceId"] = self.name
        about |= {"PhysicalResourceId": old_id} if kind != "Create" else {}
        about |= {"ExecutionId": request, "Attempt": 1}
        old = {} if kind != "Update" or self.payload is ABSENT else {"Old": self.payload}
        return about | old

    def _until_done(self, about: Map, payload: Any) -> tuple[Outcome, tuple[float, ...]]:
        due = self.clock.now + self.timeout
        pauses: list[float] = []
        state = None
        while (outcome := self._invoked(about, payload, state, due)).kind == "pending":
            after = outcome.result.get("RetryAfter")
            pause = max(1, self.poll_interval if after is None else float(after))
            if self.clock.now + pause >= due:
                told = outcome.why.rstrip(" .") or "not done"
                why = f"Timeout: {told}; Timeout is {self.timeout:g} s"
                return Outcome("failed", why), tuple(pauses)
            pauses.append(pause)
            self.clock.sleep(pause)
            state = outcome.result.get("EventState")
        return outcome, tuple(pauses)

    def _invoked(self, about: Map, payload: Any, state: Any, due: float) -> Outcome:
        body, client_context = sent(about, payload, state)
        if len(client_context) > LIMIT_OF_A_CLIENT_CONTEXT:
            return Outcome("failed", "ClientContext: EventState and Old are over 3,583 bytes")
        event, custom = json.loads(body), received(client_context)
        told = json.loads(custom.custom["trigger"]) if custom else json.loads(body)
        self.invocations.append(Invocation(at=self.clock.now, event=event, description=told))
        began, ends = self.clock.now, self.clock.now + self.function_timeout
        context = Context(
            clock=self.clock,
            ends=ends,
            client_context=custom,
            aws_request_id=f"{len(self.invocations):032x}",
        )
        outcome = self._run(json.loads(body), context)
        if self.clock.now > due and due < ends:
            late = f"no answer in {due - began:.0f} s; Timeout is {self.timeout:g} s"
            return Outcome("failed", f"HandlerTooSlow: {late}")
        if self.clock.now > ends:
            late = f"Task timed out after {self.function_timeout:g} seconds"
            return Outcome("failed", f"Sandbox.Timedout: {late}")
        return outcome

    def _run(self, event: Any, context: Context) -> Outcome:
        try:
            match self.handler:
                case Handler():
                    result = self.handler.answer(event, context, now=self.clock.now)
                case _:
                    result = self.handler(event, context)
        except Exception as error:  # noqa: BLE001 (whatever it is, the provider answers)
            return Outcome("failed", f"{type(error).__name__}: {error}", error=error)
        try:
            return judged(json.loads(json.dumps(result)))
        except (TypeError, ValueError) as error:
            why = f"Runtime.MarshalError: Unable to marshal response: {error}"
            return Outcome("failed", why, error=error)

    def _answer(
        self, kind: Kind, outcome: Outcome, old_id: str, pauses: tuple[float, ...]
    ) -> Answer:
        removing = kind == "Delete"
        why = outcome.why or ("" if removing else unusable(outcome.result))
        own = physical_id(self.name, kind, old_id, outcome.result)
        failed = bool(why) and not removing
        return Answer(
            status="FAILED" if failed else "SUCCESS",
            reason=why,
            physical_id=(old_id or f"{self.name}-create-failed") if failed else own,
            data={} if failed or removing else attributes(outcome.result),
            pauses=pauses,
            error=outcome.error,
        )


def play(handler: Callable[[Any, Any], Any], *, payload: Any = ABSENT, **settings: Any) -> Answer:
    """Play the first deployment: the Create with its polls; the settings are a Resource's."""
    return Resource(handler=handler, **settings).create(payload)


# ---- what the provider sends and how it judges; the tests hold these against the provider's own


def sent(about: Map, payload: Any = ABSENT, state: Any = None) -> tuple[bytes, str]:
    """Compose what Lambda is given: the body, and the client context in base64, empty if none."""
    kept = {} if state is None else {"EventState": state}
    old = {"Old": about["Old"]} if "Old" in about else {}
    about = {name: item for name, item in about.items() if name != "Old"} | kept | old
    if payload is ABSENT:
        return _encoded(about), ""
    context = json.dumps({"custom": {"trigger": json.dumps(about)}}).encode()
    payload = payload | kept if isinstance(payload, dict) else payload
    return _encoded(payload), base64.b64encode(context).decode()


def received(client_context: str) -> Any:
    """Give a client context as Lambda's runtime hands it to a handler."""
    if not client_context:
        return None
    told = json.loads(base64.b64decode(client_context))
    return SimpleNamespace(custom=told.get("custom"), env=told.get("env"), client=None)


def judged(result: Any) -> Outcome:
    """Judge a result: done, not done yet, or failed by its own word."""
    said = result if isinstance(result, dict) else {}
    match said.get("Status"):
        case "IN_PROGRESS":
            after = said.get("RetryAfter")
            if after is None or re.fullmatch(r"\d+(\.\d*)?", str(after)):
                told = said.get("Progress") or said.get("Reason") or ""
                return Outcome("pending", _text(told), result)
            return Outcome("failed", "BadResult: its RetryAfter is no number of seconds")
        case "FAILED" | "FAILURE":
            return Outcome("failed", f"Failed: {said.get('Reason') or 'no Reason was given'}")
    return Outcome("done", result=result)


def unusable(result: Any) -> str:
    """Say what is wrong with the physical id that a result has, if anything is."""
    own = _named(result).get("PhysicalResourceId")
    if own is None or (isinstance(own, str) and 0 < len(_encoded(own)) - 2 <= 1024):  # noqa: PLR2004 (CloudFormation's limit)
        return ""
    return "PhysicalResourceId: the handler's own is no text of 1 to 1,024 bytes"


def physical_id(name: str, kind: Kind, old_id: str, result: Any) -> str:
    """Give the physical id after a success: the handler's, the old one, or one that is made."""
    if kind == "Delete":
        return old_id
    made = hashlib.sha256((STACK_ID + name).encode()).hexdigest()
    old = "" if old_id == f"{name}-create-failed" else old_id
    return str(_named(result).get("PhysicalResourceId") or old or f"{name}-{made[:12]}")


def attributes(result: Any) -> dict[str, str]:
    """Give the attributes of a result as text: `A`, `A.B`, `A.0`, and `Result`, the whole."""
    texts = {
        name: _text(item)
        for name, item in _named(result).items()
        if name not in {"Error", "Truncated"}
    }
    return texts | {"Result": json.dumps(result, ensure_ascii=False)}


def _text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _named(result: Any) -> Map:
    own = result.get("Data") if isinstance(result, dict) else None
    return dict(_walked(result)) | dict(_walked(own))


def _walked(item: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    pairs = enumerate(item) if isinstance(item, list) else ()
    for name, child in item.items() if isinstance(item, Mapping) else pairs:
        yield f"{path}{name}", child
        yield from _walked(child, f"{path}{name}.")


def _encoded(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False).encode(errors="replace")
