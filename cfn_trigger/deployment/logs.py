"""The logs of functions, read while they grow.

Knows CloudWatch Logs, and how late an entry may arrive. Refuses to know what the entries mean.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cfn_trigger.deployment import aws
from cfn_trigger.deployment.state import LogEntry
from cfn_trigger.errors import MissingError, TransientError, UsageError
from macro.cloudformation import as_map

MOST_LOGS: Final = 3
"""Logs that are read at a time, once per second: an account may read five times per second.

https://repost.aws/knowledge-center/cloudwatch-logs-throttling
"""

_LATENESS: Final = 10_000
"""Milliseconds by which an entry may arrive after a later one of its group."""


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
    """The logs of functions, by logical id; one that cannot be read is dropped, with a note.

    `reads` counts how often each was read.
    """

    note: Callable[[str], None]
    tails: dict[str, Tail] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    reads: Counter[str] = field(default_factory=Counter)

    def read(self, sources: Collection[str] | None = None) -> tuple[LogEntry, ...]:
        """Read what may be new in some of these, or of all: in turn, where they are many."""
        known = [source for source in self.tails if sources is None or source in sources]
        turn = sorted(known, key=lambda source: self.reads[source])[:MOST_LOGS]
        self.reads.update(turn)
        return tuple(entry for source in turn for entry in self._entries(source))

    def _entries(self, source: str) -> tuple[LogEntry, ...]:
        with suppress(TransientError), self.dropping(source):  # retried next time
            return self.tails[source].read()
        return ()

    @contextmanager
    def dropping(self, source: str) -> Iterator[None]:
        """Drop a log if it cannot be found or read; raises TransientError."""
        try:
            yield
        except TransientError:
            raise
        except UsageError as error:
            self.tails.pop(source, None)
            self.dropped.add(source)
            if not isinstance(error, MissingError):
                self.note(f"the log of {source!r} is not shown: {error.message}")


def log_group(function: str, client: Any) -> str:
    """Return the name of a function's log group; the default one if it cannot be looked up."""
    try:
        configuration = client.get_function_configuration(FunctionName=function)
    except (BotoCoreError, ClientError):
        return default_log_group(function)
    configured = as_map(configuration.get("LoggingConfig")).get("LogGroup")
    return str(configured or default_log_group(function))


def default_log_group(function: str) -> str:
    """Return the log group that a function has unless it is configured, by its name or ARN."""
    return f"/aws/lambda/{function.rpartition(':function:')[2].partition(':')[0]}"
