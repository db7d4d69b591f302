"""From the place that a message of the macro names to the path in the template.

Knows how places are written, and where an author wrote what SAM and loops generate. Refuses to know
what is wrong there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cfn_trigger.template.source import TemplatePath
from macro.cloudformation import SERVERLESS, as_map, section, type_of
from macro.errors import Problem, Selecting
from macro.model import METADATA_KEY, TRANSFORM, Json

_LOOP: Final = "Fn::ForEach::"
_VARIABLE: Final = re.compile(r"[$&]\\?\{[^}]*\\?\}")

_WRITTEN_FOR_SAM: Final[Mapping[str, tuple[str, ...]]] = {
    "Code": ("CodeUri", "InlineCode", "ImageUri"),
    "Content": ("ContentUri",),
    "DeadLetterConfig": ("DeadLetterQueue",),
    "TracingConfig": ("Tracing",),
}
"""The properties of SAM's resources that become a property of AWS's."""


def path_of(
    problem: Problem, template: Mapping[str, Json], macro_name: str = TRANSFORM
) -> TemplatePath:
    """Return the keys and indexes from a template's root to the part that a problem is about."""
    for candidate in _candidates(problem.place, template, macro_name):
        existing = _existing_part(candidate, template)
        if existing == candidate:
            return (*existing, *_existing_steps(problem, _at(existing, template)))
        if len(existing) > 1 or existing == ("Transform",):
            return existing
    return ("Resources",)


def path(place: str, template: Mapping[str, Json], macro_name: str = TRANSFORM) -> TemplatePath:
    """Return the keys and indexes from a template's root to the place that a message names.

    `template` is as its author wrote it, with its Transform. A path ends before the first part of
    the place that the template does not have. A resource that only the macro creates has the path
    of all resources.
    """
    return path_of(Problem(place, ""), template, macro_name)


def written_path(path: TemplatePath, template: Mapping[str, Json]) -> TemplatePath:
    """Return where an author wrote what is at a path in a template that SAM has transformed."""
    match path:
        case ["Resources", str(owner), "Properties", str(name), *rest]:
            resource = section(template, "Resources").get(owner)
            kind = type_of(resource)
            if kind.startswith(SERVERLESS) and name not in section(resource, "Properties"):
                written = _written_for_sam(kind, name, ("Resources", owner), template)
                return next(((*each, *rest) for each in written), path)
    return path


def transforms(template: Mapping[str, Json]) -> list[Json]:
    """Return the entries of a template's Transform, which may be one or a list."""
    entries = template.get("Transform") or []
    return entries if isinstance(entries, list) else [entries]


def name_of(transform: Json) -> Json:
    """Return the name of a transform, which is a string, or a map of a name and parameters."""
    return as_map(transform).get("Name", transform)


def _candidates(
    place: str, template: Mapping[str, Json], macro_name: str
) -> Iterator[TemplatePath]:
    match place.split(".", 2):
        case "Transform", "Parameters", *rest:
            yield ("Transform", *_index_of_ours(template, macro_name), "Parameters", *rest)
        case ["Transform"]:
            yield ("Transform", *_index_of_ours(template, macro_name))
    resources = as_map(template.get("Resources"))
    owners = [*_owners(place, resources, ("Resources",))]
    for name, owner, resource in sorted(owners, key=lambda each: len(each[0]), reverse=True):
        match place.removeprefix(name).removeprefix(".").split(".", 2):
            case "Metadata", key, *rest if key == METADATA_KEY:
                names = [name for part in rest for name in _names(part)]
                yield (*owner, "Metadata", METADATA_KEY, *names)
            case [""]:
                yield owner
            case ["Condition"]:
                yield (*owner, "Condition")
            case _:
                properties = as_map(as_map(resource).get("Properties"))
                kind, written = type_of(resource), place[len(name) + 1 :]
                if written not in properties and kind.startswith(SERVERLESS):
                    yield from _written_for_sam(kind, written, owner, template)
                yield (*owner, "Properties", *_names(written))
    yield ("Conditions", place)


def _names(property_path: str) -> list[str]:
    """Return the keys to a property, or to a part of one; unknown properties may hold dots."""
    owner, dot, rest = property_path.partition(".")
    return [owner, *([rest] if dot else [])] if owner == "OnRollback" else [property_path]


def _owners(
    place: str, resources: Mapping[str, Json], parent: TemplatePath
) -> Iterator[tuple[str, TemplatePath, Json]]:
    """Yield the resources that a place may be in: the name there, the path, and the definition."""
    for name, resource in resources.items():
        match resource:
            case [_, _, dict() as body] if name.startswith(_LOOP):
                yield from _owners(place, body, (*parent, name, 2))
        if f"{place}.".startswith(f"{name}."):
            yield name, (*parent, name), resource
        elif len(parent) > 1 and (repeated := re.match(_repeated(name), place)):
            yield repeated[1], (*parent, name), resource


def _repeated(name: str) -> str:
    """Return a pattern of the places in the resources that a loop makes of a name."""
    parts = [re.escape(part) for part in _VARIABLE.split(name)]
    return rf"({'[^.]*?'.join(parts)})(?:\.|$)"


def _written_for_sam(
    kind: str, name: str, owner: TemplatePath, template: Mapping[str, Json]
) -> Iterator[TemplatePath]:
    """Yield where a property of what SAM makes may be written: there, or for all of its type."""
    shared = ("Globals", kind.removeprefix(SERVERLESS))
    for written in (name, *_WRITTEN_FOR_SAM.get(name, ())):
        for candidate in ((*owner, "Properties", written), (*shared, written)):
            if _existing_part(candidate, template) == candidate:
                yield candidate


def _index_of_ours(template: Mapping[str, Json], macro_name: str) -> tuple[int, ...]:
    """Return the index of our transform; empty if the Transform is not a list that contains it."""
    names = [name_of(entry) for entry in transforms(template)]
    is_list = isinstance(template.get("Transform"), list)
    return (names.index(macro_name),) if is_list and macro_name in names else ()


def _existing_part(path: TemplatePath, template: Json) -> TemplatePath:
    node = template
    for depth, key in enumerate(path):
        if not _has(node, key):
            return path[:depth]
        node = node[key]
    return path


def _has(node: Json, key: str | int) -> bool:
    match node:
        case dict():
            return key in node
        case list():
            return isinstance(key, int) and key < len(node)
    return False


def _at(path: TemplatePath, node: Json) -> Json:
    for key in path:
        node = node[key]
    return node


def _existing_steps(problem: Problem, value: Json) -> Iterator[str | int]:
    """Yield the keys and indexes within the place of a problem, as far as the value has them."""
    for step in problem.within:
        key = _selecting(step.selector, value) if isinstance(step, Selecting) else step
        if key is None or not _has(value, key):
            return
        yield key
        value = value[key]


def _selecting(selector: str, value: Json) -> int | None:
    """Return the index of the item of a list that means a selector."""
    items = value if isinstance(value, list) else []
    return next((index for index, item in enumerate(items) if _meant(item) == selector), None)


def _meant(item: Json) -> Json:
    match item:
        case {"Ref": inner} | {"Fn::Sub": inner} if len(item) == 1:
            return _meant(inner)
    return item
