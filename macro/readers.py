"""What a property of the shorthand takes: readers from written values to what they mean.

Knows literals, references to parameters, selectors and the many spellings of a handler. Refuses to
know which property takes what (`parse`). A reader gives a value, or raises what it does take.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from macro.errors import nearest
from macro.model import FUNCTION_TYPES, TRIGGER_TYPE, Handler, Json, Retry
from macro.references import mentions, name_and_attribute
from macro.shapes import as_map, is_secret, type_of

_QUALIFIED: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
_GIVES_ANYTHING: Final = ("Custom::", "AWS::CloudFormation::")
_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
_ARN: Final = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")


class WrongError(Exception):
    """A value that its property does not take; each argument says what it does take."""


def is_shorthand(resource: Json) -> bool:
    """Tell our shorthand from a finished custom resource, which has a ServiceToken."""
    if not isinstance(resource, dict) or resource.get("Type") != TRIGGER_TYPE:
        return False
    properties = resource.get("Properties")
    token = properties.get("ServiceToken", "") if isinstance(properties, dict) else ""
    return isinstance(token, str) and not token.strip()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a reader may look up: resources, and parameters with their values."""

    resources: Mapping[str, Json]
    declared: Mapping[str, Json]
    values: Mapping[str, Json]

    def literal(self, value: Json) -> Json:
        """Give a setting's literal: the value itself, or that of the parameter it refers to."""
        match value:
            case {"Ref": str(name)} if len(value) == 1 and name in self.declared:
                if is_secret(self.declared[name]):
                    raise WrongError(f"takes no parameter with NoEcho; {name!r} has it")
                return self.values.get(name)
            case dict():
                raise WrongError("takes a literal or a Ref to a parameter")
        return value

    def type_of(self, logical_id: str) -> str:
        """Give the type of a resource, empty if there is none of that id."""
        return type_of(self.resources.get(logical_id))

    def functions_in(self, value: Json) -> tuple[str, ...]:
        """Name the functions that a value refers to, or is the logical id of.

        An alias or a version counts as its function.
        """
        found: dict[str, None] = {}
        waiting, seen = [value], set()
        while waiting:
            node = waiting.pop(0)
            names = [reference.name.partition(".")[0] for reference in mentions(node).references]
            for name in [*names, node] if isinstance(node, str) else names:
                if self.type_of(name) in FUNCTION_TYPES:
                    found[name] = None
                elif self.type_of(name) in _QUALIFIED and name not in seen:
                    seen.add(name)
                    properties = as_map(self.resources[name].get("Properties"))
                    waiting.append(properties.get("FunctionName"))
        return tuple(found)


Reader = Callable[[Json, Lookup], Any]


def field_name(name: str) -> str:
    """Turn `ExecuteAfter` into `execute_after`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def said(value: Json) -> str:
    """Say a value in a message: what it is, or a scalar as it was written."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "a map"
        case list():
            return "a list"
    return repr(value)


def boolean(value: Json, template: Lookup) -> bool:
    """Take true and false, also as text: parameters are."""
    literal = template.literal(value)
    match str(literal).lower() if isinstance(literal, str | bool) else literal:
        case "true":
            return True
        case "false":
            return False
    raise WrongError(f"takes true or false, not {said(literal)}")


def number(least: float, most: float, *, whole: bool = False) -> Reader:
    """Take a number of a range, also as text."""
    kind = "a whole number" if whole else "a number"

    def read(value: Json, template: Lookup) -> float:
        literal = template.literal(value)
        number = _as_number(literal)
        if number is None or not least <= number <= most or (whole and number % 1):
            raise WrongError(f"takes {kind} from {least:g} to {most:g}, not {said(literal)}")
        return int(number) if number == int(number) else number

    return read


def _as_number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d*)?", value):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def one_of(*choices: str) -> Reader:
    """Take one of some words."""

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if literal not in choices:
            hint = nearest(literal, choices) if isinstance(literal, str) else ""
            known = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise WrongError(f"takes {known}, not {said(literal)}{hint}")
        return str(literal)

    return read


def selectors(value: Json, template: Lookup) -> tuple[str, ...]:
    """Take selectors, one or a list; a Ref means the id it names."""
    match value:
        case {"Ref": str(name)} if name in template.declared:
            value = template.literal(value)
        case dict():
            value = [value]
    match value:
        case str():
            return (_selector(value, template),)
        case list():
            return tuple(_selector(item, template) for item in value)
    raise WrongError(f"takes a list of selectors, not {said(value)}")


def _selector(item: Json, template: Lookup) -> str:
    match item:
        case str() if item:
            return item
        case {"Ref": str(name)} if name in template.declared:
            raise WrongError(f"takes a list parameter alone; {name!r} stands among other selectors")
        case {"Ref": str(name)} if len(item) == 1:
            return name
    raise WrongError(f"takes logical ids, globs, types and Refs, not {said(item)}")


def anything(value: Json, _: Lookup) -> Json:
    """Take any JSON as it is."""
    return value


def text(pattern: str, what: str) -> Reader:
    """Take a text of a pattern, which is called `what` in messages."""

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if not isinstance(literal, str) or not re.fullmatch(pattern, literal):
            raise WrongError(f"takes {what}, not {said(literal)}")
        return literal

    return read


def texts(value: Json, template: Lookup) -> tuple[str, ...]:
    """Take a list of ids, also as one text with commas."""
    literal = template.literal(value)
    items = literal.split(",") if isinstance(literal, str) else literal
    is_list = isinstance(items, list) and items
    if not is_list or not all(isinstance(item, str) and item.strip() for item in items):
        raise WrongError(f"takes a list of ids, not {said(literal)}")
    return tuple(item.strip() for item in items)


def days(value: Json, template: Lookup) -> int:
    """Take a retention that CloudWatch Logs knows."""
    literal = template.literal(value)
    if (number := _as_number(literal)) not in _RETENTIONS:
        raise WrongError(f"takes {', '.join(map(str, _RETENTIONS))}, not {said(literal)}")
    return int(number or 0)


def function(value: Json, _: Lookup) -> Mapping[str, Json]:
    """Take the properties of a function whose code needs no upload."""
    if not isinstance(value, dict):
        raise WrongError(f"takes the properties of an AWS::Lambda::Function, not {said(value)}")
    if isinstance(value.get("Code"), str) or "CodeUri" in value:
        remedy = "write the code inline, or the trigger into the Metadata of a function"
        raise WrongError(f"has a local path in its code, which nothing uploads here; {remedy}")
    statements = value.get("Policies", [])
    if not isinstance(statements, list) or not all(isinstance(one, dict) for one in statements):
        raise WrongError("has Policies that are no list of IAM statements; attach others to a Role")
    if "Role" in value and "Policies" in value:
        raise WrongError("has a Role and Policies; give the statements to the role")
    return value


# ---- the handler: many spellings, one function


def handler(value: Json, template: Lookup) -> Handler:
    """Take a function, an alias or a version of the template, an ARN, or what gives one."""
    match value:
        case str():
            return _written(value, template)
        case {"Ref": str(name)} if len(value) == 1:
            if name in template.declared:
                return Handler(arn=value)
            return _named(name, template, known=[*template.resources, *template.declared])
        case {"Fn::GetAtt": target} if len(value) == 1 and (found := name_and_attribute(target)):
            return _attribute(*found, template)
        case dict() if len(value) == 1 and str(next(iter(value))).startswith("Fn::"):
            functions = template.functions_in(value)
            return Handler(arn=_with_arns(value, functions), functions=functions)
    raise WrongError(f"takes a function of the template or an ARN, not {said(value)}")


def _with_arns(value: Json, functions: tuple[str, ...]) -> Json:
    """Say the ARN of a function wherever its Ref, which is its name, is written."""
    match value:
        case {"Ref": str(name)} if len(value) == 1 and name in functions:
            return {"Fn::GetAtt": [name, "Arn"]}
        case dict():
            return {key: _with_arns(item, functions) for key, item in value.items()}
        case list():
            return [_with_arns(item, functions) for item in value]
    return value


def _written(value: str, template: Lookup) -> Handler:
    if _ARN.fullmatch(value) or value.startswith("{{resolve:ssm:"):
        return Handler(arn=value)
    if value.startswith("arn:"):
        raise WrongError(f"{value!r} is not the ARN of a Lambda function")
    return _named(value, template, known=template.resources)


def _attribute(name: str, attribute: str, template: Lookup) -> Handler:
    """Resolve an attribute: a function's Arn, or anything of what may give ARNs of others."""
    gives_anything = template.type_of(name).startswith(_GIVES_ANYTHING)
    if gives_anything and not is_shorthand(template.resources[name]):
        return Handler(arn={"Fn::GetAtt": [name, attribute]})
    named = _named(name, template, known=template.resources)
    if attribute != "Arn":
        raise WrongError(f"takes the function's 'Arn', not its {attribute!r}")
    return named


def _named(name: str, template: Lookup, *, known: Iterable[str]) -> Handler:
    """Resolve a name: a function, an alias or a version of one, or SAM's `Fn.Alias`."""
    owner, _, generated = name.partition(".")
    match template.type_of(owner), generated:
        case "AWS::Lambda::Function" | "AWS::Serverless::Function", "":
            return Handler(arn={"Fn::GetAtt": [name, "Arn"]}, functions=(name,))
        case "AWS::Serverless::Function", "Alias" | "Version":
            return Handler(arn={"Ref": name}, functions=(owner,))
        case what, "" if what in _QUALIFIED:
            return Handler(arn={"Ref": name}, functions=template.functions_in({"Ref": name}))
    if owner in template.resources:
        what = template.type_of(owner) or "no type"
        raise WrongError(f"{name!r} is of {what}; name a function, an alias or a version")
    raise WrongError(f"no {name!r} in the template{nearest(name, known)}")


# ---- retry: a map of its own

_RETRY: Final[Mapping[str, Reader]] = {
    "MaxAttempts": number(1, 100, whole=True),
    "Interval": number(0, 3540),
    "BackoffRate": number(1, 10),
    "MaxInterval": number(0, 3540),
}


def retry(value: Json, template: Lookup) -> Retry:
    """Take the map of a retry."""
    if not isinstance(value, dict):
        raise WrongError(f"takes a map of {', '.join(_RETRY)}, not {said(value)}")
    read: dict[str, Any] = {}
    wrong: list[str] = []
    for name, given in value.items():
        if name not in _RETRY:
            hint = nearest(str(name), _RETRY) or f"; there are {', '.join(_RETRY)}"
            wrong.append(f"has no {str(name)!r}{hint}")
            continue
        try:
            read[field_name(name)] = _RETRY[name](given, template)
        except WrongError as error:
            wrong += [f"{name} {told}" for told in error.args]
    if wrong:
        raise WrongError(*wrong)
    return Retry(**read)
