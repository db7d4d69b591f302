"""The provider's code in a template: as text, or compressed where a template would be too large.

Knows how large a template that is passed by body may be. Refuses to know what the code does. The
form follows from the template alone, and no fingerprint holds it: when it changes, nothing runs.
"""

import base64
import functools
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from macro.cloudformation import BODY_LIMIT
from macro.model import Json
from macro.names import PROVIDER

TEXT: Final = (Path(__file__).parent.parent / "trigger_provider" / "embedded.py").read_text("utf-8")
"""The provider's code, which every template with triggers holds."""

_LOADER: Final = """\
# The provider of cfn-trigger, compressed for a large template: trigger_provider/embedded.py
import base64,linecache,zlib
TEXT=zlib.decompress(base64.b85decode('{code}')).decode()
linecache.cache['embedded.py']=len(TEXT),None,TEXT.splitlines(True),'embedded.py'
exec(compile(TEXT,'embedded.py','exec'))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A template that holds the provider's code, its bytes as JSON, and the form of the code."""

    template: Mapping[str, Json]
    size: int
    is_compressed: bool = False


def embed(template: Mapping[str, Json]) -> Embedded:
    """Keep the code of a template as text if the whole fits a body, and compress it otherwise."""
    size = len(json.dumps(template))
    if size <= BODY_LIMIT:
        return Embedded(template=template, size=size)
    resources = template["Resources"]
    provider = resources[PROVIDER]
    properties = provider["Properties"] | {"Code": {"ZipFile": compressed()}}
    smaller = {**resources, PROVIDER: provider | {"Properties": properties}}
    saved = len(json.dumps(TEXT)) - len(json.dumps(compressed()))
    return Embedded(
        template={**template, "Resources": smaller}, size=size - saved, is_compressed=True
    )


@functools.cache
def compressed() -> str:
    """Return code that unpacks the text and runs it, with the lines that a traceback shows."""
    return _LOADER.format(code=base64.b85encode(zlib.compress(TEXT.encode(), 9)).decode())
