"""Where a problem is: from the place that a message names to the path in the template.

Knows how places are written. Refuses to know what is wrong there. No stage of the macro needs it;
linters and people's tools do.
"""

from collections.abc import Iterator, Mapping, Sequence

from macro.cloudformation import as_map
from macro.model import METADATA_KEY, TRANSFORM, Json

Path = tuple[str | int, ...]


def path(place: str, template: Mapping[str, Json]) -> Path:
    """Give the keys and indexes from a template's root to the place that a message names.

    All of them are in the template, which is as it was written, with its Transform: where a part
    of the place is not, the path ends before it. What is only made for triggers is nowhere; its
    path is that of the resources.
    """
    for wanted in _candidates(place, template):
        if len(found := _as_deep_as_it_goes(wanted, template)) > 1:
            return found
    return ("Resources",)


def transforms(template: Mapping[str, Json]) -> list[Json]:
    """Give a template's transforms, as a list however they are written."""
    written = template.get("Transform", [])
    return written if isinstance(written, list) else [written]


def name_of(transform: Json) -> Json:
    """Give the name of a transform, which may stand beside its parameters."""
    return as_map(transform).get("Name", transform)


def _candidates(place: str, template: Mapping[str, Json]) -> Iterator[Path]:
    match place.split(".", 2):
        case "Transform", "Parameters", *rest:
            yield ("Transform", *_turn(template), "Parameters", *rest)
    resources = as_map(template.get("Resources"))
    owners = [name for name in resources if f"{place}.".startswith(f"{name}.")]
    for owner in sorted(owners, key=len, reverse=True):
        match place.removeprefix(owner).removeprefix(".").split(".", 2):
            case "Metadata", key, *rest if key == METADATA_KEY:
                yield ("Resources", owner, "Metadata", METADATA_KEY, *rest)
            case [""]:
                yield ("Resources", owner)
            case _:
                yield ("Resources", owner, "Properties", place[len(owner) + 1 :])
    yield ("Conditions", place)


def _turn(template: Mapping[str, Json]) -> tuple[int, ...]:
    """Give our index among the transforms; none where there is no list of them, or none of ours."""
    names = [name_of(one) for one in transforms(template)]
    is_list = isinstance(template.get("Transform"), list)
    return (names.index(TRANSFORM),) if is_list and TRANSFORM in names else ()


def _as_deep_as_it_goes(wanted: Sequence[str | int], template: Json) -> Path:
    node = template
    for depth, key in enumerate(wanted):
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return tuple(wanted[:depth])
    return tuple(wanted)
