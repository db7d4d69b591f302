"""Whole deployments, played in virtual time, and what `watch` shows of them.

Knows a stack `shop` that loads tables, and has a nested stack `Orders` with a trigger of its own.
Refuses to know how AWS is asked (`tests/deployment`).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.monitor import Progress
from cfn_trigger.deployment.reasons import parse_reason
from cfn_trigger.deployment.state import DeploymentState, Event, LogEntry
from cfn_trigger.deployment.summary import summary
from cfn_trigger.terminal import console, following
from cfn_trigger.terminal.following import StatusArea, View
from tests.support.timelines import NESTED_ID, STACK, STACK_ID, at, expecting

RECORDED: Final = Path(__file__).parent.parent / "terminal" / "recorded"
WRAPPED: Final = "Received response status [FAILED] from custom resource. Message returned: "
FAILED: Final = (
    "LookupError: no table 'prices'; it is in another account; "
    'at File "load.py", line 12, in handler raise LookupError(name); attempt 2 of 2; '
    "last log lines: orders: 1200 rows / 表「価格」がありません; "
    "full log: /aws/lambda/shop-Load-1"
)
TYPES: Final = {
    "shop": STACK,
    "Orders": STACK,
    "Queue": "AWS::SQS::Queue",
    "Table": "AWS::DynamoDB::Table",
    "Load": "AWS::Lambda::Function",
    "LoadRole": "AWS::IAM::Role",
    "LoadTables": "Custom::Trigger",
    "SmokeTest": "Custom::Trigger",
    "TriggerProvider": "AWS::Lambda::Function",
    "TriggerProviderRole": "AWS::IAM::Role",
}
PROVIDER: Final = ("TriggerProvider", "TriggerProviderRole")
OF_SHOP: Final = ("Table", "LoadRole", "Load", "LoadTables", "Orders", *PROVIDER)
OF_ORDERS: Final = ("Queue", "SmokeTest")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What happens, and the moments at which the lines below the bar are recorded."""

    news: Sequence[Event | LogEntry]
    moments: Sequence[float] = ()
    expected: dict[str, Sequence[str]] = field(default_factory=dict)

    def progress(self) -> Iterator[Progress]:
        """Yield what is known after each moment at which something happens."""
        state = self.beginning()
        for moment, _ in groupby(sorted(self.news, key=lambda item: item.at), lambda item: item.at):
            state, lines = timeline.advance(state, *self.until((moment - at(0)).total_seconds()))
            yield state, lines
        yield state, summary(state)

    def beginning(self) -> DeploymentState:
        """Return the state before."""
        state = DeploymentState(has_read=True)
        for path, names in self.expected.items():
            state = expecting(state, path, *names)
        return state

    def until(self, seconds: float) -> tuple[list[Event], list[LogEntry]]:
        """Return the events and entries up to a moment."""
        news = [item for item in self.news if item.at <= at(seconds)]
        events = [item for item in news if isinstance(item, Event)]
        return events, [item for item in news if isinstance(item, LogEntry)]

    def state_at(self, seconds: float) -> DeploymentState:
        """Return what is known at a moment."""
        return timeline.advance(self.beginning(), *self.until(seconds))[0]


def change(seconds: float, name: str, status: str, reason: str = "") -> Event:
    path, slash, logical_id = name.rpartition("/")
    physical_ids = {"shop": STACK_ID, "Orders": NESTED_ID}
    return Event(
        id=f"{seconds} {name} {status} {reason}",
        at=at(seconds),
        logical_id=logical_id,
        type=TYPES[logical_id],
        status=status,
        physical_id=physical_ids.get(logical_id, f"shop-{logical_id}-1"),
        reason=parse_reason(reason),
        is_of_stack=name == "shop",
        path=path + slash,
    )


def logged(seconds: float, name: str, text: str) -> LogEntry:
    return LogEntry(id=f"{seconds} {name} {text}", at=at(seconds), source=name, text=text)


def step(when: float, trigger: str, name: str, **details: Any) -> LogEntry:
    path, slash, logical_id = trigger.rpartition("/")
    text = json.dumps({"step": name, "trigger": logical_id, "type": "Create"} | details)
    return logged(when, f"{path}{slash}TriggerProvider", text)


def _created(began: float, ended: float, name: str) -> list[Event]:
    return [change(began, name, "CREATE_IN_PROGRESS"), change(ended, name, "CREATE_COMPLETE")]


BEGINNING: Final[list[Event | LogEntry]] = [
    change(0, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
    *_created(1, 9.4, "Table"),
    *_created(1, 17, "LoadRole"),
    *_created(1.2, 18, "TriggerProviderRole"),
    *_created(18, 25, "Load"),
    *_created(18.5, 27, "TriggerProvider"),
    change(27.1, "LoadTables", "CREATE_IN_PROGRESS"),
    step(28, "LoadTables", "invoke", attempt=1),
    logged(28.4, "Load", "orders: 1200 rows ✓"),
]
POLLED: Final[list[Event | LogEntry]] = [
    step(36, "LoadTables", "pending", error="", progress="1 of 3 tables: 注文"),
    step(36, "LoadTables", "wait", attempt=1, seconds=10),
    step(46, "LoadTables", "invoke", attempt=1),
    step(53, "LoadTables", "pending", error="", progress="2 of 3 tables"),
    step(53, "LoadTables", "wait", attempt=1, seconds=10),
    step(63, "LoadTables", "invoke", attempt=1),
    step(101, "LoadTables", "done", error=""),
    change(102, "LoadTables", "CREATE_COMPLETE"),
]
NESTED: Final[list[Event | LogEntry]] = [
    change(102.5, "Orders", "CREATE_IN_PROGRESS"),
    change(103, "Orders", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
    *_created(104, 108, "Orders/Queue"),
    change(108.2, "Orders/SmokeTest", "CREATE_IN_PROGRESS"),
    step(109, "Orders/SmokeTest", "invoke", attempt=1),
    step(109.5, "Orders/SmokeTest", "done", error=""),
    change(110, "Orders/SmokeTest", "CREATE_COMPLETE"),
    change(112, "Orders", "CREATE_COMPLETE"),
]
TWO_ATTEMPTS: Final[list[Event | LogEntry]] = [
    step(30, "LoadTables", "failed", error="LookupError"),
    step(30, "LoadTables", "wait", attempt=2, seconds=5),
    step(35, "LoadTables", "invoke", attempt=2),
    step(36, "LoadTables", "failed", error="LookupError"),
]
ROLLED_BACK: Final[list[Event | LogEntry]] = [
    change(36.8, "Orders", "CREATE_IN_PROGRESS"),
    change(37, "LoadTables", "CREATE_FAILED", f"{WRAPPED}{FAILED} (RequestId: 4f7c-1)"),
    change(37.2, "Orders", "CREATE_FAILED", "Resource creation cancelled"),
    change(
        38, "shop", "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [LoadTables, Orders]. "
        "Rollback requested by user.",
    ),
    change(39, "LoadTables", "DELETE_COMPLETE"),
    change(39.1, "Load", "DELETE_IN_PROGRESS"),
    change(45, "Load", "DELETE_COMPLETE"),
    change(52, "Table", "DELETE_COMPLETE"),
    change(53, "TriggerProvider", "DELETE_COMPLETE"),
    change(55, "TriggerProviderRole", "DELETE_COMPLETE"),
    change(56, "LoadRole", "DELETE_COMPLETE"),
    change(57, "shop", "ROLLBACK_COMPLETE"),
]  # fmt: skip
PROBLEMS: Final = "LoadTables.Handlr: unknown property; did you mean 'Handler'? | Smoke: no handler"
EXPECTED: Final[dict[str, Sequence[str]]] = {"": OF_SHOP, "Orders/": OF_ORDERS}

DEPLOYMENTS: Final = {
    "success": Deployment(
        news=[*BEGINNING, *POLLED, *NESTED, change(113, "shop", "CREATE_COMPLETE")],
        moments=(0.5, 12, 32, 50, 70, 109.2),
        expected=EXPECTED,
    ),
    "failure": Deployment(
        news=[*BEGINNING, *TWO_ATTEMPTS, *ROLLED_BACK],
        moments=(33, 40),
        expected=EXPECTED,
    ),
    "macro-failure": Deployment(
        news=[
            change(0, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
            change(
                2, "shop", "ROLLBACK_IN_PROGRESS",
                f"Transform 123456789012::Trigger failed with: {PROBLEMS}. "
                "Rollback requested by user.",
            ),
            change(3, "shop", "ROLLBACK_COMPLETE"),
        ],
    ),
    "without-total": Deployment(
        news=[
            change(0, "shop", "UPDATE_IN_PROGRESS", "User Initiated"),
            change(1, "Table", "UPDATE_IN_PROGRESS"),
            change(61, "Table", "UPDATE_COMPLETE"),
            change(62, "shop", "UPDATE_COMPLETE"),
        ],
        moments=(30,),
    ),
}  # fmt: skip

VIEWS: Final = {
    "plain": View(),
    "quiet": View(quiet=True),
    "verbose": View(verbose=True),
    "json": View(as_json=True),
}
WIDTHS: Final = (60, 80, 140)


def recordings() -> dict[str, str]:
    """Return what is shown of each deployment, by the name of the recording."""
    texts = {
        f"{name}-{view}.txt": shown(deployment, VIEWS[view])
        for name, deployment in DEPLOYMENTS.items()
        for view in VIEWS
    }
    return texts | {
        f"{name}-{width}-columns.txt": on_terminal(deployment, width)
        for name, deployment in DEPLOYMENTS.items()
        for width in WIDTHS
    }


def shown(deployment: Deployment, view: View, terminal: Console | None = None) -> str:
    """Return what is printed where there is no terminal."""
    output = StringIO()
    with redirect_stdout(output):
        following.show(
            deployment.progress(),
            stack="shop",
            now=lambda: at(0),
            view=view,
            terminal=terminal or console.console(),
            zone=UTC,
        )
    return output.getvalue()


def on_terminal(deployment: Deployment, width: int) -> str:
    """Return the lines on a terminal without colors, and what is below them at some moments."""
    output = StringIO()
    terminal = Console(
        file=output, width=width, height=24, force_terminal=True, color_system=None,
        highlight=False, markup=False, emoji=False, soft_wrap=True,
    )  # fmt: skip
    shown(deployment, View(), terminal)
    for seconds in deployment.moments:
        output.write(f"\nbelow the lines, after {seconds:g} s:\n")
        state = deployment.state_at(seconds)
        terminal.print(StatusArea(state, partial(at, seconds)), soft_wrap=False)
    return output.getvalue()
