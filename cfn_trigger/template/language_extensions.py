"""A template as AWS::LanguageExtensions leaves it, by cfn-lint's implementation.

Knows that cfn-lint invents values that it does not know, takes any entry of a mapping that has the
second key, leaves what is within an Fn::ToJsonString, and replaces no variable in plain text.
Refuses to know the other transforms.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cfnlint.template import Template as LintedTemplate
from cfnlint.template.transforms import _language_extensions

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.template.parameters import is_stored
from macro.cloudformation import LANGUAGE_EXTENSIONS, as_map, section
from macro.model import Json


def extended(
    template: Mapping[str, Json], values: Mapping[str, str], *, region: str
) -> dict[str, Json]:
    """Return a template with its loops repeated, without its Transform.

    `values` are those of parameters. Raises AwsTransformError for what cannot be resolved here.
    """
    known = _known_values(template, values)
    mappings = section(template, "Mappings")
    hidden = _renamed(_looked_up(with_subs(template), mappings, known), _HIDDEN)
    first = _by_cfn_lint(hidden, values, region)
    if first != _by_cfn_lint(hidden, values, region):  # invented values are random
        raise AwsTransformError(LANGUAGE_EXTENSIONS, [("", _NOT_KNOWN)])
    repeated = _looked_up(_renamed(first, _SHOWN), mappings, known)
    kept = {name: part for name, part in repeated.items() if name != "Transform"}
    return kept | ({"Parameters": template["Parameters"]} if "Parameters" in kept else {})


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


# ---- what cfn-lint must not see


_HIDDEN: Final = {"Fn::FindInMap": "Hidden::FindInMap", "Fn::ToJsonString": "Hidden::ToJsonString"}
_SHOWN: Final = {hidden: name for name, hidden in _HIDDEN.items()}
_NOT_KNOWN: Final = (
    "an Fn::ForEach loops over a value that is not known here; pass it with --parameter"
)


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    """Rename functions; cfn-lint walks through a map whose key it does not know."""
    match value:
        case dict():
            return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
        case list():
            return [_renamed(item, names) for item in value]
    return value


def _known_values(template: Mapping[str, Json], values: Mapping[str, str]) -> dict[str, Json]:
    """Return the values of parameters, lists as lists."""
    declared = section(template, "Parameters")
    defaults = {name: as_map(each).get("Default") for name, each in declared.items()}
    known = {name: value for name, value in {**defaults, **values}.items() if value is not None}
    stored = {name for name in known if is_stored(as_map(declared.get(name)))}
    return {name: str(value) for name, value in known.items() if name not in stored}


def _looked_up(value: Json, mappings: Mapping[str, Json], known: Mapping[str, Json]) -> Json:
    """Look up what is known; a function that is not is left in its place."""
    match value:
        case {"Fn::FindInMap": [*arguments]} if len(value) == 1:
            keys = [_looked_up(argument, mappings, known) for argument in arguments]
            names = [_known(key, known) for key in keys[:3]]
            if not all(isinstance(name, str) for name in names):
                return {"Fn::FindInMap": keys}
            entry: Json = mappings
            for name in names:
                entry = as_map(entry).get(name)
            default = as_map(keys[3]).get("DefaultValue") if len(keys) > len(names) else None
            return next(
                (each for each in (entry, default) if each is not None), {"Fn::FindInMap": keys}
            )
        case dict():
            return {key: _looked_up(item, mappings, known) for key, item in value.items()}
        case list():
            return [_looked_up(item, mappings, known) for item in value]
    return value


def _known(key: Json, known: Mapping[str, Json]) -> Json:
    match key:
        case {"Ref": str(name)} if len(key) == 1:
            return known.get(name)
    return key


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


_VARIABLE: Final = re.compile(r"[$&]\{([^}]*)\}")


def _by_cfn_lint(
    template: Mapping[str, Json], values: Mapping[str, str], region: str
) -> dict[str, Json]:
    mutable: Any = json.loads(json.dumps({**template, "Transform": LANGUAGE_EXTENSIONS}))
    declared = mutable.get("Parameters", {})
    for name, value in values.items():
        declared[name]["Default"] = value  # cfn-lint knows no other values
    linted = LintedTemplate("", mutable, [region])
    matches, extended_template = _language_extensions.language_extension(linted)
    if matches or extended_template is None:
        prefix = "Error transforming template: "
        messages = [match.message.removeprefix(prefix) for match in matches]
        hidden = any("Hidden::" in message for message in messages)
        messages = [_NOT_KNOWN] if hidden else messages
        if any("Hidden::" in message for message in messages):
            messages = [_NOT_KNOWN]
        raise AwsTransformError(LANGUAGE_EXTENSIONS, [("", message) for message in messages])
    plain: dict[str, Json] = json.loads(json.dumps(extended_template))
    return plain
