"""What a seed draws: the settings of a trigger, and what each call of the provider meets.

Knows what the world can do to a call and how often; refuses to know what the provider ought to
make of it, except for one word per start of the handler: how it ended, by the contract.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Literal

from tests.provider import world
from tests.provider.cloudformation import sent
from tests.provider.world import (
    HANDLER,
    SECRET,
    Behaviour,
    conflict,
    connection_refused,
    denied,
    fails_with,
    in_progress,
    killed,
    never_answers,
    raises,
    refused,
    reset_after_send,
    returns,
    returns_text,
    service_error,
    stack_error,
    takes,
    throttled,
)
from trigger_provider.index import LOST

Ending = Literal["done", "pending", "failed", "refused", "unclear"]
Settings = dict[str, Any]

READ: Final = ("Rows", "Ready", "Token", "A", "A.B", "A.B.0", "Result", "Error", "Truncated")
GOOD: Final = {"Ready": True, "Rows": 5, "A": {"B": [1, "two"]}, "Token": SECRET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a call meets, its name in a transcript, and how a start of the handler ended by it."""

    name: str
    behaviour: Behaviour
    ends: Ending = "unclear"
    own_id: str | None = None
    state: Any = None
    retry_after: Any = None

    @property
    def started(self) -> bool:
        """Whether the handler may have run."""
        return self.ends != "refused"


# ---- moods: what the calls of one request meet, by weight

HANDLER_MOODS: Final[Mapping[str, Mapping[str, int]]] = {
    "well": {"good": 20, "odd result": 2, "raises": 1},
    "polled": {"pending": 24, "odd pending": 2, "good": 3, "raises": 1, "throttled": 1, "reset": 1},
    "never done": {"pending": 30, "odd pending": 1, "throttled": 1},
    "long": {"pending": 12, "raises": 2, "throttled": 1, "good": 1},
    "broken": {"raises": 8, "says failed": 3, "not as expected": 2, "500": 1},
    "slow": {"good": 2, "pending": 4, "raises": 4, "no answer": 2},
    "refusing": {"denied": 5, "throttled": 5, "conflict": 3, "not sent": 3, "good": 2},
    "denied": {"denied": 40, "throttled": 1, "good": 1},
    "stormy": {
        "good": 1, "odd result": 1, "pending": 1, "odd pending": 1, "raises": 1, "says failed": 1,
        "not as expected": 1, "odd error": 1, "garbage": 1, "denied": 1, "throttled": 1,
        "conflict": 1, "not sent": 1, "reset": 1, "500": 1, "no answer": 1,
    },
}  # fmt: skip
LOOKS: Final = {
    "pending": world.state("Pending"),
    "being updated": world.state(last_update="InProgress"),
    "denied": refused(403, "AccessDeniedException", "no"),
    "no such function": refused(404, "ResourceNotFoundException", "no"),
    "throttled": throttled(),
    "500": service_error(),
    "not sent": connection_refused(),
    "reset": reset_after_send(),
    "slow": takes(9.9, world.state()),
    "no answer": never_answers(),
    "garbage": Behaviour(status=200, body=b"<html>"),
}
STACK: Final = {
    "throttled": stack_error(400, "Throttling"),
    "503": stack_error(503, "ServiceUnavailable"),
    "denied": stack_error(403, "AccessDenied"),
    "garbage": Behaviour(status=200, body=b"\xff{}"),
    "not sent": connection_refused(),
    "reset": reset_after_send(),
    "slow": Behaviour(seconds=8),
    "no answer": never_answers(),
}
BUCKET: Final = {
    "503": Behaviour(status=503),
    "500": Behaviour(status=500, body=b"<Error/>"),
    "slow and 503": Behaviour(status=503, seconds=4.9),
    "403": Behaviour(status=403, body=b"<Error><Code>AccessDenied</Code></Error>"),
    "not sent": connection_refused(),
    "reset": reset_after_send(),
    "no answer": replace(never_answers(), status=503),
    "taken and unheard": Behaviour(status=200, seconds=9),
}
HAND_OVERS: Final = {
    "throttled": throttled(),
    "500": service_error(),
    "denied": denied(),
    "too large": refused(413, "RequestTooLargeException", "too large"),
    "not sent": connection_refused(),
    "slow and throttled": takes(4.9, throttled()),
    "no answer": never_answers(),
    "taken and reset": Behaviour(status=LOST, why="ConnectionResetError [Errno 104]"),
    "taken and unheard": Behaviour(status=202, seconds=9),
}
ODD_RESULTS: Final[tuple[Any, ...]] = (
    None, [], {}, True, 5, 1e308, float("nan"), "", SECRET, [SECRET], {"Rows": SECRET * 600},
    {"Rows": None}, {"Status": 5}, {"Status": "SUCCESS", "Data": {"Rows": 5, "A": {"B": [1]}}},
    {"Data": "no map"}, {"Data": [1, 2]}, {"Error": "mine", "Truncated": "mine", "Result": "mine"},
    {"Rows": 5, "Long": "x" * 5000}, {"Rows": "ü€😀" * 900}, {"Rows": "\x00" * 4000},
    {"Rows": "x" * 3500}, {"Rows": "x" * 3900}, {"Rows": "\ud800"}, {"": {"": {"": 1}}},
    {f"Key{n}": n for n in range(400)}, {"A": [[n] for n in range(900)]}, {"x" * 4200: 1},
    GOOD | {"PhysicalResourceId": ""}, GOOD | {"PhysicalResourceId": 5},
    GOOD | {"PhysicalResourceId": "i" * 1024}, GOOD | {"PhysicalResourceId": "i" * 1025},
    GOOD | {"PhysicalResourceId": "\x00" * 1024},
)  # fmt: skip
GARBAGE: Final = ("<html>busy</html>", '{"Rows": ', "[" * 300 + "]" * 300, "[" * 5000 + "]" * 5000)
STATES: Final = (None, 0, False, "", {"page": 1}, [SECRET], "s" * 400, "s" * 3000, "s" * 90_000)
RETRY_AFTER: Final = (None, 0, 0.5, 1, 5, "7", 30, 60, 400, 880, 895, 1700, 10**9)
NO_RETRY_AFTER: Final = (-1, "soon", "", "1e3", True, [5], {"s": 5}, "5 s", float("inf"))
ERRORS: Final[tuple[Any, ...]] = (
    b"", b"null", b"[1]", b"\xff\xfe", b"{", {}, {"errorType": None, "errorMessage": None},
    {"errorMessage": {"deep": [1]}, "trace": 5}, {"errorType": "E" * 5000, "stackTrace": "x\ny"},
    {"errorType": "E.", "errorMessage": "ends with stops...", "trace": ["at a\nb", 5, None]},
)  # fmt: skip


class Draw:
    """All that is drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 (it has to be foretold)
        self.handler_mood: Mapping[str, int] = HANDLER_MOODS["well"]
        self.rough, self.deadly, self.slow = 0.0, 0.0, 0.0
        self.bucket_refuses = self.stack_is_silent = False

    def chance(self, of_one: float) -> bool:
        return self.dice.random() < of_one

    @property
    def is_calm(self) -> bool:
        """Whether calls that are no start of the handler meet what is usual."""
        return not (self.rough or self.stack_is_silent)

    def choice(self, *choices: Any) -> Any:
        return self.dice.choice(choices)

    def mood(self) -> str:
        """Draw what the calls of the next request meet, and name it."""
        name = self.choice("well", "well", "well", "polled", *HANDLER_MOODS)
        self.handler_mood = HANDLER_MOODS[name]
        self.rough = self.choice(0, 0, 0.05, 0.3, 0.7)
        self.deadly = self.choice(0, 0, 0, 0, 0, 0.02, 0.1)
        self.slow = 0.9 if name in {"slow", "long"} else self.choice(0, 0.1, 0.5)
        self.bucket_refuses = self.chance(0.03)
        self.stack_is_silent = self.chance(0.05)
        deadly = f", deadly {self.deadly}" if self.deadly else ""
        return f"handler {name}, rough {self.rough}{deadly}"

    # ---- settings

    def settings(self) -> Settings:
        """Draw the settings of a trigger, as the macro emits them."""
        drawn: Settings = {"Fingerprint": {"Code": str(self.dice.randrange(9))}}
        options: dict[str, Callable[[], Any]] = {
            "Timeout": lambda: self.choice(1, 5, 11, 61, 120, 300, 889, 901, 1800, *[3540] * 4),
            "Retry": self.retry,
            "PollInterval": lambda: self.choice(1, 30, 300),
            "ExecuteOnDelete": lambda: True,
            "ExecuteOnRollback": lambda: True,
            "ExecuteOnHandlerChange": lambda: False,
            "OnFailure": lambda: "Continue",
            "NoEcho": lambda: True,
            "Attributes": lambda: self.dice.sample(READ, self.dice.randint(1, 4)),
            "Payload": self.payload,
            "Expect": lambda: sent({"Rows": 5, "Ready": True}),
        }
        drawn |= {name: draw() for name, draw in options.items() if self.chance(0.35)}
        rare: dict[str, Callable[[], Any]] = {
            "Enabled": lambda: False,
            "InvocationType": lambda: self.choice("Event", "DryRun"),
            "Unheard": lambda: {"of": ["a newer macro"]},
        }
        drawn |= {name: draw() for name, draw in rare.items() if self.chance(0.06)}
        if drawn.get("InvocationType"):
            drawn.pop("Attributes", None)
            drawn.pop("Expect", None)
        return drawn | ({"Timeout": "soon"} if self.chance(0.01) else {})

    def retry(self) -> Settings:
        attempts = self.choice(2, 3, 5, 1000)
        retry = {"Interval": self.choice(1, 5, 60), "BackoffRate": self.choice(1, 2.0, 3.5)}
        return {"MaxAttempts": attempts, "MaxInterval": self.choice(1, 60, 600)} | retry

    def payload(self) -> Settings:
        hole = {"Path": ["Tables", "1"], "Value": SECRET}
        skeleton = {"Tables": ["a", "?", "?"], "Number": 5}
        whole = sent(skeleton, hole, {"Path": ["Tables", "2"]})
        return dict(self.choice(sent(SECRET), sent([]), whole))

    def changed(self, settings: Settings) -> Settings:
        """Draw the next deployment of a trigger: the same, one whose code changed, or another."""
        again = ("Fingerprint", "ExecuteOnHandlerChange", "Payload", "NoEcho", "ExecuteOnDelete")
        match self.dice.randrange(4):
            case 0:
                return settings
            case 1:
                return settings | {"Fingerprint": {"Code": "new"}}
            case 2:
                return {key: settings[key] for key in again if key in settings} | {"Timeout": 600}
        return self.settings()

    # ---- calls

    def on_line(self, name: str) -> Fault:
        """Draw what a call that is no start of the handler meets."""
        match name:
            case "look":
                return self.usual_or(
                    LOOKS, world.state(LoggingConfig={"LogGroup": "/shop/migrate"})
                )
            case "stack":
                rough = 1.0 if self.stack_is_silent else self.rough
                return self.usual_or(STACK, Behaviour(), rough)
            case "hand-over":
                return self.usual_or(HAND_OVERS, Behaviour(status=202), self.rough or 0.2)
        refusing = {name: met for name, met in BUCKET.items() if not name.startswith("taken")}
        if self.bucket_refuses:
            return self.usual_or(refusing, Behaviour(status=200), 1.0)
        return self.usual_or(BUCKET, Behaviour(status=200), self.rough / 2)

    def usual_or(
        self, faults: Mapping[str, Behaviour], usual: Behaviour, rough: float | None = None
    ) -> Fault:
        name, met = "ok", usual
        if self.chance(self.rough if rough is None else rough):
            name, met = self.choice(*faults.items())
        return self.perhaps_killed(Fault(name=name, behaviour=met))

    def perhaps_killed(self, fault: Fault) -> Fault:
        if not self.chance(self.deadly):
            return fault
        return replace(fault, name=f"{fault.name}, killed", behaviour=killed(fault.behaviour))

    def start(self, settings: Settings, *, starts: int, sync: bool) -> Fault:
        """Draw what an invocation of the handler meets; after many it ends somehow."""
        weights = self.handler_mood
        names = tuple(weights) if starts < 60 else ("good", "says failed")
        counts = tuple(weights.values()) if starts < 60 else (1, 1)
        name = self.dice.choices(names, counts)[0]
        fault = self.of_handler(name, settings, patient=starts > 25)
        if not sync and fault.started and fault.behaviour.status in (None, 200):
            fault = Fault(name="taken", behaviour=Behaviour(), ends="done")
        if self.chance(self.slow) and fault.behaviour.seconds == 0:
            runs = (0.2, 2, 12, 45, 200, 440, 600, 850, 880, 889.9, 895)
            seconds = self.choice(*(runs if fault.started else (0.2, 2, 4.9)))
            met = takes(seconds, fault.behaviour)
            fault = replace(fault, name=f"{fault.name} in {seconds} s", behaviour=met)
        return self.perhaps_killed(fault)

    def of_handler(self, name: str, settings: Settings, *, patient: bool) -> Fault:
        ends: Ending = "failed"
        own_id = None
        match name:
            case "good":
                own_id = self.choice(None, None, f"own-{self.dice.randrange(5)}")
                ends = "done"
                met = returns(GOOD | ({"PhysicalResourceId": own_id} if own_id else {}))
            case "odd result":
                result = self.choice(*ODD_RESULTS)
                ends, met = "unclear", returns(result)
            case "pending":
                after = self.choice(60, 400) if patient else self.choice(*RETRY_AFTER)
                state = self.choice(*STATES)
                return Fault(
                    name=f"pending {after}",
                    behaviour=in_progress(state, after),
                    ends="pending",
                    state=state,
                    retry_after=after,
                )
            case "odd pending":
                met = in_progress(SECRET, self.choice(*NO_RETRY_AFTER))
            case "says failed":
                met = returns(
                    {"Status": self.choice("FAILED", "FAILURE"), "Reason": message_of(settings)}
                )
            case "not as expected":
                ends, met = "unclear", returns(GOOD | {"Ready": False, "Rows": SECRET})
            case "raises":
                log = self.choice("", f"START x\n{message_of(settings)}\nEND x\n" * 40)
                met = raises("ValueError", message_of(settings), log=log, stackTrace=["a", "b"])
            case "odd error":
                met = fails_with(self.choice(*ERRORS))
            case "garbage":
                ends, met = "unclear", returns_text(self.choice(*GARBAGE))
            case _:
                return self.of_lambda(name)
        return Fault(name=name, behaviour=met, ends=ends, own_id=own_id)

    def of_lambda(self, name: str) -> Fault:
        refusals = {"denied": denied(), "throttled": throttled(), "conflict": conflict()}
        refusals |= {"not sent": connection_refused()}
        ambiguous = {"reset": reset_after_send(), "no answer": never_answers()}
        ambiguous |= {"500": service_error(self.choice(500, 502, 503, 504))}
        if name in refusals:
            return Fault(name=name, behaviour=refusals[name], ends="refused")
        return Fault(name=name, behaviour=ambiguous[name], ends="failed")


def message_of(settings: Settings) -> str:
    """Return the message of a failure; it contains the secret only if NoEcho is set."""
    return f"no rows: {SECRET}" if settings.get("NoEcho") else f"no rows in {HANDLER}\nat all."
