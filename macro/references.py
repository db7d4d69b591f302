"""Which logical ids, parameters, mappings and conditions a template's values mention.

Knows the intrinsic functions that point at something. Refuses to know what a trigger is: it
surveys the whole template once, and every later stage asks the survey.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from macro.cloudformation import section
from macro.model import NOTHING, Json

Branches = tuple[tuple[str, bool], ...]
"""The `Fn::If` branches that something stands under: condition and side, the outermost first."""

_FUNCTIONS: Final = frozenset({"Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::FindInMap"})
_COMPUTED: Final = "*"
_SUBSTITUTION: Final = re.compile(r"\$\{([^!}][^}]*)\}")


class Reference(NamedTuple):
    """A `Ref` (no attribute) or `Fn::GetAtt` of a name, and the `Fn::If` branches it stands under.

    The attribute is `*` where it is computed. (A tuple: there are thousands of them.)
    """

    name: str
    attribute: str = ""
    branches: Branches = ()


class Mentions(NamedTuple):
    """What one value mentions; everything in document order, without repetition."""

    references: tuple[Reference, ...] = ()
    mappings: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Survey(NamedTuple):
    """What each resource of a template mentions, and which of its attributes are read.

    `attributes` are the names that resources and outputs read of each resource, sorted.
    """

    resources: Mapping[str, Mentions] = NOTHING
    attributes: Mapping[str, tuple[str, ...]] = NOTHING

    def attributes_read(self, logical_id: str) -> tuple[str, ...]:
        """Return the attributes of a resource that the template reads, sorted."""
        return self.attributes.get(logical_id, ())


def survey(fragment: Mapping[str, Json]) -> Survey:
    """Walk a template once; values of any shape are accepted."""
    by_resource = {
        name: mentions(resource) for name, resource in section(fragment, "Resources").items()
    }
    read: dict[str, set[str]] = {}
    for mentioned in (*by_resource.values(), mentions(fragment.get("Outputs"))):
        for name, attribute, _ in mentioned.references:
            if attribute and attribute != _COMPUTED:
                read.setdefault(name, set()).add(attribute)
    return Survey(
        resources=by_resource,
        attributes={name: tuple(sorted(attributes)) for name, attributes in read.items()},
    )


def mentions(value: Json) -> Mentions:  # noqa: C901, PLR0912 (calls take longer)
    """Return what a value mentions, at any depth; `DependsOn` is not a mention.

    Much of an expansion's time is spent here: one loop and no recursion, however deep a value is.
    """
    collected: _Collected = {}, {}, {}
    waiting: list[Iterator[Json]] = []
    nodes: Iterator[Json] = iter((value,))
    branches: Branches = ()
    while True:
        for node in nodes:
            if isinstance(node, str):
                continue
            inner: Iterable[Json] = ()
            if isinstance(node, dict):
                inner = node.values()
                if len(node) == 1:
                    ((function, argument),) = node.items()
                    if function == "Ref" and isinstance(argument, str):  # the most frequent one
                        collected[0][_reference((argument, "", branches))] = None
                        continue
                    if function in _FUNCTIONS:
                        inner = _collect(function, argument, branches, collected)
            elif isinstance(node, list):
                inner = node
            elif isinstance(node, _Under):
                branches = node.branches
            if inner:
                waiting.append(nodes)
                nodes = iter(inner)
                break
        else:
            if not waiting:
                break
            nodes = waiting.pop()
    references, mappings, conditions = collected
    if not references and not conditions and not mappings:
        return _NOTHING
    return _mentions((tuple(references), tuple(mappings), tuple(conditions)))


_NOTHING: Final = Mentions()


class _Under(NamedTuple):
    """Among values that are yet to be walked: the branches that the next ones stand under."""

    branches: Branches


_Collected = tuple[dict[Reference, None], dict[str, None], dict[str, None]]
"""The references, mappings and conditions so far; maps keep the order, and each key once."""


def _collect(
    function: str, argument: Json, branches: Branches, collected: _Collected
) -> tuple[Json, ...]:
    """Collect what an intrinsic function mentions; return what to walk in it, in order.

    A function that is not in the form that CloudFormation requires is a map like any other.
    """
    references, mappings, conditions = collected
    match function:
        case "Fn::GetAtt" if target := name_and_attribute(argument):
            references[_reference((*target, branches))] = None
            if target[1] != _COMPUTED:
                return ()
        case "Fn::Sub":
            for name, attribute in substitutions(argument):
                references[_reference((name, attribute, branches))] = None
        case "Fn::FindInMap" if isinstance(argument, list) and argument:
            if isinstance(mapping := argument[0], str):
                mappings[mapping] = None
        case "Fn::If":
            if walks := _branches_of(argument, branches, conditions):
                return walks
    return (argument,)


_reference: Final = functools.partial(tuple.__new__, Reference)
_mentions: Final = functools.partial(tuple.__new__, Mentions)
"""Both build the tuple from its fields, in a third of the time that its constructor takes."""


def _branches_of(
    argument: Json, branches: Branches, conditions: dict[str, None]
) -> tuple[Json, ...]:
    match argument:
        case [str(condition), yes, no]:
            conditions[condition] = None
            then, otherwise = (_Under((*branches, (condition, side))) for side in (True, False))
            return (then, yes, otherwise, no, _Under(branches))
    return ()


def name_and_attribute(target: Json) -> tuple[str, str] | None:
    """Read the argument of `Fn::GetAtt`, a list or a dotted string; nothing if it is neither."""
    if isinstance(target, list) and len(target) == len(("name", "attribute")):
        name, attribute = target
        if isinstance(name, str):
            return name, attribute if isinstance(attribute, str) else _COMPUTED
    elif isinstance(target, str) and "." in target:
        name, _, attribute = target.partition(".")
        return name, attribute
    return None


def substitutions(text: Json) -> Iterator[tuple[str, str]]:
    """Yield name and attribute of what an `Fn::Sub` refers to, without its own variables."""
    variables: Json = {}
    if isinstance(text, list) and text:
        variables = text[1] if len(text) > 1 and isinstance(text[1], dict) else {}
        text = text[0]
    for written in _SUBSTITUTION.findall(text) if isinstance(text, str) else ():
        name, _, attribute = written.strip().partition(".")
        if written.strip() not in variables:
            yield name, attribute


def conditions_within(condition: Json) -> tuple[str, ...]:
    """Return the conditions that a condition's definition refers to."""
    names: dict[str, None] = {}
    stack = [condition]
    while stack:
        node = stack.pop()
        match node:
            case {"Condition": str(name)} if len(node) == 1:
                names[name] = None
            case dict():
                stack.extend(node.values())
            case list():
                stack.extend(node)
    return tuple(names)
