"""Reads a stack again and again while something runs in it: events, resources, logs.

Knows the requests, and how few of them are enough. Refuses to know what the responses mean, and
how often it is called.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cfn_trigger.deployment import aws
from cfn_trigger.deployment.change_sets import ChangeSet, change_sets
from cfn_trigger.deployment.expected_changes import read_expected_changes
from cfn_trigger.deployment.logs import Tail, Tails, log_group
from cfn_trigger.deployment.reasons import parse_reason
from cfn_trigger.deployment.state import DeploymentState, Event, ExpectedChanges, LogEntry
from cfn_trigger.errors import MissingError, TransientError, UsageError
from cfn_trigger.template.triggers import functions, handler_arn
from macro.names import INVOKE, LOG_GROUP, PROVIDER, is_shared_policy_id

_FUNCTION: Final = "AWS::Lambda::Function"

_LATE_READS: Final = 20
"""Reads of a log after its trigger has ended, until when entries may arrive."""


@dataclass(slots=True)
class StackPoller:
    """Reads a stack that is being deployed, and the stacks that are nested in it.

    By path of a stack: `changes` are those expected of it. `closed` are the nested stacks that were
    read to their end. `handlers` are the functions of each trigger, by the trigger's name, and
    `idle_reads` counts the reads since it ended. `failed` are the ids of change sets that are known
    to have failed, None before they are read.
    """

    stack: str
    cloudformation: Any
    functions: Any
    logs: Any
    tails: Tails
    note: Callable[[str], None]
    changes: dict[str, ExpectedChanges] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    handlers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    idle_reads: Counter[str] = field(default_factory=Counter)
    failed: set[str] | None = None
    is_denied: bool = False

    # ---- events

    def events(self, state: DeploymentState) -> tuple[Event, ...]:
        """Read the events that `state` has not seen, the oldest first; none without a stack.

        The first time, read back to where the stack was last at rest.
        """
        name = (state.has_begun and state.stack_id) or self.stack
        try:
            events = self._read_events(name, "", lambda event: _is_known(event, state))
        except MissingError:
            if state.has_begun:
                raise
            return ()
        nested = [event for path in self._open_paths(state) for event in self._nested(path, state)]
        return (*events, *nested)

    def _open_paths(self, state: DeploymentState) -> Iterator[str]:
        """Yield the nested stacks that change, and once more those that no longer do."""
        for path in state.stack_ids:
            resource = state.resources.get(path.rstrip("/"))
            if resource and not (resource.is_done or state.ended):
                self.closed.discard(path)
                yield path
            elif path not in self.closed:
                self.closed.add(path)
                yield path

    def _nested(self, path: str, state: DeploymentState) -> tuple[Event, ...]:
        def is_known(event: Event) -> bool:
            return event.id in state.seen or (state.began is not None and event.at < state.began)

        try:
            events = self._read_events(state.stack_ids[path], path, is_known)
        except TransientError:
            self.closed.discard(path)
            raise
        except UsageError as error:
            self.closed.add(path)
            self.note(f"the nested stack {path.rstrip('/')!r} is not shown: {error.message}")
            return ()
        return tuple(event for event in events if not is_known(event))

    def _read_events(
        self, stack: str, path: str, is_known: Callable[[Event], bool]
    ) -> tuple[Event, ...]:
        """Read the events of one stack, the oldest first, back to one that is known."""
        events: list[Event] = []
        with aws.requesting(f"stack {self.stack!r}"):
            pages = self.cloudformation.get_paginator("describe_stack_events")
            for page in pages.paginate(StackName=stack):
                events += (_event(description, path) for description in page["StackEvents"])
                if any(map(is_known, events)):
                    break
        return tuple(reversed(events))

    # ---- change sets

    def refused(self, state: DeploymentState) -> ChangeSet | None:
        """Return a change set that has failed since the last time, until a deployment begins."""
        if state.latest is None:  # there is no stack yet, so that none has failed before
            self.failed = set()
        elif not (state.has_begun or self.is_denied):
            return self._newly_failed()
        return None

    def _newly_failed(self) -> ChangeSet | None:
        try:
            failed = [
                change_set
                for change_set in change_sets(self.stack, self.cloudformation)
                if change_set.is_failed
            ]
        except TransientError:  # retried next time
            return None
        except UsageError as error:
            self.is_denied = not isinstance(error, MissingError)
            return None
        known, self.failed = self.failed, {change_set.id for change_set in failed}
        if known is None:
            return None
        return next((change_set for change_set in failed if change_set.id not in known), None)

    # ---- what will change

    def expected(self, state: DeploymentState) -> dict[str, ExpectedChanges]:
        """Read what will change in stacks that have begun since the last time, by path."""
        expected: dict[str, ExpectedChanges] = {}
        with suppress(TransientError):  # retried next time
            for path, (stack_id, status) in _stacks(state).items():
                if path not in self.changes:
                    expected[path] = self.changes[path] = self._read_changes(stack_id, status)
        return expected

    def _read_changes(self, stack_id: str, status: str) -> ExpectedChanges:
        try:
            return read_expected_changes(stack_id, status, self.cloudformation)
        except TransientError:
            raise
        except UsageError as error:
            self.note(f"the total of resources is not shown: {error.message}")
            return ExpectedChanges(logical_ids=None)

    # ---- logs

    def log_entries(self, state: DeploymentState) -> tuple[LogEntry, ...]:
        """Read the logs of the provider, and of the handlers of triggers that run, or just did."""
        sources: set[str] = set()
        with suppress(TransientError):  # retried next time
            for trigger in filter(partial(self._is_logging, state), state.runs):
                path = _path_of(trigger)
                self._tail(path + PROVIDER, path + LOG_GROUP, state)
                sources.add(path + PROVIDER)
                for function in self._handlers(trigger, state):
                    self._tail(function, function, state)
                    sources.add(function)
        return self.tails.read(sources)

    def _is_logging(self, state: DeploymentState, trigger: str) -> bool:
        """Whether entries of a trigger may arrive: while it runs, and for some reads after."""
        self.idle_reads[trigger] = (
            self.idle_reads[trigger] + 1 if state.runs[trigger].is_over else 0
        )
        return self.idle_reads[trigger] <= _LATE_READS

    def _handlers(self, trigger: str, state: DeploymentState) -> tuple[str, ...]:
        """Return the handlers of a trigger: names of resources, or an ARN."""
        if trigger not in self.handlers and _path_of(trigger) in self.changes:
            self.handlers[trigger] = self._find_handlers(trigger, state)
        return self.handlers.get(trigger, ())

    def _find_handlers(self, trigger: str, state: DeploymentState) -> tuple[str, ...]:
        path = _path_of(trigger)
        template = self.changes[path].template
        resource = state.runs[trigger].resource or trigger.removeprefix(path)
        arn = handler_arn(template, resource)
        if isinstance(arn, str) and not functions(template, arn):
            return (arn,)
        # An update without a change set has only the old template.
        names = functions(template, arn) or _permitted(path, state)
        return tuple(path + name for name in names)

    def _tail(self, source: str, resource: str, state: DeploymentState) -> None:
        if source in self.tails.tails or source in self.tails.dropped or state.began is None:
            return
        with self.tails.dropping(source):
            physical_id = state.physical_ids.get(resource) or self._physical_id(resource, state)
            is_group = source.removeprefix(_path_of(source)) == PROVIDER
            group = physical_id if is_group else log_group(physical_id, self.functions)
            since = int(state.began.timestamp() * 1000)
            label = source.rpartition(":function:")[2]
            self.tails.tails[source] = Tail(logs=self.logs, group=group, source=label, since=since)

    def _physical_id(self, resource: str, state: DeploymentState) -> str:
        if resource.startswith("arn:"):
            return resource
        path = _path_of(resource)
        with aws.requesting(f"resource {resource!r}"):
            response = self.cloudformation.describe_stack_resource(
                StackName=state.stack_ids.get(path, state.stack_id),
                LogicalResourceId=resource.removeprefix(path),
            )
        return str(response["StackResourceDetail"]["PhysicalResourceId"])


def _stacks(state: DeploymentState) -> dict[str, tuple[str, str]]:
    """Return the id and the status of each stack that has begun, by path."""
    root = {"": (state.stack_id, state.status)} if state.has_begun else {}
    nested = {
        path: (stack_id, resource.status)
        for path, stack_id in state.stack_ids.items()
        if (resource := state.resources.get(path.rstrip("/")))
    }
    return root | nested


def _path_of(name: str) -> str:
    """Return the path of the nested stack that a resource is in; empty for the root."""
    if name.startswith("arn:"):
        return ""
    path, slash, _ = name.rpartition("/")
    return path + slash


def _permitted(path: str, state: DeploymentState) -> tuple[str, ...]:
    """Return the functions that this deployment has permitted the provider to invoke.

    A policy for several handlers does not name them: then they are among the new functions.
    """
    names = [name.removeprefix(path) for name in state.physical_ids if _path_of(name) == path]
    permitted = tuple(name for name in names if INVOKE + name in names)
    if not any(map(is_shared_policy_id, names)):
        return permitted
    created = (name for name in names if _is_new_function(path + name, state))
    return tuple(dict.fromkeys((*permitted, *created)))


def _is_new_function(name: str, state: DeploymentState) -> bool:
    resource = state.resources.get(name)
    is_function = resource is not None and resource.type == _FUNCTION
    return is_function and resource is not None and resource.status.startswith("CREATE")


def _is_known(event: Event, state: DeploymentState) -> bool:
    """Whether the events before this one are known, or of an earlier deployment."""
    return event.id in state.seen or (event.is_at_rest and not state.has_read)


def _event(description: Mapping[str, Any], path: str) -> Event:
    physical_id = description.get("PhysicalResourceId", "")
    return Event(
        id=description["EventId"],
        at=description["Timestamp"],
        logical_id=description["LogicalResourceId"],
        type=description["ResourceType"],
        status=description["ResourceStatus"],
        physical_id=physical_id,
        reason=parse_reason(description.get("ResourceStatusReason", "")),
        is_of_stack=physical_id == description["StackId"],
        path=path,
    )
