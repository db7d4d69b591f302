"""The shorthand's spelling: from resources of a fragment to triggers, with every problem found.

Knows the two forms of a trigger and reads them as `shorthand` defines them. Refuses to know what a
trigger becomes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from macro.cloudformation import (
    FUNCTION_TYPES,
    INVOKE_CONFIG_TYPE,
    LOOP,
    Resources,
    as_map,
    section,
    type_of,
)
from macro.errors import EXPAND_LOOPS, Problem, nearest
from macro.model import ABSENT, METADATA_KEY, Deployment, Handler, Json, Settings, Trigger
from macro.names import function_id, metadata_trigger_id
from macro.readers import Fault, InvalidValueError, Lookup, field_name, is_shorthand, shown
from macro.sam_names import written_names
from macro.shorthand import NAME_THE_HANDLER, OF_METADATA, PROPERTIES, SETTINGS, Property

UNKNOWN: Final = Handler(arn="")
"""The handler of a trigger without a valid one."""

_WITH_SHORTHAND: Final = FUNCTION_TYPES | {INVOKE_CONFIG_TYPE}


def triggers(
    fragment: Mapping[str, Json], resources: Resources, deployment: Deployment
) -> tuple[tuple[Trigger, ...], tuple[Problem, ...]]:
    """Read every trigger of a fragment's resources, in their order, and every misspelling.

    A property that is wrong is treated as absent, so that the later stages can still look for
    problems in the rest; a handler that is wrong is `UNKNOWN`. A trigger that is not a map is left
    out.
    """
    parsed_triggers: list[Trigger] = []
    problems: list[Problem] = []
    if sources := tuple(_sources(resources)):
        template = Lookup(
            resources=resources,
            sam_names=written_names(resources),
            declared=section(fragment, "Parameters"),
            values=deployment.parameters,
            mappings=section(fragment, "Mappings"),
        )
        for source in sources:
            triggers_of_one, problems_of_one = _trigger(source, template)
            parsed_triggers += triggers_of_one
            problems += problems_of_one
    problems.extend(_looping(resources))
    return tuple(parsed_triggers), tuple(problems)


def settings(deployment: Deployment) -> tuple[Settings, tuple[Problem, ...]]:
    """Read the transform's own parameters, whose references CloudFormation has resolved."""
    nothing = Lookup(resources=Resources(), declared={}, values={})
    values, problems = _read(deployment.settings, SETTINGS, nothing, "Transform.Parameters")
    return Settings(**values), tuple(problems)


def without_shorthand(resources: Resources) -> Resources:
    """Return resources without the triggers in their metadata, which SAM copies to others."""
    return resources.replaced(
        {
            name: _without_shorthand(resource)
            for name, resource in resources.of_type(*_WITH_SHORTHAND).items()
            if METADATA_KEY in section(resource, "Metadata")
        }
    )


def _without_shorthand(resource: Mapping[str, Json]) -> dict[str, Json]:
    rest = {name: value for name, value in resource["Metadata"].items() if name != METADATA_KEY}
    kept = {name: value for name, value in resource.items() if name != "Metadata"}
    return kept | ({"Metadata": rest} if rest else {})


class _Source(NamedTuple):
    """Where a trigger is written, in one of its two forms."""

    logical_id: str
    place: str
    properties: Json
    attributes: Mapping[str, Json]
    function: str = ""


def _sources(resources: Mapping[str, Json]) -> Iterator[_Source]:
    for logical_id, resource in resources.items():
        metadata = section(resource, "Metadata")
        if is_shorthand(resource):
            rest = {k: v for k, v in resource.items() if k not in ("Type", "Properties")}
            yield _Source(
                logical_id=logical_id,
                place=logical_id,
                properties=resource.get("Properties"),
                attributes=rest,
            )
        elif METADATA_KEY in metadata and type_of(resource) in FUNCTION_TYPES:
            condition = resource.get("Condition")
            yield _Source(
                logical_id=metadata_trigger_id(logical_id),
                place=f"{logical_id}.Metadata.{METADATA_KEY}",
                properties=metadata[METADATA_KEY],
                attributes={"Condition": condition} if condition else {},
                function=logical_id,
            )


def _looping(resources: Mapping[str, Json]) -> Iterator[Problem]:
    for name, value in resources.items():
        if str(name).startswith(LOOP) and _holds_a_trigger(value):
            message = f"contains a trigger and is not expanded yet; {EXPAND_LOOPS}"
            yield Problem(str(name), message, kind="spelling")


def _holds_a_trigger(value: Json) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if is_shorthand(node):
            return True
        if isinstance(node, dict):
            if type_of(node) in FUNCTION_TYPES and METADATA_KEY in as_map(node.get("Metadata")):
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _trigger(source: _Source, template: Lookup) -> tuple[list[Trigger], list[Problem]]:
    """Return the trigger that a source describes, if it describes one, and its problems."""
    properties = {} if source.properties is None else source.properties
    if not isinstance(properties, dict):
        message = f"must be a map of properties, not {shown(properties)}"
        within = () if source.function else ("Properties",)
        return [], [Problem(source.place, message, within, "spelling")]
    known = OF_METADATA if source.function else PROPERTIES
    blank = () if source.function else ("ServiceToken",)  # otherwise it would not be a trigger
    written = {name: value for name, value in properties.items() if name not in blank}
    values, problems = _read(written, known, template, source.place)
    named = [name for name in NAME_THE_HANDLER if name in written and name in known]
    if len(named) > 1:
        message = "has both a Handler and a Function; keep one of them"
        problems.append(Problem(source.place, message, ("Properties", named[-1]), "spelling"))
    elif not (named or source.function or _names_it_wrongly(written)):
        message = "has no Handler; name the function to run"
        problems.append(Problem(source.place, message, kind="spelling"))
    if source.function:
        values["handler"] = _of(source.function)
    elif "function" in values:
        values["handler"] = _of(function_id(source.logical_id))
    trigger = Trigger(
        logical_id=source.logical_id,
        place=source.place,
        attributes=source.attributes,
        is_metadata=bool(source.function),
        **{"handler": UNKNOWN, **values},
    )
    return [trigger], problems


def _of(function: str) -> Handler:
    return Handler(arn={"Fn::GetAtt": [function, "Arn"]}, functions=(function,))


def _names_it_wrongly(written: Mapping[str, Json]) -> bool:
    """Return whether a misspelled property was meant to name the handler."""
    unknown = [str(name) for name in written if name not in PROPERTIES]
    return any(nearest(name, PROPERTIES) == nearest("Handler", ("Handler",)) for name in unknown)


def _read(
    properties: Mapping[str, Json],
    known_properties: Mapping[str, Property],
    template: Lookup,
    place: str,
) -> tuple[dict[str, Any], list[Problem]]:
    """Read properties by name; every property that is unknown or wrong is a problem."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in properties.items():
        if name not in known_properties:
            known_names = f"; known properties are {', '.join(known_properties)}"
            hint = nearest(str(name), known_properties) or known_names
            problems.append(Problem(f"{place}.{name}", f"unknown property{hint}", kind="spelling"))
            continue
        try:
            values[field_name(name)] = known_properties[name].accepts.read(value, template)
        except InvalidValueError as error:
            problems += [_of_fault(fault, f"{place}.{name}") for fault in error.faults]
            if error.accepted is not ABSENT:
                values[field_name(name)] = error.accepted
    return values, problems


def _of_fault(fault: Fault, place: str) -> Problem:
    place = f"{place}.{fault.part}" if fault.part else place
    return Problem(place, fault.message, fault.within, "spelling")
