"""Deployments as tests write them: events and log entries, by the second.

Knows a stack `shop` with a trigger `Run`, a queue and a nested stack `Orders`. Nothing here
reads a clock.
"""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.reasons import parse_reason
from cfn_trigger.deployment.state import (
    DeploymentState,
    Event,
    ExpectedChanges,
    Line,
    LogEntry,
)
from cfn_trigger.terminal.lines import rendered

STACK = "AWS::CloudFormation::Stack"
NESTED_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-Orders-1/2"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
_ids = itertools.count()


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 21, 10, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def event(seconds: float, name: str, status: str, reason: str = "", path: str = "") -> Event:
    types = {
        "shop": STACK,
        "Orders": STACK,
        "Run": "Custom::Trigger",
        "Queue": "AWS::SQS::Queue",
        "TriggerProvider": "AWS::Lambda::Function",
        "TriggerProviderRole": "AWS::IAM::Role",
    }
    physical_ids = {"shop": STACK_ID, "Orders": NESTED_ID}
    return Event(
        id=f"event {next(_ids)}",
        at=at(seconds),
        logical_id=name,
        type=types[name],
        status=status,
        physical_id=physical_ids.get(name, f"shop-{name}-1"),
        reason=parse_reason(reason),
        is_of_stack=name == "shop" or (name == "Orders" and path == "Orders/"),
        path=path,
    )


def expecting(state: DeploymentState, path: str, *logical_ids: str) -> DeploymentState:
    """Return a state in which these resources of a stack are expected to change."""
    return timeline.expecting(state, path, ExpectedChanges(logical_ids=frozenset(logical_ids)))


def entry(seconds: float, text: str, source: str = "Check") -> LogEntry:
    return LogEntry(id=f"entry {next(_ids)}", at=at(seconds), source=source, text=text)


def step(
    when: float, name: str, source: str = "TriggerProvider", trigger: str = "Run", **details: Any
) -> LogEntry:
    text = json.dumps({"step": name, "trigger": trigger, "type": "Create"} | details)
    return entry(when, text, source)


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
