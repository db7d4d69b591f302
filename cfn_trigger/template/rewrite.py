"""A changed template as text: what the author wrote stays as it was written, comments included.

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
from cfn_trigger.template.source import Template, parsed
from macro.model import Json

_SHORT: Final = re.compile(r"Fn::\w+")


def in_yaml(template: Template, values: Mapping[str, Json]) -> str:
    """Write values in YAML, as near as possible to the template that they were made from."""
    near = _near(template, values)
    return near if near is not None else _plain(values)


def _near(template: Template, values: Mapping[str, Json]) -> str | None:
    """Change the author's text; nothing where that would not say the same."""
    if template.text.lstrip().startswith("{"):
        return None
    try:
        tree = _yaml().load(template.text)
        written = _written(_merged(tree, template.values, values))
        return written if parsed(written, template.name).values == values else None
    except (YAMLError, TemplateProblems, TypeError, ValueError, KeyError):
        # An anchor, a merge key, …: comments are kept where they can be.
        return None


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _written(tree: Any) -> str:
    out = io.StringIO()
    _yaml().dump(tree, out)
    return out.getvalue()


def _plain(values: Mapping[str, Json]) -> str:
    return _written(_new(values))


def _merged(node: Any, old: Json, new: Json) -> Any:
    """Give a node of the author's tree that says the new value."""
    if _same(old, new):
        return node
    is_map = isinstance(node, CommentedMap) and node.tag.value is None
    if not (is_map and isinstance(old, dict) and isinstance(new, dict)):
        return _new(new)
    spelled = {str(key): key for key in node}
    for key in [key for name, key in spelled.items() if name not in new]:
        del node[key]
    for name, value in new.items():
        if name not in spelled:
            node[name] = _new(value)
        elif not _same(old[name], value):
            key = spelled[name]
            node[key] = _merged(node[key], old[name], value)
    return node


def _same(one: Json, other: Json) -> bool:
    return one is other or json.dumps(one) == json.dumps(other)


def _new(value: Json) -> Any:
    match value:
        case dict():
            return _short(value) if len(value) == 1 else _map(value)
        case list():
            return CommentedSeq(map(_new, value))
        case str() if "\n" in value and value == value.rstrip(" \t"):
            return LiteralScalarString(value)
        case str() if _is_ambiguous(value):
            return DoubleQuotedScalarString(value)
    return value


def _is_ambiguous(text: str) -> bool:
    """Tell whether YAML 1.1, which CloudFormation reads, takes a text for something else.

    1.2, which ruamel.yaml writes, has fewer words for true, and other numbers.
    """
    resolver: Any = Resolver()
    return bool(resolver.resolve(ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str")


def _map(value: Mapping[str, Json]) -> CommentedMap:
    names = sorted(value, key=lambda name: name != "Type")  # first, as people write a resource
    return CommentedMap((_new(name), _new(value[name])) for name in names)


def _short(value: Mapping[str, Json]) -> Any:
    """Write an intrinsic function as a tag where it has a short form that can stand here."""
    ((name, argument),) = value.items()
    match name, argument:
        case "Ref", str(text) if text:
            return _tagged("!Ref", text)
        case "Fn::GetAtt", [str(owner), str(attribute)]:
            return _tagged("!GetAtt", f"{owner}.{attribute}")
        case str(), str(text) if _SHORT.fullmatch(name) and text and "\n" not in text:
            return _tagged(f"!{name[4:]}", text)
        case str(), list(items) if _SHORT.fullmatch(name) and name != "Fn::Transform":
            made = CommentedSeq(map(_new, items))
            made.yaml_set_ctag(Tag(suffix=f"!{name[4:]}"))
            return made
    return _map(value)


def _tagged(tag: str, text: str) -> TaggedScalar:
    return TaggedScalar(value=text, style=None, tag=Tag(suffix=tag))
