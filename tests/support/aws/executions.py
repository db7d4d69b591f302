"""Executions of the provider: what it is given as effects, and when Lambda ends it.

Knows the provider's seam, and the network between it and the services. Refuses to know what a
service answers.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.support.aws.custom_resources import PROVIDER, SECRET, Event
from tests.support.aws.functions import Attempt
from tests.support.aws.network import Reply, Weather, Wire, lost, timed_out
from tests.support.aws.requests import OK, Called, Request
from tests.support.aws.virtual_time import (
    FOREVER,
    BreachError,
    EndOfProcessError,
    Process,
    VirtualTime,
    require,
)
from trigger_provider.index import LOST, NOT_SENT, Clock, Effects, serve

LIFETIME: Final = 900.0  # seconds that Lambda gives an execution
Serve = Callable[[Event, Effects, str], None]
PUT_WAITS: Final = 5.0  # seconds that the provider's effect waits for the response bucket


class Services(Protocol):
    """What an execution can reach."""

    def answer(self, call: "Call") -> Reply: ...
    def put(self, request: Request, body: bytes, execution: int) -> Reply: ...
    def weather(self, name: str, request: Request) -> Weather: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the provider on a service."""

    service: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    request: Request
    execution: "Execution"
    ended: list[Attempt] = field(default_factory=list)  # of which the reply tells the end

    def tells_end_of(self, attempt: Attempt | None) -> None:
        """Note that the reply to this call tells how a durable attempt ended."""
        self.ended.extend([attempt] if attempt else [])

    @property
    def name(self) -> str:
        """What the call is for, in the words of a forecast."""
        match self.service, self.method, self.path.rsplit("/", 1)[-1]:
            case "cloudformation", "POST", "":
                return dict(parse_qsl(self.body.decode()))["Action"]
            case "lambda", "GET", "configuration":
                return "look"
            case "lambda", "GET", _ if "/durable-executions/" in self.path:
                return "poll"
            case "lambda", "POST", "stop":
                return "stop"
            case "lambda", "POST", "invocations":
                return "hand over" if quoted(PROVIDER) in self.path else "invoke"
        raise BreachError(f"no such call: {self.service} {self.method} {self.path}")


def quoted(arn: str) -> str:
    """Return an ARN as one segment of a path."""
    return arn.replace(":", "%3A")


@dataclass(slots=True, repr=False)
class Execution:
    """One execution of the provider."""

    number: int
    time: VirtualTime
    services: Services
    request: Request
    event: Event
    began: float
    log: list[dict[str, Any]]
    serve: Serve = serve
    ended: float = FOREVER
    end: str = ""
    _process: Process | None = None
    _put: set[bytes] = field(default_factory=set)
    _heard: bool = False

    @property
    def ends_at(self) -> float:
        """When Lambda ends it at the latest."""
        return self.began + LIFETIME

    def run(self, process: Process, ended: Callable[[], None]) -> None:
        """Serve the event, as the Lambda entry does."""
        self._process = process
        self.end = "killed"
        effects = Effects(
            clock=self._clock, sleep=self._sleep, call=self._call, put=self._do_put, log=self._write
        )
        try:
            self.serve(json.loads(json.dumps(self.event)), effects, PROVIDER)
            self.end = "returned"
        except Exception as error:  # noqa: BLE001 (as Lambda does: MaximumRetryAttempts is 0)
            self.end = f"crashed: {type(error).__name__} {error}"
        finally:
            self.ended = self.time.now
            ended()

    def _clock(self) -> Clock:
        return Clock(self.time.now, self.ends_at - self.time.now)

    def _sleep(self, seconds: float) -> None:
        require(seconds >= 0, f"a sleep of {seconds} s")
        require(not self._heard, "the response was taken and the provider goes on")
        self._pause(seconds)

    def _pause(self, seconds: float) -> None:
        if self._process is None:
            raise BreachError("an effect after the end of the execution")
        until = self.time.now + seconds
        self._process.pause_until(min(until, self.ends_at))
        if until >= self.ends_at:
            raise EndOfProcessError

    def _call(  # noqa: PLR0917 (as the effect it plays)
        self,
        service: str,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, Any],
        seconds: float,
    ) -> Wire:
        require(not self._heard, f"the response was taken and the provider calls {service}")
        left = self.ends_at - self.time.now
        require(0 < seconds <= left, f"a call may take {seconds} s and {left} s are left")
        call = Call(
            service=service,
            method=method,
            path=path,
            body=body,
            headers=headers,
            seconds=seconds,
            request=self.request,
            execution=self,
        )
        reply = self._meet(call.name, seconds, lambda: self.services.answer(call))
        for attempt in call.ended if reply[0] == OK else ():
            attempt.heard = True
        return reply

    def _do_put(self, url: str, body: bytes) -> Wire:
        require(not self._heard, "an execution answers again after its response was taken")
        require(url == self.request.event["ResponseURL"], "the ResponseURL was changed")
        require(self._put <= {body}, "a response that was not taken was changed")
        self._put.add(body)
        reply = self._meet(
            "put", PUT_WAITS, lambda: self.services.put(self.request, body, self.number)
        )
        self._heard = 200 <= reply[0] < 300
        self.request.heard |= self._heard
        return reply

    def _meet(self, name: str, seconds: float, answer: Callable[[], Reply]) -> Wire:
        began, started = self.time.now, len(self.request.attempts)
        wire = self._exchange(name, seconds, answer)
        self.request.calls.append(Called(at=began, name=name, status=wire[0], body=wire[2][:4096]))
        # While it hands over without a reply, another execution may start the handler.
        if name == "invoke" and wire[0] not in {LOST, NOT_SENT}:
            for attempt in self.request.attempts[started:]:
                attempt.heard = not attempt.is_durable or attempt.invocation_type == "Event"
        return wire

    def _exchange(self, name: str, seconds: float, answer: Callable[[], Reply]) -> Wire:
        weather = self.services.weather(name, self.request)
        if weather.trouble in {"not sent", "request lost"}:
            self._pause(min(weather.after, seconds))
            return timed_out() if weather.after >= seconds else lost(weather.trouble)
        reply = weather.instead or answer()
        if weather.trouble == "killed":
            raise EndOfProcessError
        takes = reply.seconds + weather.after
        self._pause(min(takes, seconds))
        if takes > seconds:
            return timed_out()
        return lost("reply lost") if weather.trouble == "reply lost" else reply.wire

    def _write(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry)
        query = urlsplit(self.request.event["ResponseURL"]).query
        require(query not in line, f"the log holds the ResponseURL: {line}")
        require(SECRET not in line, f"the log holds a secret: {line}")
        require({"step", "trigger", "type"} <= set(entry), f"a log entry without its facts: {line}")
        self.log.append(entry | {"at": self.time.elapsed})
