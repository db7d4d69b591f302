"""The creation, update and deletion of one resource, as on AWS.

Knows the emulator's functions for that, and its records of resources. Refuses to know what a
resource is, and in which order resources change.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

from collections.abc import Callable
from typing import Any, TypeAlias

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners, stacks

from cfn_trigger.local_cloud import operations, stack_events
from cfn_trigger.local_cloud.custom_resources import FailedCreateError, is_custom
from cfn_trigger.local_cloud.operations import Operation

Attributes: TypeAlias = dict[str, Any]
Changed: TypeAlias = tuple[str, Attributes]
Record: TypeAlias = dict[str, Any]

_NESTED = "AWS::CloudFormation::Stack"
_ANOTHER = "Requested update required the provider to create a new physical resource"


def install() -> None:
    """Make changes to resources behave as on AWS. Call it once, before the emulator serves."""
    create = _creating(provisioners._provision_resource)
    provisioners._provision_resource = stacks._provision_resource = create
    update = _updating(provisioners._update_resource)
    provisioners._update_resource = stacks._update_resource = update
    stacks._delete_resource = _deleting(provisioners._delete_resource)


def _creating(create: Callable[..., Changed]) -> Callable[..., Changed]:
    def created(kind: str, logical_id: str, properties: Any, stack_name: str) -> Changed:
        try:
            return create(kind, logical_id, properties, stack_name)
        except Exception as error:
            physical_id = _failed_child(stack_name) if kind == _NESTED else _failed(error)
            if physical_id:  # A rollback deletes it.
                _resources(stack_name)[logical_id] = {
                    "PhysicalResourceId": physical_id,
                    "ResourceType": kind,
                    "ResourceStatus": "CREATE_FAILED",
                    "ResourceStatusReason": str(error),
                    "LogicalResourceId": logical_id,
                    "Properties": properties,
                    "Attributes": {},
                    "Timestamp": now_iso(),
                }
            raise

    return created


def _failed(error: Exception) -> str | None:
    return error.physical_id if isinstance(error, FailedCreateError) else None


def _failed_child(stack_name: str) -> str | None:
    for stack in cloudformation._stacks.values():
        is_child = stack.get("_parent_stack_name") == stack_name
        if is_child and stack["StackStatus"] == "CREATE_FAILED":
            return str(stack["StackId"])
    return None


def _updating(update: Callable[..., Changed]) -> Callable[..., Changed]:
    def updated(  # noqa: PLR0917 the emulator's signature
        kind: str,
        physical_id: str,
        old: Any,
        new: Any,
        stack_name: str,
        logical_id: str | None = None,
        attributes: Attributes | None = None,
    ) -> Changed:
        name = logical_id or physical_id
        if attributes is None:  # The update of a nested stack does not pass them.
            attributes = dict(_resources(stack_name).get(name, {}).get("Attributes", {}))
        stack_id = _stack_id(stack_name)
        if old != new:
            stack_events.release(stack_id, name)
        arguments = stack_name, logical_id, attributes
        try:
            new_id, more = update(kind, physical_id, old, new, *arguments)
        except Exception as error:
            operation = operations.current()
            if operation and _is_undone(operation, kind, old, new):
                failed = stack_id, stack_name, name, kind, "UPDATE_FAILED"
                stacks._add_event(*failed, str(error), physical_id)
                try:
                    update(kind, physical_id, new, old, *arguments)
                except Exception as second:  # noqa: BLE001 every error is reported
                    stacks._add_event(*failed, str(second), physical_id)
                operation.undone.add(name)
            raise
        if new_id != physical_id and is_custom(kind):
            event = (stack_id, stack_name, name, kind, "UPDATE_IN_PROGRESS", _ANOTHER)
            stacks._add_event(*event, new_id)
        return new_id, more if is_custom(kind) or new_id != physical_id else attributes | more

    return updated


def _is_undone(operation: Operation, kind: str, old: Any, new: Any) -> bool:
    """Return whether a failed update is undone alone, since nothing is rolled back."""
    return (
        operation.keeps_what_succeeds
        and not operation.is_rolling_back
        and stacks._sends_back_failed_update(kind)
        and not provisioners._custom_named_replacement_error(kind, old, new)
    )


def _deleting(delete: Callable[..., None]) -> Callable[..., None]:
    def deleted(
        kind: str, physical_id: str, properties: Any, stack_name: str, logical_id: str
    ) -> None:
        operation = operations.current()
        if operation is None or operation.is_rolling_back:
            delete(kind, physical_id, properties, stack_name, logical_id)
            return
        stack_events.begin_to_clean_up(operation)
        event = (_stack_id(stack_name), stack_name, logical_id, kind)
        stacks._add_event(*event, "DELETE_IN_PROGRESS", physical_id=physical_id)
        delete(kind, physical_id, properties, stack_name, logical_id)
        stacks._add_event(*event, "DELETE_COMPLETE", physical_id=physical_id)

    return deleted


def _resources(stack_name: str) -> dict[str, Record]:
    resources: dict[str, Record] = cloudformation._stacks[stack_name]["_resources"]
    return resources


def _stack_id(stack_name: str) -> str:
    return str(cloudformation._stacks[stack_name]["StackId"])
