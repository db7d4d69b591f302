"""The strings that intrinsic functions yield, in a form in which equal strings are equal values.

`!Sub "${Stage}-load"` and `!Join ["-", [!Ref Stage, load]]` are always equal, and both equal
`prod-load` if the parameter is known to be `prod`. Knows what CloudFormation's functions yield, and
which string a resource's `Ref` or `Arn` is. Refuses to know why anybody compares strings. What
cannot be computed here is a symbol, which equals only itself.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from macro.cloudformation import (
    ALIAS_TYPE,
    FUNCTION_TYPE,
    LOG_GROUP_TYPE,
    ROLE_TYPE,
    VERSION_TYPE,
    Resources,
    is_secret,
    properties_of,
    section,
    type_of,
)
from macro.model import NOTHING, Deployment, Json
from macro.references import name_and_attribute

NAMES: Final[Mapping[str, str]] = {
    FUNCTION_TYPE: "FunctionName",
    ROLE_TYPE: "RoleName",
    LOG_GROUP_TYPE: "LogGroupName",
    "AWS::ApiGateway::DomainName": "DomainName",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::EKS::Cluster": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Neptune::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBProxy": "DBProxyName",
    "AWS::RDS::GlobalCluster": "GlobalClusterIdentifier",
    "AWS::RedshiftServerless::Namespace": "NamespaceName",
    "AWS::S3::Bucket": "BucketName",
}
"""The property that names a resource and is what its `Ref` returns, by type."""

_MOST_TEXTS: Final = 16
_DEEPEST: Final = 40
_TOKEN: Final = re.compile(r"\$\{([^}]*)\}")


class Symbol(NamedTuple):
    """A string only known at deployment: a `Ref`, an attribute, or any function, as JSON."""

    name: str
    attribute: str = ""


Part = str | Symbol
Parts = tuple[Part, ...]
Sides = frozenset[tuple[str, bool]]
"""Conditions, and how each is decided."""


class Text(NamedTuple):
    """A string by its literal and symbolic parts, and under which conditions it is that string."""

    parts: Parts = ()
    sides: Sides = frozenset()

    def may_equal(self, other: "Text") -> bool:
        """Return whether two strings are equal in some deployment that this template can tell."""
        return self.parts == other.parts and _agree(self.sides, other.sides)


_NO_VALUE: Final[Parts] = (Symbol("AWS::NoValue"),)


class Canon:
    """What the strings of one template are computed from; secrets are never among the values."""

    def __init__(
        self,
        resources: Resources,
        parameters: Mapping[str, Json] = NOTHING,
        mappings: Mapping[str, Json] = NOTHING,
    ) -> None:
        self.resources = resources
        self.parameters = parameters
        self.mappings = mappings
        self._names: dict[str, tuple[Text, ...]] = {}
        self._prefixes: dict[str, tuple[Text, ...]] = {}

    @classmethod
    def of(
        cls, fragment: Mapping[str, Json], resources: Resources, deployment: Deployment
    ) -> "Canon":
        """Take the parts of a fragment, whose resources are read without the shorthand."""
        declared = section(fragment, "Parameters")
        values = {
            name: deployment.parameters[name]
            for name, parameter in declared.items()
            if name in deployment.parameters and not is_secret(parameter)
        }
        return cls(resources=resources, parameters=values, mappings=section(fragment, "Mappings"))

    def texts(self, value: Json) -> tuple[Text, ...]:
        """Return what a value may be: one text, or one for each way its conditions can turn out."""
        return self._texts(value, 0)

    def items(self, value: Json) -> tuple[Json, ...]:
        """Return the items that a list may have; a value that is not a list is its only item."""
        return self._items(value, 0)

    def name(self, logical_id: str) -> tuple[Text, ...]:
        """Return what a resource may be called: the name that is written, or what `Ref` returns."""
        return self._name(logical_id, 0)

    def _texts(self, value: Json, depth: int) -> tuple[Text, ...]:
        if depth > _DEEPEST:
            return ()
        match value:
            case bool():
                return _literal(str(value).lower())
            case str() | int() | float():
                return _literal(str(value))
            case dict() if len(value) == 1:
                ((function, argument),) = value.items()
                return self._called(function, argument, depth + 1) or _opaque(value)
        return _opaque(value)

    def _called(  # noqa: PLR0911 (a function of CloudFormation each)
        self, function: str, argument: Json, depth: int
    ) -> tuple[Text, ...]:
        """Return what a function yields; nothing if that cannot be computed."""
        match function, argument:
            case "Ref", str(name):
                return self._ref(name, depth)
            case "Fn::GetAtt", _ if target := name_and_attribute(argument):
                return self._attribute(*target, depth)
            case "Fn::Sub", str(text):
                return self._substituted(text, {}, depth)
            case "Fn::Sub", [str(text), dict(variables)]:
                return self._substituted(text, variables, depth)
            case "Fn::Join", [str(separator), items]:
                return self._joined(separator, items, depth)
            case "Fn::If", [str(condition), yes, no]:
                return (
                    *_under(condition, self._texts(yes, depth), taken=True),
                    *_under(condition, self._texts(no, depth), taken=False),
                )
            case "Fn::Select", [index, items]:
                return self._selected(index, items, depth)
            case "Fn::FindInMap", [mapping, first, second]:
                return self._looked_up([mapping, first, second], depth)
        return ()

    def _ref(self, name: str, depth: int) -> tuple[Text, ...]:
        if name in self.parameters:
            value = self.parameters[name]
            return _literal(",".join(map(str, value)) if isinstance(value, list) else str(value))
        match type_of(self.resources.get(name)):
            case kind if kind in NAMES:
                return self._name(name, depth)
            case "AWS::Lambda::Alias":
                return self._qualified(name, depth)
            case "AWS::Lambda::Version":
                return self._qualified(name, depth)
        return _symbolic(name)

    def _attribute(self, name: str, attribute: str, depth: int) -> tuple[Text, ...]:
        kind = type_of(self.resources.get(name))
        match attribute:
            case "Arn" if kind == FUNCTION_TYPE:
                prefix = self._prefix(_FUNCTION_ARN, depth)
                return _concatenated((prefix, self._name(name, depth)))
            case "Arn" if kind == ROLE_TYPE:
                prefix = self._prefix(_ROLE_ARN, depth)
                path = properties_of(self.resources[name]).get("Path", "/")
                return _concatenated((prefix, self._texts(path, depth), self._name(name, depth)))
            case "FunctionArn" if kind == VERSION_TYPE:
                return self._qualified(name, depth)
            case "AliasArn" if kind == ALIAS_TYPE:
                return self._qualified(name, depth)
        return _symbolic(name, attribute)

    def _name(self, logical_id: str, depth: int) -> tuple[Text, ...]:
        if logical_id not in self._names:
            itself = _symbolic(logical_id)
            self._names[logical_id] = itself  # until it is known: a name may refer to itself
            resource = self.resources.get(logical_id)
            written = properties_of(resource).get(NAMES.get(type_of(resource), ""))
            texts = () if written is None else self._texts(written, depth)
            self._names[logical_id] = (
                tuple(
                    Text(itself[0].parts, text.sides) if text.parts == _NO_VALUE else text
                    for text in texts
                )
                or itself
            )
        return self._names[logical_id]

    def _qualified(self, logical_id: str, depth: int) -> tuple[Text, ...]:
        """Return the ARN of an alias or a version."""
        resource = self.resources[logical_id]
        properties = properties_of(resource)
        functions = tuple(
            text
            for text in self._texts(properties.get("FunctionName"), depth)
            if text.parts[:1] != _NO_VALUE
        )
        qualifier: Json = {"Fn::GetAtt": [logical_id, "Version"]}
        if type_of(resource) == ALIAS_TYPE:
            qualifier = properties.get("Name")
        prefix = self._prefix(_FUNCTION_ARN, depth)
        arns = tuple(
            whole
            for text in functions
            for whole in ((text,) if is_arn(text) else _concatenated((prefix, (text,))))
        )
        return _concatenated((arns, _literal(":"), self._texts(qualifier, depth)))

    def _prefix(self, text: str, depth: int) -> tuple[Text, ...]:
        if text not in self._prefixes:
            self._prefixes[text] = self._substituted(text, {}, depth)
        return self._prefixes[text]

    def _substituted(
        self, text: str, variables: Mapping[str, Json], depth: int
    ) -> tuple[Text, ...]:
        pieces: list[tuple[Text, ...]] = []
        end = 0
        for match in _TOKEN.finditer(text):
            pieces.append(_literal(text[end : match.start()]))
            pieces.append(self._token(match[1], variables, depth))
            end = match.end()
        return _concatenated((*pieces, _literal(text[end:])))

    def _token(self, token: str, variables: Mapping[str, Json], depth: int) -> tuple[Text, ...]:
        if token.startswith("!"):
            return _literal(f"${{{token[1:]}}}")
        name = token.strip()
        if name in variables:
            return self._texts(variables[name], depth)
        owner, dot, attribute = name.partition(".")
        return self._attribute(owner, attribute, depth) if dot else self._ref(owner, depth)

    def _joined(self, separator: str, items: Json, depth: int) -> tuple[Text, ...]:
        pieces: list[tuple[Text, ...]] = []
        for item in self._items(items, depth):
            texts = self._texts(item, depth)
            if not texts or any(text.parts == _NO_VALUE for text in texts):
                return ()
            pieces += [_literal(separator), texts]
        return _concatenated(pieces[1:])

    def _selected(self, index: Json, items: Json, depth: int) -> tuple[Text, ...]:
        listed = self._items(items, depth)
        is_number = str(index).isascii() and str(index).isdigit()
        if not is_number or int(index) >= len(listed) or items in listed:
            return ()
        return self._texts(listed[int(index)], depth)

    def _items(self, value: Json, depth: int) -> tuple[Json, ...]:
        match value:
            case list():
                return tuple(value)
            case {"Ref": str(name)} if isinstance(self.parameters.get(name), list):
                return tuple(self.parameters[name])
            case {"Fn::Split": [str(separator), text]} if separator:
                whole = self._texts(text, depth)
                if len(whole) == 1 and all(isinstance(part, str) for part in whole[0].parts):
                    return tuple("".join(map(str, whole[0].parts)).split(separator))
            case {"Fn::If": [str(), yes, no]} if len(value) == 1 and depth <= _DEEPEST:
                if isinstance(yes, list) or isinstance(no, list):
                    return (*self._items(yes, depth + 1), *self._items(no, depth + 1))
        return (value,)

    def _looked_up(self, path: list[Json], depth: int) -> tuple[Text, ...]:
        node: Json = self.mappings
        for key in path:
            texts = self._texts(key, depth)
            literal = _as_literal(texts)
            if literal is None or not isinstance(node, dict) or literal not in node:
                return ()
            node = node[literal]
        return self._texts(node, depth)


_FUNCTION_ARN: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
_ROLE_ARN: Final = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role"


def fields(text: Text) -> tuple[Parts, ...]:
    """Split a text at its colons: the fields of an ARN."""
    split: list[list[Part]] = [[]]
    for part in text.parts:
        if isinstance(part, Symbol):
            split[-1].append(part)
            continue
        first, *others = part.split(":")
        split[-1] += [first] if first else []
        split += [[other] if other else [] for other in others]
    return tuple(tuple(parts) for parts in split)


def last_segment(parts: Parts) -> Parts:
    """Return what follows the last slash or colon: the name at the end of an ARN or a path."""
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if isinstance(part, str) and (cut := max(part.rfind("/"), part.rfind(":"))) >= 0:
            rest = part[cut + 1 :]
            return ((rest,) if rest else ()) + parts[at + 1 :]
    return parts


def is_arn(text: Text) -> bool:
    """Return whether a text begins as an ARN does."""
    first = text.parts[0] if text.parts else ""
    return isinstance(first, str) and first.startswith("arn:")


def _as_literal(texts: tuple[Text, ...]) -> str | None:
    match texts:
        case [Text(parts=[str(literal)])]:
            return literal
    return None


def _literal(text: str) -> tuple[Text, ...]:
    return (Text((text,) if text else ()),)


def _symbolic(name: str, attribute: str = "") -> tuple[Text, ...]:
    return (Text((Symbol(name, attribute),)),)


def _opaque(value: Json) -> tuple[Text, ...]:
    return _symbolic(json.dumps(value, sort_keys=True, default=str))


def _under(condition: str, texts: Iterable[Text], *, taken: bool) -> tuple[Text, ...]:
    side = frozenset({(condition, taken)})
    return tuple(Text(text.parts, text.sides | side) for text in texts if _agree(text.sides, side))


def _agree(some: Sides, others: Sides) -> bool:
    return not any((condition, not taken) in others for condition, taken in some)


def _concatenated(pieces: Iterable[tuple[Text, ...]]) -> tuple[Text, ...]:
    """Return every consistent choice of one text for each piece; nothing if there are too many."""
    pieces = tuple(pieces)
    if all(len(piece) == 1 and not piece[0].sides for piece in pieces):  # as in most strings
        return (Text(_merged(part for (text,) in pieces for part in text.parts)),)
    texts: tuple[Text, ...] = (Text(),)
    for piece in pieces:
        texts = tuple(
            Text(_merged((*left.parts, *right.parts)), left.sides | right.sides)
            for left in texts
            for right in piece
            if _agree(left.sides, right.sides)
        )
        if len(texts) > _MOST_TEXTS:
            return ()
    return texts


def _merged(parts: Iterable[Part]) -> Parts:
    """Join the literals that follow each other."""
    merged: list[Part] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
