"""A changed template as YAML that keeps what its author wrote, comments included.

Knows YAML as text, through ruamel.yaml. Refuses to know why something changed. What did not change
keeps its place, its comments and its spelling; what is new is written in short forms.
"""

import io
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString
from ruamel.yaml.tag import Tag
from yaml import ScalarNode
from yaml.resolver import Resolver

from cfn_trigger.errors import TemplateProblems
from cfn_trigger.template.source import Template, parse_template
from macro.model import Json

_FUNCTION: Final = re.compile(r"Fn::\w+")


def rewritten(template: Template, values: Mapping[str, Json]) -> str:
    """Write values as YAML, as near as possible to the template that they come from."""
    edited = _edited(template, values)
    return edited if edited is not None else _dump(_node(values))


def _edited(template: Template, values: Mapping[str, Json]) -> str | None:
    """Edit the author's text; None if the result would not have these values."""
    if template.text.lstrip().startswith("{"):
        return None
    try:
        text = _dump(_merged(_yaml().load(template.text), template.values, values))
        return text if parse_template(text, template.name).values == values else None
    except (YAMLError, TemplateProblems, TypeError, ValueError, KeyError):
        # An anchor, a merge key, …: comments are kept where they can be.
        return None


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dump(node: Any) -> str:
    out = io.StringIO()
    _yaml().dump(node, out)
    return out.getvalue()


def _merged(node: Any, old: Json, new: Json) -> Any:
    """Return a node of the author's tree, changed where its old value differs from the new one."""
    if _are_same(old, new):
        return node
    is_map = isinstance(node, CommentedMap) and node.tag.value is None
    if not (is_map and isinstance(old, dict) and isinstance(new, dict)):
        return _node(new)
    keys = {str(key): key for key in node}
    for key in [key for name, key in keys.items() if name not in new]:
        del node[key]
    for name, value in new.items():
        if name not in keys:
            node[name] = _node(value)
        elif not _are_same(old[name], value):
            key = keys[name]
            node[key] = _merged(node[key], old[name], value)
    return node


def _are_same(left: Json, right: Json) -> bool:
    return left is right or json.dumps(left) == json.dumps(right)


def _node(value: Json) -> Any:
    """Return a new node with a value."""
    match value:
        case dict():
            return _short_form(value) if len(value) == 1 else _map(value)
        case list():
            return CommentedSeq(map(_node, value))
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
