"""What a property of the shorthand takes: readers from written values to what they mean.

Knows literals, references to parameters, selectors and the many spellings of a handler. Refuses to
know which property takes what (`shorthand`). A reader gives a value, or raises what it does take;
it also says in words and as a JSON Schema what may be written.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from macro.cloudformation import (
    ALIAS_TYPE,
    FUNCTION_TYPES,
    VERSION_TYPE,
    is_secret,
    properties_of,
    type_of,
)
from macro.errors import nearest
from macro.model import TRIGGER_TYPE, Handler, Json, Retry
from macro.references import mentions, name_and_attribute

_QUALIFIED: Final = frozenset({ALIAS_TYPE, VERSION_TYPE})
_GIVES_ANYTHING: Final = ("Custom::", "AWS::CloudFormation::")
_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
_ARN: Final = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
_NUMBER: Final = re.compile(r"\d+(\.\d*)?")
_IN_TEXT: Final[Json] = {"type": "string", "pattern": f"^{_NUMBER.pattern}$"}

PARAMETER: Final[Json] = {"$ref": "#/definitions/Parameter"}
INTRINSIC: Final[Json] = {"$ref": "#/definitions/Intrinsic"}
"""What the schemas here leave to whoever puts them into a whole."""


class InvalidValueError(Exception):
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
                    raise InvalidValueError(f"takes no parameter with NoEcho; {name!r} has it")
                return self.values.get(name)
            case dict():
                raise InvalidValueError("takes a literal or a Ref to a parameter")
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
            names = [reference.owner for reference in mentions(node).references]
            for name in [*names, node] if isinstance(node, str) else names:
                if self.type_of(name) in FUNCTION_TYPES:
                    found[name] = None
                elif self.type_of(name) in _QUALIFIED and name not in seen:
                    seen.add(name)
                    waiting.append(properties_of(self.resources[name]).get("FunctionName"))
        return tuple(found)


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """What a property takes: how it is read, how it is said in words, and its JSON Schema."""

    read: Callable[[Json, Lookup], Any]
    words: str
    schema: Json


@functools.cache
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


def _boolean(value: Json, template: Lookup) -> bool:
    literal = template.literal(value)
    match str(literal).lower() if isinstance(literal, str | bool) else literal:
        case "true":
            return True
        case "false":
            return False
    raise InvalidValueError(f"takes true or false, not {said(literal)}")


BOOLEAN: Final = Reader(
    _boolean,
    "true or false",
    {
        "anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
            PARAMETER,
        ]
    },
)
"""Takes true and false, also as text: parameters are."""


def number(least: float, most: float, *, whole: bool = False) -> Reader:
    """Take a number of a range, also as text."""
    words = f"{'a whole number' if whole else 'a number'} from {least:g} to {most:g}"

    def read(value: Json, template: Lookup) -> float:
        literal = template.literal(value)
        number = _as_number(literal)
        if number is None or not least <= number <= most or (whole and number % 1):
            raise InvalidValueError(f"takes {words}, not {said(literal)}")
        return int(number) if number == int(number) else number

    kind = "integer" if whole else "number"
    in_range = {"type": kind, "minimum": least, "maximum": most}
    return Reader(read, words, {"anyOf": [in_range, _IN_TEXT, PARAMETER]})


def _as_number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def one_of(*choices: str) -> Reader:
    """Take one of some words."""
    words = f"{', '.join(choices[:-1])} or {choices[-1]}"

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if literal not in choices:
            hint = nearest(literal, choices) if isinstance(literal, str) else ""
            raise InvalidValueError(f"takes {words}, not {said(literal)}{hint}")
        return str(literal)

    return Reader(read, words, {"anyOf": [{"enum": list(choices)}, PARAMETER]})


def _selectors(value: Json, template: Lookup) -> tuple[str, ...]:
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
    raise InvalidValueError(f"takes a list of selectors, not {said(value)}")


def _selector(item: Json, template: Lookup) -> str:
    match item:
        case str() if item:
            return item
        case {"Ref": str(name)} if name in template.declared:
            raise InvalidValueError(
                f"takes a list parameter alone; {name!r} stands among other selectors"
            )
        case {"Ref": str(name)} if len(item) == 1:
            return name
    raise InvalidValueError(f"takes logical ids, globs, types and Refs, not {said(item)}")


_SELECTOR: Final[Json] = {"anyOf": [{"type": "string", "minLength": 1}, PARAMETER]}
SELECTORS: Final = Reader(
    _selectors,
    "a list of selectors",
    {"anyOf": [*_SELECTOR["anyOf"], {"type": "array", "items": _SELECTOR}]},
)
"""Takes selectors, one or a list; a Ref means the id it names."""

ANYTHING: Final = Reader(lambda value, _: value, "any JSON", {})
"""Takes any JSON as it is."""


def text(pattern: str, words: str) -> Reader:
    """Take a text of a pattern, which is called `words` in messages."""

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if not isinstance(literal, str) or not re.fullmatch(pattern, literal):
            raise InvalidValueError(f"takes {words}, not {said(literal)}")
        return literal

    schema = {"anyOf": [{"type": "string", "pattern": f"^({pattern})$"}, PARAMETER]}
    return Reader(read, words, schema)


def _texts(value: Json, template: Lookup) -> tuple[str, ...]:
    literal = template.literal(value)
    items = literal.split(",") if isinstance(literal, str) else literal
    is_list = isinstance(items, list) and items
    if not is_list or not all(isinstance(item, str) and item.strip() for item in items):
        raise InvalidValueError(f"takes a list of ids, not {said(literal)}")
    return tuple(item.strip() for item in items)


_ID: Final[Json] = {"type": "string", "pattern": r"\S"}
TEXTS: Final = Reader(
    _texts,
    "a list of ids",
    {
        "anyOf": [
            _ID,
            {"type": "array", "minItems": 1, "items": _ID, "examples": [["subnet-0abc"]]},
            PARAMETER,
        ]
    },
)
"""Takes a list of ids, also as one text with commas."""


def _days(value: Json, template: Lookup) -> int:
    literal = template.literal(value)
    if (number := _as_number(literal)) not in _RETENTIONS:
        raise InvalidValueError(f"takes {', '.join(map(str, _RETENTIONS))}, not {said(literal)}")
    return int(number or 0)


DAYS: Final = Reader(
    _days,
    "a number of days that CloudWatch Logs knows",
    {"anyOf": [{"enum": [*_RETENTIONS]}, _IN_TEXT, PARAMETER]},
)
"""Takes a retention that CloudWatch Logs knows."""


def _function(value: Json, _: Lookup) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise InvalidValueError(
            f"takes the properties of an AWS::Lambda::Function, not {said(value)}"
        )
    if isinstance(value.get("Code"), str) or "CodeUri" in value:
        remedy = "write the code inline, or the trigger into the Metadata of a function"
        raise InvalidValueError(
            f"has a local path in its code, which nothing uploads here; {remedy}"
        )
    statements = value.get("Policies", [])
    if not isinstance(statements, list) or not all(isinstance(one, dict) for one in statements):
        raise InvalidValueError(
            "has Policies that are no list of IAM statements; attach others to a Role"
        )
    if "Role" in value and "Policies" in value:
        raise InvalidValueError("has a Role and Policies; give the statements to the role")
    return value


FUNCTION: Final = Reader(
    _function,
    "the properties of an AWS::Lambda::Function",
    {
        "type": "object",
        "properties": {
            "Code": {"not": {"type": "string"}},
            "CodeUri": False,
            "Policies": {"type": "array", "items": {"type": "object"}},
        },
        "not": {"required": ["Role", "Policies"]},
    },
)
"""Takes the properties of a function whose code needs no upload."""


# ---- the handler: many spellings, one function


def _handler(value: Json, template: Lookup) -> Handler:
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
    raise InvalidValueError(f"takes a function of the template or an ARN, not {said(value)}")


HANDLER: Final = Reader(
    _handler,
    "a function of the template or an ARN",
    {
        "anyOf": [
            {"type": "string", "minLength": 1, "pattern": f"^(?!arn:)|^{_ARN.pattern}$"},
            INTRINSIC,
        ]
    },
)
"""Takes a function, an alias or a version of the template, an ARN, or what gives one."""


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
        raise InvalidValueError(f"{value!r} is not the ARN of a Lambda function")
    return _named(value, template, known=template.resources)


def _attribute(name: str, attribute: str, template: Lookup) -> Handler:
    """Resolve an attribute: a function's Arn, or anything of what may give ARNs of others."""
    gives_anything = template.type_of(name).startswith(_GIVES_ANYTHING)
    if gives_anything and not is_shorthand(template.resources[name]):
        return Handler(arn={"Fn::GetAtt": [name, attribute]})
    named = _named(name, template, known=template.resources)
    if attribute != "Arn":
        raise InvalidValueError(f"takes the function's 'Arn', not its {attribute!r}")
    return named


def _named(name: str, template: Lookup, *, known: Iterable[str]) -> Handler:
    """Resolve a name: a function, an alias or a version of one, or SAM's `Fn.Alias`."""
    owner, _, generated = name.partition(".")
    match template.type_of(owner), generated:
        case resource_type, "" if resource_type in FUNCTION_TYPES:
            return Handler(arn={"Fn::GetAtt": [name, "Arn"]}, functions=(name,))
        case "AWS::Serverless::Function", "Alias" | "Version":
            return Handler(arn={"Ref": name}, functions=(owner,))
        case resource_type, "" if resource_type in _QUALIFIED:
            return Handler(arn={"Ref": name}, functions=template.functions_in({"Ref": name}))
    if owner in template.resources:
        what = template.type_of(owner) or "no type"
        raise InvalidValueError(f"{name!r} is of {what}; name a function, an alias or a version")
    raise InvalidValueError(f"no {name!r} in the template{nearest(name, known)}")


# ---- retry: a map of its own


def retry(known: Mapping[str, Reader]) -> Reader:
    """Take the map of a retry, whose keys take what `known` says."""
    words = f"a map of {', '.join(known)}"

    def read(value: Json, template: Lookup) -> Retry:
        if not isinstance(value, dict):
            raise InvalidValueError(f"takes {words}, not {said(value)}")
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for name, given in value.items():
            if name not in known:
                hint = nearest(str(name), known) or f"; there are {', '.join(known)}"
                wrong.append(f"has no {str(name)!r}{hint}")
                continue
            try:
                values[field_name(name)] = known[name].read(given, template)
            except InvalidValueError as error:
                wrong += [f"{name} {told}" for told in error.args]
        if wrong:
            raise InvalidValueError(*wrong)
        return Retry(**values)

    return Reader(read, words, {"$ref": "#/definitions/Retry"})
