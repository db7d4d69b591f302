"""What CloudFormation sends to a macro, and how it treats the response.

Knows the macro contract: how a template lists its transforms, the event of a macro's function,
which responses are valid, and CloudFormation's wording of each failure. Refuses to know where
templates come from, how a function is invoked, and everything about the emulator: these are pure
functions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
Template: TypeAlias = dict[str, JSON]

LIMIT_OF_A_BODY = 51_200
LIMIT_OF_AN_OBJECT = 1_000_000

_SCALARS = (str, int, float, bool)
_SSM_VALUE = "AWS::SSM::Parameter::Value<"


class TransformError(Exception):
    """A transform failed, which ends the deployment; the message is CloudFormation's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One entry of a template's transform list."""

    name: str
    parameters: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a macro: its event, apart from the fragment."""

    transform: Transform
    account: str
    region: str
    request_id: str
    values: Mapping[str, JSON]

    @property
    def transform_id(self) -> str:
        """The macro's name as CloudFormation writes it, `123456789012::Trigger`."""
        return f"{self.account}::{self.transform.name}"


def declared(template: Template) -> tuple[Transform, ...]:
    """List the transforms of a template in the order in which they run."""
    entries = template.get("Transform") or []
    return tuple(map(_transform, entries if isinstance(entries, list) else [entries]))


def _transform(entry: JSON) -> Transform:
    match entry:
        case str(name):
            return Transform(name=name, parameters={})
        case {"Name": str(name), "Parameters": dict(parameters)}:
            return Transform(name=name, parameters=parameters)
        case {"Name": str(name)}:
            return Transform(name=name, parameters={})
        case _:
            raise TransformError("Key Name of transform definition must be a string.")


def snippets(value: JSON) -> tuple[Transform, ...]:
    """List the macros in an object's `Fn::Transform`; AWS::Include is not a macro."""
    calls = value.get("Fn::Transform") if isinstance(value, dict) else None
    listed = declared({"Transform": calls}) if calls else ()
    return tuple(call for call in listed if call.name != "AWS::Include")


def has_transforms(template: Template) -> bool:
    """Return whether a template lists a transform, or calls a macro in one of its parts."""
    return bool(template.get("Transform")) or has_snippets(template)


def has_snippets(value: JSON) -> bool:
    """Return whether a macro is called anywhere in a part of a template."""
    match value:
        case dict():
            return bool(snippets(value)) or any(map(has_snippets, value.values()))
        case list():
            return any(map(has_snippets, value))
        case _:
            return False


def without_transforms(template: Template) -> Template:
    """Copy the template without its transform list, which no macro ever sees."""
    return {section: body for section, body in template.items() if section != "Transform"}


def parameter_values(template: Template, values: Mapping[str, str]) -> dict[str, JSON]:
    """Return the parameters' values as a macro receives them: list types as lists of strings."""
    definitions = template.get("Parameters")
    if not isinstance(definitions, dict):
        return {}
    return {
        name: _items(values[name]) if _is_list(definition) else values[name]
        for name, definition in definitions.items()
        if name in values
    }


def _is_list(definition: JSON) -> bool:
    kind = str(definition.get("Type")) if isinstance(definition, dict) else ""
    inner = kind.removeprefix(_SSM_VALUE)
    return inner.startswith(("CommaDelimitedList", "List<"))


def _items(text: str) -> list[JSON]:
    return [item.strip() for item in text.split(",")] if text else []


def event(call: Call, fragment: JSON) -> Template:
    """Build the event of a macro: these seven keys and no others.

    The fragment is a template without its transforms or, for a macro in `Fn::Transform`, the
    siblings of that key.
    """
    return {
        "region": call.region,
        "accountId": call.account,
        "fragment": fragment,
        "transformId": call.transform_id,
        "params": {
            name: _resolved(value, name=name, call=call)
            for name, value in call.transform.parameters.items()
        },
        "requestId": call.request_id,
        "templateParameterValues": dict(call.values),
    }


def _resolved(value: JSON, *, name: str, call: Call) -> JSON:
    match value:
        case {"Ref": str(parameter)} if parameter in call.values:
            return call.values[parameter]
        case list(items):
            return [_resolved(item, name=name, call=call) for item in items]
        case _ if isinstance(value, _SCALARS):
            return value
        case _:
            raise TransformError(
                f"The value of parameter {name} under transform {call.transform.name} must resolve"
                " to a string, number, boolean or a list of any of these."
            )


def judged(call: Call, template: Template, *, payload: bytes, raised: bool) -> Template:
    """Return the template in a macro's response; raises TransformError as CloudFormation would."""
    fragment = judged_snippet(call, payload=payload, raised=raised)
    if not isinstance(fragment, dict):
        raise TransformError("Template format error: unsupported structure.")
    if fragment.get("Parameters") != template.get("Parameters"):
        raise TransformError(
            f"Transform {call.transform_id} may not change the Parameters section."
        )
    return without_transforms(fragment)


def judged_snippet(call: Call, *, payload: bytes, raised: bool) -> JSON:
    """Return the fragment in a macro's response, which may be any JSON, as `judged` does."""
    response = {} if raised else _object(payload)
    status = response.get("status")
    if response.get("requestId") != call.request_id or not isinstance(status, str):
        raise TransformError(f"Received malformed response from transform {call.transform_id}.")
    if status.lower() != "success":
        raise TransformError(_failure(call, response.get("errorMessage")))
    return response.get("fragment")


def _object(payload: bytes) -> Template:
    try:
        response = json.loads(payload)
    except ValueError:
        return {}
    return response if isinstance(response, dict) else {}


def _failure(call: Call, message: JSON) -> str:
    if message is None:
        return f"Transform {call.transform_id} failed without an error message."
    return f"Transform {call.transform_id} failed with: {message}."


def within(template: Template, *, limit: int) -> Template:
    """Return an expanded template; raises TransformError if it is longer than `limit` bytes."""
    if len(json.dumps(template, separators=(",", ":")).encode()) > limit:
        raise TransformError("Transformation data limit exceeded")
    return template


def unknown(name: str) -> TransformError:
    """Return the error for a transform that this account and region do not have."""
    return TransformError(f"No transform named {name} found.")
