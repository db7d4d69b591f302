"""The provider's code in a template: as text, or compressed if the template would be too large.

Knows how large a template that is passed by body may be. Refuses to know what the code does. The
form follows from the template alone, and no fingerprint holds it: when it changes, nothing runs.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from macro.cloudformation import BODY_LIMIT
from macro.model import Json
from macro.names import PROVIDER

_FOLDER: Final = Path(__file__).parent.parent / "trigger_provider"

TEXT: Final = (_FOLDER / "embedded.py").read_text("utf-8")
"""The provider's code, which every template with triggers contains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
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
    """Yield the bytes of a template's sections, and of each resource, with their separators.

    The provider, which is the largest of all, comes first: few others have to be composed then.
    """
    resources = template["Resources"]
    yield _size((PROVIDER, resources[PROVIDER]))
    yield len(json.dumps("Resources")) + _PUNCTUATION
    yield from (_size(item) for item in resources.items() if item[0] != PROVIDER)
    yield from (_size(item) for item in template.items() if item[0] != "Resources")


def _size(item: tuple[str, Json]) -> int:
    return len(json.dumps(item)) - _LIST + _PUNCTUATION


_PUNCTUATION: Final = len(": , ")
"""Bytes of an item besides its key and value; the braces of a map count as its last comma."""

_LIST: Final = len("[, ]")
"""Bytes of an item besides its key and value where it is composed as a list."""


@functools.cache
def compressed() -> str:
    """Return code that unpacks the same program and runs it."""
    return (_FOLDER / "compressed.py").read_text("utf-8")
