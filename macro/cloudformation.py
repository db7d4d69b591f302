"""Templates of any shape: a map where one is hoped for, a type where there may be none.

Knows that an author's template can hold anything anywhere, which is CloudFormation's to refuse.
Refuses to know what is in it.
"""

from collections.abc import Mapping

from macro.model import Json


def as_map(value: Json) -> Mapping[str, Json]:
    """Give a map, an empty one where the value is none."""
    return value if isinstance(value, dict) else {}


def type_of(resource: Json) -> str:
    """Give the type of a resource, empty where it has none or is no resource."""
    what = as_map(resource).get("Type")
    return what if isinstance(what, str) else ""


def is_secret(parameter: Json) -> bool:
    """Tell whether a declared parameter has NoEcho, however that is written."""
    return str(as_map(parameter).get("NoEcho", "")).lower() == "true"
