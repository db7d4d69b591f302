"""The embedded text as few bytes: with short names alone, compressed, behind a loader.

Knows what of the text other programs use, and how Python shows the lines of what it did not read
from a file. Refuses to know what the code does. The loader is what people read of it.
"""

import base64
import bz2
from collections.abc import Iterator
from typing import Final

import libcst as cst

from trigger_provider.shorten import PUBLIC, compact

LOADER: Final = """\
# The provider of cfn-trigger: trigger_provider/embedded.py, compressed
import base64,bz2,linecache
TEXT=bz2.decompress(base64.b85decode('{code}')).decode()
linecache.cache['compact.py']=len(TEXT),None,TEXT.splitlines(True),'compact.py'
exec(compile(TEXT,'compact.py','exec'))
"""


def compressed(text: str) -> str:
    """Return a module that unpacks the text with short names and runs it."""
    return LOADER.format(code=base64.b85encode(bz2.compress(compacted(text).encode())).decode())


def compacted(text: str) -> str:
    """Return the text with short names; raises ValueError if that is not possible."""
    module = cst.parse_module(text)
    imported = {name for statement in module.body for name in _imported(statement)}
    code = compact(module.body, imported, PUBLIC)
    return module.with_changes(header=[], body=code).code


def _imported(statement: cst.CSTNode) -> Iterator[str]:
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Import(names=names) | cst.ImportFrom(names=[*names])]
        ):
            yield from (name.evaluated_name for name in names)
