"""Which function, alias or version of a template a value means, however it is written.

Knows the forms of a function's name: its ARN, a part of that, its name alone, each with or without
a qualifier. Refuses to know what runs a function.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from macro.canonical import Canon, Parts, Symbol, Text, fields
from macro.cloudformation import (
    ALIAS_TYPE,
    FUNCTION_TYPE,
    VERSION_TYPE,
    properties_of,
)
from macro.model import Json
from macro.references import mentions

QUALIFIED: Final = {ALIAS_TYPE: "AliasArn", VERSION_TYPE: "FunctionArn"}
"""The attribute that returns the same ARN as a Ref does, by type.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""
LATEST: Final = "$LATEST"
"""The qualifier of a function as it is, which is also meant where there is none.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""


class Meant(NamedTuple):
    """Logical ids of the functions that a value may mean, and of the aliases and versions.

    `unqualified` are the functions that it means without an alias or a version. One that it refers
    to in a way that cannot be computed here is among them.
    """

    functions: tuple[str, ...] = ()
    qualified: tuple[str, ...] = ()
    unqualified: tuple[str, ...] = ()


class _LookedUp(NamedTuple):
    """What a value refers to, and the functions that it names, each with its qualifier."""

    references: list[str]
    named: list[tuple[str, Text]]


class Functions:
    """The functions of a template, to look up."""

    def __init__(self, canon: Canon) -> None:
        self.canon = canon

    @functools.cached_property
    def _by_name(self) -> dict[Parts, list[tuple[Text, str]]]:
        """Functions by their names."""
        by_name: dict[Parts, list[tuple[Text, str]]] = {}
        for logical_id in self.canon.resources.of_type(FUNCTION_TYPE):
            for text in self.canon.name(logical_id):
                by_name.setdefault(text.parts, []).append((text, logical_id))
        return by_name

    def meant_by(self, value: Json) -> Meant:
        """Return what a value refers to or names; an alias or version counts as its function.

        A logical id counts as the resource it names.
        """
        if function := self._referred(value):
            return Meant(functions=(function,), unqualified=(function,))
        itself = self._looked_up(value)
        functions: dict[str, None] = {}
        qualified: dict[str, None] = {}
        waiting = [(value, itself)]
        while waiting:
            node, (references, named) = waiting.pop(0)
            for name in [*references, node] if isinstance(node, str) else references:
                if self._type_of(name) == FUNCTION_TYPE:
                    functions[name] = None
                elif self._type_of(name) in QUALIFIED and name not in qualified:
                    qualified[name] = None
                    owner = properties_of(self.canon.resources[name]).get("FunctionName")
                    waiting.append((owner, self._looked_up(owner)))
            for function, qualifier in named:
                functions[function] = None
                qualified |= dict.fromkeys(self._qualifiers(function, qualifier))
        return Meant(tuple(functions), tuple(qualified), tuple(_unqualified(functions, itself)))

    def arn_of(self, value: Json) -> Json:
        """Return the ARN of a function of which a value may be a part, or the name alone.

        A value of which only deployment shows what it is counts as an ARN.
        """
        match value:
            case {"Fn::If": [condition, yes, no]}:
                return {"Fn::If": [condition, self.arn_of(yes), self.arn_of(no)]}
        prefixes = {_missing(text) for text in self.canon.texts(value)}
        prefix = prefixes.pop() if len(prefixes) == 1 else ""
        match value:
            case _ if not prefix:
                return value
            case str():
                return {"Fn::Sub": prefix + value}
            case {"Ref": str(name)}:
                return {"Fn::Sub": f"{prefix}${{{name}}}"}
        return {"Fn::Join": ["", [{"Fn::Sub": prefix}, value]]}

    def _referred(self, value: Json) -> str:
        """Return the function that a value is a plain reference to, as most are; or nothing."""
        match value:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]} if len(value) == 1:
                return name if self._type_of(name) == FUNCTION_TYPE else ""
        return ""

    def _type_of(self, logical_id: str) -> str:
        return self.canon.resources.types.get(logical_id, "")

    def _looked_up(self, value: Json) -> _LookedUp:
        named = []
        for text in self.canon.texts(value):
            name, qualifier = _name_and_qualifier(fields(text))
            for called, function in self._called(name):
                if called.may_equal(Text(name, text.sides)):
                    named.append((function, Text(qualifier, text.sides)))
        return _LookedUp([reference.name for reference in mentions(value).references], named)

    def _called(self, name: Parts) -> Iterable[tuple[Text, str]]:
        return self._by_name.get(name, ())

    def _qualifiers(self, function: str, qualifier: Text) -> Iterator[str]:
        match qualifier.parts:
            case [Symbol(name=name)] if self._type_of(name) == VERSION_TYPE:
                yield name
                return
            case []:
                return
        for logical_id, resource in self.canon.resources.of_type(ALIAS_TYPE).items():
            properties = properties_of(resource)
            names = self.canon.texts(properties.get("Name"))
            is_called_so = any(name.may_equal(qualifier) for name in names)
            if is_called_so and function in self._functions_of(properties):
                yield logical_id

    def _functions_of(self, alias: Json) -> set[str]:
        written = alias.get("FunctionName")
        owners = {reference.name for reference in mentions(written).references}
        return owners | {
            function
            for text in self.canon.texts(written)
            for _, function in self._called(_name_and_qualifier(fields(text))[0])
        }


def _unqualified(functions: Iterable[str], itself: _LookedUp) -> Iterator[str]:
    latest = {name for name, qualifier in itself.named if qualifier.parts in ((), (LATEST,))}
    others = {name for name, _ in itself.named} - latest
    referenced = set(itself.references) - others
    yield from (name for name in functions if name in latest or name in referenced)


def _name_and_qualifier(parts: tuple[Parts, ...]) -> tuple[Parts, Parts]:
    """Return the name and the qualifier in the fields of an ARN, of a part of one, or of a name.

    Region and account are not compared: a function of the template that has this name is meant.
    """
    match parts[parts.index(_KIND) + 1 :] if _KIND in parts else parts:
        case [name]:
            return name, ()
        case [name, qualifier]:
            return name, qualifier
    return (), ()


def _missing(text: Text) -> str:
    """Return the beginning of an ARN that a partial ARN or a name lacks."""
    first = text.parts[0] if text.parts else ""
    if isinstance(first, Symbol) and first.name not in _WITHOUT_COLON:
        return ""
    parts = fields(text)
    if isinstance(first, str) and first.startswith(("arn:", "{{resolve:")):
        return ""
    if _KIND in parts:
        count = len(_BEFORE_NAME) - 1 - parts.index(_KIND)
    else:
        count = len(_BEFORE_NAME) if len(parts) <= len(("name", "qualifier")) else 0
    return "".join(_BEFORE_NAME[: max(0, count)])


_BEFORE_NAME: Final = (
    "arn:${AWS::Partition}:lambda:", "${AWS::Region}:", "${AWS::AccountId}:", "function:",
)  # fmt: skip
_WITHOUT_COLON: Final = frozenset({"AWS::StackName", "AWS::Region", "AWS::AccountId"})
_KIND: Final[Parts] = ("function",)
"""The fields before the name in an ARN."""
