"""The macro in an account: how it is created, updated and removed.

Knows in which order, and what is removed again if a creation fails, so that nothing is left half
done. Refuses to know what a person is shown of it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cfn_trigger.deployment import aws, macro_stack
from cfn_trigger.deployment.macro_stack import (
    MACRO_NAME,
    PROVIDER_CODE,
    Code,
    DeployedStack,
    MacroStack,
    read_deployed,
)
from cfn_trigger.deployment.state import DeploymentState
from cfn_trigger.errors import UsageError
from macro.model import NOTHING, Json

_MOST_KEYS: Final = 1000
"""The most keys of one DeleteObjects request.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallEffects:
    """What installing needs from the outside; tests replace it.

    `perform` starts an operation of a stack, by its name or id, and follows it to its end.
    """

    cloudformation: Any
    s3: Any
    perform: Callable[[str, Callable[[], Any]], DeploymentState]
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What a user chooses for the macro's stacks.

    Without a role, CloudFormation uses the previous role of the stack, or the caller's credentials.
    Without tags, a stack keeps its tags. `provider_code` is one of `macro_stack.PROVIDER_CODES`, or
    None to leave it as it is.
    """

    role_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    provider_code: str | None = None

    @property
    def request_parameters(self) -> dict[str, Any]:
        """The parameters of any request that changes a stack."""
        return {"RoleARN": self.role_arn} if self.role_arn else {}

    @property
    def deployment_parameters(self) -> dict[str, Any]:
        """The parameters of a request that creates or updates a stack."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return {**self.request_parameters, **({"Tags": tags} if tags else {})}

    def changes_tags(self, stack: DeployedStack) -> bool:
        """Whether these options change the tags of a stack."""
        return bool(self.tags) and self.tags != stack.tags

    def moves_provider(self, stack: DeployedStack) -> bool:
        """Whether these options move the provider's code of the macro's stack."""
        return self.provider_code not in {None, stack.provider_code}

    def changes(self, stack: DeployedStack) -> bool:
        """Whether these options change the macro's stack, even with the same template."""
        return self.changes_tags(stack) or self.moves_provider(stack)

    @property
    def macro_parameters(self) -> dict[str, str]:
        """The values that these options set for parameters of the macro's template."""
        return {PROVIDER_CODE: self.provider_code} if self.provider_code else {}


_AS_BEFORE: Final = StackOptions()


def install(
    target: MacroStack,
    code: Code,
    effects: InstallEffects,
    bucket: str | None = None,
    *,
    options: StackOptions = _AS_BEFORE,
) -> bool:
    """Create the macro, and a bucket for its code unless one is passed; return whether it worked.

    What was created is removed if something fails; raises UsageError if AWS refuses a request.
    """
    created: list[str] = []
    try:
        is_complete = _create_all(target, code, effects, bucket, created=created, options=options)
    except UsageError:
        _remove(created, target, effects)
        raise
    except KeyboardInterrupt:
        remedy = "or cfn-trigger uninstall to remove what was created"
        effects.note(f"run cfn-trigger install to continue, {remedy}")
        raise
    if not is_complete:
        _remove(created, target, effects)
    return is_complete


def _create_all(
    target: MacroStack,
    code: Code,
    effects: InstallEffects,
    bucket: str | None,
    *,
    created: list[str],
    options: StackOptions,
) -> bool:
    bucket = bucket or _own_bucket(target, effects, created, options)
    if bucket is None:
        return False
    macro_stack.upload(code, bucket, effects.s3)
    template = macro_stack.template(bucket, code)
    parameters = {MACRO_NAME: target.macro_name, **options.macro_parameters}
    _remove_leftover(read_deployed(target.name, effects.cloudformation), effects)
    return _create(target.name, template, parameters, effects, created=created, options=options)


def upgrade(
    target: MacroStack,
    installed: DeployedStack,
    code: Code,
    effects: InstallEffects,
    bucket: str | None = None,
    *,
    options: StackOptions = _AS_BEFORE,
) -> bool:
    """Update the macro; return whether it worked.

    Parameters of its stack that `options` does not set keep their values. Raises UsageError if AWS
    refuses a request. CloudFormation rolls a failed update back.
    """
    created: list[str] = []
    bucket_of_code = bucket or _own_bucket(target, effects, created, options)
    if bucket_of_code is None:
        _remove(created, target, effects)
        return False
    macro_stack.upload(code, bucket_of_code, effects.s3)
    template = macro_stack.template(bucket_of_code, code)
    state = _update(installed, template, effects, options, options.macro_parameters)
    if state.succeeded and bucket is None:
        _empty(bucket_of_code, effects.s3, keep=code.objects)
        return _retag(target.bucket_stack, effects, options)
    return state.succeeded


def uninstall(
    target: MacroStack, effects: InstallEffects, options: StackOptions = _AS_BEFORE
) -> bool:
    """Delete the macro's stack and the bucket of its own; return whether nothing is left.

    Raises UsageError if AWS refuses a request.
    """
    stacks = (target.name, target.bucket_stack)
    return all(_delete(name, target, effects, options) for name in stacks)


def own_bucket(target: MacroStack, cloudformation: Any) -> str | None:
    """Return the name of the bucket that an earlier installation has created, if there is one."""
    stack = read_deployed(target.bucket_stack, cloudformation)
    if stack is None or stack.was_never_created:
        return None
    refuse_changing(target.bucket_stack, stack)
    if "Bucket" not in stack.outputs:
        problem = f"stack {target.bucket_stack!r}: has no bucket for the macro's code"
        raise UsageError(f"{problem}; pass --s3-bucket")
    return stack.outputs["Bucket"]


def refuse_changing(name: str, stack: DeployedStack) -> None:
    """Raise UsageError if an operation of a stack is in progress."""
    if stack.is_changing:
        problem = f"stack {name!r}: is {stack.status}"
        raise UsageError(f"{problem}; wait until it has ended: cfn-trigger watch {name}")


# ---- stacks


def _own_bucket(
    target: MacroStack, effects: InstallEffects, created: list[str], options: StackOptions
) -> str | None:
    """Return the bucket for the macro's code, created if need be; None if that fails."""
    bucket = own_bucket(target, effects.cloudformation)
    if bucket is not None:
        return bucket
    name = target.bucket_stack
    _remove_leftover(read_deployed(name, effects.cloudformation), effects)
    template = macro_stack.bucket_template()
    if not _create(name, template, {}, effects, created=created, options=options):
        return None
    return own_bucket(target, effects.cloudformation)


def _create(
    name: str,
    template: Mapping[str, Json],
    parameters: Mapping[str, str],
    effects: InstallEffects,
    *,
    created: list[str],
    options: StackOptions,
) -> bool:
    def start() -> None:
        with aws.requesting(f"stack {name!r}"):
            effects.cloudformation.create_stack(
                StackName=name,
                Parameters=_written(parameters),
                **_content(template),
                **options.deployment_parameters,
            )
        created.append(name)

    return effects.perform(name, start).succeeded


def _update(
    installed: DeployedStack,
    template: Mapping[str, Json],
    effects: InstallEffects,
    options: StackOptions,
    parameters: Mapping[str, str] = NOTHING,
) -> DeploymentState:
    declared: Any = template.get("Parameters", {})
    kept = [name for name in declared if name in installed.parameters and name not in parameters]

    def start() -> None:
        with aws.requesting(f"stack {installed.stack_id!r}"):
            effects.cloudformation.update_stack(
                StackName=installed.stack_id,
                Parameters=[
                    *({"ParameterKey": name, "UsePreviousValue": True} for name in kept),
                    *_written(parameters),
                ],
                **_content(template),
                **options.deployment_parameters,
            )

    return effects.perform(installed.stack_id, start)


def _retag(name: str, effects: InstallEffects, options: StackOptions) -> bool:
    """Replace the tags of a stack if it exists and they differ; return whether that worked."""
    stack = read_deployed(name, effects.cloudformation)
    if stack is None or not options.changes_tags(stack):
        return True
    return _update(stack, stack.template, effects, options).succeeded


def _written(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def _content(template: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "TemplateBody": json.dumps(template),
        "Capabilities": list(macro_stack.CAPABILITIES),
        # A new version of a layer is retained when it is replaced, but not after a rollback.
        "RetainExceptOnCreate": True,
    }


def _delete(
    name: str, target: MacroStack, effects: InstallEffects, options: StackOptions = _AS_BEFORE
) -> bool:
    stack = read_deployed(name, effects.cloudformation)
    if stack is None:
        return True
    if name == target.bucket_stack and "Bucket" in stack.outputs:
        _empty(stack.outputs["Bucket"], effects.s3)
    return _delete_stack(stack, effects, options)


def _delete_stack(
    stack: DeployedStack, effects: InstallEffects, options: StackOptions = _AS_BEFORE
) -> bool:
    def start() -> None:
        with aws.requesting(f"stack {stack.stack_id!r}"):
            effects.cloudformation.delete_stack(
                StackName=stack.stack_id, **options.request_parameters
            )

    return effects.perform(stack.stack_id, start).succeeded


def _remove_leftover(stack: DeployedStack | None, effects: InstallEffects) -> None:
    """Delete what a failed creation has left, under whose name nothing can be created."""
    if stack is not None and stack.was_never_created:
        _delete_stack(stack, effects)


def _remove(created: list[str], target: MacroStack, effects: InstallEffects) -> None:
    """Delete the stacks that were created, the latest first, whatever happens to one of them."""
    for name in reversed(created):
        effects.note(f"removing stack {name!r}")
        try:
            is_removed = _delete(name, target, effects)
        except UsageError as error:
            effects.note(error.message)
            is_removed = False
        if not is_removed:
            effects.note(f"stack {name!r} is still there; remove it with: cfn-trigger uninstall")


# ---- the bucket


def _empty(bucket: str, s3: Any, keep: Iterable[str] = ()) -> None:
    """Delete the objects of a bucket, with all their versions, except those of some keys."""
    with aws.requesting(f"bucket {bucket!r}"):
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        objects = [
            {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            for page in pages
            for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if entry["Key"] not in {*keep}
        ]
        for at in range(0, len(objects), _MOST_KEYS):
            batch = {"Objects": objects[at : at + _MOST_KEYS], "Quiet": True}
            s3.delete_objects(Bucket=bucket, Delete=batch)
