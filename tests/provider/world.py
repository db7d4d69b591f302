"""A world in virtual time for the provider: Lambda, CloudFormation's API and its response bucket.

Knows the protocol, and holds every call to it: a breach ends the test, and no `except Exception`
of the provider can hide it. Time moves only in `sleep` and in what a call was scripted to take.
Refuses to know how a stack lives: that is `tests/provider/cloudformation.py`.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPMessage
from importlib import import_module
from itertools import pairwise
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from trigger_provider.index import LOST, NOT_SENT, Clock, Effects, serve

START: Final = 1_800_000_000.0
LIMIT_OF_AN_EXECUTION: Final = 900.0
LIMIT_OF_AN_ANSWER: Final = 4096
SECRET: Final = "hunter2"  # noqa: S105 (a canary: what may never be logged contains it)
STACK_ID: Final = "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/6a1cb5f0-8b0e"
HANDLER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-Migrate-1A2B3C"
PROVIDER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:shop-TriggerProvider-9Z"

Event = dict[str, Any]
Serve = Callable[[Event, Effects, str], None]

SUBJECTS: Final[Mapping[str, Serve]] = {
    "package": serve,
    "embedded text": import_module("trigger_provider.embedded").serve,
    "compressed text": import_module("trigger_provider.compressed").serve,
}
"""The provider in its three forms, which must do the same."""


class BreachError(BaseException):
    """The provider broke the protocol."""


class EndOfExecutionError(BaseException):
    """Lambda killed the execution at the end of its time."""


def holds(condition: object, breach: str) -> None:
    """Raise BreachError, unless the condition holds."""
    if not condition:
        raise BreachError(breach)


# ---- what a call can meet


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """An HTTP answer, or its absence, after so many seconds; status None is the call's usual."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    why: str = ""
    kills: bool = False


def returns(result: Any) -> Behavior:
    """Play a handler that returns."""
    return Behavior(body=json.dumps(result).encode())


def returns_text(body: str) -> Behavior:
    """Play a handler whose answer is this text, JSON or not."""
    return Behavior(body=body.encode())


def in_progress(state: Any = None, retry_after: Any = None) -> Behavior:
    """Play a handler that is not done yet."""
    told = {"EventState": state, "RetryAfter": retry_after}
    return returns({"Status": "IN_PROGRESS"} | {k: v for k, v in told.items() if v is not None})


def raises(error_type: str, message: str, *, log: str = "", **more: Any) -> Behavior:
    """Play a handler that raises, with the error payload and the end of the log."""
    return fails_with({"errorType": error_type, "errorMessage": message} | more, log=log)


def fails_with(payload: Any, *, log: str = "") -> Behavior:
    """Play a handler that fails with this error payload, JSON or bytes."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    tail = base64.b64encode(log.encode()).decode()
    headers = {"X-Amz-Function-Error": "Unhandled", "X-Amz-Log-Result": tail}
    return Behavior(status=200, headers=headers, body=body)


def refused(status: int, error: str, message: str) -> Behavior:
    """Play a service that refuses, as Lambda says it."""
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Behavior(status=status, headers={"x-amzn-errortype": f"{error}:"}, body=body)


def denied() -> Behavior:
    """Play an IAM that doesn't know the policy yet."""
    return refused(403, "AccessDeniedException", "not authorized to perform: lambda:InvokeFunction")


def throttled() -> Behavior:
    """Play a Lambda without concurrency to spare; only this error's key begins in lower case."""
    body = json.dumps({"Type": "User", "message": "Rate Exceeded."}).encode()
    headers = {"x-amzn-ErrorType": "TooManyRequestsException"}
    return Behavior(status=429, headers=headers, body=body)


def conflict() -> Behavior:
    """Play a Lambda that is just changing the function."""
    return refused(409, "ResourceConflictException", "The operation cannot be performed now.")


def service_error(status: int = 500) -> Behavior:
    """Play a service that broke."""
    return refused(status, "ServiceException", "An internal error occurred.")


def connection_refused() -> Behavior:
    """Play a service that nobody reached."""
    return Behavior(status=NOT_SENT, why="ConnectionRefusedError [Errno 111] Connection refused")


def reset_after_send() -> Behavior:
    """Play a connection that broke once the request was out."""
    return Behavior(status=LOST, why="ConnectionResetError [Errno 104] Connection reset by peer")


def never_answers() -> Behavior:
    """Play a service that holds the connection for ever."""
    return Behavior(seconds=1e9)


def takes(seconds: float, behavior: Behavior) -> Behavior:
    """Let a behavior take its time."""
    return replace(behavior, seconds=seconds)


def killed(behavior: Behavior) -> Behavior:
    """Let Lambda kill the provider's execution as a call comes back."""
    return replace(behavior, kills=True)


def state(of_function: str = "Active", last_update: str = "Successful", **more: Any) -> Behavior:
    """Play the answer about a function's configuration."""
    told = {"State": of_function, "LastUpdateStatus": last_update} | more
    return Behavior(status=200, body=json.dumps(told).encode())


def stack_error(status: int, code: str) -> Behavior:
    """Play a CloudFormation that doesn't tell."""
    error = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
    return Behavior(status=status, body=error.encode())


def events(*statuses: str, of: str = "RunMigration") -> Behavior:
    """Play a CloudFormation that tells how a trigger ended, newest first, before this operation."""
    first = f"<PhysicalResourceId>{STACK_ID}</PhysicalResourceId>"
    first += "<ResourceStatus>UPDATE_IN_PROGRESS</ResourceStatus>"
    first += "<ResourceStatusReason>User Initiated</ResourceStatusReason>"
    of_trigger = (
        f"<LogicalResourceId>{of}</LogicalResourceId><ResourceStatus>{status}</ResourceStatus>"
        for status in statuses
    )
    members = "".join(f"<member>{each}</member>" for each in (first, *of_trigger))
    return Behavior(status=200, body=f"<StackEvents>{members}</StackEvents>".encode())


# ---- what was asked


@dataclass(slots=True)
class Line:
    """One kind of call: what the next ones meet in order, and what all others meet."""

    name: str
    otherwise: Behavior | None = None
    script: deque[Behavior] = field(default_factory=deque)
    times: list[float] = field(default_factory=list)

    def plays(self, *behaviors: Behavior) -> None:
        """Have the next calls meet these, in this order."""
        self.script.extend(behaviors)

    def always(self, behavior: Behavior) -> None:
        """Have every call that the script doesn't name meet this."""
        self.otherwise = behavior

    def next(self, now: float) -> Behavior:
        """Return what a call meets now."""
        self.times.append(now)
        met = self.script.popleft() if self.script else self.otherwise
        if met is None:
            raise BreachError(f"the {self.name} was called more often than scripted")
        return met


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a handler was started with, and when, in seconds since the world began."""

    at: float
    type: str
    event: Any
    context: Any

    @property
    def description(self) -> Any:
        """The description of the event: the event itself, or the context next to a payload."""
        return self.event if self.context is None else self.context

    @property
    def state(self) -> Any:
        """The state of the last poll: in the description, or in the payload where that lacks it."""
        place = self.description if isinstance(self.description, dict) else {}
        place = self.event if "EventState" in place.get("Truncated", ()) else place
        return place.get("EventState")


@dataclass(slots=True)
class Handler(Line):
    """The function a trigger runs: its invocations and the looks at its configuration."""

    looks: Line = field(default_factory=lambda: Line("look at the handler", state()))
    invocations: list[Invocation] = field(default_factory=list)

    @property
    def events(self) -> list[Any]:
        """What it was started with."""
        return [invocation.event for invocation in self.invocations]

    @property
    def pauses(self) -> list[float]:
        """The seconds between one start and the next."""
        times = [invocation.at for invocation in self.invocations]
        return [later - earlier for earlier, later in pairwise(times)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What CloudFormation read, and when, in seconds since the world began."""

    at: float
    body: dict[str, Any]

    @property
    def status(self) -> str:
        return str(self.body["Status"])

    @property
    def reason(self) -> str:
        return str(self.body["Reason"])

    @property
    def physical_id(self) -> str:
        return str(self.body["PhysicalResourceId"])

    @property
    def data(self) -> dict[str, str]:
        return dict(self.body["Data"])


@dataclass(slots=True)
class Case:
    """One request of CloudFormation, with all executions that serve it."""

    event: Event
    put: list[bytes] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    lost_replies: int = 0  # to hand-overs that Lambda took: the provider can't know, and answers


# ---- the world


class World:
    """Everything around the provider."""

    def __init__(self, serve: Serve = serve) -> None:
        self._serve = serve
        self.now = START
        self.handler = Handler("handler")
        self.hand_overs = Line("hand-over", Behavior(status=202))
        self.stack = Line("question about the stack", Behavior())
        self.history = Line("question about the stack's events", events())
        self.bucket = Line("response bucket", Behavior(status=200))
        self.log: list[dict[str, Any]] = []
        self.ends: list[str] = []
        self._statuses: list[tuple[float, str]] = [(START, "CREATE_IN_PROGRESS")]
        self._steps = 0
        self._queue: deque[tuple[float, Event]] = deque()

    @property
    def elapsed(self) -> float:
        """The seconds since the world began."""
        return self.now - START

    @property
    def executions(self) -> int:
        """How many executions of the provider there were."""
        return len(self.ends)

    @property
    def stack_status(self) -> str:
        """The status that DescribeStacks tells."""
        return next(status for at, status in reversed(self._statuses) if at <= self.now)

    def stack_becomes(self, status: str, *, after: float = 0) -> None:
        """Let the stack have this status from then on."""
        self._statuses.append((self.now + after, status))

    def pass_time(self, seconds: float) -> None:
        """Let time pass between requests."""
        holds(seconds >= 0, f"time was to move by {seconds} s")
        self.now += seconds

    def deliver(self, event: Event) -> list[Answer]:
        """Start the provider with an event, let every execution end, and return the answers."""
        case = Case(event)
        self._steps = 0
        self._queue.append((self.now, event))
        while self._queue:
            at, started_with = self._queue.popleft()
            self.now = max(self.now, at)
            self._execute(case, started_with)
        return case.answers

    def _execute(self, case: Case, event: Event) -> None:
        is_answering = "Answer" in event
        goes_on = not case.put or case.lost_replies or is_answering
        holds(goes_on, "an execution goes on after another has answered")
        execution = Execution(self, case, self.now + LIMIT_OF_AN_EXECUTION)
        try:
            self._serve(json.loads(json.dumps(event)), execution.effects(), PROVIDER)
        except EndOfExecutionError:
            self.ends.append("killed")
        except Exception as error:  # noqa: BLE001 (as Lambda does: MaximumRetryAttempts is 0)
            self.ends.append(f"crashed: {type(error).__name__} {error}")
        else:
            self.ends.append("returned")

    def hand_over(self, event: Event) -> None:
        """Start a fresh execution with an event; Lambda's queue takes a second."""
        self._queue.append((self.now + 1, event))

    def gave_up_waiting(self) -> None:
        """Notice that the last call took longer than the provider waits."""

    def step(self) -> None:
        """Count what the provider does, so that what never ends is noticed."""
        self._steps += 1
        holds(self._steps < 20_000, "the provider works on without an end")


@dataclass(slots=True)
class Execution:
    """One execution of the provider; it lives 900 seconds at most and is killed then."""

    world: World
    case: Case
    end: float
    put_before: set[bytes] = field(default_factory=set)
    taken: bool = False
    heard: bool = False  # that it was taken

    def effects(self) -> Effects:
        return Effects(clock=self.clock, sleep=self.sleep, call=self.call, put=self.put,
                       log=self.log)  # fmt: skip

    def clock(self) -> Clock:
        self.world.step()
        return Clock(self.world.now, self.end - self.world.now)

    def sleep(self, seconds: float) -> None:
        self._goes_on("sleeps")
        holds(seconds >= 0, f"a sleep of {seconds} s")
        self._pass(seconds)

    def call(  # noqa: PLR0917 (as the effect it plays)
        self, service: str, method: str, path: str, body: bytes, headers: Event, seconds: float
    ) -> tuple[int, HTTPMessage, bytes]:
        self._goes_on(f"calls {service}")
        handing_over = path == f"{path_to(PROVIDER)}/invocations"
        is_allowed = handing_over or not self.put_before
        holds(is_allowed, f"an answer was put and the provider calls {service}")
        holds(0 < seconds <= self.end - self.world.now, f"a call may take {seconds} s")
        match service, method, path.rsplit("/", 1):
            case "lambda", "GET", [function, "configuration"]:
                holds((body, headers) == (b"", {}), "a look has neither headers nor a body")
                holds(function == path_to(self.handler), f"a look at {function}")
                meet = partial(self.world.handler.looks.next, self.world.now)
            case "lambda", "POST", [function, "invocations"] if function == path_to(PROVIDER):
                holds(headers == {"X-Amz-Invocation-Type": "Event"}, f"a hand-over with {headers}")
                meet = partial(self._takes_over, body, seconds)
            case "lambda", "POST", [function, "invocations"]:
                holds(function == path_to(self.handler), f"an invocation of {function}")
                meet = partial(self._invoked, body, headers)
            case "cloudformation", "POST", ["", ""]:
                content_type = {"Content-Type": "application/x-www-form-urlencoded"}
                holds(headers == content_type, f"a question with {headers}")
                meet = partial(self._asked, body)
            case _:
                raise BreachError(f"no such call: {service} {method} {path}")
        return self._meets(meet, seconds)

    def put(self, url: str, body: bytes) -> tuple[int, HTTPMessage, bytes]:
        self._goes_on("answers again")
        holds(url == self.case.event["ResponseURL"], "the ResponseURL was changed")
        holds(self.put_before <= {body}, "an answer that was not taken was changed")
        checked(body, self.case.event)
        self.case.put.append(body)
        self.put_before.add(body)
        return self._meets(partial(self._answered, body, 5), 5)

    def log(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry)
        query = urlsplit(self.case.event["ResponseURL"]).query
        holds(query not in line, f"the log holds the ResponseURL: {line}")
        holds(SECRET not in line, f"the log holds a secret: {line}")
        holds({"step", "trigger", "type"} <= set(entry), f"a log entry without its facts: {line}")
        self.world.log.append(entry)

    @property
    def handler(self) -> str:
        return str(self.case.event["ResourceProperties"]["HandlerArn"])

    def _goes_on(self, does: str) -> None:
        self.world.step()
        holds(not self.heard, f"CloudFormation is answered and the provider {does}")

    def _pass(self, seconds: float) -> None:
        if self.world.now + seconds > self.end:
            self.world.now = self.end
            raise EndOfExecutionError
        self.world.now += seconds

    def _meets(
        self, meet: Callable[[], Behavior], seconds: float
    ) -> tuple[int, HTTPMessage, bytes]:
        met = meet()
        if met.kills:
            raise EndOfExecutionError
        if met.seconds > seconds:
            self.world.gave_up_waiting()
            self._pass(seconds)
            return LOST, HTTPMessage(), b"TimeoutError timed out"
        self._pass(met.seconds)
        headers = HTTPMessage()  # blind to the case of a name, as in the real effects
        for name, value in met.headers.items():
            headers[name] = value
        return met.status or 0, headers, met.body or met.why.encode()

    def _invoked(self, body: bytes, headers: Mapping[str, str]) -> Behavior:
        more = dict(headers)
        kind = more.pop("X-Amz-Invocation-Type")
        context = more.pop("X-Amz-Client-Context", None)
        sync = kind == "RequestResponse"
        usual = {"RequestResponse": 200, "Event": 202, "DryRun": 204}
        holds(kind in usual, f"an invocation of type {kind}")
        holds(more == ({"X-Amz-Log-Type": "Tail"} if sync else {}), f"an invocation with {more}")
        holds(context is None or sync, "a client context without a synchronous invocation")
        holds(len(context or "") <= 3583, "a client context over 3,583 bytes")
        custom = json.loads(base64.b64decode(context))["custom"] if context else {}
        met = self.world.handler.next(self.world.now)
        if met.status == NOT_SENT:
            return met
        invocation = Invocation(
            at=self.world.elapsed,
            type=kind,
            event=json.loads(body),
            context=json.loads(custom["trigger"]) if context else None,
        )
        self.world.handler.invocations.append(invocation)
        met = met if met.status is not None else replace(met, status=usual[kind])
        return met if sync or met.status not in usual.values() else replace(met, body=b"")

    def _takes_over(self, body: bytes, seconds: float) -> Behavior:
        holds(len(body) <= 1_048_576, "an asynchronous event over 1 MB")
        event = json.loads(body)
        holds(event.items() >= self.case.event.items(), "a hand-over that lost the request")
        met = self.world.hand_overs.next(self.world.now)
        if met.status in (202, LOST):
            heard = met.status == 202 and met.seconds <= seconds
            self.case.lost_replies += not (heard or met.kills)
            self.world.hand_over(event)
        return met

    def _asked(self, body: bytes) -> Behavior:
        query = dict(parse_qsl(body.decode(), strict_parsing=True))
        stack = self.case.event["StackId"]
        action = query.get("Action")
        expected = {"Action": action, "StackName": stack, "Version": "2010-05-15"}
        holds(query == expected, f"a question about the stack with {query}")
        if action == "DescribeStackEvents":
            return self.world.history.next(self.world.now)
        holds(action == "DescribeStacks", f"a question about the stack with {query}")
        met = self.world.stack.next(self.world.now)
        if met.status is not None:
            return met
        xml = (
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
            f"<StackId>{stack}</StackId><StackStatus>{self.world.stack_status}</StackStatus>"
            "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )
        return replace(met, status=200, body=xml.encode())

    def _answered(self, body: bytes, seconds: float) -> Behavior:
        met = self.world.bucket.next(self.world.now)
        if met.status is not None and 200 <= met.status < 300:
            self.heard = met.seconds <= seconds
            if not self.taken:
                self.taken = True
                self.case.answers.append(Answer(at=self.world.elapsed, body=json.loads(body)))
        return met


def path_to(function: str) -> str:
    """Return the path that means a function, its ARN quoted as one segment."""
    quoted = function.replace(":", "%3A")
    holds(unquote(quoted) == function, f"no ARN: {function}")
    return f"/2015-03-31/functions/{quoted}"


def checked(body: bytes, event: Event) -> None:
    """Hold an answer to CloudFormation's contract."""
    holds(len(body) < LIMIT_OF_AN_ANSWER, f"an answer of {len(body)} bytes")
    answer = json.loads(body)
    kind, keys = event["RequestType"], {"Status", "Reason", "PhysicalResourceId"}
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        holds(answer.pop(key) == event[key], f"{key} is not echoed")
    holds(keys <= set(answer) <= keys | {"NoEcho", "Data"}, f"an answer with {set(answer)}")
    holds(answer["Status"] in {"SUCCESS", "FAILED"}, f"a status {answer['Status']}")
    physical_id = answer["PhysicalResourceId"]
    holds(
        isinstance(physical_id, str) and 0 < len(physical_id.encode()) <= 1024,
        f"a physical id {physical_id!r}",
    )
    if kind == "Delete":
        holds(
            physical_id == event["PhysicalResourceId"],
            f"a physical id changed by a {kind}: {physical_id}",
        )
    reason = answer["Reason"]
    holds(isinstance(reason, str) and re.fullmatch(r"[^\n\r]*[^\n\r. ]", reason),
          f"a reason that is no line without a final stop: {reason!r}")  # fmt: skip
    data = answer.get("Data", {})
    holds(kind != "Delete" or not answer.keys() & {"NoEcho", "Data"}, "attributes after a Delete")
    holds(all(isinstance(v, str) for v in data.values()), f"attributes that are no text: {data}")
