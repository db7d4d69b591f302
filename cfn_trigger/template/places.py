"""From the place that a message of the macro names to the path in the template.

Knows how places are written. Refuses to know what is wrong there.
"""

from collections.abc import Iterator, Mapping, Sequence

from cfn_trigger.template.source import TemplatePath
from macro.cloudformation import as_map
from macro.model import METADATA_KEY, TRANSFORM, Json


def path(place: str, template: Mapping[str, Json], macro_name: str = TRANSFORM) -> TemplatePath:
    """Return the keys and indexes from a template's root to the place that a message names.

    `template` is as its author wrote it, with its Transform. A path ends before the first part of
    the place that the template does not have. A resource that only the macro creates has the path
    of all resources.
    """
    for candidate in _candidates(place, template, macro_name):
        existing = _existing_part(candidate, template)
        if len(existing) > 1 or existing == ("Transform",):
            return existing
    return ("Resources",)


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
    owners = [name for name in resources if f"{place}.".startswith(f"{name}.")]
    for owner in sorted(owners, key=len, reverse=True):
        match place.removeprefix(owner).removeprefix(".").split(".", 2):
            case "Metadata", key, *rest if key == METADATA_KEY:
                names = [name for part in rest for name in _names(part)]
                yield ("Resources", owner, "Metadata", METADATA_KEY, *names)
            case [""]:
                yield ("Resources", owner)
            case ["Condition"]:
                yield ("Resources", owner, "Condition")
            case _:
                yield ("Resources", owner, "Properties", *_names(place[len(owner) + 1 :]))
    yield ("Conditions", place)


def _names(property_path: str) -> list[str]:
    """Return the keys to a property, or to a part of one; unknown properties may hold dots."""
    owner, dot, rest = property_path.partition(".")
    return [owner, *([rest] if dot else [])] if owner == "OnRollback" else [property_path]


def _index_of_ours(template: Mapping[str, Json], macro_name: str) -> tuple[int, ...]:
    """Return the index of our transform; empty if there is no list of them, or not ours in it."""
    names = [name_of(entry) for entry in transforms(template)]
    is_list = isinstance(template.get("Transform"), list)
    return (names.index(macro_name),) if is_list and macro_name in names else ()


def _existing_part(path: Sequence[str | int], template: Json) -> TemplatePath:
    node = template
    for depth, key in enumerate(path):
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return tuple(path[:depth])
    return tuple(path)
