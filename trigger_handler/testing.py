"""Play the life of a trigger against its handler, on this machine and in virtual time.

Knows how the trigger provider invokes a handler, how it judges a result, and when it polls; waits
are recorded, not slept. Refuses to know the rest of a template: nothing is retried (`Retry`),
compared with `Expect`, or skipped, and an answer has no size limit.
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
CLIENT_CONTEXT_LIMIT: Final = 3583

Map = dict[str, Any]
Kind = Literal["Create", "Update", "Delete"]


@dataclass(slots=True)
class Clock:
    """Virtual time, in seconds since the epoch; pass it to a handler that sleeps."""

    now: float = START

    def time(self) -> float:
        """Return the time, as `time.time` does."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the time, as `time.sleep` does."""
        self.now += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The second argument of a handler."""

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
        """Return the time left in this execution."""
        return max(0, int((self.ends - self.clock.now) * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One invocation of the handler: its time, the event, and the description of the request."""

    at: float
    event: Any
    description: Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The provider's answer to one request, and how it came about.

    `reason` is empty if nothing went wrong. A Delete that fails is a SUCCESS with a reason, since
    it must not block the stack. `data` holds the attributes, `pauses` the seconds between polls,
    `error` the handler's exception, `cleanup` the answer to the Delete of what an update replaced.
    """

    status: Literal["SUCCESS", "FAILED"]
    reason: str
    physical_id: str
    data: Map = field(default_factory=dict)
    pauses: tuple[float, ...] = ()
    error: Exception | None = None
    cleanup: "Answer | None" = None


class Outcome(NamedTuple):
    """`done`, `pending` or `failed`: how the provider judges an invocation."""

    kind: str
    why: str = ""
    result: Any = None
    error: Exception | None = None
    physical_id: str = ""


@dataclass(slots=True, kw_only=True)
class Resource:
    """A trigger with its handler: create, update and delete it, and check the answers."""

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
    _last_run: Map = field(default_factory=dict)

    def create(self, payload: Any = ABSENT) -> Answer:
        """Create the resource, as a first deployment does."""
        answer = self._send("Create", payload)
        self.payload, self.physical_id = payload, answer.physical_id
        return answer

    def update(self, payload: Any = ABSENT) -> Answer:
        """Update the resource; if its physical id changes, delete the old one."""
        before, old_id = self.payload, self.physical_id
        answer = self._send("Update", payload)
        if answer.status == "FAILED":
            return answer
        self.payload, self.physical_id = payload, answer.physical_id
        if answer.physical_id == old_id:
            return answer
        cleanup = self._send("Delete", before, physical_id=old_id)
        return replace(answer, cleanup=cleanup)

    def delete(self) -> Answer:
        """Delete the resource, unless it was never created."""
        return self._send("Delete", self.payload)

    def rollback(
        self, *, by: Callable[[Any, Any], Any] | None = None, payload: Any = ABSENT
    ) -> Answer:
        """Undo the last run that succeeded, as the `OnRollback` of a failed deployment does.

        `by` is the handler that undoes, if it is another one, and `payload` the `OnRollback`'s own.
        A failure is a SUCCESS with a reason, since it must not block the stack.
        """
        if not self._last_run:
            return Answer(status="SUCCESS", reason="", physical_id=self.physical_id)
        undo = replace(self, handler=by or self.handler)
        description = self._description("Rollback", self.physical_id) | self._last_run
        outcome, pauses = undo._until_done(description, payload)  # noqa: SLF001 (the same class)
        self._last_run = {}
        return self._answer("Delete", outcome, self.physical_id, pauses)

    def _send(self, kind: Kind, payload: Any, *, physical_id: str = "") -> Answer:
        old_id = physical_id or self.physical_id
        if kind == "Delete" and old_id == f"{self.name}-create-failed":
            return Answer(status="SUCCESS", reason="", physical_id=old_id)
        description = self._description(kind, old_id)
        outcome, pauses = self._until_done(description, payload)
        self._last_run = {}
        if outcome.kind == "done" and kind != "Delete":
            run = {"RollbackOf": kind, "RunId": description["ExecutionId"]}
            run |= {} if payload is ABSENT else {"Payload": payload}
            self._last_run = run | {"Result": outcome.result}
        return self._answer(kind, outcome, old_id, pauses)

    def _description(self, kind: Kind | Literal["Rollback"], old_id: str) -> Map:
        self._requests += 1
        request = f"{self._requests:032x}"
        description: Map = {"RequestType": kind, "RequestId": request, "StackId": STACK_ID}
        description["LogicalResourceId"] = self.name
        if kind != "Create":
            description["PhysicalResourceId"] = old_id
        description |= {"ExecutionId": request, "Attempt": 1}
        if kind == "Update" and self.payload is not ABSENT:
            description["Old"] = self.payload
        return description

    def _until_done(self, description: Map, payload: Any) -> tuple[Outcome, tuple[float, ...]]:
        due = self.clock.now + self.timeout
        pauses: list[float] = []
        state, own_id = None, ""
        while True:
            outcome = self._invoke(description, payload, state, due)
            if outcome.physical_id != f"{self.name}-create-failed":
                own_id = outcome.physical_id or own_id
            if outcome.kind != "pending":
                return outcome._replace(physical_id=own_id), tuple(pauses)
            after = outcome.result.get("RetryAfter")
            pause = max(1, self.poll_interval if after is None else float(after))
            if self.clock.now + pause >= due:
                progress = outcome.why.rstrip(" .") or "not done"
                why = f"Timeout: {progress}; Timeout is {self.timeout:g} s"
                return Outcome("failed", why, physical_id=own_id), tuple(pauses)
            pauses.append(pause)
            self.clock.sleep(pause)
            state = outcome.result.get("EventState")

    def _invoke(self, description: Map, payload: Any, state: Any, due: float) -> Outcome:
        body, client_context = compose_invocation(description, payload, state)
        if len(client_context) > CLIENT_CONTEXT_LIMIT:
            hint = "keep it shorter, or make the Payload an object, which can hold it"
            return Outcome("failed", f"ClientContext: no room for EventState; {hint}")
        event, custom = json.loads(body), parse_client_context(client_context)
        about = json.loads(custom.custom["trigger"]) if custom else json.loads(body)
        self.invocations.append(Invocation(at=self.clock.now, event=event, description=about))
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
        except Exception as error:  # noqa: BLE001 (the provider answers whatever is raised)
            return Outcome("failed", f"{type(error).__name__}: {error}", error=error)
        try:
            return judge(json.loads(json.dumps(result)))
        except (TypeError, ValueError) as error:
            why = f"Runtime.MarshalError: Unable to marshal response: {error}"
            return Outcome("failed", why, error=error)

    def _answer(
        self, kind: Kind, outcome: Outcome, old_id: str, pauses: tuple[float, ...]
    ) -> Answer:
        is_delete = kind == "Delete"
        why = outcome.why or ("" if is_delete else physical_id_problem(outcome.result))
        new_id = physical_id(self.name, kind, old_id, outcome.physical_id)
        is_failed = bool(why) and not is_delete
        failed_id = outcome.physical_id or old_id or f"{self.name}-create-failed"
        return Answer(
            status="FAILED" if is_failed else "SUCCESS",
            reason=why,
            physical_id=failed_id if is_failed else new_id,
            data={} if is_failed or is_delete else attributes(outcome.result),
            pauses=pauses,
            error=outcome.error,
        )


def play(handler: Callable[[Any, Any], Any], *, payload: Any = ABSENT, **settings: Any) -> Answer:
    """Play a first deployment: a Create with its polls. The settings are those of Resource."""
    return Resource(handler=handler, **settings).create(payload)


# ---- what the provider sends and how it judges; tests compare these with the provider itself


def compose_invocation(
    description: Map, payload: Any = ABSENT, state: Any = None
) -> tuple[bytes, str]:
    """Return what Lambda receives: the body, and the client context in base64, if there is one."""
    added = {} if state is None else {"EventState": state}
    old = {"Old": description["Old"]} if "Old" in description else {}
    first = {name: item for name, item in description.items() if name != "Old"}
    whole = first | added | old
    if payload is ABSENT:
        return _encoded(whole), ""
    can_hold = isinstance(payload, dict)
    return _encoded(payload | added if can_hold else payload), _client_context(whole, can_hold)


def _client_context(description: Map, can_hold_state: bool) -> str:  # noqa: FBT001 (private)
    left_out: list[str] = []
    spare = ["Old", "EventState"] if can_hold_state else ["Old"]
    for is_ascii in (True, False):
        for name in ["", *spare]:
            if name in description:
                left_out.append(name)
                description = {key: description[key] for key in description if key != name}
                description |= {"Truncated": left_out}
            if len(context := _packed(description, ensure_ascii=is_ascii)) <= CLIENT_CONTEXT_LIMIT:
                return context
        spare = ["PhysicalResourceId"]
    return context


def _packed(description: Map, *, ensure_ascii: bool) -> str:
    text = _encoded(description).decode()
    context = json.dumps({"custom": {"trigger": text}}, ensure_ascii=ensure_ascii)
    return base64.b64encode(context.encode()).decode()


def parse_client_context(client_context: str) -> Any:
    """Return a client context as Lambda's runtime passes it to a handler, or None if empty."""
    if not client_context:
        return None
    fields = json.loads(base64.b64decode(client_context))
    return SimpleNamespace(custom=fields.get("custom"), env=fields.get("env"), client=None)


def judge(result: Any) -> Outcome:
    """Judge a result: done, not done yet, or failed according to its own words."""
    fields = result if isinstance(result, dict) else {}
    own_id = _physical_id_in(result)
    return _judge(result, fields)._replace(physical_id=own_id if _is_physical_id(own_id) else "")


def _judge(result: Any, fields: Map) -> Outcome:
    status = fields.get("Status")
    match re.sub(r"[\W_]", "", status).upper() if isinstance(status, str) else "":
        case "INPROGRESS":
            after = fields.get("RetryAfter")
            if after is None or re.fullmatch(r"\d{1,9}(\.\d*)?", str(after)):
                progress = fields.get("Progress") or fields.get("Reason") or ""
                return Outcome("pending", _text(progress), result)
            return Outcome("failed", "BadResult: RetryAfter is not a number of seconds")
        case "FAILED" | "FAILURE":
            reason = _text(fields.get("Reason") or "no Reason was given")
            return Outcome("failed", f"Failed: {reason}")
    if str(fields.get("IsComplete", True) or False).lower() == "false":
        hint = "return IN_PROGRESS to be polled"
        return Outcome("failed", f"BadResult: IsComplete is false; {hint}")
    return Outcome("done", result=result)


def _physical_id_in(result: Any) -> Any:
    fields = result if isinstance(result, dict) else {}
    data = fields["Data"] if isinstance(fields.get("Data"), dict) else {}
    own_id = fields.get("PhysicalResourceId")
    return data.get("PhysicalResourceId") if own_id is None else own_id


def _is_physical_id(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value.encode(errors="replace")) <= 1024:  # noqa: PLR2004 (CloudFormation's limit)
        return False
    return len(_encoded(value)) - 2 <= 2048  # noqa: PLR2004 (what an answer has room for)


def physical_id_problem(result: Any) -> str:
    """Return what is wrong with the physical id in a result, or an empty string."""
    own_id = _physical_id_in(result)
    if own_id is None or _is_physical_id(own_id):
        return ""
    return "PhysicalResourceId: it is not a string of 1 to 1,024 bytes"


def physical_id(name: str, kind: Kind, old_id: str, own_id: str) -> str:
    """Return the physical id after a success: the handler's, the old one, or a generated one."""
    if kind == "Delete":
        return old_id
    digest = hashlib.sha256((STACK_ID + name).encode()).hexdigest()
    old = "" if old_id == f"{name}-create-failed" else old_id
    return own_id or old or f"{name}-{digest[:12]}"


def attributes(result: Any) -> dict[str, str]:
    """Return the attributes of a result: `A`, `A.B`, `A.0`, and `Result`, all of it as JSON."""
    texts = {
        name: _text(item)
        for name, item in _attribute_values(result).items()
        if name not in {"Error", "Truncated"}
    }
    return texts | {"Result": json.dumps(result, ensure_ascii=False)}


def _text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _attribute_values(result: Any) -> Map:
    data = result.get("Data") if isinstance(result, dict) else None
    return dict(_paths(result)) | dict(_paths(data))


def _paths(item: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    pairs = enumerate(item) if isinstance(item, list) else ()
    for name, child in item.items() if isinstance(item, Mapping) else pairs:
        yield f"{path}{name}", child
        yield from _paths(child, f"{path}{name}.")


def _encoded(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False).encode(errors="replace")
