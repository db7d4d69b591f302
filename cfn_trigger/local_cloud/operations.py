"""The operations of stacks: their state while they run, and how they end.

Knows how the emulator creates, updates and rolls back a stack, and what AWS does differently.
Refuses to know how a resource is changed (`resource_changes`) and how events are written
(`stack_events`).
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ministack.core.concurrency import run_reentrant
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, helpers, stacks

Stack: TypeAlias = dict[str, Any]
Course: TypeAlias = Callable[..., Awaitable[None]]
Action: TypeAlias = Callable[[dict[str, list[str]]], Any]

BY_THE_USER = "User Initiated"
ROLLBACK_HAS_BEGUN = "_rollback_has_begun"
"""The key of a stack whose update was canceled, until the emulator rolls it back."""

_STACK = "AWS::CloudFormation::Stack"
# What is restored in a stack whose update fails before it begins.
_RESTORED = (
    "_template", "_resolved_params", "_template_body", "Parameters", "Tags", "Outputs",
    "_conditions",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Operation:
    """A creation or an update of a stack, until its rollback begins.

    `undone` are resources whose update failed and was undone without a rollback;
    `is_cleaning_up` is true once everything is updated and what was replaced is deleted.
    """

    stack_name: str
    keeps_what_succeeds: bool
    failed: str = ""
    undone: set[str] = field(default_factory=set)
    is_rolling_back: bool = False
    is_cleaning_up: bool = False


_operation: ContextVar[Operation | None] = ContextVar("operation", default=None)
_failure: ContextVar[str] = ContextVar("failure of a transform", default="")


def install() -> None:
    """Make operations behave as on AWS. Call it once, before the emulator serves."""
    deploy = _deploying(stacks._deploy_stack_async)
    stacks._deploy_stack_async = deploy
    handlers._deploy_stack_async = changesets._deploy_stack_async = deploy
    roll_back = _rolling_back(stacks._roll_back_operation)
    stacks._roll_back_operation = handlers._roll_back_operation = roll_back
    has_no_updates = handlers._stack_has_no_updates
    handlers._stack_has_no_updates = lambda stack, *rest: (
        "_failed_operation" not in stack and has_no_updates(stack, *rest)
    )
    actions = handlers._ACTION_HANDLERS
    actions["CancelUpdateStack"] = _canceling(actions["CancelUpdateStack"])


def _canceling(cancel: Action) -> Action:
    """Let the rollback begin at once, which tells a custom resource that it need not go on.

    The emulator writes the event once the resource in progress is done: that is a second one, which
    `stack_events` leaves out. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-update-cancel.html
    """

    def canceled(request: dict[str, list[str]]) -> Any:
        answer = cancel(request)
        stack = handlers._resolve_stack(helpers._p(request, "StackName"))
        if stack and stack.get("_cancel_requested"):
            name, stack_id = stack["StackName"], stack["StackId"]
            stack["StackStatus"] = status = "UPDATE_ROLLBACK_IN_PROGRESS"
            stacks._add_event(stack_id, name, name, _STACK, status, BY_THE_USER, stack_id)
            stack[ROLLBACK_HAS_BEGUN] = True
        return answer

    return canceled


def current() -> Operation | None:
    """Return the operation in this context; None if no stack is being created or updated."""
    return _operation.get()


@contextmanager
def failing(reason: str) -> Iterator[None]:
    """Make the operation that is requested in this block fail before it changes a resource."""
    token = _failure.set(reason)
    try:
        yield
    finally:
        _failure.reset(token)


@contextmanager
def retryable(stack: Stack) -> Iterator[None]:
    """Make a stack updatable that failed and was not rolled back, as on AWS."""
    if "_failed_operation" not in stack:
        yield
        return
    status, template = stack["StackStatus"], stack["_template"]
    updatable = "UPDATE_COMPLETE"
    # After a failed creation, every resource of the next template is new.
    stack |= {"StackStatus": updatable} | ({"_template": {}} if status == "CREATE_FAILED" else {})
    try:
        yield
    finally:
        stack["_template"] = template
        if stack["StackStatus"] == updatable:
            stack["StackStatus"] = status


def _deploying(deploy: Course) -> Course:
    async def deployed(  # noqa: PLR0917 the emulator's signature
        stack_name: str,
        stack_id: str,
        template: Any,
        values: Any,
        disable_rollback: bool,  # noqa: FBT001 the emulator's signature
        tags: Any,
        **more: Any,
    ) -> None:
        stack: Stack = cloudformation._stacks[stack_name]
        previous: Stack | None = more.get("previous_stack")
        if reason := _failure.get() or _changes_types(template, previous or {}):
            _fail(stack, previous, reason, keeps=disable_rollback)
            return
        await _delete_failed(stack, previous)
        operation = Operation(stack_name=stack_name, keeps_what_succeeds=disable_rollback)
        token = _operation.set(operation)
        try:
            await deploy(stack_name, stack_id, template, values, disable_rollback, tags, **more)
        finally:
            _operation.reset(token)
        kept = stack.get("_failed_operation")
        if kept and operation.failed:  # The emulator words it differently.
            stack["StackStatusReason"] = failed_resource(stack["StackStatus"], operation.failed)
        if kept and kept["failed_update"] and kept["failed_logical_id"] in operation.undone:
            kept["failed_update"][3:] = [None, None, None]

    return deployed


def _changes_types(template: Stack, previous: Stack) -> str:
    """Return why a template is refused if it changes the type of a resource, empty if not."""
    old = previous.get("_template", {}).get("Resources", {})
    new = template.get("Resources", {})
    changed = [name for name in new if name in old and new[name]["Type"] != old[name]["Type"]]
    refusal = (
        "Update of resource type is not permitted. The new template modifies resource type of the"
        f" following resources: [{', '.join(changed)}]"
    )
    return refusal if changed else ""


def failed_resource(status: str, logical_id: str) -> str:
    """Return AWS's reason for a stack's status, which names the resource that failed."""
    verb, _, _ = status.lower().partition("_")
    return f"The following resource(s) failed to {verb}: [{logical_id}]. "


def _fail(stack: Stack, previous: Stack | None, reason: str, *, keeps: bool) -> None:
    kind = "CREATE" if previous is None else "UPDATE"
    back = "ROLLBACK" if previous is None else "UPDATE_ROLLBACK"
    for key in _RESTORED:
        if previous is not None and key in previous:
            stack[key] = previous[key]
    reason = f"{reason.removesuffix('.')}. Rollback requested by user."
    ending = [f"{kind}_FAILED"] if keeps else [f"{back}_IN_PROGRESS", f"{back}_COMPLETE"]
    for status in ending:
        status_reason = "" if status.endswith("_COMPLETE") else reason
        stack["StackStatus"] = status
        name, stack_id = stack["StackName"], stack["StackId"]
        stacks._add_event(stack_id, name, name, _STACK, status, status_reason, stack_id)
    if keeps:
        stack["_failed_operation"] = stacks._failed_operation(
            is_update=previous is not None,
            previous_stack=previous,
            created=[],
            failed_update=None,
            failed_logical_id=None,
            replaced_ids=[],
            cancelled=False,
            template={},
            param_values={},
            retain_except_on_create=False,
            stack_tags=[],
            previous_tags=[],
        )


async def _delete_failed(stack: Stack, previous: Stack | None) -> None:
    """Delete the resources that could not be created, as AWS does with the next operation.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
    """
    name, stack_id = stack["StackName"], stack["StackId"]
    for logical_id, record in tuple(stack["_resources"].items()):
        if record["ResourceStatus"] != "CREATE_FAILED":
            continue
        kind, physical_id = record["ResourceType"], record["PhysicalResourceId"]
        stacks._add_event(
            stack_id, name, logical_id, kind, "DELETE_IN_PROGRESS", physical_id=physical_id
        )
        status, reason = "DELETE_COMPLETE", ""
        try:
            await run_reentrant(
                stacks._delete_resource, kind, physical_id, record["Properties"], name, logical_id
            )
        except Exception as error:  # noqa: BLE001 the operation continues after any error
            status, reason = "DELETE_FAILED", str(error)
        stacks._add_event(stack_id, name, logical_id, kind, status, reason, physical_id)
        for resources in (stack["_resources"], (previous or {}).get("_resources", {})):
            resources.pop(logical_id, None)


def _rolling_back(roll_back: Course) -> Course:
    async def rolled_back(
        stack_name: str,
        stack_id: str,
        stack: Stack,
        kept: dict[str, Any],
        reason_override: str = "",
    ) -> None:
        operation = current()
        if operation is not None:
            operation.is_rolling_back = True
        failed = kept.get("failed_logical_id")
        if failed and stack["_resources"].get(failed, {}).get("ResourceStatus") == "CREATE_FAILED":
            kept["created"].append(failed)
        if not (reason_override or kept["is_update"]):
            what = failed_resource("CREATE", failed) if failed else ""
            reason_override = f"{what}Rollback requested by user."
        await roll_back(stack_name, stack_id, stack, kept, reason_override)

    return rolled_back
