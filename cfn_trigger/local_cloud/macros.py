"""The resource type AWS::CloudFormation::Macro, which the emulator lacks.

Knows which function stands behind a macro's name, for each account and region apart. Refuses to
know what a macro is given or what it answers.
"""

from typing import TypeAlias

from ministack.core.responses import AccountRegionScopedDict

Properties: TypeAlias = dict[str, str]

_functions = AccountRegionScopedDict()


def function_of(name: str) -> str | None:
    """Return the function of the macro of this name, as its owner wrote it: a name or an ARN."""
    function: str | None = _functions.get(name)
    return function


def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
    """Register a macro; its name is its physical id and what `Ref` gives."""
    return _registered(properties, replaced=None), {}


def update(
    physical_id: str, _old: Properties, new: Properties, _stack: str
) -> tuple[str, Properties]:
    """Point a macro at another function, or replace it by one of another name."""
    name = _registered(new, replaced=physical_id)
    if name != physical_id:
        _functions.pop(physical_id, None)
    return name, {}


def delete(physical_id: str, _properties: Properties) -> None:
    """Forget a macro; stacks that were made with it stay as they are."""
    _functions.pop(physical_id, None)


def reset() -> None:
    """Forget all macros; the emulator calls this when it is emptied."""
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
