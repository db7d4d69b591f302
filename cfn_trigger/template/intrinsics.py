"""What CloudFormation makes of a template's values, as far as that is known before a deployment.

Knows the intrinsic functions, and conditions. Refuses to know what becomes of a resource: where a
value depends on one it stays open, as `Live`. A resolved value is JSON whose scalars are texts, as
a custom resource receives them, with open values in it.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cfn_trigger.template import parameters
from cfn_trigger.template.source import section
from macro.cloudformation import as_map
from macro.model import Json
from macro.references import name_and_attribute

Resolved: TypeAlias = Any
"""JSON of texts, with open values in it."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a resource is called, or an attribute of it."""

    name: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """What is the same in every deployment of a stack, though it is not known here."""

    said: str


@dataclass(frozen=True, slots=True)
class AtDeployment:
    """What nobody knows before CloudFormation has looked it up."""

    said: str


@dataclass(frozen=True, slots=True)
class Secret:
    """The value of a parameter with NoEcho; `is_given` in this deployment, or the deployed one."""

    name: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values that are not all known."""

    function: str
    arguments: Resolved


class NoValue:
    """The type of `NO_VALUE`: what leaves its key or item out."""


NO_VALUE: Final = NoValue()
Open: TypeAlias = Live | Constant | AtDeployment | Secret | Call

_SUBSTITUTION: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_LOOKED_UP: Final = re.compile(r"\{\{resolve:ssm:([^:}]+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One state of a stack: a template without transforms, and what its names stand for.

    `values` are those of the parameters, as texts; `opened` those that are not known, by name.
    `constants` are the pseudo parameters that are known.
    """

    template: Mapping[str, Json]
    values: Mapping[str, str]
    opened: Mapping[str, Open]
    constants: Mapping[str, str]

    @property
    def resources(self) -> Mapping[str, Json]:
        """The resources of the template, whether they exist or not."""
        return section(self.template, "Resources")

    def exists(self, logical_id: str) -> bool | Open:
        """Tell whether a resource exists, as far as that is known."""
        resource = self.resources.get(logical_id)
        if not isinstance(resource, dict):
            return False
        condition = resource.get("Condition")
        return True if not condition else self.truth({"Condition": condition})

    def properties(self, logical_id: str) -> Resolved:
        """Resolve the properties of a resource."""
        return self.resolve(as_map(self.resources.get(logical_id)).get("Properties") or {})

    def resolve(self, value: Json) -> Resolved:
        """Resolve a value."""
        match value:
            case dict() if len(value) == 1 and _is_function(name := next(iter(value))):
                return self._function(name, value[name])
            case dict():
                inner = {name: self.resolve(item) for name, item in value.items()}
                return {name: item for name, item in inner.items() if item is not NO_VALUE}
            case list():
                return [item for item in map(self.resolve, value) if item is not NO_VALUE]
            case bool():
                return str(value).lower()
            case int() | float():
                return str(value)
            case str() if found := _LOOKED_UP.search(value):
                looked_up = AtDeployment(f"{{{{resolve:ssm:{found[1]}}}}}")
                return Call("Fn::Join", ("", (value, looked_up)))
        return value

    def truth(self, condition: Json) -> bool | Open:
        """Tell whether a condition holds, as far as that is known."""
        match condition:
            case {"Condition": str(name)}:
                return self.truth(section(self.template, "Conditions").get(name))
            case {"Fn::Not": [inner]}:
                found = self.truth(inner)
                return not found if isinstance(found, bool) else Call("Fn::Not", found)
            case {"Fn::And": list(inner)}:
                return _all("Fn::And", list(map(self.truth, inner)), decisive=False)
            case {"Fn::Or": list(inner)}:
                return _all("Fn::Or", list(map(self.truth, inner)), decisive=True)
            case {"Fn::Equals": [one, other]}:
                pair = (frozen(self.resolve(one)), frozen(self.resolve(other)))
                if pair[0] == pair[1]:
                    return True
                is_known = not any(True for _ in opens(pair))
                return False if is_known else Call("Fn::Equals", pair)
        return Constant(f"condition {condition!r}")

    def _function(self, name: str, argument: Json) -> Resolved:
        match name, argument:
            case "Ref", str(target):
                return self._ref(target)
            case "Fn::GetAtt", _ if found := name_and_attribute(argument):
                owner, attribute = found
                return Live(owner, attribute)
            case "Fn::If", [str(condition), yes, no]:
                truth = self.truth({"Condition": condition})
                if isinstance(truth, bool):
                    return self.resolve(yes if truth else no)
                branches = (frozen(self.resolve(yes)), frozen(self.resolve(no)))
                return Call("Fn::If", (truth, *branches))
            case "Fn::Sub", _:
                return self._sub(argument)
            case "Fn::FindInMap", [mapping, key, inner, *_]:
                return self._find(self.resolve(mapping), self.resolve(key), self.resolve(inner))
        resolved = self.resolve(argument)
        known = _KNOWN.get(name)
        if known is not None and not any(True for _ in opens(resolved)):
            return known(resolved)
        if name == "Fn::Join" and isinstance(resolved, list) and isinstance(resolved[-1], list):
            delimiter, items = resolved
            parts = [part for item in items for part in (delimiter, item)][1:]
            return _joined(parts)
        return Call(name, frozen(resolved))

    def _ref(self, name: str) -> Resolved:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            return self.constants.get(name, Constant(name))
        declared = section(self.template, "Parameters")
        if name not in declared:
            return Live(name)
        if name in self.opened:
            return self.opened[name]
        if name not in self.values:
            return Constant(f"parameter {name!r}")
        return parameters.for_a_macro(declared, {name: self.values[name]})[name]

    def _sub(self, argument: Json) -> Resolved:
        text, own = argument if isinstance(argument, list) else (argument, {})
        parts: list[Resolved] = []
        end = 0
        for found in _SUBSTITUTION.finditer(text):
            parts.append(text[end : found.start()])
            end = found.end()
            name = found[2].strip()
            if found[1]:
                parts.append(f"${{{found[2]}}}")
            elif name in own:
                parts.append(self.resolve(own[name]))
            elif "." in name:
                parts.append(Live(*name.split(".", 1)))
            else:
                parts.append(self._ref(name))
        return _joined([*parts, text[end:]])

    def _find(self, *keys: Resolved) -> Resolved:
        node: Json = self.template.get("Mappings")
        for key in keys:
            if not isinstance(key, str) or key not in as_map(node):
                return Call("Fn::FindInMap", frozen((self.template.get("Mappings"), list(keys))))
            node = node[key]
        return self.resolve(node)


def _is_function(name: str) -> bool:
    return name == "Ref" or name.startswith("Fn::")


def _all(function: str, truths: list[bool | Open], *, decisive: bool) -> bool | Open:
    if decisive in truths:
        return decisive
    left = tuple(one for one in truths if not isinstance(one, bool))
    return Call(function, left) if left else not decisive


def _joined(parts: list[Resolved]) -> Resolved:
    """Join texts and open values, neighboring texts to one."""
    merged: list[Resolved] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return "".join(merged)
    return merged[0] if len(merged) == 1 else Call("Fn::Join", frozen(merged))


def _select(arguments: Resolved) -> Resolved:
    index, items = arguments
    return items[int(index)] if int(index) < len(items) else NO_VALUE


_KNOWN: Final[Mapping[str, Callable[[Resolved], Resolved]]] = {
    "Fn::Join": lambda arguments: arguments[0].join(arguments[1]),
    "Fn::Split": lambda arguments: arguments[1].split(arguments[0]),
    "Fn::Select": _select,
    "Fn::Base64": lambda text: base64.b64encode(text.encode()).decode(),
}


def frozen(value: Resolved) -> Resolved:
    """Give a value that can be compared and hashed: maps and lists as tuples."""
    match value:
        case dict():
            return tuple(sorted((name, frozen(item)) for name, item in value.items()))
        case list() | tuple():
            return tuple(map(frozen, value))
    return value


def opens(value: Resolved) -> Iterator[Open]:
    """Yield the open values in a value, at any depth."""
    stack = [value]
    while stack:
        match stack.pop():
            case dict() as node:
                stack.extend(node.values())
            case list() | tuple() as items:
                stack.extend(items)
            case Call(function, arguments) as call:
                if function in _CHOOSING:
                    yield call
                stack.append(arguments)
            case Live() | Constant() | AtDeployment() | Secret() as atom:
                yield atom


_CHOOSING: Final = frozenset({"Fn::If"})
