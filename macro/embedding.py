"""The provider's code: as text in a template, compressed where it is too large, or in a layer.

Knows how large a template that is passed in a request may be. Refuses to know what the code does,
and who publishes the layer. No fingerprint contains the form: when it changes, nothing runs.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from itertools import accumulate, islice
from typing import Final

from macro.cloudformation import BODY_LIMIT
from macro.model import Json
from macro.names import PROVIDER


def _text_of(name: str) -> str:
    """Return a file of the provider, without pathlib: its import takes 5 % of a cold start."""
    folder = __file__.rpartition("macro")[0] + "trigger_provider"
    with open(f"{folder}/{name}", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


TEXT: Final = _text_of("embedded.py")
"""The provider's code as text, for templates that are small enough to be passed in a request."""


IMPORT: Final = """\
# The provider of cfn-trigger is in this function's layer: /opt/python/trigger_provider
from trigger_provider.index import handler
"""
"""The code of a provider whose program is in a layer. All versions have what it imports."""


def embed(template: Mapping[str, Json], layer: str = "") -> Mapping[str, Json]:
    """Return a template with the provider's code in the form that fits it.

    If `layer` is the ARN of a layer with the code, the template only imports it. Otherwise it
    contains the code: as text if it then fits into a request, compressed if not.
    """
    if layer:
        return _with_code(template, IMPORT, Layers=[layer])
    if _is_larger(template, than=BODY_LIMIT):
        return _with_code(template, compressed())
    return template


def _with_code(template: Mapping[str, Json], code: str, **properties: Json) -> Mapping[str, Json]:
    resources = template["Resources"]
    provider = resources[PROVIDER]
    changed = provider["Properties"] | {"Code": {"ZipFile": code}, **properties}
    smaller = {**resources, PROVIDER: provider | {"Properties": changed}}
    return {**template, "Resources": smaller}


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
