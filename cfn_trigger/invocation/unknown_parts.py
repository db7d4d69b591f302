"""The parts of a request that only CloudFormation knows.

Knows how they are named in a message. Refuses to know which values are known (`request`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cfn_trigger.errors import UsageError
from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    LocalPath,
    PartialCall,
    ResourceRef,
    Secret,
    StackConstant,
    Unknown,
    unknowns,
)


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """An unknown part of a value: the keys that lead to it, and the name of what would be there."""

    path: tuple[str, ...]
    name: str


def require_known(payload: Any, expect: Any, trigger: str) -> None:
    """Raise UsageError if a payload or an expectation has unknown parts."""
    in_payload = list(unknown_parts(payload, ("Payload",)))
    in_expect = list(unknown_parts(expect, ("Expect",)))
    if not (in_payload or in_expect):
        return
    unknown = ", ".join(f"{'.'.join(p.path)} ({p.name})" for p in (*in_payload, *in_expect))
    remedy = (
        "add an output with this value to the stack"
        if in_expect
        else "pass the value with --payload, or that of a NoEcho parameter with --parameter"
    )
    raise UsageError(f"{trigger}: only CloudFormation knows {unknown}; {remedy}")


def names_of(unknown: Iterable[UnknownPart]) -> str:
    """List the names of unknown parts, separated by commas."""
    return ", ".join(part.name for part in unknown)


def unknown_parts(value: Any, path: tuple[str, ...] = ()) -> Iterator[UnknownPart]:
    """Yield the unknown parts of a value; `path` leads to the value."""
    match value:
        case dict():
            for key, item in value.items():
                yield from unknown_parts(item, (*path, key))
        case list():
            for position, item in enumerate(value):
                yield from unknown_parts(item, (*path, str(position)))
        case (
            ResourceRef()
            | StackConstant()
            | KnownAtDeployment()
            | Secret()
            | LocalPath()
            | PartialCall()
        ):
            yield UnknownPart(path, _name(value))


def _name(unknown: Unknown) -> str:
    match unknown:
        case ResourceRef(name, attribute):
            return f"{name}.{attribute}" if attribute else repr(name)
        case StackConstant(label) | KnownAtDeployment(label):
            return label
        case Secret(name, _):
            return f"parameter {name!r}"
        case LocalPath(path):
            return path
        case PartialCall(function, arguments):
            return " and ".join(map(_name, unknowns(arguments))) or function
