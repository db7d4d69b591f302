"""A template as AWS::LanguageExtensions leaves it.

Knows the functions of that transform, and where the variables of a loop stand. Refuses to guess: a
function whose arguments are not known here is left in its place, and so is what `intrinsics` cannot
resolve. Refuses to know the other transforms.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    NoValue,
    PartialCall,
    Resolved,
    StackState,
    Unknown,
    is_function,
    is_known,
    may_vanish,
)
from cfn_trigger.template.parameters import is_stored
from macro.cloudformation import LANGUAGE_EXTENSIONS, as_map, section
from macro.model import Json

# Theory of operation
#
# One walk does everything, with the variables of the loops around it at hand: a loop is repeated, a
# variable is replaced wherever its name stands, and a function of the transform is replaced by its
# value. Its arguments are walked first, so that functions may be nested in any order.
#
# What an argument means is asked of a `StackState`, which knows what each parameter, mapping and
# condition is worth, or that it is not known. Conditions are walked before the rest, because an
# `Fn::If` in an argument depends on them.

_LOOP: Final = "Fn::ForEach::"
_SECTIONS: Final = ("Conditions", "Resources", "Outputs")
"""The sections in which the functions of the transform are allowed."""
_VARIABLE: Final = re.compile(r"[$&]\{([^}]*)\}")
_NOT_KNOWN: Final = (
    "an Fn::ForEach loops over a value that is not known here; pass it with --parameter"
)


def extended(
    template: Mapping[str, Json],
    values: Mapping[str, str],
    *,
    unknown_parameters: Mapping[str, Unknown] | None = None,
    pseudo_parameters: Mapping[str, str] | None = None,
) -> dict[str, Json]:
    """Return a template with its loops repeated and its functions resolved, without its Transform.

    `values` are those of parameters, defaults included. A parameter without a value, one of
    `unknown_parameters`, and a pseudo parameter that is not in `pseudo_parameters` are not known.
    Raises AwsTransformError for what AWS refuses, and for a loop over what is not known here.
    """
    declared = section(template, "Parameters")
    stored = {
        name: KnownAtDeployment(f"parameter {name!r}")
        for name, parameter in declared.items()
        if is_stored(parameter)
    }
    state = StackState(
        template=template,
        values=values,
        unknown_parameters={**stored, **(unknown_parameters or {})},
        pseudo_parameters=pseudo_parameters or {},
    )
    sections = {name: part for name, part in template.items() if name != "Transform"}
    for name in _SECTIONS:
        if name in sections:
            sections[name] = _Walk(state=state).of(sections[name])
            state = replace(state, template={**template, **sections})
    return sections


def is_needed(value: Json) -> bool:
    """Return whether a function is left that only AWS::LanguageExtensions itself resolves."""
    match value:
        case {"Fn::Length": _} | {"Fn::ToJsonString": _}:
            return True
        case {"Fn::FindInMap": [_, _, _, _]}:
            return True
        case {"Fn::FindInMap": [*keys]}:
            return any(isinstance(key, dict) and {*key} - {"Ref", "Fn::FindInMap"} for key in keys)
        case dict():
            return any(map(is_needed, value.values()))
        case list():
            return any(map(is_needed, value))
    return False


def has_loops(template: Mapping[str, Json]) -> bool:
    """Return whether resources of a template are yet to be repeated."""
    return any(str(name).startswith(_LOOP) for name in section(template, "Resources"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A walk through a part of a template, within loops whose variables have these values."""

    state: StackState
    variables: Mapping[str, str] = field(default_factory=dict)

    def of(self, value: Json) -> Json:
        """Return what the transform makes of a value."""
        match value:
            case dict() if len(value) == 1 and is_function(name := next(iter(value))):
                return self._map(value) if name.startswith(_LOOP) else self._call(name, value[name])
            case dict():
                return self._map(value)
            case list():
                return self._items(value)
            case str():
                return self._text(value)
        return value

    def _call(self, function: str, argument: Json) -> Json:  # noqa: PLR0911 (one for each)
        match function, argument:
            case "Ref", str(name) if name in self.variables:
                return self.variables[name]
            case "Ref", _:
                return {"Ref": self._name(argument)}
            case "Fn::GetAtt", str(target):
                return {"Fn::GetAtt": [*map(self._name, target.split(".", maxsplit=1))]}
            case "Fn::GetAtt", list(names):
                return {"Fn::GetAtt": [*map(self._name, names)]}
            case "Fn::Sub", _:
                return self._sub(argument)
            case "Fn::FindInMap", [_, _, _, *_]:
                return self._find(self._items(argument))
            case "Fn::Length", _:
                return self._length(self.of(argument))
            case "Fn::ToJsonString", _:
                return self._as_json(self.of(argument))
        return {function: self.of(argument)}

    def _items(self, items: list[Json]) -> list[Json]:
        return [self.of(item) for item in items if item is not None]

    def _map(self, written: Mapping[str, Json]) -> dict[str, Json]:
        """Repeat the loops in a map, and leave out what is null, as AWS does.

        https://github.com/aws-cloudformation/cfn-language-discussion/issues/100
        """
        entries: dict[str, Json] = {}
        for key, value in written.items():
            if not str(key).startswith(_LOOP):
                entries |= {} if value is None else {self._text(key): self.of(value)}
                continue
            for name, item in self._repeated(key, value):
                if name in entries or name in written:
                    raise _refusal(f"{key} creates {name!r} twice; give each copy its own name")
                entries[name] = item
        return entries

    def _repeated(self, key: str, loop: Json) -> Iterator[tuple[str, Json]]:
        match loop:
            case [str(variable), collection, dict() as body]:
                for item in self._collection(collection):
                    inner = replace(self, variables={**self.variables, variable: item})
                    yield from inner._map(body).items()  # noqa: SLF001 (its own class)
            case _:
                needs = "an identifier, a list of values, and a map of what to repeat"
                raise _refusal(f"{key} is malformed; write {needs}")

    def _collection(self, written: Json) -> list[str]:
        resolved = self.state.resolve(self.of(written))
        if not isinstance(resolved, list) or not all(isinstance(item, str) for item in resolved):
            raise _refusal(_NOT_KNOWN)
        return resolved

    def _text(self, text: str) -> str:
        """Replace the variables of loops; AWS does so in any text, `&{}` without punctuation."""

        def value_of(match: re.Match[str]) -> str:
            value = self.variables.get(match[1])
            if value is None:
                return match[0]
            return re.sub(r"[^0-9A-Za-z]", "", value) if match[0].startswith("&") else value

        names = _VARIABLE.findall(text)
        # A text with other variables belongs to someone else: a policy, or a script.
        return _VARIABLE.sub(value_of, text) if {*names} <= self.variables.keys() else text

    def _sub(self, argument: Json) -> Json:
        text, *more = argument if isinstance(argument, list) else [argument]
        if not isinstance(text, str):
            return {"Fn::Sub": self.of(argument)}
        for name, value in self.variables.items():
            text = text.replace(f"${{{name}}}", value)
        if more:
            return {"Fn::Sub": [text, *self._items(more)]}
        return {"Fn::Sub": text} if "${" in text or not self.variables else text

    def _name(self, argument: Json) -> Json:
        """Return the name in a Ref or Fn::GetAtt, which may be a function of what is known."""
        walked = self.of(argument)
        resolved = self.state.resolve(walked)
        return resolved if isinstance(resolved, str) else walked

    def _find(self, arguments: list[Json]) -> Json:
        names = [self.state.resolve(argument) for argument in arguments[:3]]
        if not all(isinstance(name, str) for name in names):
            return {"Fn::FindInMap": arguments}
        entry: Json = section(self.state.template, "Mappings")
        for name in names:
            entry = as_map(entry).get(name)
        if entry is None and len(arguments) > len(names):
            entry = as_map(arguments[3]).get("DefaultValue")
        return {"Fn::FindInMap": arguments} if entry is None else entry

    def _length(self, walked: Json) -> Json:
        resolved = self.state.resolve(walked)
        if isinstance(resolved, list) and not any(map(may_vanish, resolved)):
            return len(resolved)
        return {"Fn::Length": walked}

    def _as_json(self, walked: Json) -> Json:
        """Return a value as JSON, if there is only one way to write it.

        AWS writes it without spaces; how it escapes a character or writes a fraction is not known.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ToJsonString.html
        """
        values = self._typed(walked)
        if isinstance(values, dict | list) and is_known(values) and not _has_fractions(values):
            text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
            if text.isascii():
                return text
        return {"Fn::ToJsonString": walked}

    def _typed(self, walked: Json) -> Resolved:
        """Resolve a value whose literals keep their types."""
        match walked:
            case {"Ref": str(name)} if len(walked) == 1 and self._is_number(name):
                return PartialCall("Ref", name)  # a number or a string
            case dict() if len(walked) == 1 and is_function(next(iter(walked))):
                return self.state.resolve(walked)
            case dict():
                inner = {key: self._typed(item) for key, item in walked.items()}
                return {key: item for key, item in inner.items() if not isinstance(item, NoValue)}
            case list():
                typed = map(self._typed, walked)
                return [item for item in typed if not isinstance(item, NoValue)]
        return walked

    def _is_number(self, name: str) -> bool:
        declared = section(self.state.template, "Parameters")
        return as_map(declared.get(name)).get("Type") in ("Number", "List<Number>")


def _has_fractions(value: Resolved) -> bool:
    match value:
        case dict():
            return any(map(_has_fractions, value.values()))
        case list():
            return any(map(_has_fractions, value))
    return isinstance(value, float)


def _refusal(message: str) -> AwsTransformError:
    return AwsTransformError(LANGUAGE_EXTENSIONS, [("", message)])


# ---- for cfn-lint, which replaces the variables of a loop in a Fn::Sub only


def with_subs(  # noqa: PLR0911 (a form of a value each)
    value: Json, identifiers: tuple[str, ...] = ()
) -> Json:
    """Return a template in whose loops each text with their variables alone is a Fn::Sub.

    AWS replaces variables in any text, cfn-lint in a Fn::Sub.
    """
    match value:
        case {"Fn::Sub": _} if len(value) == 1:
            return value
        case {"Fn::GetAtt": str(target)} if len(value) == 1:
            return {"Fn::GetAtt": with_subs(target.split(".", maxsplit=1), identifiers)}
        case {"Fn::If": [condition, *branches]} if len(value) == 1:
            return {"Fn::If": [condition, *with_subs(branches, identifiers)]}
        case dict():
            return {
                key: _looping(item, identifiers)
                if str(key).startswith("Fn::ForEach::")
                else with_subs(item, identifiers)
                for key, item in value.items()
            }
        case list():
            return [with_subs(item, identifiers) for item in value]
        case str(text):
            variables = _VARIABLE.findall(text)
            if variables and {*variables} <= {*identifiers}:
                return {"Fn::Sub": text}
    return value


def _looping(loop: Json, identifiers: tuple[str, ...]) -> Json:
    match loop:
        case [str(identifier), collection, body]:
            return [identifier, collection, with_subs(body, (*identifiers, identifier))]
    return loop
