"""Which logical ids, parameters, mappings and conditions a template's values mention.

Knows the intrinsic functions that point at something. Refuses to know what a trigger is: it
surveys the whole template once, and every later stage asks the survey.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from macro.cloudformation import SERVERLESS_FUNCTION_TYPE, section, type_of
from macro.model import Json

_NESTED: Final = (dict, list)
_FUNCTIONS: Final = frozenset({"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::FindInMap"})
_SUBSTITUTION: Final = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A `Ref` (no attribute) or `Fn::GetAtt` of a name, and the `Fn::If` branches it stands under.

    An attribute that is computed is `*`. `branches` are pairs of a condition's name and the side
    taken, the outermost first.
    """

    name: str
    attribute: str = ""
    branches: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """What one value mentions; everything in document order, without repetition."""

    references: tuple[Reference, ...] = ()
    mappings: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Who mentions whom in a template: what each resource mentions, and what of it is read.

    `attributes` are the names that resources and outputs read of each resource, sorted.
    """

    resources: Mapping[str, Mentions] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def attributes_read(self, logical_id: str) -> tuple[str, ...]:
        """Name the attributes of a resource that the template reads, sorted."""
        return self.attributes.get(logical_id, ())


def survey(fragment: Mapping[str, Json]) -> Survey:
    """Walk a template once; values of any shape are accepted."""
    function_globals = section(fragment, "Globals").get("Function")
    by_resource = {
        # SAM will merge its globals into these: what they refer to, the functions will.
        name: mentions(
            [resource, function_globals]
            if type_of(resource) == SERVERLESS_FUNCTION_TYPE
            else resource
        )
        for name, resource in section(fragment, "Resources").items()
    }
    read: dict[str, set[str]] = {}
    for found in (*by_resource.values(), mentions(fragment.get("Outputs"))):
        for reference in found.references:
            if reference.attribute not in ("", "*"):
                read.setdefault(reference.name, set()).add(reference.attribute)
    return Survey(
        resources=by_resource,
        attributes={name: tuple(sorted(attributes)) for name, attributes in read.items()},
    )


def _is_serverless(resource: Json) -> bool:
    return type_of(resource) == SERVERLESS_FUNCTION_TYPE


def mentions(value: Json) -> Mentions:
    """Collect what a value mentions, at any depth; `DependsOn` is no mention."""
    references: dict[Reference, None] = {}
    mappings: dict[str, None] = {}
    conditions: dict[str, None] = {}
    stack: list[tuple[Json, tuple[tuple[str, bool], ...]]] = [(value, ())]
    while stack:
        node, branches = stack.pop()
        if isinstance(node, list):
            stack += [(item, branches) for item in reversed(node) if isinstance(item, _NESTED)]
            continue
        if not isinstance(node, dict):
            continue
        match node if len(node) == 1 and not _FUNCTIONS.isdisjoint(node) else None:
            case {"Ref": str(name)}:
                references[Reference(name, "", branches)] = None
            case {"Fn::GetAtt": target} if found := name_and_attribute(target):
                references[Reference(*found, branches)] = None
                stack.append((target, branches))
            case {"Fn::Sub": text}:
                for name, attribute in substitutions(text):
                    references[Reference(name, attribute, branches)] = None
                stack.append((text, branches))
            case {"Fn::If": [str(condition), yes, no]}:
                conditions[condition] = None
                stack.append((no, (*branches, (condition, False))))
                stack.append((yes, (*branches, (condition, True))))
            case {"Fn::FindInMap": [str(mapping), *_] as arguments}:
                mappings[mapping] = None
                stack.append((arguments, branches))
            case _:
                items = [(item, branches) for item in node.values() if isinstance(item, _NESTED)]
                stack += reversed(items)
    return Mentions(
        references=tuple(references), mappings=tuple(mappings), conditions=tuple(conditions)
    )


def name_and_attribute(target: Json) -> tuple[str, str] | None:
    """Read the argument of `Fn::GetAtt`, a list or dotted text; nothing if it is neither."""
    match target:
        case [str(name), attribute]:
            return name, attribute if isinstance(attribute, str) else "*"
        case str(text) if "." in text:
            name, _, attribute = text.partition(".")
            return name, attribute
    return None


def substitutions(text: Json) -> Iterator[tuple[str, str]]:
    """Yield name and attribute of what an `Fn::Sub` refers to; its own variables are none."""
    own: Json = {}
    if isinstance(text, list) and text:
        own = text[1] if len(text) > 1 and isinstance(text[1], dict) else {}
        text = text[0]
    for written in _SUBSTITUTION.findall(text) if isinstance(text, str) else ():
        name, _, attribute = written.strip().partition(".")
        if written.strip() not in own:
            yield name, attribute


def conditions_within(condition: Json) -> tuple[str, ...]:
    """Name the conditions that a condition's definition refers to."""
    found: dict[str, None] = {}
    stack = [condition]
    while stack:
        node = stack.pop()
        match node:
            case {"Condition": str(name)} if len(node) == 1:
                found[name] = None
            case dict():
                stack.extend(node.values())
            case list():
                stack.extend(node)
    return tuple(found)
