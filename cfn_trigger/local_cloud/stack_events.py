"""The events of stacks, with AWS's statuses and reasons, and only of resources that change.

Knows in which order the emulator writes events: in an update, every resource begins with the same
UPDATE_IN_PROGRESS, whether it changes, is new, or neither. Refuses to know why anything happens.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks

from cfn_trigger.local_cloud import operations
from cfn_trigger.local_cloud.operations import Operation

Add: TypeAlias = Callable[..., None]
Record: TypeAlias = dict[str, Any]
ResourceKey: TypeAlias = tuple[str, str]
"""A stack's id and a resource's logical id."""

_STACK: Final = "AWS::CloudFormation::Stack"
_BEGUN_BY_THE_USER: Final = {
    "CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "UPDATE_IN_PROGRESS",
}  # fmt: skip
_INITIATED: Final = "Resource creation Initiated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a resource, or of the stack itself, as the emulator writes it."""

    stack_id: str
    stack_name: str
    logical_id: str
    kind: str
    status: str
    reason: str
    physical_id: str

    @property
    def key(self) -> ResourceKey:
        """The resource that the event is about."""
        return self.stack_id, self.logical_id

    @property
    def is_of_stack(self) -> bool:
        """Whether it is about the stack itself."""
        return self.kind == _STACK and self.logical_id == self.stack_name

    @property
    def record(self) -> Record:
        """The emulator's record of the resource; empty if it has none."""
        resources = cloudformation._stacks.get(self.stack_name, {}).get("_resources", {})
        record: Record = resources.get(self.logical_id, {})
        return record


# Events of resources that may turn out not to change, and their records before.
_held: dict[ResourceKey, tuple[Event, Record]] = {}
# Resources that an update creates.
_new: set[ResourceKey] = set()


def install() -> None:
    """Make events look as on AWS. Call it once, before the emulator serves."""
    add = _adding(stacks._add_event)
    stacks._add_event = handlers._add_event = changesets._add_event = add


def release(stack_id: str, logical_id: str) -> None:
    """Write the event that a resource's update has begun, which was held back until it changed."""
    held = _held.pop((stack_id, logical_id), None)
    if held:
        event, record = held
        arguments = event.stack_id, event.stack_name, event.logical_id, event.kind, event.status
        stacks._add_event(*arguments, physical_id=record["PhysicalResourceId"])


def begin_to_clean_up(operation: Operation) -> None:
    """Write the event with which a cleanup begins, once for an operation."""
    if operation.is_cleaning_up:
        return
    operation.is_cleaning_up = True
    stack = cloudformation._stacks[operation.stack_name]
    stack["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    name, stack_id = stack["StackName"], stack["StackId"]
    stacks._add_event(stack_id, name, name, _STACK, stack["StackStatus"], "", stack_id)


def _adding(add: Add) -> Add:
    def added(  # noqa: PLR0917 the emulator's signature
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        event = Event(
            stack_id=stack_id,
            stack_name=stack_name,
            logical_id=logical_id,
            kind=resource_type,
            status=status,
            reason=reason,
            physical_id=physical_id,
        )
        for each in _of_stack(event) if event.is_of_stack else _of_resource(event):
            subject = each.stack_id, each.stack_name, each.logical_id, each.kind
            add(*subject, each.status, each.reason, each.physical_id, detailed_status)
        if event.is_of_stack and event.status == "CREATE_IN_PROGRESS":
            _announce_nested(event, add)

    return added


def _announce_nested(event: Event, add: Add) -> None:
    """Write the event with which a parent announces the id of a new nested stack."""
    parent = cloudformation._stacks.get(event.stack_name, {}).get("_parent_stack_name")
    if parent:
        logical_id = event.stack_name.removeprefix(f"{parent}-").partition("-")[0]
        subject = (cloudformation._stacks[parent]["StackId"], parent, logical_id, _STACK)
        add(*subject, "CREATE_IN_PROGRESS", _INITIATED, event.physical_id, "")


def _of_stack(event: Event) -> tuple[Event, ...]:
    stack = cloudformation._stacks.get(event.stack_name, {})
    operation = operations.current()
    reason = event.reason
    has_begun = stack.pop(operations.ROLLBACK_HAS_BEGUN, False)
    if has_begun and event.status == "UPDATE_ROLLBACK_IN_PROGRESS":
        return ()
    match event.status:
        case status if status in _BEGUN_BY_THE_USER and "_parent_stack_name" not in stack:
            reason = reason or operations.BY_THE_USER
        case "CREATE_FAILED" | "UPDATE_FAILED" as status if operation and operation.failed:
            reason = operations.failed_resource(status, operation.failed)
        case "ROLLBACK_COMPLETE":
            reason = ""
    stack["StackStatusReason"] = reason
    return (replace(event, reason=reason),)


def _of_resource(event: Event) -> tuple[Event, ...]:
    record, operation = event.record, operations.current()
    match event.status:
        case "UPDATE_IN_PROGRESS" if not (event.reason or event.physical_id or record):
            _new.add(event.key)
        case "UPDATE_IN_PROGRESS" if not (event.reason or event.physical_id):
            _held[event.key] = event, dict(record)
            return ()
        case "UPDATE_IN_PROGRESS":
            _held.pop(event.key, None)
        case "UPDATE_COMPLETE" if event.key in _held:
            _restore(record, _held.pop(event.key)[1])
            return ()
        case "UPDATE_FAILED" if operation and event.logical_id in operation.undone:
            return ()
        case "UPDATE_FAILED":
            release(event.stack_id, event.logical_id)
    event = _as_new(event)
    if event.status.endswith("_FAILED"):
        event = replace(
            event, physical_id=event.physical_id or record.get("PhysicalResourceId", "")
        )
        record |= {"ResourceStatus": event.status, "ResourceStatusReason": event.reason}
        if operation and not operation.is_rolling_back:
            operation.failed = operation.failed or event.logical_id
    if event.status == "CREATE_COMPLETE":
        record["ResourceStatus"] = event.status
        return _creation(event)
    return (event,)


def _creation(event: Event) -> tuple[Event, ...]:
    """Return the events of a resource that was created; a nested stack was announced before."""
    initiated = replace(event, status="CREATE_IN_PROGRESS", reason=_INITIATED)
    return (event,) if event.kind == _STACK else (initiated, event)


def _as_new(event: Event) -> Event:
    """Return an event with the status that AWS gives it if the update creates its resource."""
    if event.key not in _new or not event.status.startswith("UPDATE_"):
        return event
    if not event.status.endswith("_IN_PROGRESS"):
        _new.discard(event.key)
    return replace(event, status=event.status.replace("UPDATE_", "CREATE_"))


def _restore(record: Record, before: Record) -> None:
    """Restore the record of a resource that did not change."""
    if before["ResourceStatus"].endswith("_COMPLETE"):
        record |= {key: before[key] for key in ("ResourceStatus", "Timestamp")}
