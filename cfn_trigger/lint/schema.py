"""The shorthand as JSON Schemas, for the language servers of editors.

Knows JSON Schema (draft 7, which they all speak). Refuses to know any property: `macro.shorthand`
does. A schema sees spelling and types; names and order are checked by the macro alone.

YAML's language server ignores short tags: it reads `!Ref Seconds` as the string "Seconds". A schema
for it has to accept strings and lists wherever a function may be.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from macro.cloudformation import FUNCTION_TYPES
from macro.model import METADATA_KEY, TRANSFORM, TRIGGER_TYPE, OnRollback, Retry, Settings, Trigger
from macro.shorthand import (
    NAME_THE_HANDLER,
    OF_METADATA,
    ON_ROLLBACK,
    PROPERTIES,
    RETRY,
    SETTINGS,
    Model,
    Property,
    default,
)

Schema = dict[str, Any]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_BLANK: Final[Schema] = {"type": "string", "pattern": r"^\s*$"}

_ONE: Final[Schema] = {"type": "object", "minProperties": 1, "maxProperties": 1}
_LONG: Final[Schema] = {
    "Parameter": _ONE | {"properties": {"Ref": {"type": "string"}}, "required": ["Ref"]},
    "Intrinsic": _ONE | {"propertyNames": {"pattern": "^(Ref|Fn::.+)$"}},
}
_TAGGED: Final[Schema] = {
    "Parameter": {"anyOf": [_LONG["Parameter"], {"type": "string", "pattern": r"^[A-Za-z]\w*$"}]},
    "Intrinsic": {"anyOf": [_LONG["Intrinsic"], {"type": ["string", "array"]}]},
}


def trigger() -> Schema:
    """Return the schema of a `Custom::Trigger`'s Properties."""
    titled = {"$schema": _DRAFT, "title": f"The Properties of a {TRIGGER_TYPE}"}
    return titled | _resource() | {"definitions": _shared(_LONG)}


def template(*, in_yaml: bool) -> Schema:
    """Return the schema of a template with triggers, to be combined with one of CloudFormation.

    In YAML, functions may be written as tags.
    """
    return {
        "$schema": _DRAFT,
        "title": "The triggers of a CloudFormation template",
        "type": "object",
        "properties": {
            "Transform": {
                "if": {"type": "array"},
                "then": {"items": _ref("Transform")},
                "else": _ref("Transform"),
            },
            "Resources": {"type": "object", "additionalProperties": _ref("Resource")},
        },
        "definitions": {
            "Resource": {"allOf": [_trigger_in_a_resource(), _trigger_in_metadata()]},
            "Transform": _transform(),
            "Trigger": _resource(),
            "MetadataTrigger": _map(OF_METADATA, Trigger),
            "Settings": _map(SETTINGS, Settings),
            **_shared(_LONG | _TAGGED if in_yaml else _LONG),
        },
    }


def _trigger_in_a_resource() -> Schema:
    """Return the schema of a trigger, which has no ServiceToken or a blank one."""
    return _where(
        {"Type": {"const": TRIGGER_TYPE}, "Properties": {"properties": {"ServiceToken": _BLANK}}},
        holds={"properties": {"Properties": _ref("Trigger")}, "required": ["Properties"]},
        required=["Type"],
    )


def _trigger_in_metadata() -> Schema:
    return _where(
        {"Type": {"enum": sorted(FUNCTION_TYPES)}},
        holds={"properties": {"Metadata": {"properties": {METADATA_KEY: _ref("MetadataTrigger")}}}},
        required=["Type"],
    )


def _transform() -> Schema:
    return _where(
        {"Name": {"const": TRANSFORM}},
        holds={"properties": {"Parameters": _ref("Settings")}},
        required=["Name"],
    )


def _where(properties: Schema, *, holds: Schema, required: Iterable[str]) -> Schema:
    subject = {"type": "object", "properties": properties, "required": [*required]}
    return {"if": subject, "then": holds}


def _resource() -> Schema:
    known = _map(PROPERTIES, Trigger)
    known["properties"]["ServiceToken"] = _BLANK
    return known | {"oneOf": [{"required": [name]} for name in NAME_THE_HANDLER]}


def _shared(functions: Schema) -> Schema:
    """Return the definitions that the schemas of readers refer to."""
    undo = _map(ON_ROLLBACK, OnRollback) | {"required": ["Handler"]}
    return {"Retry": _map(RETRY, Retry), "OnRollback": undo, **functions}


def _map(known: Mapping[str, Property], model: Model) -> Schema:
    return {
        "type": "object",
        "properties": {name: _property(name, item, model) for name, item in known.items()},
        "additionalProperties": False,
    }


def _property(name: str, known: Property, model: Model) -> Schema:
    description = {"description": f"{known.summary} Value: {known.accepts.words}."}
    value = default(model, name)
    by_default = {} if value is None else {"default": value}
    return description | by_default | _beside(known.accepts.schema)


def _beside(schema: Schema) -> Schema:
    """Wrap a reference, since draft 7 ignores keywords next to one."""
    return {"allOf": [schema]} if "$ref" in schema else schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
