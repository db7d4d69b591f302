"""The shorthand's spelling: from resources of a fragment to triggers, with every problem found.

Knows which properties there are, what they take and how a handler or a selector is written.
Nothing else in the macro does. Refuses to know what a trigger becomes.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from macro.errors import Problem, nearest
from macro.model import (
    FUNCTION_TYPES,
    TRIGGER_TYPE,
    Deployment,
    Handler,
    Json,
    Retry,
    Settings,
    Trigger,
)
from macro.references import mentions, name_and_attribute

METADATA: Final = "Trigger"
"""The key under a function's Metadata that makes a trigger of it."""

_QUALIFIED: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
_GIVES_ANYTHING: Final = ("Custom::", "AWS::CloudFormation::")
_COPIED_TO: Final = "AWS::Lambda::EventInvokeConfig"
_NAMES_THE_HANDLER: Final = ("Handler", "Function")
_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
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
    for source in _sources(template):
        match _trigger(source, template):
            case Trigger() as trigger:
                read.append(trigger)
            case found:
                problems.extend(found)
    problems.extend(_looping(template))
    return tuple(read), tuple(problems)


def settings(deployment: Deployment) -> tuple[Settings, tuple[Problem, ...]]:
    """Read the transform's own parameters, whose references CloudFormation has resolved."""
    nothing = _Template(resources={}, declared={}, values={})
    values, problems = _read(deployment.settings, _STACK, nothing, "Transform.Parameters")
    return Settings(**values), tuple(problems)


def without_shorthand(resource: Json) -> Json:
    """Take the trigger out of a function's metadata, and out of what SAM copied it to."""
    metadata = _map(_map(resource).get("Metadata"))
    if METADATA not in metadata or resource.get("Type") not in {*FUNCTION_TYPES, _COPIED_TO}:
        return resource
    rest = {name: value for name, value in metadata.items() if name != METADATA}
    kept = {name: value for name, value in resource.items() if name != "Metadata"}
    return kept | ({"Metadata": rest} if rest else {})


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where a trigger is written, in one of its two forms."""

    logical_id: str
    place: str
    properties: Json
    attributes: Mapping[str, Json]
    function: str = ""


def _sources(template: "_Template") -> Iterator[_Source]:
    for logical_id, resource in template.resources.items():
        metadata = _map(_map(resource).get("Metadata"))
        if _is_ours(resource):
            rest = {k: v for k, v in resource.items() if k not in ("Type", "Properties")}
            yield _Source(
                logical_id=logical_id,
                place=logical_id,
                properties=resource.get("Properties"),
                attributes=rest,
            )
        elif METADATA in metadata and template.type_of(logical_id) in FUNCTION_TYPES:
            condition = resource.get("Condition")
            yield _Source(
                logical_id=f"{logical_id}Trigger",
                place=f"{logical_id}.Metadata.{METADATA}",
                properties=metadata[METADATA],
                attributes={"Condition": condition} if condition else {},
                function=logical_id,
            )


def _looping(template: "_Template") -> Iterator[Problem]:
    for name, value in template.resources.items():
        if str(name).startswith("Fn::ForEach::") and _holds_a_trigger(value):
            remedy = "put AWS::LanguageExtensions before Trigger in the list of transforms"
            yield Problem(str(name), f"holds a trigger that is still to be repeated; {remedy}")


def _holds_a_trigger(value: Json) -> bool:
    stack = [value]
    while stack:
        node = stack.pop()
        if _is_ours(node):
            return True
        if isinstance(node, dict):
            if node.get("Type") in FUNCTION_TYPES and METADATA in _map(node.get("Metadata")):
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


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
        """Name the functions that a value refers to, or is the logical id of.

        An alias or a version counts as its function.
        """
        names = [reference.name.partition(".")[0] for reference in mentions(value).references]
        found: dict[str, None] = {}
        for name in [*names, value] if isinstance(value, str) else names:
            if self.type_of(name) in FUNCTION_TYPES:
                found[name] = None
            elif self.type_of(name) in _QUALIFIED:
                named = _map(self.resources[name].get("Properties")).get("FunctionName")
                found |= dict.fromkeys(self.functions_in(named))
        return tuple(found)


def _trigger(source: _Source, template: _Template) -> Trigger | tuple[Problem, ...]:
    properties = {} if source.properties is None else source.properties
    if not isinstance(properties, dict):
        return (Problem(source.place, f"takes a map of properties, not {_said(properties)}"),)
    known = _PROPERTIES
    if source.function:
        known = {name: what for name, what in known.items() if name not in _NAMES_THE_HANDLER}
    given = {name: value for name, value in properties.items() if name != "ServiceToken"}
    values, problems = _read(given, known, template, source.place)
    named = [name for name in _NAMES_THE_HANDLER if name in given]
    if len(named) > 1:
        problems.append(Problem(source.place, "has a Handler and a Function; keep one of them"))
    elif not (named or source.function or _meant(given)):
        problems.append(Problem(source.place, "has no Handler; name the function to run"))
    if problems:
        return tuple(problems)
    if source.function:
        values["handler"] = _named(source.function, template, known=())
    elif "Function" in given:
        made = f"{source.logical_id}Function"
        values["handler"] = Handler(arn={"Fn::GetAtt": [made, "Arn"]}, functions=(made,))
    return Trigger(
        logical_id=source.logical_id,
        place=source.place,
        attributes=source.attributes,
        is_metadata=bool(source.function),
        **values,
    )


def _meant(given: Mapping[str, Json]) -> bool:
    """Tell whether a misspelled property was to name the handler."""
    unknown = [str(name) for name in given if name not in _PROPERTIES]
    return any(nearest(name, _PROPERTIES) == nearest("Handler", ("Handler",)) for name in unknown)


def _read(
    given: Mapping[str, Json],
    known: "Mapping[str, _Reader]",
    template: _Template,
    place: str,
) -> tuple[dict[str, Any], list[Problem]]:
    """Read properties by name; every one that is unknown or wrong is a problem."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if name not in known:
            hint = nearest(str(name), known) or f"; there are {', '.join(known)}"
            problems.append(Problem(f"{place}.{name}", f"unknown property{hint}"))
            continue
        try:
            values[_field(name)] = known[name](value, template)
        except _WrongError as wrong:
            problems.append(Problem(f"{place}.{name}", str(wrong)))
    return values, problems


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
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d*)?", value):
        return None
    try:
        return float(value)
    except OverflowError:
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


def _text(pattern: str, what: str) -> _Reader:
    def read(value: Json, template: _Template) -> str:
        literal = template.literal(value)
        if not isinstance(literal, str) or not re.fullmatch(pattern, literal):
            raise _WrongError(f"takes {what}, not {_said(literal)}")
        return literal

    return read


def _texts(value: Json, template: _Template) -> tuple[str, ...]:
    literal = template.literal(value)
    items = literal.split(",") if isinstance(literal, str) else literal
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        raise _WrongError(f"takes a list of ids, not {_said(literal)}")
    return tuple(item.strip() for item in items)


def _days(value: Json, template: _Template) -> int:
    literal = template.literal(value)
    if (number := _as_number(literal)) not in _RETENTIONS:
        raise _WrongError(f"takes {', '.join(map(str, _RETENTIONS))}, not {_said(literal)}")
    return int(number or 0)


def _function(value: Json, _: _Template) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _WrongError(f"takes the properties of an AWS::Lambda::Function, not {_said(value)}")
    if isinstance(value.get("Code"), str) or "CodeUri" in value:
        remedy = "write the code inline, or the trigger into the Metadata of a function"
        raise _WrongError(f"has a local path in its code, which nothing uploads here; {remedy}")
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
            if template.type_of(name).startswith(_GIVES_ANYTHING) and not _is_ours(
                template.resources[name]
            ):
                return Handler(arn=value)
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
        case what, "" if what in _QUALIFIED:
            return Handler(arn={"Ref": name}, functions=template.functions_in({"Ref": name}))
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
    "Function": _function,
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
    "FailureDestination": _anything,
    "NoEcho": _boolean,
}
_STACK: Final[Mapping[str, _Reader]] = {
    "LogRetentionInDays": _days,
    "PermissionsBoundary": _text(r"arn:.+:policy/.+", "the ARN of a managed policy"),
    "RolePath": _text(r"/|/[!-~]+/", "a path such as /deployment/"),
    "ProviderRole": _text(r"arn:.+:role/.+", "the ARN of a role"),
    "Runtime": _text(r"python3\.(1[1-9]|[2-9]\d)", "python3.11 or a later Python"),
    "MemorySize": _number(128, 10240, whole=True),
    "Architecture": _one_of("arm64", "x86_64"),
    "KmsKeyArn": _text(r"arn:.+:kms:.+", "the ARN of a key"),
    "SubnetIds": _texts,
    "SecurityGroupIds": _texts,
}
