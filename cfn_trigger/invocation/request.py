"""The request that a trigger would get from a deployed stack, as its provider reads it.

Knows how an author's template and its deployed stack combine: settings, payload and handler.
Refuses to know how a handler is run. What only CloudFormation knows is reported, not guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.unknown_parts import names_of, require_known, unknown_parts
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.intrinsics import (
    ResourceRef,
    StackState,
)
from cfn_trigger.template.source import Template
from cfn_trigger.template.triggers import triggers
from macro.cloudformation import as_map, is_secret, section
from macro.errors import nearest
from macro.model import TRANSFORM, Json
from macro.references import name_and_attribute
from trigger_provider.request import ABSENT, Request, RequestType, assembled, parse_request


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Which trigger to run for which type of request, and what the command line adds.

    `parameters` are values by name; `payload` is merged into the template's. `macro_name` is the
    name of the macro in the account.
    """

    trigger: str
    request_type: RequestType
    request_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    payload: Any = ABSENT
    macro_name: str = TRANSFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRequest:
    """A request as the provider reads it, and the function that it invokes.

    `function` is as Lambda's API accepts it; `label` is its logical id, or its name if it is
    outside the stack.
    `notes` say what a deployment would do differently.
    """

    request: Request
    function: str
    label: str
    notes: tuple[str, ...] = ()


def build_request(
    template: Template, snapshot: StackSnapshot, options: RunOptions
) -> TriggerRequest:
    """Build the request of a template's trigger, which a deployed stack may not have yet.

    Its result is awaited even if a deployment does not wait for it. Raises UsageError for what is
    not deployed, or cannot be known here, and TemplateProblems for a template with problems.
    """
    expanded = _expanded(template, snapshot, options)
    built = _trigger_request(expanded, template.name, snapshot, options)
    notes = tuple(
        f"{other} runs before {options.macro_name} in a deployment, but not here"
        for other in transforms.overtaken(template.values, options.macro_name)
    )
    if built.request.invocation_type == "Event":
        notes += ("InvocationType is Event: a deployment does not wait for the result",)
        awaited = built.request._replace(invocation_type="RequestResponse")
        built = replace(built, request=awaited)
    return replace(built, notes=(*built.notes, *notes))


def rebuild_request(snapshot: StackSnapshot, options: RunOptions) -> TriggerRequest:
    """Build the request of a trigger as it is deployed; raises UsageError as `build_request`."""
    return _trigger_request(dict(snapshot.template), f"stack {snapshot.name!r}", snapshot, options)


def _trigger_request(
    expanded: dict[str, Json], source: str, snapshot: StackSnapshot, options: RunOptions
) -> TriggerRequest:
    name, known = options.trigger, triggers(expanded)
    if name not in known:
        raise UsageError(f"{source}: has no trigger {name!r}{nearest(name, known)}")
    settings = _settings(_stack_state(expanded, snapshot, options), name)
    payload = _overlaid(_assembled(settings, "Payload"), options.payload)
    expect = _assembled(settings, "Expect")
    require_known(payload, expect, name)
    old_payload, notes = _old_payload(snapshot, options)
    if snapshot.status.endswith("_IN_PROGRESS"):
        notes += (f"the stack is {snapshot.status}: what it has deployed may change meanwhile",)
    request = parse_request(_event(settings, snapshot, options))
    function = _function(settings["HandlerArn"], snapshot, name)
    logical_ids = {physical: logical for logical, physical in snapshot.physical_ids.items()}
    return TriggerRequest(
        request=request._replace(
            payload=payload, expect=expect, old_payload=old_payload, unchanged=False
        ),
        function=function,
        label=logical_ids.get(function) or function.rpartition(":function:")[2],
        notes=notes,
    )


def _event(
    settings: Mapping[str, Any], snapshot: StackSnapshot, options: RunOptions
) -> dict[str, Any]:
    """Return the event that CloudFormation would send to the provider."""
    event = {
        "RequestType": options.request_type,
        "RequestId": options.request_id,
        "StackId": snapshot.stack_id,
        "LogicalResourceId": options.trigger,
        "ResponseURL": "",
        "ResourceProperties": _plain_settings(settings),
    }
    if options.request_type != "Create":
        event["PhysicalResourceId"] = _physical_id(options.trigger, snapshot)
    return event


def _expanded(template: Template, snapshot: StackSnapshot, options: RunOptions) -> dict[str, Json]:
    context = transforms.Context(
        values=_values(template.values, snapshot, options),
        region=snapshot.pseudo_parameters["AWS::Region"],
        macro_name=options.macro_name,
        pseudo_parameters=snapshot.pseudo_parameters,
    )
    return transforms.process(template, context).template


def _values(
    template: Mapping[str, Json], snapshot: StackSnapshot, options: RunOptions
) -> dict[str, str]:
    """Return the values of the parameters, except those that are not known here.

    CloudFormation shows a value with NoEcho only as asterisks. If the value is a name in Parameter
    Store, only CloudFormation knows what it looked up.
    """
    declared = section(template, "Parameters")
    deployed, looked_up = snapshot.values, snapshot.looked_up
    settled = parameters.effective_values(declared, options.parameters, {**deployed, **looked_up})
    not_overridden = declared.keys() - options.parameters.keys()
    hidden = {
        name
        for name, parameter in declared.items()
        if (is_secret(parameter) and name in deployed.keys() & not_overridden)
        or (parameters.is_stored(parameter) and name not in looked_up.keys() & not_overridden)
    }
    return {name: value for name, value in settled.items() if name not in hidden}


def _stack_state(
    template: dict[str, Json], snapshot: StackSnapshot, options: RunOptions
) -> StackState:
    """Combine a template with a stack: a `Ref` to a resource is its physical id."""
    attributes = _known_attributes(snapshot)
    known = {name: {"Type": "String"} for name in snapshot.physical_ids}
    values = _values(template, snapshot, options)
    return StackState(
        template={
            **_with_attributes(template, attributes),
            "Parameters": {**section(template, "Parameters"), **known},
        },
        values={**snapshot.physical_ids, **values},
        unknown_parameters={},
        pseudo_parameters=snapshot.pseudo_parameters,
    )


def _known_attributes(snapshot: StackSnapshot) -> dict[tuple[str, str], str]:
    """Return the attributes of resources that are the value of an output of the stack."""
    outputs = section(snapshot.template, "Outputs")
    return {
        owner: snapshot.outputs[name]
        for name, output in outputs.items()
        if name in snapshot.outputs and (owner := _get_att(as_map(output).get("Value")))
    }


def _with_attributes(value: Json, attributes: Mapping[tuple[str, str], str]) -> Any:
    """Replace each Fn::GetAtt whose attribute is known by its value."""
    match value:
        case dict():
            owner = _get_att(value)
            if owner and owner in attributes:
                return attributes[owner]
            return {key: _with_attributes(item, attributes) for key, item in value.items()}
        case list():
            return [_with_attributes(item, attributes) for item in value]
    return value


def _get_att(value: Json) -> tuple[str, str] | None:
    match value:
        case {"Fn::GetAtt": argument} if len(value) == 1:
            return name_and_attribute(argument)
    return None


def _settings(state: StackState, name: str) -> Mapping[str, Any]:
    if state.exists(name) is False:
        condition = state.resources[name]["Condition"]
        raise UsageError(f"{name}: its Condition {condition!r} is false in this stack")
    properties: Mapping[str, Any] = state.properties(name)
    return properties


def _assembled(settings: Mapping[str, Any], part: str) -> Any:
    return assembled(settings.get(part))


def _plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("Payload", "Expect", "Fingerprint", "HandlerArn", "Previous")
    return {name: value for name, value in settings.items() if name not in left_out}


def _old_payload(snapshot: StackSnapshot, options: RunOptions) -> tuple[Any, tuple[str, ...]]:
    """Return the deployed payload, which an update passes as `Old`, and why it is absent."""
    if options.request_type != "Update":
        return ABSENT, ()
    as_deployed = replace(options, parameters={}, payload=ABSENT)
    state = _stack_state(dict(snapshot.template), snapshot, as_deployed)
    payload = _assembled(state.properties(options.trigger), "Payload")
    if unknown := list(unknown_parts(payload)):
        return ABSENT, (f"the event has no Old: only CloudFormation knows {names_of(unknown)}",)
    return payload, ()


def _function(arn: Any, snapshot: StackSnapshot, trigger: str) -> str:
    match arn:
        case str():
            return arn
        case ResourceRef(name, _):
            return _physical_id(name, snapshot)
    names = names_of(unknown_parts(arn))
    remedy = "write the function's ARN in a copy of the template"
    raise UsageError(f"{trigger}.Handler: only CloudFormation knows {names}; {remedy}")


def _physical_id(name: str, snapshot: StackSnapshot) -> str:
    physical_id = snapshot.physical_ids.get(name)
    if not physical_id:
        raise UsageError(f"stack {snapshot.name!r}: has no {name!r}; deploy it first")
    return physical_id


def _overlaid(value: Any, overlay: Any) -> Any:
    """Put an overlay over a value: maps key by key, anything else as a whole."""
    if overlay is ABSENT:
        return value
    if isinstance(value, dict) and isinstance(overlay, dict):
        merged = {key: _overlaid(value.get(key, ABSENT), item) for key, item in overlay.items()}
        return {**value, **merged}
    return overlay
