"""Where each key and item of a template is in its text.

Knows YAML's nodes, with CloudFormation's short forms, and JSON, which is read as YAML. Refuses to
know what a template means. Columns count characters, as YAML's reader does.
"""

import functools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from cfn_trigger.errors import Span

_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML.

https://yaml.org/spec/1.1/#id871136
"""
SURROGATES: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""A character that JSON escapes in two parts."""
_MERGE: Final = "tag:yaml.org,2002:merge"
_STRINGS: Final = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")
_WITHOUT_A_PREFIX: Final = frozenset({"Ref", "Condition"})


def lines(text: str) -> list[str]:
    """Return the lines of a text, as a span counts them."""
    return _LINE_BREAK.split(text)


def span(text: str, path: Sequence[str | int]) -> Span | None:
    """Return the span of a key or item, or of the deepest part of its path that exists.

    None if the text cannot be read as YAML.
    """
    root = _root(text)
    if root is None:
        return None
    node, token = root, None
    called = ""  # the function that the node's short tag has called already
    for step in path:
        if isinstance(step, str) and not called and _function(node) == step:
            called = step
            continue
        entry = next(_entries(node, step), None)
        if entry is None:
            break
        token, node = entry
        called = ""
    return _span(token, text) if token else Span()


def key_text(key: Any) -> str:
    """Return a key as CloudFormation reads it, in JSON, where every key is a string."""
    return str(key) if isinstance(key, str) else json.dumps(key, default=str).strip('"')


@functools.lru_cache(maxsize=8)
def _root(text: str) -> yaml.Node | None:
    # In JSON, tabs are only between tokens, where YAML refuses them. A slash may be escaped, and a
    # character may be escaped in two parts.
    plain = text.replace("\t", " ").replace("\\/", "//")
    for candidate in (text, SURROGATES.sub(lambda pair: "x" * len(pair[0]), plain)):
        try:
            return yaml.compose(candidate, Loader=_LOADER)
        except (yaml.YAMLError, ValueError):
            continue
    return None


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCTOR: Final = yaml.SafeLoader("")


def _function(node: yaml.Node) -> str:
    """Return the function that a short tag calls: `Fn::Sub` for `!Sub`; empty if there is none."""
    name = node.tag[1:] if node.tag.startswith("!") else ""
    return f"Fn::{name}" if name and name not in _WITHOUT_A_PREFIX else name


def _entries(node: yaml.Node, step: str | int) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield the key or item that a step leads to, with the value there."""
    match node:
        case yaml.MappingNode():
            yield from ((key, value) for key, value in node.value if _key(key) == str(step))
            for key, merged in node.value:
                if key.tag == _MERGE:
                    parts = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
                    for part in parts:
                        yield from _entries(part, step)
        case yaml.SequenceNode() if isinstance(step, int) and 0 <= step < len(node.value):
            item = node.value[step]
            yield item, item


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return ""
    if node.tag in _STRINGS or node.tag.startswith("!"):
        return str(node.value)
    try:
        return key_text(_CONSTRUCTOR.construct_object(node))
    except (yaml.YAMLError, ValueError):
        return str(node.value)


def _span(node: yaml.Node, text: str) -> Span:
    """Return the span of a token, of which only the first line counts."""
    start, end = node.start_mark, node.end_mark
    last = end.column
    if end.line != start.line:
        last = len(_line_at(text, start.index, start.column).rstrip())
    width = max(1, last - start.column)
    return Span(line=start.line + 1, column=start.column + 1, width=width)


def _line_at(text: str, index: int, column: int) -> str:
    end = _LINE_BREAK.search(text, index)
    return text[index - column : end.start() if end else len(text)]
