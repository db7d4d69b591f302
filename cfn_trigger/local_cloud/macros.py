"""The resource type AWS::CloudFormation::Macro, which the emulator lacks.

Knows which function belongs to a macro's name, separately for each account and region. Refuses to
know what a macro receives and responds.
"""

from typing import TypeAlias

from ministack.core.responses import AccountRegionScopedDict

Properties: TypeAlias = dict[str, str]

_functions = AccountRegionScopedDict()


def function_of(name: str) -> str | None:
    """Return the function of a macro as its template names it: a name or an ARN."""
    function: str | None = _functions.get(name)
    return function


def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
    """Register a macro; its name is its physical id, and what `Ref` returns."""
    return _registered(properties, replaced=None), {}


def update(
    physical_id: str, _old: Properties, new: Properties, _stack: str
) -> tuple[str, Properties]:
    """Change the function of a macro, or replace the macro if its name changes."""
    name = _registered(new, replaced=physical_id)
    if name != physical_id:
        _functions.pop(physical_id, None)
    return name, {}


def delete(physical_id: str, _properties: Properties) -> None:
    """Delete a macro; stacks that it expanded stay as they are."""
    _functions.pop(physical_id, None)


def reset() -> None:
    """Delete all macros; the emulator calls this when it is reset."""
    _functions.clear()


def _registered(properties: Properties, *, replaced: str | None) -> str:
    for required in ("Name", "FunctionName"):
        if not properties.get(required):
            raise ValueError(f"Property {required} cannot be empty.")
    name = properties["Name"]
    if name in _functions and name != replaced:
        raise ValueError(f"{name} already exists")
    _functions[name] = properties["FunctionName"]
    return name


HANDLERS = {"create": create, "update": update, "delete": delete}
