"""The values of a template as CloudFormation resolves them, as far as known before a deployment.

Knows the intrinsic functions and conditions. Refuses to know what an update does to a resource:
where a value depends on one, a `ResourceRef` stands in its place.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cfn_trigger.template import parameters
from cfn_trigger.template.artifacts import NOT_PACKAGED
from macro.cloudformation import as_map, properties_of, section
from macro.model import Json
from macro.references import name_and_attribute

# Theory of operation
#
# A resolved value is JSON whose scalars are strings, as a custom resource receives them. Where a
# part of it is not known yet, an unknown stands there instead. Unknowns differ in what is known
# ABOUT them, and that is what a comparison of two states of a stack needs:
#
#   ResourceRef         depends on one resource: the same as long as that resource stays
#   StackConstant       the same in every deployment of the stack (its region, its id)
#   KnownAtDeployment   looked up anew by each deployment: it may differ even if the text does not
#   Secret              a NoEcho value, which CloudFormation never shows
#   LocalPath           the address of what is at a local path, which a deployment uploads
#   PartialCall         a function of an unknown, or one that is only known in the stack's account
#
# Within one state, an unknown equals itself: `Fn::Equals` of two equal expressions is true without
# knowing either. Two expressions that differ are unequal only if both are known entirely.
#
# So a condition has three values, True, False and an unknown, and And, Or and Not follow Kleene's
# strong logic: one false operand decides an And, one true operand decides an Or, whatever the
# others are. An `Fn::If` whose condition is unknown stays a PartialCall over both branches.

Resolved: TypeAlias = Any
"""JSON whose scalars are strings, with unknowns in it."""


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """The physical id of a resource, or the attribute of it that is named."""

    name: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class StackConstant:
    """A value that is not known here, but is the same in every deployment of the stack."""

    label: str


@dataclass(frozen=True, slots=True)
class KnownAtDeployment:
    """A value that CloudFormation looks up during each deployment."""

    label: str


@dataclass(frozen=True, slots=True)
class Secret:
    """The value of a parameter with NoEcho: an override by this deployment, or the deployed one."""

    name: str
    is_override: bool


@dataclass(frozen=True, slots=True)
class LocalPath:
    """The address of what is at a local path: a deployment uploads it, and its content is open."""

    path: str


@dataclass(frozen=True, slots=True)
class PartialCall:
    """A function whose result is not known: because of an argument, or of the function itself."""

    function: str
    arguments: Resolved


class NoValue:
    """The type of `NO_VALUE`, which removes its key or list item."""


NO_VALUE: Final = NoValue()
Unknown: TypeAlias = (
    ResourceRef | StackConstant | KnownAtDeployment | Secret | LocalPath | PartialCall
)

_SUBSTITUTION: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_LATEST_SSM: Final = re.compile(r"\{\{resolve:ssm:([^:}]+)\}\}")
"""A dynamic reference without a version: each deployment reads the latest one.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """One state of a stack: its processed template, and the values of its parameters.

    `values` are strings by name, `unknown_parameters` those without a known value, by name, and
    `pseudo_parameters` those whose value is known.
    """

    template: Mapping[str, Json]
    values: Mapping[str, str]
    unknown_parameters: Mapping[str, Unknown]
    pseudo_parameters: Mapping[str, str]

    @property
    def resources(self) -> Mapping[str, Json]:
        """The resources of the template, those with a false condition included."""
        return section(self.template, "Resources")

    def exists(self, logical_id: str) -> bool | Unknown:
        """Return whether a resource exists, or the unknown that decides it."""
        resource = self.resources.get(logical_id)
        if not isinstance(resource, dict):
            return False
        condition = resource.get("Condition")
        return True if not condition else self.truth({"Condition": condition})

    def properties(self, logical_id: str) -> Resolved:
        """Resolve the properties of a resource."""
        return self.resolve(properties_of(self.resources.get(logical_id)))

    def resolve(self, value: Json) -> Resolved:
        """Resolve a value."""
        match value:
            case {"S3Bucket": str(bucket), "S3Key": str(path)} if bucket == NOT_PACKAGED:
                return LocalPath(path)
            case dict() if len(value) == 1 and is_function(name := next(iter(value))):
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
            case str() if reference := _LATEST_SSM.search(value):
                looked_up = KnownAtDeployment(f"{{{{resolve:ssm:{reference[1]}}}}}")
                return PartialCall("Fn::Join", ("", (value, looked_up)))
        return value

    def truth(self, condition: Json) -> bool | Unknown:
        """Return whether a condition is true, or the unknown that decides it."""
        match condition:
            case {"Condition": str(name)}:
                return self.truth(section(self.template, "Conditions").get(name))
            case {"Fn::Not": [inner]}:
                truth = self.truth(inner)
                return not truth if isinstance(truth, bool) else PartialCall("Fn::Not", truth)
            case {"Fn::And": list(inner)}:
                return _combined("Fn::And", list(map(self.truth, inner)), decisive=False)
            case {"Fn::Or": list(inner)}:
                return _combined("Fn::Or", list(map(self.truth, inner)), decisive=True)
            case {"Fn::Equals": [left, right]}:
                operands = (as_hashable(self.resolve(left)), as_hashable(self.resolve(right)))
                if operands[0] == operands[1]:
                    return True
                return False if is_known(operands) else PartialCall("Fn::Equals", operands)
        return StackConstant(f"condition {condition!r}")

    def _function(self, name: str, argument: Json) -> Resolved:
        match name, argument:
            case "Ref", str(target):
                return self._ref(target)
            case "Fn::GetAtt", _ if attribute := name_and_attribute(argument):
                return ResourceRef(*attribute)
            case "Fn::If", [str(condition), yes, no]:
                truth = self.truth({"Condition": condition})
                if isinstance(truth, bool):
                    return self.resolve(yes if truth else no)
                branches = (as_hashable(self.resolve(yes)), as_hashable(self.resolve(no)))
                return PartialCall("Fn::If", (truth, *branches))
            case "Fn::Sub", _:
                return self._sub(argument)
            case "Fn::FindInMap", [_, _, _, *default]:
                return self._find([self.resolve(key) for key in argument[:3]], *default)
        return _called(name, self.resolve(argument))

    def _ref(self, name: str) -> Resolved:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith("AWS::"):
            return self.pseudo_parameters.get(name, StackConstant(name))
        declared = section(self.template, "Parameters")
        if name not in declared:
            return ResourceRef(name)
        if name in self.unknown_parameters:
            return self.unknown_parameters[name]
        if name not in self.values:
            return StackConstant(f"parameter {name!r}")
        return parameters.macro_value(declared[name], self.values[name])

    def _sub(self, argument: Json) -> Resolved:
        match argument:
            case str(text):
                variables: Mapping[str, Json] = {}
            case [str(text), dict(variables)]:
                pass
            case _:
                return PartialCall("Fn::Sub", as_hashable(self.resolve(argument)))
        parts: list[Resolved] = []
        end = 0
        for placeholder in _SUBSTITUTION.finditer(text):
            parts.append(text[end : placeholder.start()])
            end = placeholder.end()
            name = placeholder[2].strip()
            if placeholder[1]:
                parts.append(f"${{{placeholder[2]}}}")
            elif name in variables:
                parts.append(self.resolve(variables[name]))
            elif "." in name:
                parts.append(ResourceRef(*name.split(".", 1)))
            else:
                parts.append(self._ref(name))
        return _joined([*parts, text[end:]])

    def _find(self, keys: list[Resolved], default: Json = None) -> Resolved:
        mappings: Json = self.template.get("Mappings")
        entry = mappings
        for key in keys:
            entry = as_map(entry).get(key) if isinstance(key, str) else None
        if entry is None and all(isinstance(key, str) for key in keys):
            entry = as_map(default).get("DefaultValue")
        if entry is None:
            return PartialCall("Fn::FindInMap", as_hashable((mappings, keys)))
        return self.resolve(entry)


def is_function(name: str) -> bool:
    """Return whether the only key of a map makes it a function."""
    return name == "Ref" or name.startswith("Fn::")


def _combined(function: str, truths: list[bool | Unknown], *, decisive: bool) -> bool | Unknown:
    if decisive in truths:
        return decisive
    undecided = tuple(truth for truth in truths if not isinstance(truth, bool))
    return PartialCall(function, undecided) if undecided else not decisive


def _joined(parts: list[Resolved]) -> Resolved:
    """Join strings and unknowns; neighboring strings become one."""
    merged: list[Resolved] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return "".join(merged)
    return merged[0] if len(merged) == 1 else PartialCall("Fn::Join", as_hashable(merged))


def _called(name: str, argument: Resolved) -> Resolved:
    """Call a function that needs nothing but its argument, if it is one that CloudFormation takes.

    An item of a list counts only if what comes before it cannot vanish.
    """
    match name, argument:
        case "Fn::Join", [str(delimiter), [*items]] if all(map(_is_text, items)):
            return _joined([part for item in items for part in (delimiter, item)][1:])
        case "Fn::Split", [str(delimiter), str(text)] if delimiter:
            return text.split(delimiter)
        case "Fn::Select", [str(index), [*items]] if index.isdecimal():
            chosen = items[int(index) : int(index) + 1]
            if chosen and not any(map(may_vanish, items[: int(index) + 1])):
                return chosen[0]
        case "Fn::Base64", str(text):
            return base64.b64encode(text.encode()).decode()
    return PartialCall(name, as_hashable(argument))


def _is_text(item: Resolved) -> bool:
    return not isinstance(item, dict | list | NoValue | type(None))


def may_vanish(item: Resolved) -> bool:
    """Return whether an item of a list may turn out to be no item, or several."""
    return isinstance(item, PartialCall) and item.function == "Fn::If"


def as_hashable(value: Resolved) -> Resolved:
    """Return a value that can be compared and hashed: maps and lists become tuples."""
    match value:
        case dict():
            return tuple(sorted((name, as_hashable(item)) for name, item in value.items()))
        case list() | tuple():
            return tuple(map(as_hashable, value))
    return value


def is_known(value: Resolved) -> bool:
    """Return whether a value has no unknowns in it."""
    return not any(True for _ in unknowns(value))


def unknowns(value: Resolved) -> Iterator[Unknown]:
    """Yield the unknowns in a value at any depth: of a PartialCall, those in its arguments.

    A PartialCall itself is yielded too if it adds an unknown of its own: an `Fn::If`, since which
    of its branches is used is unknown, and a function such as `Fn::ImportValue`, which is not
    known here whatever its arguments are.
    """
    stack = [value]
    while stack:
        match stack.pop():
            case dict() as node:
                stack.extend(node.values())
            case list() | tuple() as items:
                stack.extend(items)
            case PartialCall(function, arguments) as call:
                if function == "Fn::If" or is_known(arguments):
                    yield call
                stack.append(arguments)
            case (
                ResourceRef() | StackConstant() | KnownAtDeployment() | Secret() | LocalPath()
            ) as unknown:
                yield unknown
