"""What a property of the shorthand accepts: readers from written values to what they mean.

Knows literals, references to parameters, selectors and the many spellings of a handler. Refuses to
know which property accepts what (`shorthand`). A reader returns a value, or raises what is wrong
with it; it also describes in words, and as a JSON Schema, what may be written.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from macro.canonical import Canon
from macro.cloudformation import (
    FUNCTION_TYPE,
    SERVERLESS,
    Resources,
    as_map,
    is_dynamic,
    is_secret,
)
from macro.errors import Steps, nearest
from macro.functions import QUALIFIED, Functions
from macro.model import ABSENT, NOTHING, TRIGGER_TYPE, Handler, Json, OnRollback, Retry
from macro.references import mentions, name_and_attribute

_WITH_ANY_ATTRIBUTE: Final = ("Custom::", "AWS::CloudFormation::")
_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
_ARN: Final = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
_NAME: Final = re.compile(
    rf"{_ARN.pattern}|\{{\{{resolve:.*"
    r"|(([a-z]{2}(-[a-z]+)+-\d:)?\d{12}:)?(function:)?[\w-]+(:[\w$-]+)?"
)
"""The ways in which Lambda takes the name of a function.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""
_NUMBER: Final = re.compile(r"\d+(\.\d*)?")
_IN_TEXT: Final[Json] = {"type": "string", "pattern": f"^{_NUMBER.pattern}$"}

PARAMETER: Final[Json] = {"$ref": "#/definitions/Parameter"}
INTRINSIC: Final[Json] = {"$ref": "#/definitions/Intrinsic"}
"""References that the schema which contains these schemas has to define."""


class Fault(NamedTuple):
    """What is wrong with a value and how to mend it, and the part of the value that it is in.

    A message about one `part`, which is a key, is given the place of that part.
    """

    message: str
    within: Steps = ()
    part: str = ""

    def inside(self, step: str | int, message: str = "") -> "Fault":
        """Return the fault of a value that this value is a part of."""
        return Fault(message or self.message, (step, *self.within))


class InvalidValueError(Exception):
    """A value that its property does not accept, with its faults; a string is about all of it.

    `accepted` is the part of the value that is right, ABSENT if there is none.
    """

    def __init__(self, *faults: str | Fault, accepted: Any = ABSENT) -> None:
        self.accepted = accepted
        self.faults = tuple(Fault(fault) if isinstance(fault, str) else fault for fault in faults)
        super().__init__(*faults)


def is_shorthand(resource: Json) -> bool:
    """Return whether a resource is a trigger to expand; a finished one has a ServiceToken."""
    if not isinstance(resource, dict) or resource.get("Type") != TRIGGER_TYPE:
        return False
    properties = resource.get("Properties")
    token = properties.get("ServiceToken", "") if isinstance(properties, dict) else ""
    return isinstance(token, str) and not token.strip()


def _is_shown(parameter: Json) -> bool:
    """Return whether a macro receives the value of a parameter, and it is not a secret."""
    stored = str(as_map(parameter).get("Type")).startswith("AWS::SSM::Parameter::Value")
    return not stored and not is_secret(parameter)


class Lookup:
    """What a reader may look up: resources, and parameters with their values.

    `sam_names` are the author's names for what SAM made (`sam_names.written_names`).
    """

    def __init__(
        self,
        *,
        resources: Resources,
        declared: Mapping[str, Json],
        values: Mapping[str, Json],
        mappings: Mapping[str, Json] = NOTHING,
        sam_names: Mapping[str, tuple[str, ...]] = NOTHING,
    ) -> None:
        self.resources = resources
        self.declared = declared
        self.values = values
        self.mappings = mappings
        self.sam_names = sam_names

    def literal(self, value: Json) -> Json:
        """Return a setting's literal: the value itself, or that of the parameter it refers to."""
        match value:
            case {"Ref": str(name)} if len(value) == 1 and name in self.declared:
                if is_secret(self.declared[name]):
                    raise InvalidValueError(f"{name!r} is a parameter with NoEcho; use one without")
                return self.values.get(name)
            case {"Ref": str(name)} if len(value) == 1 and self.is_missing(name):
                hint = nearest(name, self.declared)
                raise InvalidValueError(f"no parameter {name!r} in the template{hint}")
            case dict():
                raise InvalidValueError("must be a literal or a Ref to a parameter")
        return value

    def is_missing(self, name: str) -> bool:
        """Return whether the template has no such name; never if it is read without resources."""
        return bool(self.resources) and name not in self.names and not name.startswith("AWS::")

    @functools.cached_property
    def names(self) -> set[str]:
        """The names of resources that an author may write."""
        made_by_sam = {logical_id for ids in self.sam_names.values() for logical_id in ids}
        return {*self.resources, *self.sam_names} - made_by_sam

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource, empty if there is none of that id."""
        return self.resources.types.get(logical_id, "")

    @functools.cached_property
    def functions(self) -> Functions:
        """The functions of the template."""
        values = {
            name: value
            for name, value in self.values.items()
            if name in self.declared and _is_shown(self.declared[name])
        }
        canon = Canon(resources=self.resources, parameters=values, mappings=self.mappings)
        return Functions(canon)


class Reader(NamedTuple):
    """What a property accepts: how it is read, what it is in words, and its JSON Schema."""

    read: Callable[[Json, Lookup], Any]
    words: str
    schema: Json


@functools.cache
def field_name(name: str) -> str:
    """Turn `ExecuteAfter` into `execute_after`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def shown(value: Json) -> str:
    """Format a value for a message: its kind, or a scalar as it was written."""
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
    raise InvalidValueError(f"must be true or false, not {shown(literal)}")


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
"""Accepts true and false, also as strings, as parameters are."""


def number(least: float, most: float, *, whole: bool = False) -> Reader:
    """Accept a number within a range, also as a string."""
    words = f"{'a whole number' if whole else 'a number'} from {least:g} to {most:g}"

    def read(value: Json, template: Lookup) -> float:
        literal = template.literal(value)
        number = _as_number(literal)
        if number is None or not least <= number <= most or (whole and number % 1):
            raise InvalidValueError(f"must be {words}, not {shown(literal)}")
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
    """Accept one of several words."""
    words = f"{', '.join(choices[:-1])} or {choices[-1]}"

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if literal not in choices:
            hint = nearest(literal, choices) if isinstance(literal, str) else ""
            raise InvalidValueError(f"must be {words}, not {shown(literal)}{hint}")
        return str(literal)

    return Reader(read, words, {"anyOf": [{"enum": list(choices)}, PARAMETER]})


def _without_sub(value: Json) -> Json:
    """Return the text of an Fn::Sub without variables, which a loop leaves behind."""
    match value:
        case {"Fn::Sub": str(text)} if len(value) == 1 and "${" not in text:
            return text
    return value


def _selectors(value: Json, template: Lookup) -> tuple[str, ...]:
    value = _without_sub(value)
    match value:
        case {"Ref": str(name)} if name in template.declared:
            value = template.literal(value)
        case dict():
            value = [value]
    match value:
        case str():
            return (_selector(value, template),)
        case list():
            return _each_selector(value, template)
    raise InvalidValueError(f"must be a list of selectors, not {shown(value)}")


def _each_selector(items: Iterable[Json], template: Lookup) -> tuple[str, ...]:
    selectors: list[str] = []
    wrong: list[Fault] = []
    for index, item in enumerate(items):
        try:
            selectors.append(_selector(item, template))
        except InvalidValueError as error:
            wrong += [fault.inside(index) for fault in error.faults]
    if wrong:
        raise InvalidValueError(*wrong, accepted=tuple(selectors))
    return tuple(selectors)


def _selector(item: Json, template: Lookup) -> str:
    item = _without_sub(item)
    match item:
        case {"Ref": dict(inner)} if len(item) == 1 and isinstance(_without_sub(inner), str):
            return str(_without_sub(inner))
        case str() if item:
            return item
        case {"Ref": str(name)} if name in template.declared:
            raise InvalidValueError(
                f"parameter {name!r} cannot be an item of the list; make its Ref the whole value"
            )
        case {"Ref": str(name)} if len(item) == 1:
            return name
    raise InvalidValueError(
        f"each selector must be a logical id, a glob, a type or a Ref, not {shown(item)}"
    )


_IN_A_LOOP: Final[Json] = {
    "type": "object",
    "properties": {"Fn::Sub": {"type": "string"}},
    "required": ["Fn::Sub"],
    "additionalProperties": False,
}
_SELECTOR: Final[Json] = {"anyOf": [{"type": "string", "minLength": 1}, PARAMETER, _IN_A_LOOP]}
SELECTORS: Final = Reader(
    _selectors,
    "a list of selectors",
    {"anyOf": [*_SELECTOR["anyOf"], {"type": "array", "items": _SELECTOR}]},
)
"""Accepts selectors, one or a list; a Ref means the id it names."""

ANYTHING: Final = Reader(lambda value, _: value, "any JSON", {})
"""Accepts any JSON as it is."""


def text(pattern: str, words: str) -> Reader:
    """Accept a string that matches a pattern, which is called `words` in messages."""

    def read(value: Json, template: Lookup) -> str:
        literal = template.literal(value)
        if not isinstance(literal, str) or not re.fullmatch(pattern, literal):
            raise InvalidValueError(f"must be {words}, not {shown(literal)}")
        return literal

    schema = {"anyOf": [{"type": "string", "pattern": f"^({pattern})$"}, PARAMETER]}
    return Reader(read, words, schema)


def _texts(value: Json, template: Lookup) -> tuple[str, ...]:
    literal = template.literal(value)
    items = literal.split(",") if isinstance(literal, str) else literal
    message = f"must be a list of ids, not {shown(literal)}"
    if not isinstance(items, list) or not items:
        raise InvalidValueError(message)
    for index, item in enumerate(items):
        if not isinstance(item, str) or not item.strip():
            raise InvalidValueError(Fault(message, (index,)))
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
"""Accepts a list of ids, also as one string with commas."""


_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_TAG_VALUE: Final = 256
_SIGNS_IN_TAGS: Final = frozenset(" _.:/=+-@")


def _tags(value: Json, template: Lookup) -> tuple[tuple[str, str], ...]:
    literal = template.literal(value)
    items = literal.split(",") if isinstance(literal, str) else literal
    if not isinstance(items, list) or not items:
        raise InvalidValueError(f"must be a list of Key=Value, not {shown(literal)}")
    read: dict[str, tuple[str, str]] = {}
    faults: list[Fault] = []
    for index, item in enumerate(items):
        key, separator, text = item.strip().partition("=") if isinstance(item, str) else ("",) * 3
        if not separator or not key:
            faults.append(Fault(f"must be a list of Key=Value, but has {shown(item)}", (index,)))
        faults += [Fault(message, (index,)) for message in _wrong_in_tag(key, text)]
        if key.lower() in read:
            same = "IAM does not distinguish upper and lower case; keep one"
            faults.append(Fault(f"has the key {key!r} twice: {same}", (index,)))
        if separator and key:
            read[key.lower()] = key, text
    if len(items) > _MOST_TAGS:
        faults.append(Fault(f"has {len(items)} tags; use at most {_MOST_TAGS}", (_MOST_TAGS,)))
    if faults:
        raise InvalidValueError(*faults)
    return tuple(read.values())


def _wrong_in_tag(key: str, text: str) -> Iterator[str]:
    """Yield what AWS would refuse in a tag, of any of the types that are tagged.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    """
    if key.lower().startswith("aws:"):
        yield f"has the key {key!r}; AWS reserves keys that start with aws:, so choose another"
    for words, part, most in (("key", key, _LONGEST_KEY), ("value", text, _LONGEST_TAG_VALUE)):
        if len(part) > most:
            longer = f"has a tag {key[:20]!r} whose {words} has {len(part)} characters"
            yield f"{longer}; use at most {most}"
        if not all(sign.isalnum() or sign in _SIGNS_IN_TAGS for sign in part):
            allowed = "use letters, digits, spaces and _ . : / = + - @"
            unfit = f"has a tag {key[:20]!r} whose {words} has characters that tags do not allow"
            yield f"{unfit}; {allowed}"


_TAG: Final[Json] = {"type": "string", "pattern": r"^\s*(?![aA][wW][sS]:)[^=,]{1,128}=[^,]{0,256}$"}
TAGS: Final = Reader(
    _tags,
    "a list of `Key=Value`",
    {
        "anyOf": [
            {"type": "string", "pattern": r"^\s*(?![aA][wW][sS]:)[^=,]+="},
            {
                "type": "array",
                "minItems": 1,
                "maxItems": _MOST_TAGS,
                "items": _TAG,
                "examples": [["Team=orders"]],
            },
            PARAMETER,
        ]
    },
)
"""Accepts tags, also as one string with commas."""


def _days(value: Json, template: Lookup) -> int:
    literal = template.literal(value)
    if (number := _as_number(literal)) not in _RETENTIONS:
        known = ", ".join(map(str, _RETENTIONS))
        raise InvalidValueError(f"must be one of {known}, not {shown(literal)}")
    return int(number or 0)


DAYS: Final = Reader(
    _days,
    "a number of days that CloudWatch Logs accepts",
    {"anyOf": [{"enum": [*_RETENTIONS]}, _IN_TEXT, PARAMETER]},
)
"""Accepts a retention that CloudWatch Logs supports."""


def _function(value: Json, _: Lookup) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise InvalidValueError(
            f"must be the properties of an AWS::Lambda::Function, not {shown(value)}"
        )
    if isinstance(value.get("Code"), str) or "CodeUri" in value:
        remedy = "write the code inline, or put the trigger in the Metadata of a function"
        message = f"its code is a local path, which nothing uploads here; {remedy}"
        raise InvalidValueError(Fault(message, ("CodeUri" if "CodeUri" in value else "Code",)))
    statements = value.get("Policies", [])
    if not isinstance(statements, list) or not all(
        isinstance(statement, dict) for statement in statements
    ):
        message = "Policies must be a list of IAM statements; attach other policies to a Role"
        raise InvalidValueError(Fault(message, ("Policies", *_first_wrong(statements))))
    if "Role" in value and "Policies" in value:
        message = "has both a Role and Policies; add the statements to the role"
        raise InvalidValueError(Fault(message, ("Policies",)))
    return value


def _first_wrong(statements: Json) -> tuple[int, ...]:
    """Return the index of the first item that is not a statement; none if there are no items."""
    items = enumerate(statements if isinstance(statements, list) else ())
    return next(((index,) for index, item in items if not isinstance(item, dict)), ())


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
"""Accepts the properties of a function whose code needs no upload."""


# ---- the handler: many spellings, one function


def _handler(value: Json, template: Lookup) -> Handler:
    value = _without_sub(value)
    if any(reference.name == "AWS::NoValue" for reference in mentions(value).references):
        raise InvalidValueError("may be AWS::NoValue; name a function in every case")
    match value:
        case str():
            return _written(value, template)
        case {"Ref": str(name)} if len(value) == 1:
            if name in template.declared:
                written = template.functions.canon.parameters.get(name) or name
                if not isinstance(written, str) or not _NAME.fullmatch(written):
                    message = f"{name!r} is {shown(written)}"
                    raise InvalidValueError(f"{message}, not the name or ARN of a function")
                return _computed(value, template)
            return _named(name, template, besides=template.declared)
        case {"Fn::GetAtt": target} if len(value) == 1 and (
            attribute := name_and_attribute(target)
        ):
            return _attribute(*attribute, template)
        case dict() if len(value) == 1 and str(next(iter(value))).startswith("Fn::"):
            return _computed(value, template)
    raise InvalidValueError(f"must be a function in the template or an ARN, not {shown(value)}")


HANDLER: Final = Reader(
    _handler,
    "a function in the template or an ARN",
    {
        "anyOf": [
            {"type": "string", "minLength": 1, "pattern": f"^(?!arn:)|^{_ARN.pattern}$"},
            INTRINSIC,
        ]
    },
)
"""Accepts a function, an alias or a version in the template, an ARN, or what resolves to one."""


def _computed(value: Json, template: Lookup) -> Handler:
    meant = template.functions.meant_by(value)
    arn = _with_arns(value, meant.functions)
    if not meant.functions:
        arn = template.functions.arn_of(arn)
    return Handler(arn=arn, functions=meant.functions, qualified=meant.qualified)


def _with_arns(value: Json, functions: tuple[str, ...]) -> Json:
    """Return a value with the ARN of a function wherever its Ref, which is its name, is written."""
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
        return _computed(value, template)
    if (
        ":" in value
        and _NAME.fullmatch(value)
        and value.split(":", maxsplit=1)[0] not in template.resources
    ):
        return _computed(value, template)
    if value.startswith("arn:"):
        raise InvalidValueError(f"{value!r} is not the ARN of a Lambda function")
    return _named(value, template)


def _attribute(name: str, attribute: str, template: Lookup) -> Handler:
    """Resolve an attribute: a function's Arn, or any of a resource that may return other ARNs."""
    has_any_attribute = template.type_of(name).startswith(_WITH_ANY_ATTRIBUTE)
    if has_any_attribute and not is_shorthand(template.resources[name]):
        return Handler(arn={"Fn::GetAtt": [name, attribute]})
    named = _named(name, template)
    if attribute != "Arn" and attribute != QUALIFIED.get(template.type_of(name)):
        raise InvalidValueError(f"must be the function's 'Arn', not its {attribute!r}")
    return named


def _named(name: str, template: Lookup, *, besides: Iterable[str] = ()) -> Handler:
    """Resolve a name: a function, an alias or a version of one, or SAM's `Fn.Alias`.

    `besides` are names that may be meant too, for the message if there is no such resource.
    """
    name = next(iter(template.sam_names.get(name, ())), name)
    if template.type_of(name.partition(".")[0]).startswith(SERVERLESS):
        return Handler(arn={"Ref": name})  # `check` refuses what SAM has yet to transform
    if template.type_of(name) == FUNCTION_TYPE:
        return Handler(arn={"Fn::GetAtt": [name, "Arn"]}, functions=(name,))
    if template.type_of(name) in QUALIFIED:
        return _computed({"Ref": name}, template)
    if name in template.resources:
        what = f"type {template.type_of(name)}" if template.type_of(name) else "no type"
        raise InvalidValueError(f"{name!r} has {what}; name a function, an alias or a version")
    hint = nearest(name, (*template.names, *besides))
    raise InvalidValueError(f"no {name!r} in the template{hint}")


# ---- maps of their own


def retry(known: Mapping[str, Reader]) -> Reader:
    """Accept a map of settings for retries, each of which its reader in `known` reads."""
    words = f"a map of {', '.join(known)}"

    def read(value: Json, template: Lookup) -> Retry:
        values, wrong = _parts(value, known, template)
        if wrong:
            named = [fault.inside(key, f"{key} {fault.message}") for key, fault in wrong if key]
            raise InvalidValueError(*(fault for key, fault in wrong if not key), *named)
        return Retry(**values)

    return Reader(read, words, {"$ref": "#/definitions/Retry"})


def on_rollback(known: Mapping[str, Reader]) -> Reader:
    """Accept a map of how to undo a run, each key of which its reader in `known` reads."""
    words = f"a map of {', '.join(known)}"

    def read(value: Json, template: Lookup) -> OnRollback:
        values, wrong = _parts(value, known, template)
        if isinstance(value, dict) and "Handler" not in value:
            wrong.append(("", Fault("has no Handler; name the function that undoes a run")))
        if wrong:
            accepted = OnRollback(**values) if "handler" in values else ABSENT
            named = [fault._replace(part=key) for key, fault in wrong if key]
            general = [fault for key, fault in wrong if not key]
            raise InvalidValueError(*general, *named, accepted=accepted)
        return OnRollback(**values)

    return Reader(read, words, {"$ref": "#/definitions/OnRollback"})


def _parts(
    value: Json, known: Mapping[str, Reader], template: Lookup
) -> tuple[dict[str, Any], list[tuple[str, Fault]]]:
    """Read a map key by key: values by their fields; faults, each with the key of its value.

    The key is empty for a fault of the map itself, such as an unknown key.
    """
    if not isinstance(value, dict) or is_dynamic(value):
        written = shown(value) if not isinstance(value, dict) else next(iter(value))
        raise InvalidValueError(f"must be a map of {', '.join(known)}, not {written}")
    values: dict[str, Any] = {}
    wrong: list[tuple[str, Fault]] = []
    for name, item in value.items():
        if name not in known:
            hint = nearest(str(name), known) or f"; known keys are {', '.join(known)}"
            wrong.append(("", Fault(f"unknown key {str(name)!r}{hint}", (name,))))
            continue
        try:
            values[field_name(name)] = known[name].read(item, template)
        except InvalidValueError as error:
            wrong += [(name, fault) for fault in error.faults]
    return values, wrong
