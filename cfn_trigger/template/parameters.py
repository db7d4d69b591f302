"""The values of a template's parameters, and the files and options that set them.

Knows the usual forms of such a file, and which types CloudFormation resolves. Refuses to know what
a parameter is for.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cfn_trigger.environment import read_text
from cfn_trigger.errors import UsageError
from cfn_trigger.template.source import Template
from macro.cloudformation import as_map, section
from macro.errors import nearest
from macro.model import Json

_FORMS: Final = (
    'a list of {"ParameterKey", "ParameterValue"}, {"Parameters": {…}}, a map, or K=V lines'
)
_LIST_TYPES: Final = re.compile(r"(AWS::SSM::Parameter::Value<)?(CommaDelimitedList|List<.*)")
_STORED_TYPES: Final = "AWS::SSM::Parameter::Value<"


class MacroValues(dict[str, Json]):
    """Values of parameters by name, as CloudFormation passes them to a macro.

    `missed` are the parameters without a value that the macro asked for, by `get` without a
    default.
    """

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.missed: dict[str, None] = {}

    def get(self, name: str, *default: Json) -> Json:
        """Return a value; remember a name that has neither a value nor a default."""
        if name not in self and not default:
            self.missed[name] = None
        return super().get(name, *default)


def parse_pairs(pairs: Iterable[str], *, option: str = "--parameter") -> dict[str, str]:
    """Parse `K=V` options; raises UsageError for one without a name or `=`, or with two values."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"{option} {pair}: is not of the form NAME=VALUE")
        if values.setdefault(name, value) != value:
            both = f"{values[name]!r} and {value!r}"
            raise UsageError(f"{option} {name}: has two values, {both}; pass one")
    return values


def parse_file(text: str, name: str) -> dict[str, str]:
    """Parse a file of parameters in any of its forms; raises UsageError for any other."""
    try:
        content = json.loads(text)
    except ValueError as error:
        return _parse_lines(text, name, error)
    match content:
        case {"Parameters": dict(inner)}:
            content = inner
        case [*entries]:
            content = dict(map(_entry, entries))
    if not isinstance(content, dict) or None in content:
        raise UsageError(f"{name}: must be {_FORMS}")
    return {key: _as_string(value) for key, value in content.items()}


def _entry(entry: Json) -> tuple[Json, Json]:
    fields = as_map(entry)
    return fields.get("ParameterKey"), fields.get("ParameterValue", "")


def _parse_lines(text: str, name: str, error: ValueError) -> dict[str, str]:
    try:
        pairs = shlex.split(text, comments=True)
    except ValueError:
        pairs = [""]
    if text.lstrip().startswith(("{", "[")) or not all("=" in pair for pair in pairs):
        raise UsageError(f"{name}: must be {_FORMS} ({error})") from error
    return parse_pairs(pairs, option=f"{name}:")


def _as_string(value: Json) -> str:
    match value:
        case str():
            return value
        case list():
            return ",".join(map(_as_string, value))
    return json.dumps(value)


def refuse_unknown(names: Iterable[str], declared: Mapping[str, Json], template: str) -> None:
    """Raise UsageError for a parameter that a template does not declare, as CloudFormation does."""
    for name in names:
        if name not in declared:
            hint = nearest(name, declared)
            raise UsageError(f"{template}: has no parameter {name!r}{hint}")


def effective_values(
    declared: Mapping[str, Json],
    overrides: Mapping[str, str],
    deployed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the value of every parameter: the passed one, the deployed one, or the default.

    A parameter that has none of them is left out.
    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
    """
    defaults = {
        name: _as_string(parameter["Default"])
        for name, parameter in declared.items()
        if as_map(parameter).get("Default") is not None
    }
    values = {**defaults, **(deployed or {}), **overrides}
    return {name: value for name, value in values.items() if name in declared}


def macro_values(declared: Mapping[str, Json], values: Mapping[str, str]) -> MacroValues:
    """Return values as CloudFormation passes them to a macro: those of list types are lists."""
    return MacroValues({name: macro_value(declared[name], text) for name, text in values.items()})


def macro_value(parameter: Json, text: str) -> Json:
    """Return the value of a parameter as CloudFormation passes it to a macro."""
    if not is_list(parameter):
        return text
    return [item.strip() for item in text.split(",")] if text else []


def resolved_references(written: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    """Resolve references to parameters, as CloudFormation does in a transform's own Parameters.

    A value may be a reference, or a list of them; a reference without a value stays as it is.
    """
    return {
        name: [_resolved(item, values) for item in value]
        if isinstance(value, list)
        else _resolved(value, values)
        for name, value in written.items()
    }


def _resolved(value: Json, values: Mapping[str, Json]) -> Json:
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            return values.get(name, value)
    return value


def is_list(parameter: Json) -> bool:
    """Return whether the value of a declared parameter is a list."""
    return bool(_LIST_TYPES.match(str(as_map(parameter).get("Type"))))


def is_stored(parameter: Json) -> bool:
    """Return whether the value of a declared parameter is a name in Parameter Store."""
    return str(as_map(parameter).get("Type")).startswith(_STORED_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The values that a command line sets, and those that the project's settings have.

    The settings may be for several templates, so that what a template does not declare is ignored.
    """

    passed: Mapping[str, str]
    configured: Mapping[str, str] = field(default_factory=dict)

    def of(self, template: Template) -> dict[str, str]:
        """Return the values for a template; raises UsageError if it lacks a passed parameter."""
        declared = section(template.values, "Parameters")
        refuse_unknown(self.passed, declared, template.name)
        configured = {name: text for name, text in self.configured.items() if name in declared}
        return configured | dict(self.passed)

    def values_of(self, template: Template) -> dict[str, str]:
        """Return the values of all parameters of a template, and the defaults of the others."""
        return effective_values(section(template.values, "Parameters"), self.of(template))


def read_overrides(
    pairs: Iterable[str], file: str | None, configured: Mapping[str, str] | None = None
) -> Overrides:
    """Read the parameters that a command line sets; `--parameter` wins over the file."""
    from_file = parse_file(read_text(file), file) if file else {}
    return Overrides(passed=from_file | parse_pairs(pairs), configured=configured or {})
