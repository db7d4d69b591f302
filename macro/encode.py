"""The properties of a finished trigger, as CloudFormation passes them to the provider.

Knows their names, which of them are left out and how JSON keeps its types on the way. Refuses to
know resources and order. They are a contract: during an update, an old provider receives new
properties, and the reverse.
"""

import json
from collections.abc import Iterator
from typing import Final

from macro.cloudformation import is_dynamic
from macro.model import ABSENT, Json, Trigger
from macro.readers import field_name


def non_defaults(trigger: Trigger, reads: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    """Yield settings without their defaults, so that an upgrade of the macro runs nothing."""
    for name, field in _SETTINGS.items():
        if (value := getattr(trigger, field)) != _DEFAULTS[field]:
            yield name, value
    on_rollback = (
        bool(reads) if trigger.execute_on_rollback is None else trigger.execute_on_rollback
    )
    if on_rollback:
        yield "ExecuteOnRollback", True
    if trigger.retry != _DEFAULTS["retry"]:
        yield "Retry", {_camel(k): v for k, v in trigger.retry._asdict().items()}
    if trigger.payload is not ABSENT:
        yield "Payload", skeleton(trigger.payload)
    if trigger.expect is not ABSENT:
        yield "Expect", skeleton(trigger.expect)
    if reads:
        yield "Attributes", list(reads)


_SETTINGS: Final = {
    name: field_name(name)
    for name in (
        "InvocationType", "Timeout", "ExecuteOnHandlerChange", "ExecuteOnDelete", "Enabled",
        "PollInterval", "OnFailure", "NoEcho",
    )
}  # fmt: skip
_DEFAULTS: Final = Trigger._field_defaults


def _camel(field: str) -> str:
    return field.title().replace("_", "")


def skeleton(value: Json) -> dict[str, Json]:
    """Split JSON into a string that keeps literal types, and what only CloudFormation can resolve.

    CloudFormation passes every scalar property to a custom resource as a string. `Values` are
    `{Path, Value}`, the path from the outside in; an `AWS::NoValue` leaves a path without value.
    """
    values: list[Json] = []
    root: list[Json] = [None]
    pending: list[tuple[Json, Json, Json, tuple[str, ...]]] = [(root, 0, value, ())]
    while pending:
        container, key, node, path = pending.pop()
        container[key] = None
        if is_dynamic(node):
            values.append({"Path": list(path), "Value": node})
        elif isinstance(node, dict):
            container[key] = {}
            pending += [
                (container[key], name, item, (*path, str(name)))
                for name, item in sorted(node.items(), key=_by_name, reverse=True)
            ]
        elif isinstance(node, list):
            container[key] = [None] * len(node)
            pending += reversed(
                [(container[key], at, item, (*path, str(at))) for at, item in enumerate(node)]
            )
        else:
            container[key] = node
    text = _READABLE.encode(root[0])
    return {"Skeleton": text, **({"Values": values} if values else {})}


_READABLE: Final = json.JSONEncoder(ensure_ascii=False)


def _by_name(item: tuple[Json, Json]) -> str:
    return str(item[0])
