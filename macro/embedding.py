"""The provider's code in a template: as text, or compressed if the template would be too large.

Knows how large a template that is passed by body may be. Refuses to know what the code does. The
form follows from the template alone, and no fingerprint holds it: when it changes, nothing runs.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from itertools import accumulate, islice
from typing import Final, NamedTuple

from macro.cloudformation import BODY_LIMIT
from macro.model import Json
from macro.names import PROVIDER


def _text_of(name: str) -> str:
    """Return a file of the provider, without pathlib: its import takes 5 % of a cold start."""
    folder = __file__.rpartition("macro")[0] + "trigger_provider"
    with open(f"{folder}/{name}", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


TEXT: Final = _text_of("embedded.py")
"""The provider's code, which every template with triggers contains."""


class Embedded(NamedTuple):
    """A template that holds the provider's code, and the form of the code."""

    template: Mapping[str, Json]
    is_compressed: bool = False


def embed(template: Mapping[str, Json]) -> Embedded:
    """Keep the code of a template as text if the template fits a body; compress it otherwise."""
    if not _is_larger(template, than=BODY_LIMIT):
        return Embedded(template=template)
    resources = template["Resources"]
    provider = resources[PROVIDER]
    properties = provider["Properties"] | {"Code": {"ZipFile": compressed()}}
    smaller = {**resources, PROVIDER: provider | {"Properties": properties}}
    return Embedded(template={**template, "Resources": smaller}, is_compressed=True)


def _is_larger(template: Mapping[str, Json], *, than: int) -> bool:
    """Return whether a template has more bytes as JSON, without composing more than necessary."""
    return any(size > than for size in accumulate(_sizes(template)))


def _sizes(template: Mapping[str, Json]) -> Iterator[int]:
    """Yield the bytes of a template's sections, and of its resources, with their separators.

    The provider, which is the largest of all, comes first: few others have to be composed then.
    The braces of a map count as its last comma.
    """
    resources = dict(template["Resources"])
    yield _size({PROVIDER: resources.pop(PROVIDER)})
    yield _size({"Resources": {}}) - len("{}")
    rest = iter(resources.items())
    while some := dict(islice(rest, _AT_ONCE)):
        yield _size(some)
    if others := {name: item for name, item in template.items() if name != "Resources"}:
        yield _size(others)


_AT_ONCE: Final = 16
"""Resources that are composed together, since each time has a cost of its own."""


def _size(part: Mapping[str, Json]) -> int:
    return len(json.dumps(part))


@functools.cache
def compressed() -> str:
    """Return code that unpacks the same program and runs it."""
    return _text_of("compressed.py")
