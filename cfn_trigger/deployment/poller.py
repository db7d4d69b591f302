"""Reads a stack again and again while something runs in it: events, resources, logs.

Knows the requests, and how few of them are enough. Refuses to know what the responses mean, and
how often it is called.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cfn_trigger.deployment import aws
from cfn_trigger.deployment.reasons import unwrapped
from cfn_trigger.deployment.stack import processed_template
from cfn_trigger.deployment.state import DeploymentState, Event, LogEntry
from cfn_trigger.errors import MissingError, ThrottledError, UsageError
from cfn_trigger.template.triggers import functions, handler_arn
from macro.cloudformation import as_map
from macro.names import INVOKE, LOG_GROUP, PROVIDER

_LATENESS: Final = 10_000
"""Milliseconds by which an entry may arrive after a later one of its group."""


# ---- logs


@dataclass(slots=True)
class Tail:
    """The growing end of a log group; `since` is in milliseconds of the epoch."""

    logs: Any
    group: str
    source: str
    since: int

    def read(self) -> tuple[LogEntry, ...]:
        """Read what may be new, with a little of what came before; nothing without a group."""
        try:
            with aws.requesting(f"log group {self.group!r}"):
                entries = tuple(self._entries())
        except MissingError:
            return ()
        newest = max((int(entry.at.timestamp() * 1000) for entry in entries), default=0)
        self.since = max(self.since, newest - _LATENESS)
        return entries

    def _entries(self) -> Iterator[LogEntry]:
        pages = self.logs.get_paginator("filter_log_events")
        counters: dict[str, count[int]] = {}
        for page in pages.paginate(logGroupName=self.group, startTime=self.since):
            for event in page["events"]:
                # The local cloud returns no eventId; all entries of one millisecond are read again.
                moment = f"{self.group} {event['logStreamName']} {event['timestamp']}"
                number = next(counters.setdefault(moment, count()))
                yield LogEntry(
                    id=event.get("eventId") or f"{moment} {number}",
                    at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                    source=self.source,
                    text=event["message"],
                )


@dataclass(slots=True)
class Tails:
    """The logs of functions, by logical id; one that cannot be read is dropped, with a note."""

    note: Callable[[str], None]
    tails: dict[str, Tail] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def read(self) -> tuple[LogEntry, ...]:
        """Read what may be new in all of them."""
        return tuple(entry for source in tuple(self.tails) for entry in self._entries(source))

    def _entries(self, source: str) -> tuple[LogEntry, ...]:
        with suppress(ThrottledError), self.dropping(source):  # if throttled: the next time
            return self.tails[source].read()
        return ()

    @contextmanager
    def dropping(self, source: str) -> Iterator[None]:
        """Drop a log if it cannot be found or read; raises ThrottledError."""
        try:
            yield
        except ThrottledError:
            raise
        except UsageError as error:
            self.tails.pop(source, None)
            self.dropped.add(source)
            if not isinstance(error, MissingError):
                self.note(f"the log of {source!r} is not shown: {error.message}")


def log_group(function: str, client: Any) -> str:
    """Return the name of a function's log group; the default one if it cannot be looked up."""
    name = function.rpartition(":function:")[2].partition(":")[0]
    default = f"/aws/lambda/{name}"
    try:
        configuration = client.get_function_configuration(FunctionName=function)
    except (BotoCoreError, ClientError):
        return default
    return str(as_map(configuration.get("LoggingConfig")).get("LogGroup") or default)


# ---- a stack that changes


@dataclass(slots=True)
class StackPoller:
    """Reads a stack that is being deployed; `handlers` are the functions of each trigger."""

    stack: str
    cloudformation: Any
    functions: Any
    logs: Any
    tails: Tails
    handlers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def events(self, state: DeploymentState) -> tuple[Event, ...]:
        """Read the events that `state` has not seen, the oldest first; none without a stack.

        The first time, read back to where the stack was last at rest.
        """
        events: list[Event] = []
        name = (state.has_begun and state.stack_id) or self.stack
        try:
            with aws.requesting(f"stack {self.stack!r}"):
                pages = self.cloudformation.get_paginator("describe_stack_events")
                for page in pages.paginate(StackName=name):
                    events += map(_event, page["StackEvents"])
                    if any(event.id in state.seen for event in events):
                        break
                    if not state.has_read and any(event.is_at_rest for event in events):
                        break
        except MissingError:
            if state.has_begun:
                raise
            return ()
        return tuple(reversed(events))

    def log_entries(self, state: DeploymentState) -> tuple[LogEntry, ...]:
        """Read the logs of the provider, and of the handlers of triggers that have begun."""
        if not state.runs:
            return ()
        with suppress(ThrottledError):  # the next time
            self._tail(PROVIDER, LOG_GROUP, state)
            for trigger in state.runs:
                for function in self._handlers(trigger, state):
                    self._tail(function, function, state)
        return self.tails.read()

    def _handlers(self, trigger: str, state: DeploymentState) -> tuple[str, ...]:
        """Return the handlers of a trigger: logical ids, or an ARN."""
        if trigger not in self.handlers and trigger not in self.tails.dropped:
            with self.tails.dropping(trigger):
                self.handlers[trigger] = self._read_handlers(trigger, state)
        return self.handlers.get(trigger, ())

    def _read_handlers(self, trigger: str, state: DeploymentState) -> tuple[str, ...]:
        with aws.requesting(f"template of stack {state.stack_id!r}"):
            template = processed_template(state.stack_id, self.cloudformation)
        arn = handler_arn(template, trigger)
        outside = (arn,) if isinstance(arn, str) else ()
        # Until an update is complete, and after its rollback, the template may be the old one.
        return functions(template, arn) or outside or _permitted(state)

    def _tail(self, source: str, resource: str, state: DeploymentState) -> None:
        if source in self.tails.tails or source in self.tails.dropped or state.began is None:
            return
        with self.tails.dropping(source):
            physical_id = state.physical_ids.get(resource) or self._physical_id(resource, state)
            is_group = source == PROVIDER
            group = physical_id if is_group else log_group(physical_id, self.functions)
            since = int(state.began.timestamp() * 1000)
            self.tails.tails[source] = Tail(logs=self.logs, group=group, source=source, since=since)

    def _physical_id(self, resource: str, state: DeploymentState) -> str:
        if resource.startswith("arn:"):
            return resource
        with aws.requesting(f"resource {resource!r}"):
            response = self.cloudformation.describe_stack_resource(
                StackName=state.stack_id, LogicalResourceId=resource
            )
        return str(response["StackResourceDetail"]["PhysicalResourceId"])


def _permitted(state: DeploymentState) -> tuple[str, ...]:
    """Return the functions that this deployment has permitted the provider to invoke."""
    return tuple(name for name in state.physical_ids if INVOKE + name in state.physical_ids)


def _event(description: Mapping[str, Any]) -> Event:
    physical_id = description.get("PhysicalResourceId", "")
    return Event(
        id=description["EventId"],
        at=description["Timestamp"],
        logical_id=description["LogicalResourceId"],
        type=description["ResourceType"],
        status=description["ResourceStatus"],
        physical_id=physical_id,
        reason=unwrapped(description.get("ResourceStatusReason", "")),
        is_of_stack=physical_id == description["StackId"],
    )
