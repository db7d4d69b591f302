"""Deployments as tests write them: events and log entries, by the second.

Knows a stack `shop` with a trigger `Run` and a queue. Nothing here reads a clock.
"""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import DeploymentState, Event, Line, LogEntry
from cfn_trigger.terminal.lines import rendered

STACK = "AWS::CloudFormation::Stack"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
_ids = itertools.count()


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 21, 10, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def event(seconds: float, name: str, status: str, reason: str = "") -> Event:
    types = {"shop": STACK, "Run": "Custom::Trigger", "Queue": "AWS::SQS::Queue"}
    return Event(
        id=f"event {next(_ids)}",
        at=at(seconds),
        logical_id=name,
        type=types[name],
        status=status,
        physical_id=STACK_ID if name == "shop" else f"shop-{name}-1",
        reason=reason,
        is_of_stack=name == "shop",
    )


def entry(seconds: float, text: str, source: str = "Check") -> LogEntry:
    return LogEntry(id=f"entry {next(_ids)}", at=at(seconds), source=source, text=text)


def step(when: float, name: str, **details: Any) -> LogEntry:
    text = json.dumps({"step": name, "trigger": "Run", "type": "Create"} | details)
    return entry(when, text, "TriggerProvider")


def after(*news: Event | LogEntry) -> tuple[DeploymentState, list[str]]:
    """Return the state and the lines after a first read of a stack at rest."""
    events = [item for item in news if isinstance(item, Event)]
    entries = [item for item in news if isinstance(item, LogEntry)]
    state, lines = timeline.advance(DeploymentState(has_read=True), events, entries)
    return state, as_text(lines)


def as_text(lines: Sequence[Line]) -> list[str]:
    return [rendered(line, UTC).plain for line in lines]


CREATION = (event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "Run", "CREATE_IN_PROGRESS"))
REASON = "LookupError: lost; at f; last log lines: one / two; full log: /aws/lambda/shop-Check-1"
