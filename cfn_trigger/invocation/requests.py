"""The request that a trigger would get from a deployed stack, as its provider reads it.

Knows how an author's template and what stands of it are put together: settings, payload and
handler. Refuses to know how a handler is run. What only CloudFormation knows is named, not guessed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cfn_trigger.deployment import stacks
from cfn_trigger.errors import UsageError
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    PartialCall,
    ResourceRef,
    Secret,
    StackConstant,
    StackState,
    Unknown,
    unknowns,
)
from cfn_trigger.template.source import Template, section
from cfn_trigger.template.triggers import triggers
from macro.cloudformation import as_map, is_secret
from macro.errors import nearest
from macro.model import Json
from macro.references import name_and_attribute
from trigger_provider import index

RequestType = Literal["Create", "Update", "Delete"]
NOTHING: Final[Any] = index.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A stack as it stands: what is deployed, physical ids by logical id, outputs by name."""

    name: str
    deployed: stacks.Deployed
    physical_ids: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=dict)

    def attributes(self) -> dict[tuple[str, str], str]:
        """Give the attributes of resources that an output of the stack tells."""
        written = section(self.deployed.template, "Outputs")
        return {
            owner: self.outputs[name]
            for name, output in written.items()
            if name in self.outputs and (owner := _get_att(as_map(output).get("Value")))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: a trigger, a request's type, and what the command line adds."""

    trigger: str
    kind: RequestType
    request_id: str
    values: Mapping[str, str] = field(default_factory=dict)
    payload: Any = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A request, the function that it runs, and what is different here.

    `function` is what Lambda knows it by, `label` its logical id, or its name outside the stack.
    """

    request: index.Request
    function: str
    label: str
    notes: tuple[str, ...] = ()


def made(template: Template, standing: Standing, asked: Asked) -> Made:
    """Make the request; raises UsageError for what is not deployed, or not known here.

    TemplateProblems is raised for a template with problems.
    """
    expanded, name = _expanded(template, standing, asked), asked.trigger
    known = triggers(expanded)
    if name not in known:
        raise UsageError(f"{template.name}: has no trigger {name!r}{nearest(name, known)}")
    settings = _settings(_side(expanded, standing, asked), name)
    payload = _overlaid(_assembled(settings, "Payload"), asked.payload)
    expect = _assembled(settings, "Expect")
    _all_known({"Payload": payload, "Expect": expect}, name)
    old, notes = _old_payload(standing, asked)
    event = {
        "RequestType": asked.kind,
        "RequestId": asked.request_id,
        "StackId": standing.deployed.stack_id,
        "LogicalResourceId": name,
        "ResponseURL": "",
        "ResourceProperties": _plain(settings),
    }
    if asked.kind != "Create":
        event["PhysicalResourceId"] = _physical_id(name, standing)
    request, _ = index.read(event, index.Progress(began=0.0))
    type_ = request.invocation_type
    if type_ != "RequestResponse":
        notes += (f"InvocationType is {type_}: a deployment does not wait for the result",)
    function = _function(settings["HandlerArn"], standing, name)
    by_id = {physical: logical for logical, physical in standing.physical_ids.items()}
    return Made(
        request=request._replace(
            payload=payload,
            expect=expect,
            old_payload=old,
            invocation_type="RequestResponse",
            unchanged=False,
        ),
        function=function,
        label=by_id.get(function) or function.rpartition(":function:")[2],
        notes=notes,
    )


def _expanded(template: Template, standing: Standing, asked: Asked) -> dict[str, Json]:
    constants = stacks.pseudo_parameters(standing.deployed.stack_id)
    setting = transforms.Setting(
        values=_values(template.values, standing, asked), region=constants["AWS::Region"]
    )
    return transforms.expanded(template, setting).template


def _values(template: Mapping[str, Json], standing: Standing, asked: Asked) -> dict[str, str]:
    """Settle the parameters, less those whose value is not known here.

    A deployed value with NoEcho is only asterisks, and one that names another in the parameter
    store stands for what only CloudFormation has looked up.
    """
    declared = section(template, "Parameters")
    deployed, looked_up = standing.deployed.values, standing.deployed.looked_up
    settled = parameters.settled(declared, asked.values, {**deployed, **looked_up})
    hidden = {
        name
        for name, one in declared.items()
        if (is_secret(one) and name in deployed.keys() - asked.values.keys())
        or (parameters.is_stored(one) and name not in looked_up.keys() - asked.values.keys())
    }
    return {name: value for name, value in settled.items() if name not in hidden}


def _side(template: dict[str, Json], standing: Standing, asked: Asked) -> StackState:
    """Put a template and a stack together: a `Ref` to a resource is its physical id."""
    told = standing.attributes()
    known = {name: {"Type": "String"} for name in standing.physical_ids}
    values = _values(template, standing, asked)
    return StackState(
        template={
            **_with_attributes(template, told),
            "Parameters": {**section(template, "Parameters"), **known},
        },
        values={**standing.physical_ids, **values},
        unknown_parameters={},
        pseudo_parameters=stacks.pseudo_parameters(standing.deployed.stack_id),
    )


def _with_attributes(value: Json, told: Mapping[tuple[str, str], str]) -> Any:
    match value:
        case dict():
            owner = _get_att(value)
            known = told.get(owner) if owner else None
            inner = {key: _with_attributes(item, told) for key, item in value.items()}
            return inner if known is None else known
        case list():
            return [_with_attributes(item, told) for item in value]
    return value


def _get_att(value: Json) -> tuple[str, str] | None:
    match value:
        case {"Fn::GetAtt": argument} if len(value) == 1:
            return name_and_attribute(argument)
    return None


def _settings(side: StackState, name: str) -> Mapping[str, Any]:
    if side.exists(name) is False:
        condition = side.resources[name]["Condition"]
        raise UsageError(f"{name}: its Condition {condition!r} is false in this stack")
    found: Mapping[str, Any] = side.properties(name)
    return found


def _assembled(settings: Mapping[str, Any], part: str) -> Any:
    return index.assembled(settings.get(part))


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("Payload", "Expect", "Fingerprint", "HandlerArn")
    return {name: value for name, value in settings.items() if name not in left_out}


def _old_payload(standing: Standing, asked: Asked) -> tuple[Any, tuple[str, ...]]:
    """Give the payload that is deployed, as an update tells it."""
    if asked.kind != "Update":
        return NOTHING, ()
    template = dict(standing.deployed.template)
    deployed = Asked(trigger=asked.trigger, kind=asked.kind, request_id="")
    side = _side(template, standing, deployed)
    payload = _assembled(side.properties(asked.trigger), "Payload")
    if unknown := [said for _, said in _open_parts(payload, "Payload")]:
        return NOTHING, (f"the event has no Old: {_listed(unknown)}",)
    return payload, ()


def _function(arn: Any, standing: Standing, trigger: str) -> str:
    match arn:
        case str():
            return arn
        case ResourceRef(name, _):
            return _physical_id(name, standing)
    said = _listed([said for _, said in _open_parts(arn, "Handler")])
    raise UsageError(f"{trigger}.Handler: {said} is known to CloudFormation alone")


def _physical_id(name: str, standing: Standing) -> str:
    found = standing.physical_ids.get(name)
    if not found:
        raise UsageError(f"stack {standing.name!r} has no {name!r}; deploy it first")
    return found


# ---- what is not known outside CloudFormation


def _overlaid(written: Any, given: Any) -> Any:
    """Put what is given over what is written: maps key by key, all else as a whole."""
    if given is NOTHING:
        return written
    if isinstance(written, dict) and isinstance(given, dict):
        over = {key: _overlaid(written.get(key, NOTHING), item) for key, item in given.items()}
        return {**written, **over}
    return given


def _all_known(parts: Mapping[str, Any], trigger: str) -> None:
    found = [one for name, part in parts.items() for one in _open_parts(part, name)]
    if found:
        places = _listed([f"{place}: {said}" for place, said in found])
        raise UsageError(f"{trigger}: not known outside CloudFormation: {places}; {_remedy(found)}")


def _remedy(found: list[tuple[str, str]]) -> str:
    if any(place.startswith("Expect") for place, _ in found):
        return "an output of the stack with this value would tell it"
    return "give --payload with a value in its place, or --parameter for one with NoEcho"


def _listed(said: list[str]) -> str:
    return ", ".join(said)


def _open_parts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _open_parts(item, f"{place}.{key}")
        case list():
            for at, item in enumerate(value):
                yield from _open_parts(item, f"{place}.{at}")
        case ResourceRef() | StackConstant() | KnownAtDeployment() | Secret() | PartialCall():
            yield place, _named(value)


def _named(value: Unknown) -> str:
    match value:
        case ResourceRef(name, attribute):
            return f"{name}.{attribute}" if attribute else repr(name)
        case StackConstant(said) | KnownAtDeployment(said):
            return said
        case Secret(name, _):
            return f"parameter {name!r}"
        case PartialCall(function, arguments):
            return " and ".join(map(_named, unknowns(arguments))) or function


def payload_given(text: str | None, read: Callable[[str], str]) -> Any:
    """Read `--payload`: JSON, or `@` and a file of it; raises UsageError for anything else."""
    if text is None:
        return NOTHING
    try:
        return json.loads(read(text[1:]) if text.startswith("@") else text)
    except ValueError as error:
        raise UsageError(f"--payload: takes JSON, or @ and a file of it ({error})") from error
