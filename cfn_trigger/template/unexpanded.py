"""What an author wrote for the macro and the macro never receives, so that nothing expands it.

Knows the three names that lead to the macro: its own in the Transform, the type of a trigger, and
the key in a function's Metadata. Refuses to know what the macro thinks of a trigger.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cfn_trigger.template.places import name_of, transforms
from cfn_trigger.template.source import TemplatePath
from macro.cloudformation import FUNCTION_TYPES, as_map, properties_of, section, type_of
from macro.errors import Problem
from macro.expand import NOT_A_TEMPLATE
from macro.model import METADATA_KEY, TRANSFORM, TRIGGER_TYPE, Json
from macro.readers import is_shorthand
from macro.shorthand import PROPERTIES

# Theory of operation
#
# A wrong name is no error to CloudFormation's transforms: each takes what it knows and leaves the
# rest. So a forgotten macro, or a misspelled type, would look like a template without triggers.
#
# A name counts as a misspelling only if it cannot mean anything else. A custom resource without
# ServiceToken cannot be created, so its type is free to be compared; a key in Metadata is anyone's,
# so its value must be a trigger too; a macro of another name may exist, so it is compared only in a
# template with triggers that has no other macro for them.

_AWS: Final = "AWS::"
_SIMILAR: Final = 0.7
"""How alike two names are at least, from 0 to 1, if one is a misspelling of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexpanded:
    """A part of a template that nothing expands: its path, and the problem with it."""

    path: TemplatePath
    problem: Problem


def unexpanded(template: Mapping[str, Json], macro_name: str = TRANSFORM) -> tuple[Unexpanded, ...]:
    """Return what no transform of a template expands, or calls by a wrong name.

    `template` has its Transform. `macro_name` is the name of the macro in the author's account.
    """
    in_resources = (*_misspelled(template),)
    in_snippets = (*_snippets(template, macro_name),)
    if macro_name in map(name_of, transforms(template)):
        return (*in_snippets, *in_resources)
    triggers = tuple(_triggers(section(template, "Resources"), ("Resources",)))
    if not (triggers or in_resources):
        return in_snippets
    misnamed = tuple(_misnamed_macros(template, macro_name))
    return (*in_snippets, *misnamed, *in_resources) + (
        () if misnamed else tuple(_untransformed(triggers, macro_name))
    )


def has_macro_of_another_name(template: Mapping[str, Json], macro_name: str = TRANSFORM) -> bool:
    """Return whether a template lists no macro of this name, but others, which may be the one."""
    names = [*map(name_of, transforms(template))]
    return macro_name not in names and any(map(_is_macro, names))


def _is_macro(name: Json) -> bool:
    return isinstance(name, str) and not name.startswith(_AWS)


def _misnamed_macros(template: Mapping[str, Json], macro_name: str) -> Iterator[Unexpanded]:
    """Yield the entries of the Transform whose names are nearly the macro's."""
    is_list = isinstance(template.get("Transform"), list)
    for index, entry in enumerate(transforms(template)):
        name = name_of(entry)
        if _is_macro(name) and _is_similar(name, macro_name):
            path = ("Transform", index) if is_list else ("Transform",)
            message = f"{name!r} expands no triggers; did you mean {macro_name!r}?"
            yield Unexpanded(path=path, problem=Problem("Transform", message))
    if "Transform" not in template:
        for key in template:
            if _is_similar(key, "Transform"):
                message = "is not a section of a template; did you mean 'Transform'?"
                yield Unexpanded(path=(key,), problem=Problem(key, message))


def _untransformed(
    triggers: Iterable[tuple[str, TemplatePath]], macro_name: str
) -> Iterator[Unexpanded]:
    for place, path in triggers:
        message = f"is a trigger, and no transform expands it; add {macro_name} to the Transform"
        yield Unexpanded(path=path, problem=Problem(place, message))


def _triggers(
    resources: Mapping[str, Json], path: TemplatePath
) -> Iterator[tuple[str, TemplatePath]]:
    """Yield the place and the path of each trigger, those in loops included."""
    for name, where, resource in _resources(resources, path):
        if is_shorthand(resource):
            yield name, (*where, "Type")
        elif type_of(resource) in FUNCTION_TYPES and _is_trigger(_metadata(resource, METADATA_KEY)):
            yield f"{name}.Metadata.{METADATA_KEY}", (*where, "Metadata", METADATA_KEY)


def _resources(
    resources: Mapping[str, Json], path: TemplatePath
) -> Iterator[tuple[str, TemplatePath, Json]]:
    """Yield the logical id, the path and the definition of each resource, those in loops too."""
    for name, resource in resources.items():
        match resource:
            case [_, _, dict() as body] if name.startswith("Fn::ForEach::"):
                yield from _resources(body, (*path, name, 2))
            case dict():
                yield name, (*path, name), resource


def _misspelled(template: Mapping[str, Json]) -> Iterator[Unexpanded]:
    """Yield the resources whose type, or key in Metadata, is nearly that of a trigger."""
    for name, path, resource in _resources(section(template, "Resources"), ("Resources",)):
        if _misspells_the_type(resource):
            message = f"unknown type {type_of(resource)!r}; did you mean {TRIGGER_TYPE!r}?"
            yield Unexpanded(path=(*path, "Type"), problem=Problem(name, message))
        if type_of(resource) not in FUNCTION_TYPES:
            continue
        for key, value in section(resource, "Metadata").items():
            if key != METADATA_KEY and _is_similar(key, METADATA_KEY) and _is_trigger(value):
                place = f"{name}.Metadata.{key}"
                message = f"is not read by the macro; did you mean {METADATA_KEY!r}?"
                yield Unexpanded(path=(*path, "Metadata", key), problem=Problem(place, message))


def _misspells_the_type(resource: Json) -> bool:
    """Return whether a resource can only be meant as a trigger, and has another type."""
    namespace, _, name = type_of(resource).rpartition(":")
    is_custom = namespace.lower().rstrip(":") in ("custom", "")
    has_token = bool(properties_of(resource).get("ServiceToken"))
    is_trigger = type_of(resource) == TRIGGER_TYPE
    return is_custom and not (has_token or is_trigger) and _is_similar(name, "Trigger")


def _metadata(resource: Json, key: str) -> Json:
    return section(resource, "Metadata").get(key)


def _is_trigger(value: Json) -> bool:
    """Return whether a value in Metadata holds properties of triggers, and nothing else."""
    return isinstance(value, dict) and value.keys() <= PROPERTIES.keys()


def _is_similar(name: str, known: str) -> bool:
    return bool(difflib.get_close_matches(name.lower(), [known.lower()], n=1, cutoff=_SIMILAR))


def _snippets(template: Json, macro_name: str, path: TemplatePath = ()) -> Iterator[Unexpanded]:
    """Yield the parts of a template that are passed to the macro, which accepts only whole ones."""
    match template:
        case dict():
            if as_map(template.get("Fn::Transform")).get("Name") == macro_name:
                yield Unexpanded(path=(*path, "Fn::Transform"), problem=NOT_A_TEMPLATE)
            for key, item in template.items():
                yield from _snippets(item, macro_name, (*path, key))
        case list():
            for index, item in enumerate(template):
                yield from _snippets(item, macro_name, (*path, index))
