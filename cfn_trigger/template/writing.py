"""New parts of a template, written in YAML as people write it, or in JSON.

Knows YAML's styles and CloudFormation's short forms, through ruamel.yaml. Refuses to know what
becomes of the text that an author wrote (`rewrite`).
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)
from ruamel.yaml.tag import Tag
from yaml import ScalarNode
from yaml.resolver import Resolver

from macro.model import Json

_FUNCTION: Final = re.compile(r"Fn::\w+")
_RARE_BREAK: Final = re.compile("[\r\x85\u2028\u2029\ufeff]")
"""Characters that YAML 1.1 reads as line breaks, or drops, unless they are escaped."""


def as_yaml(value: Json) -> str:
    """Return a document, or a value, as YAML in block style; it ends with a newline."""
    return _dump(_node(value))


def entry_lines(key: str, value: Json) -> list[str]:
    """Return an entry of a map, in lines; the first is its key, and the value if it is short."""
    return _dump(CommentedMap([(_node(key), _node(value))])).splitlines()


def value_lines(value: Json) -> list[str]:
    """Return a value alone, in lines."""
    return _dump(CommentedSeq([_node(value)]), offset=0).removeprefix("- ").splitlines()


def scalar(value: Json, *, quote: str = "") -> str | None:
    """Return a value on one line, in quotes as asked; None if it needs several."""
    match value, quote:
        case str(), '"' | "'" if "\n" not in value and not _RARE_BREAK.search(value):
            style = DoubleQuotedScalarString if quote == '"' else SingleQuotedScalarString
            lines = _dump(CommentedSeq([style(value)]), offset=0).splitlines()
        case _:
            lines = _dump(CommentedSeq([_node(value)]), offset=0).splitlines()
    return lines[0].removeprefix("- ") if len(lines) == 1 else None


def flow_sequence(items: Sequence[Json]) -> str | None:
    """Return a list of values that are on one line each, in brackets; None if one is not."""
    written = [scalar(item) for item in items if not isinstance(item, dict | list)]
    if len(written) < len(items) or None in written:
        return None
    node = CommentedSeq(_node(item) for item in items)
    node.fa.set_flow_style()
    return _dump(CommentedSeq([node]), offset=0).removeprefix("- ").rstrip("\n")


def _dump(node: Any, offset: int = 2) -> str:
    yaml = YAML()
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    out = io.StringIO()
    yaml.dump(node, out)
    return out.getvalue()


def _node(value: Json) -> Any:
    """Return a new node with a value."""
    match value:
        case dict():
            return _short_form(value) if len(value) == 1 else _map(value)
        case list():
            return CommentedSeq(map(_node, value))
        case str() if _RARE_BREAK.search(value):
            return DoubleQuotedScalarString(value)
        case str() if "\n" in value and value == value.rstrip(" \t"):
            return LiteralScalarString(value)
        case str() if _is_ambiguous(value):
            return DoubleQuotedScalarString(value)
    return value


def _is_ambiguous(text: str) -> bool:
    """Return whether YAML 1.1, which CloudFormation reads, parses a plain string as another type.

    ruamel.yaml writes 1.2, which has fewer words for true, and other numbers.
    """
    resolver: Any = Resolver()
    return bool(resolver.resolve(ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str")


def _map(value: Mapping[str, Json]) -> CommentedMap:
    names = sorted(value, key=lambda name: name != "Type")  # first, as people write a resource
    return CommentedMap((_node(name), _node(value[name])) for name in names)


def _short_form(value: Mapping[str, Json]) -> Any:
    """Return an intrinsic function as a tag, if it has a short form that can stand here."""
    ((name, argument),) = value.items()
    if isinstance(argument, str) and _RARE_BREAK.search(argument):
        return _map(value)
    match name, argument:
        case "Ref", str(text) if text:
            return _tagged("!Ref", text)
        case "Fn::GetAtt", [str(owner), str(attribute)]:
            return _tagged("!GetAtt", f"{owner}.{attribute}")
        case str(), str(text) if _FUNCTION.fullmatch(name) and text and "\n" not in text:
            return _tagged(f"!{name[4:]}", text)
        case str(), list(items) if _FUNCTION.fullmatch(name) and name != "Fn::Transform":
            sequence = CommentedSeq(map(_node, items))
            sequence.yaml_set_ctag(Tag(suffix=f"!{name[4:]}"))
            return sequence
    return _map(value)


def _tagged(tag: str, text: str) -> TaggedScalar:
    return TaggedScalar(value=text, style=None, tag=Tag(suffix=tag))
