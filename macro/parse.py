"""The shorthand's spelling: from resources of a fragment to triggers, with every problem found.

Knows which properties there are, what they take and how a handler or a selector is written.
Nothing else in the macro does. Refuses to know what a trigger becomes.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from macro.errors import Problem, nearest
from macro.model import (
    FUNCTION_TYPES,
    TRIGGER_TYPE,
    Deployment,
    Handler,
    Json,
    Retry,
    Trigger,
)
from macro.references import mentions, name_and_attribute

_ARN: Final = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")


class _WrongError(Exception):
    """A value that its property does not take; the text says what it does take."""


def triggers(
    fragment: Mapping[str, Json], deployment: Deployment
) -> tuple[tuple[Trigger, ...], tuple[Problem, ...]]:
    """Read every trigger of a fragment, in document order, and every problem of spelling.

    A trigger with a problem is left out of the first part, so that the later stages can still
    look for problems in the others.
    """
    template = _Template(
        resources=_map(fragment.get("Resources")),
        declared=_map(fragment.get("Parameters")),
        values=deployment.parameters,
    )
    read: list[Trigger] = []
    problems: list[Problem] = []
    for logical_id, resource in template.resources.items():
        if _is_ours(resource):
            match _trigger(logical_id, resource, template):
                case Trigger() as trigger:
                    read.append(trigger)
                case found:
                    problems.extend(found)
    return tuple(read), tuple(problems)


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _is_ours(resource: Json) -> bool:
    """Tell our shorthand from a finished custom resource, which has a ServiceToken."""
    if not isinstance(resource, dict) or resource.get("Type") != TRIGGER_TYPE:
        return False
    properties = resource.get("Properties")
    token = properties.get("ServiceToken", "") if isinstance(properties, dict) else ""
    return isinstance(token, str) and not token.strip()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """What a reader may look up: resources, and parameters with their values."""

    resources: Mapping[str, Json]
    declared: Mapping[str, Json]
    values: Mapping[str, Json]

    def literal(self, value: Json) -> Json:
        """Give a setting's literal: the value itself, or that of the parameter it refers to."""
        match value:
            case {"Ref": str(name)} if len(value) == 1 and name in self.declared:
                if str(_map(self.declared[name]).get("NoEcho", "")).lower() == "true":
                    raise _WrongError(f"takes no parameter with NoEcho; {name!r} has it")
                return self.values.get(name)
            case dict():
                raise _WrongError("takes a literal or a Ref to a parameter")
        return value

    def type_of(self, logical_id: str) -> str:
        return str(_map(self.resources.get(logical_id)).get("Type", ""))

    def functions_in(self, value: Json) -> tuple[str, ...]:
        """Name the functions that a value refers to, or is the logical id of."""
        names = dict.fromkeys(reference.name for reference in mentions(value).references)
        if isinstance(value, str):
            names[value] = None
        return tuple(name for name in names if self.type_of(name) in FUNCTION_TYPES)


def _trigger(
    logical_id: str, resource: Mapping[str, Json], template: _Template
) -> Trigger | tuple[Problem, ...]:
    properties = resource.get("Properties") or {}
    if not isinstance(properties, dict):
        return (Problem(f"{logical_id}.Properties", f"takes a map, not {_said(properties)}"),)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in properties.items():
        if name == "ServiceToken":  # blank, or this would not be ours
            continue
        if name not in _PROPERTIES:
            hint = nearest(str(name), _PROPERTIES) or f"; there are {', '.join(_PROPERTIES)}"
            problems.append(Problem(f"{logical_id}.{name}", f"unknown property{hint}"))
            continue
        try:
            values[_field(name)] = _PROPERTIES[name](value, template)
        except _WrongError as wrong:
            problems.append(Problem(f"{logical_id}.{name}", str(wrong)))
    if "Handler" not in properties:
        problems.append(Problem(logical_id, "has no Handler; name the function to run"))
    if problems:
        return tuple(problems)
    rest = {name: what for name, what in resource.items() if name not in ("Type", "Properties")}
    return Trigger(logical_id=logical_id, attributes=rest, **values)


_Reader = Callable[[Json, _Template], Any]


def _field(name: str) -> str:
    """Turn `ExecuteAfter` into `execute_after`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _said(value: Json) -> str:
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


# ---- readers: each takes a value and gives what it means, or says what the property takes


def _boolean(value: Json, template: _Template) -> bool:
    literal = template.literal(value)
    match str(literal).lower() if isinstance(literal, str | bool) else literal:
        case "true":
            return True
        case "false":
            return False
    raise _WrongError(f"takes true or false, not {_said(literal)}")


def _number(least: float, most: float, *, whole: bool = False) -> _Reader:
    kind, convert = ("a whole number", int) if whole else ("a number", float)

    def read(value: Json, template: _Template) -> float:
        literal = template.literal(value)
        number = _as_number(literal)
        if number is None or not least <= number <= most or (whole and number % 1):
            raise _WrongError(f"takes {kind} from {least:g} to {most:g}, not {_said(literal)}")
        return convert(number)

    return read


def _as_number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _one_of(*choices: str) -> _Reader:
    def read(value: Json, template: _Template) -> str:
        literal = template.literal(value)
        if literal not in choices:
            hint = nearest(literal, choices) if isinstance(literal, str) else ""
            known = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise _WrongError(f"takes {known}, not {_said(literal)}{hint}")
        return str(literal)

    return read


def _selectors(value: Json, template: _Template) -> tuple[str, ...]:
    match value:
        case {"Ref": str(name)} if name in template.declared:
            value = template.literal(value)
        case dict():
            value = [value]
    match value:
        case str():
            return (_selector(value),)
        case list():
            return tuple(_selector(item) for item in value)
    raise _WrongError(f"takes a list of selectors, not {_said(value)}")


def _selector(item: Json) -> str:
    match item:
        case str() if item:
            return item
        case {"Ref": str(name)} if len(item) == 1:
            return name
    raise _WrongError(f"takes logical ids, globs, types and Refs, not {_said(item)}")


def _retry(value: Json, template: _Template) -> Retry:
    if not isinstance(value, dict):
        raise _WrongError(f"takes a map of {', '.join(_RETRY)}, not {_said(value)}")
    read: dict[str, Any] = {}
    for name, given in value.items():
        if name not in _RETRY:
            raise _WrongError(f"has no {str(name)!r}{nearest(str(name), _RETRY)}")
        try:
            read[_field(name)] = _RETRY[name](given, template)
        except _WrongError as wrong:
            raise _WrongError(f"{name} {wrong}") from None
    return Retry(**read)


def _anything(value: Json, _: _Template) -> Json:
    return value


# ---- the handler: many spellings, one function


def _handler(value: Json, template: _Template) -> Handler:
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            if name in template.declared:
                return Handler(arn=value)
            return _named(name, template, known=[*template.resources, *template.declared])
        case {"Fn::GetAtt": target} if len(value) == 1 and (found := name_and_attribute(target)):
            name, attribute = found
            if attribute != "Arn":
                raise _WrongError(f"takes the function's 'Arn', not its {attribute!r}")
            return _named(name, template, known=template.resources)
        case dict() if len(value) == 1 and str(next(iter(value))).startswith("Fn::"):
            return Handler(arn=value, functions=template.functions_in(value))
        case str() if _ARN.fullmatch(value):
            return Handler(arn=value)
        case str() if value.startswith("arn:"):
            raise _WrongError(f"{value!r} is not the ARN of a Lambda function")
        case str():
            return _named(value, template, known=template.resources)
    raise _WrongError(f"takes a function of the template or an ARN, not {_said(value)}")


def _named(name: str, template: _Template, *, known: Iterable[str]) -> Handler:
    """Resolve a name: a function, an alias or a version of one, or SAM's `Fn.Alias`."""
    owner, _, generated = name.partition(".")
    match template.type_of(owner), generated:
        case "AWS::Lambda::Function" | "AWS::Serverless::Function", "":
            return Handler(arn={"Fn::GetAtt": [name, "Arn"]}, functions=(name,))
        case "AWS::Serverless::Function", "Alias" | "Version":
            return Handler(arn={"Ref": name}, functions=(owner,))
        case "AWS::Lambda::Alias" | "AWS::Lambda::Version", "":
            function = _map(template.resources[name].get("Properties")).get("FunctionName")
            return Handler(arn={"Ref": name}, functions=template.functions_in(function))
    if owner in template.resources:
        what = template.type_of(owner) or "no type"
        raise _WrongError(f"{name!r} is of {what}; name a function, an alias or a version")
    raise _WrongError(f"no {name!r} in the template{nearest(name, known)}")


# ---- the shorthand: what each property takes

_RETRY: Final[Mapping[str, _Reader]] = {
    "MaxAttempts": _number(1, 100, whole=True),
    "Interval": _number(0, 3540),
    "BackoffRate": _number(1, 10),
    "MaxInterval": _number(0, 3540),
}
_PROPERTIES: Final[Mapping[str, _Reader]] = {
    "Handler": _handler,
    "Payload": _anything,
    "InvocationType": _one_of("RequestResponse", "Event", "DryRun"),
    "Timeout": _number(1, 3540, whole=True),
    "ExecuteAfter": _selectors,
    "ExecuteBefore": _selectors,
    "ExecuteOnHandlerChange": _boolean,
    "ExecuteOnEveryDeployment": _boolean,
    "ExecuteOnResourceChange": _selectors,
    "ExecuteOnRollback": _boolean,
    "ExecuteOnDelete": _boolean,
    "Enabled": _boolean,
    "Retry": _retry,
    "PollInterval": _number(0, 3540),
    "Expect": _anything,
    "OnFailure": _one_of("Fail", "Continue"),
    "NoEcho": _boolean,
}
