"""What a seed draws of AWS: how handlers run, what calls meet, outages, states of functions.

Knows what the world can do and how often; refuses to know what the provider ought to make of it.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import HANDLER, SECRET
from tests.support.aws.drawn_triggers import drawn_text
from tests.support.aws.handler_runs import Run, fails_with, in_progress, raises, returns
from tests.support.aws.network import FAIR, Reply, Weather, lambda_error, query_error, throttled

GOOD: Final = {"Ready": True, "Rows": 5, "A": {"B": [1, "two"]}, "Token": SECRET}
HANDLERS: Final[dict[str, dict[str, int]]] = {
    "well": {"good": 20, "odd": 2, "raises": 1},
    "polled": {"pending": 24, "good": 3, "raises": 1},
    "never done": {"pending": 30},
    "broken": {"raises": 8, "says failed": 3, "odd error": 2, "garbage": 1},
    "mixed": {"good": 2, "pending": 2, "raises": 2, "says failed": 1, "odd": 2},
}
SECONDS: Final = (0.2, 2, 12, 45, 200, 440, 600, 850)
ODD_RESULTS: Final[tuple[Any, ...]] = (
    None, [], {}, True, 5, 1e308, "", SECRET, [SECRET], {"Rows": SECRET * 600}, {"Rows": None},
    {"Status": 5}, {"Status": "SUCCESS", "Data": {"Rows": 5, "A": {"B": [1]}}}, {"Data": "no map"},
    {"Error": "mine", "Truncated": "mine", "Result": "mine"}, {"Rows": 5, "Long": "x" * 5000},
    {"Rows": "ü€😀" * 900}, {"Rows": "\x00" * 4000}, {"Rows": "x" * 3900}, {"Rows": "\ud800"},
    {"": {"": {"": 1}}}, {f"Key{n}": n for n in range(400)}, {"A": [[n] for n in range(900)]},
    {"x" * 4200: 1}, GOOD | {"PhysicalResourceId": "i" * 1024}, GOOD | {"NoEcho": True},
)  # fmt: skip
ODD_ERRORS: Final[tuple[Any, ...]] = (
    b"", b"null", b"[1]", b"\xff\xfe", b"{", {}, {"errorType": None, "errorMessage": None},
    {"errorMessage": {"deep": [1]}, "trace": 5}, {"errorType": "E" * 5000, "stackTrace": "x\ny"},
    {"errorType": "E.", "errorMessage": "ends with stops...", "trace": ["at a\nb", 5, None]},
    {"errorType": "E", "errorMessage": "m", "stackTrace": [{"path": "a.go", "line": 1}]},
)  # fmt: skip
GARBAGE: Final = (b"<html>busy</html>", b'{"Rows": ', b"\xff")
RETRY_AFTER: Final = (None, 0, 0.5, 1, 5, "7", 30, 60, 400, 880, 1700)
REFUSALS: Final = (
    throttled(),
    throttled("CallerRateLimitExceeded"),
    lambda_error(409, "ResourceConflictException", "not now"),
    lambda_error(502, "ENINotReadyException", "not now"),
)
DEAD_LOOKS: Final = (
    throttled("CallerRateLimitExceeded"),
    lambda_error(503, "ServiceException", "Service Unavailable"),
    lambda_error(403, "AccessDeniedException", "no"),
    Reply(status=200, body=b"<html>"),
)
DEAD_QUESTIONS: Final = (
    query_error(400, "Throttling", "Rate exceeded"),
    query_error(503, "ServiceUnavailable", "Service Unavailable"),
    Reply(status=200, body=b"\xff{}"),
)
ENOUGH_STARTS: Final = 60  # then a handler ends somehow


@dataclass(slots=True)
class WeatherDraw:
    """All that is drawn of the world around one stack."""

    dice: Random
    cloud: Cloud
    handlers: dict[str, int] = field(default_factory=lambda: HANDLERS["well"])
    slow: float = 0.0
    rough: float = 0.0
    deadly: float = 0.0
    refused_until: float = 0.0
    notes: list[str] = field(default_factory=list)

    def chance(self, of_one: float) -> bool:
        """Return whether something happens that does so this often."""
        return self.dice.random() < of_one

    def begin(self) -> None:
        """Draw what lasts for a whole life."""
        choose, cloud = self.dice.choice, self.cloud
        cloud.forecast = self.forecast
        cloud.handler.otherwise = self.run
        cloud.handler.timeout = choose((3, 60, 300, 600, 900, 900))
        cloud.api.lag = choose((0.0, 0.0, 0.0, 3.0, 8.0))
        cloud.api.events_lag = choose((0.0, 0.0, 0.0, 1.0))
        cloud.lambda_service.queue_delay = lambda: 1.0 if self.chance(0.9) else choose((5.0, 100.0))
        cloud.lambda_service.loses_event = lambda: self.chance(0.002)
        cloud.lambda_service.delivers_twice = lambda: self.chance(0.004)
        if self.chance(0.1):
            cloud.lambda_service.pool.limit = 10
        if self.chance(0.1):
            cloud.handler.denied_until = cloud.time.now + choose((5.0, 20.0, 50.0))

    def change(self) -> str:
        """Draw what the next operation meets, and name it."""
        choose = self.dice.choice
        name = choose(("well", "well", "well", *HANDLERS))
        self.handlers = HANDLERS[name]
        self.slow = choose((0, 0.1, 0.5, 0.9))
        self.rough = choose((0, 0, 0, 0.05, 0.3))
        self.deadly = choose((0, 0, 0, 0, 0, 0, 0.02))
        named = [f"handler {name}", f"rough {self.rough}", f"deadly {self.deadly}"]
        named += [self.outage() for _ in range(choose((0, 0, 1, 1, 2)))]
        return ", ".join(named)

    def outage(self) -> str:
        """Draw what is out for a while, and name it."""
        choose, cloud = self.dice.choice, self.cloud
        seconds, after = (
            choose((5.0, 16.0, 31.0, 65.0, 300.0, 1200.0)),
            choose((0.0, 0.0, 10.0, 700.0)),
        )
        match self.dice.randrange(6):
            case 0:
                cloud.bucket.is_out_for(seconds, after=after, status=choose((403, 500, 503)))
                return f"the bucket is out for {seconds} s after {after} s"
            case 1:
                cloud.api.answers_for(seconds, choose(DEAD_QUESTIONS), after=after)
                return f"CloudFormation is out for {seconds} s after {after} s"
            case 2:
                self.refused_until = cloud.time.now + seconds
                return f"Lambda refuses for {seconds} s"
            case 3:
                cloud.handler.is_updated_for(min(seconds, 65.0))
                return "the handler is updated"
            case 4:
                cloud.handler.becomes("Inactive", reason="The function is idle.", code="Idle")
                return "the handler is idle"
        cloud.handler.becomes_active_after(min(seconds, 65.0))
        return "the handler is pending"

    def forecast(self, name: str) -> Weather:
        """Draw what a call meets on its way."""
        drawn = self._forecast(name)
        if drawn is not FAIR:
            instead = f" {drawn.instead.status}" if drawn.instead else ""
            met = f"{name}: {drawn.trouble}{instead}, {drawn.after} s"
            self.notes.append(f"{self.cloud.time.elapsed:10.1f}    {met}")
        return drawn

    def _forecast(self, name: str) -> Weather:  # noqa: PLR0911 (a table; each row returns)
        choose = self.dice.choice
        if self.chance(self.deadly):
            return Weather(trouble="killed")
        if name == "invoke" and self.cloud.time.now < self.refused_until:
            return Weather(instead=choose(REFUSALS))
        if not self.chance(self.rough):
            return FAIR
        dead = {"look": DEAD_LOOKS, "invoke": REFUSALS, "hand over": (throttled(),)}
        dead |= {"poll": DEAD_LOOKS, "stop": DEAD_LOOKS[:3]}
        dead |= dict.fromkeys(("DescribeStacks", "DescribeStackEvents"), DEAD_QUESTIONS)
        match self.dice.randrange(5):
            case 0:
                return Weather(trouble="not sent", after=choose((0.0, 3.0)))
            case 1:
                return Weather(trouble="reply lost")
            case 2:
                return Weather(after=choose((1.0, 4.0, 30.0)))
            case 3 if self.chance(0.1):
                return Weather(trouble="request lost")
        return Weather(instead=choose(dead[name])) if name in dead else FAIR

    # ---- handlers

    def run(self) -> Run:
        """Draw how a run of the handler goes; after many it ends somehow."""
        worn_out = len(self.cloud.handler.attempts) > ENOUGH_STARTS
        weights = {"good": 1, "raises": 1} if worn_out else self.handlers
        (name,) = self.dice.choices([*weights], [*weights.values()])
        run = self._run(name)
        return replace(run, seconds=self.dice.choice(SECONDS)) if self.chance(self.slow) else run

    def _run(self, name: str) -> Run:  # noqa: PLR0911 (a table; each row returns)
        choose = self.dice.choice
        match name:
            case "good":
                physical_id = choose((None, None, f"own-{self.dice.randrange(5)}"))
                return returns(GOOD | ({"PhysicalResourceId": physical_id} if physical_id else {}))
            case "odd":
                return returns(choose(ODD_RESULTS))
            case "pending":
                return in_progress(
                    choose((None, 0, {"page": 1}, "s" * 300)), retry_after=choose(RETRY_AFTER)
                )
            case "says failed":
                result = {"Status": choose(("FAILED", "FAILURE")), "Reason": self._message()}
                created = {"PhysicalResourceId": f"own-{self.dice.randrange(5)}"}
                return returns(result | (created if self.chance(0.5) else {}))
            case "odd error":
                return fails_with(choose(ODD_ERRORS))
            case "garbage":
                return replace(returns(None), body=choose(GARBAGE), ends="failed")
        log = choose(("", f"START x\n{self._message()}\nEND x\n" * 40))
        return raises("ValueError", self._message(), log=log)

    def _message(self) -> str:
        text = drawn_text(self.dice)[:400].replace("\x00", "")
        return f"no rows in {HANDLER}\nat all. {text}"
