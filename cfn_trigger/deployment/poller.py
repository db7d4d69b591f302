"""What AWS says of a stack while something runs in it: events, resources, logs.

Knows boto3, and how much may be asked. Refuses to know what is told of it. Endpoint, profile and
region are those that the AWS tools use.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import Any, Final

import click
from botocore.exceptions import ClientError
from rich.console import Console
from rich.text import Text

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.reasons import unwrapped
from cfn_trigger.deployment.stacks import asking, processed
from cfn_trigger.deployment.timeline import Entry, Event, Line, State, Tone
from cfn_trigger.errors import MissingError, ThrottledError, UsageError
from cfn_trigger.template.triggers import functions, triggers
from macro.cloudformation import as_map
from macro.names import INVOKE, LOG_GROUP, PROVIDER

_LATE: Final = 10_000
"""Milliseconds that an entry may come after a later one of its group."""

_STYLES: Final[Mapping[Tone, str]] = {
    "plain": "", "good": "green", "bad": "bold red", "quiet": "dim",
}  # fmt: skip


def now() -> datetime:
    """Read the clock of this machine."""
    return datetime.now(UTC)  # noqa: TID251 the one place with a clock


def sleep(seconds: float) -> None:
    """Wait."""
    threading.Event().wait(seconds)


# ---- logs


@dataclass(slots=True)
class Tail:
    """The end of a log group, as it grows: `read` gives what may be new, with what came before."""

    logs: Any
    group: str
    source: str
    since: int

    def read(self) -> tuple[Entry, ...]:
        """Read the entries since a moment before the last; none while there is no group."""
        try:
            with asking(f"log group {self.group!r}"):
                entries = tuple(self._entries())
        except MissingError:
            return ()
        newest = max((int(one.at.timestamp() * 1000) for one in entries), default=0)
        self.since = max(self.since, newest - _LATE)
        return entries

    def _entries(self) -> Iterator[Entry]:
        pages = self.logs.get_paginator("filter_log_events")
        places: dict[str, count[int]] = {}
        for page in pages.paginate(logGroupName=self.group, startTime=self.since):
            for one in page["events"]:
                # The local cloud gives no eventId; of the same millisecond all are read again.
                place = f"{self.group} {one['logStreamName']} {one['timestamp']}"
                number = next(places.setdefault(place, count()))
                yield Entry(
                    id=one.get("eventId") or f"{place} {number}",
                    at=datetime.fromtimestamp(one["timestamp"] / 1000, UTC),
                    source=self.source,
                    text=one["message"],
                )


@dataclass(slots=True)
class Tails:
    """The logs of some functions; one that may not be read is given up, with a note."""

    note: Callable[[str], None]
    tails: dict[str, Tail] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)

    def read(self) -> tuple[Entry, ...]:
        """Read what may be new in all of them."""
        return tuple(one for source in tuple(self.tails) for one in self._of(source))

    def _of(self, source: str) -> tuple[Entry, ...]:
        try:
            return self.tails[source].read()
        except ThrottledError:
            return ()  # the next time
        except UsageError as error:
            self.give_up(source, error)
            return ()

    def give_up(self, source: str, why: UsageError) -> None:
        """Read a function's log no more."""
        self.tails.pop(source, None)
        self.given_up.add(source)
        if not isinstance(why, MissingError):
            self.note(f"the log of {source!r} is not shown: {why.message}")


def log_group(function: str, client: Any) -> str:
    """Name the log group of a function; the usual one where it may not be looked up."""
    name = function.rpartition(":function:")[2].partition(":")[0]
    try:
        told = client.get_function_configuration(FunctionName=function)
    except ClientError:
        return f"/aws/lambda/{name}"
    return str(as_map(told.get("LoggingConfig")).get("LogGroup") or f"/aws/lambda/{name}")


# ---- a stack that changes


@dataclass(slots=True)
class Watched:
    """A stack that is deployed now, read again and again."""

    stack: str
    cloudformation: Any
    functions: Any
    logs: Any
    tails: Tails
    handlers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def events(self, state: State) -> tuple[Event, ...]:
        """Read the events that are not known yet, the oldest first; none while there is no stack.

        On the first look: back to where the stack was last at rest.
        """
        found: list[Event] = []
        name = (state.begun_as and state.stack_id) or self.stack
        try:
            with asking(f"stack {self.stack!r}"):
                pages = self.cloudformation.get_paginator("describe_stack_events")
                for page in pages.paginate(StackName=name):
                    found += map(_event, page["StackEvents"])
                    if any(one.id in state.seen for one in found):
                        break
                    if not state.has_looked and any(one.is_idle for one in found):
                        break
        except MissingError:
            if state.begun_as:
                raise
            return ()
        return tuple(reversed(found))

    def entries(self, state: State) -> tuple[Entry, ...]:
        """Read the logs of the provider and of the handlers whose triggers were begun."""
        if not state.runs:
            return ()
        with suppress(ThrottledError):  # the next time
            self._follow(PROVIDER, LOG_GROUP, state)
            for trigger in state.runs:
                for function in self._functions(trigger, state):
                    self._follow(function, function, state)
        return self.tails.read()

    def _functions(self, trigger: str, state: State) -> tuple[str, ...]:
        """Name the handlers of a trigger: logical ids, or an ARN."""
        if trigger not in self.handlers and trigger not in self.tails.given_up:
            try:
                with asking(f"template of stack {state.stack_id!r}"):
                    template = processed(state.stack_id, self.cloudformation)
            except ThrottledError:
                raise
            except UsageError as error:
                self.tails.give_up(trigger, error)
                return ()
            arn = triggers(template).get(trigger, {}).get("HandlerArn")
            outside = (arn,) if isinstance(arn, str) else ()
            # Until an update is complete, and after its rollback, the template may be the old one.
            self.handlers[trigger] = functions(template, arn) or outside or _permitted(state)
        return self.handlers.get(trigger, ())

    def _follow(self, source: str, resource: str, state: State) -> None:
        if source in self.tails.tails or source in self.tails.given_up or state.began is None:
            return
        try:
            physical = state.names.get(resource) or self._physical_id(resource, state)
        except ThrottledError:
            raise
        except UsageError as error:
            self.tails.give_up(source, error)
            return
        group = physical if source == PROVIDER else log_group(physical, self.functions)
        since = int(state.began.timestamp() * 1000)
        self.tails.tails[source] = Tail(logs=self.logs, group=group, source=source, since=since)

    def _physical_id(self, resource: str, state: State) -> str:
        if resource.startswith("arn:"):
            return resource
        with asking(f"resource {resource!r}"):
            told = self.cloudformation.describe_stack_resource(
                StackName=state.stack_id, LogicalResourceId=resource
            )
        return str(told["StackResourceDetail"]["PhysicalResourceId"])


def _permitted(state: State) -> tuple[str, ...]:
    """Name the functions that the provider was permitted to invoke in this deployment."""
    names = state.names
    return tuple(name for name in names if INVOKE + name in names)


def _event(told: Mapping[str, Any]) -> Event:
    physical = told.get("PhysicalResourceId", "")
    return Event(
        id=told["EventId"],
        at=told["Timestamp"],
        name=told["LogicalResourceId"],
        type=told["ResourceType"],
        status=told["ResourceStatus"],
        physical_id=physical,
        reason=unwrapped(told.get("ResourceStatusReason", "")),
        is_of_stack=physical == told["StackId"],
    )


# ---- lines on a screen


def rendered(line: Line, zone: tzinfo | None = None) -> Text:
    """Write a line for a person, with the time of day here or in a zone."""
    when = f"{line.at.astimezone(zone):%H:%M:%S}  "
    match line.kind:
        case "trigger":
            said = f"  {line.name}: {line.said}"
        case "log":
            said = f"  {line.name} | {line.said}"
        case "resource":
            said = line.said
        case "end":
            when, said = "", "\n  ".join(timeline.spread(line.said))
    return Text().append(when, style="dim").append(said, style=_STYLES[line.tone])


def show(line: Line, console: Console, *, as_json: bool = False) -> None:
    """Write a line at once: to a console, or as an object to standard output."""
    if as_json:
        click.echo(json.dumps(line.in_json(), ensure_ascii=False))
    else:
        console.print(rendered(line))
