"""The triggers of an expanded template, and the functions that they run.

Knows how a trigger differs from other custom resources. Refuses to know what a deployment does
with it.
"""

from collections.abc import Mapping

from macro.canonical import Canon
from macro.cloudformation import (
    ALIAS_TYPE,
    VERSION_TYPE,
    Resources,
    as_map,
    properties_of,
    section,
    type_of,
)
from macro.functions import Functions
from macro.model import TRIGGER_TYPE, Json
from macro.names import PROVIDER
from macro.versions import served_by, served_by_alias, versions_within


def triggers(template: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Return the properties of the triggers, by logical id.

    What undoes a trigger is none, nor are the parts of one of hours, which its `Previous` names.
    """
    token = {"Fn::GetAtt": [PROVIDER, "Arn"]}
    custom_resources = {
        name: as_map(as_map(resource).get("Properties"))
        for name, resource in section(template, "Resources").items()
        if type_of(resource) == TRIGGER_TYPE
    }
    return {
        name: {key: value for key, value in properties.items() if key != "Previous"}
        for name, properties in custom_resources.items()
        if properties.get("ServiceToken") == token and not properties.keys() & {"Undo", "PartOf"}
    }


def undo_of(trigger: str, template: Mapping[str, Json]) -> str:
    """Return the logical id of what undoes a trigger's runs, empty if nothing does."""
    resource = section(template, "Resources").get(trigger)
    return str(properties_of(resource).get("UndoneBy", ""))


def undoing_functions(trigger: str, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the functions that undo a trigger's runs, by logical id; one outside has no name."""
    undo = undo_of(trigger, template)
    if not undo:
        return ()
    return functions_of(undo, template) or ("a function outside the template",)


def handler_arn(template: Mapping[str, Json], trigger: str) -> Json:
    """Return the ARN of a trigger's handler as the template writes it; None if it has none."""
    resource = as_map(section(template, "Resources").get(trigger))
    return as_map(resource.get("Properties")).get("HandlerArn")


def functions(template: Mapping[str, Json], arn: Json) -> tuple[str, ...]:
    """Return the logical ids of the functions that a `HandlerArn` may refer to."""
    return _functions_in(template).meant_by(arn).functions


def functions_of(trigger: str, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the logical ids of the functions that a trigger runs."""
    return functions(template, handler_arn(template, trigger))


def served_of(trigger: str, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the logical ids of what a trigger's handler names: functions, aliases and versions."""
    return served_by(handler_arn(template, trigger), _functions_in(template))


def published_entries(trigger: str, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the entries of a trigger's fingerprint that say which version of the template it runs.

    An alias that serves a version outside the template is not among them.
    """
    resources = section(template, "Resources")
    entries: dict[str, None] = {}
    for name in served_of(trigger, template):
        kind = type_of(resources[name])
        if kind == VERSION_TYPE:
            entries["Version"] = None
        elif kind == ALIAS_TYPE and versions_within(served_by_alias(resources[name]), resources):
            entries["Alias"] = None
    return tuple(entries)


def functions_behind(name: str, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the logical ids of the functions that an alias or a version is of."""
    return functions(template, {"Ref": name})


def _functions_in(template: Mapping[str, Json]) -> Functions:
    return Functions(Canon(resources=Resources(section(template, "Resources"))))
