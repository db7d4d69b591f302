"""The values of a template's parameters, and the files they stand in.

Knows the three usual forms of such a file, and samconfig's `K=V` lines. Refuses to know what a
parameter is for.
"""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
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
_LISTS: Final = re.compile(r"(AWS::SSM::Parameter::Value<)?(CommaDelimitedList|List<.*)")
_STORED: Final = "AWS::SSM::Parameter::Value<"


class Values(dict[str, Json]):
    """Values by name, as CloudFormation hands them to a macro.

    `missed` are the parameters that had none when the macro needed it: it asks for what it needs
    by `get` with nothing to fall back on.
    """

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.missed: dict[str, None] = {}

    def get(self, name: str, *otherwise: Json) -> Json:
        """Give a value, and remember a name that has none."""
        if name not in self and not otherwise:
            self.missed[name] = None
        return super().get(name, *otherwise)


def pairs(written: Iterable[str]) -> dict[str, str]:
    """Read `K=V` options; raises UsageError for one without `=`."""
    found = {}
    for pair in written:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"--parameter {pair}: takes NAME=VALUE")
        found[name] = value
    return found


def in_file(text: str, name: str) -> dict[str, str]:
    """Read a file of parameters in any of its forms; raises UsageError for another."""
    try:
        whole = json.loads(text)
    except ValueError as error:
        return _lines(text, name, error)
    match whole:
        case {"Parameters": dict(inner)}:
            whole = inner
        case [*items]:
            whole = dict(map(_listed, items))
    if not isinstance(whole, dict) or None in whole:
        raise UsageError(f"{name}: takes {_FORMS}")
    return {key: _as_text(value) for key, value in whole.items()}


def _listed(item: Json) -> tuple[Json, Json]:
    entry = as_map(item)
    return entry.get("ParameterKey"), entry.get("ParameterValue", "")


def _lines(text: str, name: str, error: ValueError) -> dict[str, str]:
    try:
        written = shlex.split(text, comments=True)
    except ValueError:
        written = [""]
    if text.lstrip().startswith(("{", "[")) or not all("=" in pair for pair in written):
        raise UsageError(f"{name}: takes {_FORMS} ({error})") from error
    return pairs(written)


def _as_text(value: Json) -> str:
    match value:
        case str():
            return value
        case list():
            return ",".join(map(_as_text, value))
    return json.dumps(value)


def all_known(given: Iterable[str], declared: Mapping[str, Json], template: str) -> None:
    """Refuse values for parameters that a template does not have, as CloudFormation does."""
    for name in given:
        if name not in declared:
            hint = nearest(name, declared)
            raise UsageError(f"{template}: has no parameter {name!r}{hint}")


def settled(
    declared: Mapping[str, Json],
    given: Mapping[str, str],
    deployed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every parameter its value: the given one, the deployed one, or the default.

    One that has none of them is left out. https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
    """
    known = {
        name: _as_text(parameter["Default"])
        for name, parameter in declared.items()
        if "Default" in as_map(parameter)
    }
    known |= {name: value for name, value in (deployed or {}).items() if name in declared}
    return known | {name: value for name, value in given.items() if name in declared}


def for_a_macro(declared: Mapping[str, Json], settled: Mapping[str, str]) -> Values:
    """Say values as CloudFormation says them to a macro: those of list types as lists."""
    return Values(
        {
            name: _items(value) if is_list(declared[name]) else value
            for name, value in settled.items()
        }
    )


def is_list(parameter: Json) -> bool:
    """Tell whether a parameter's value is a list."""
    return bool(_LISTS.match(str(as_map(parameter).get("Type"))))


def is_stored(parameter: Json) -> bool:
    """Tell whether a parameter's value is the name of one in the parameter store."""
    return str(as_map(parameter).get("Type")).startswith(_STORED)


def _items(text: str) -> list[Json]:
    return [item.strip() for item in text.split(",")] if text else []


def given(written: Iterable[str], file: str | None) -> dict[str, str]:
    """Read what a command line says of parameters; `--parameter` wins over the file."""
    from_file = in_file(read_text(file), file) if file else {}
    return from_file | pairs(written)


def settled_for(template: Template, written: Iterable[str], file: str | None) -> dict[str, str]:
    """Settle a template's parameters with what a command line says of them."""
    declared = section(template.values, "Parameters")
    said = given(written, file)
    all_known(said, declared, template.name)
    return settled(declared, said)
