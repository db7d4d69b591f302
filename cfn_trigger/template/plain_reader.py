"""The values of a template that can be read without cfn-lint, which takes a second to import.

Knows YAML with CloudFormation's short forms, and JSON. Refuses to know what is wrong with a text,
and what cfn-lint reads in a way of its own: both are left to it (`decoding`).
"""

from typing import Any, Final

import yaml

from cfn_trigger.template import spans

_YAML: Final = "tag:yaml.org,2002:"
_MERGE: Final = f"{_YAML}merge"
_WITHOUT_A_PREFIX: Final = frozenset({"Ref", "Condition"})
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def restrict_to_json(loader: Any) -> None:
    """Let a loader read a date as the string that was written, and refuse types that JSON lacks."""
    loader.add_constructor(f"{_YAML}timestamp", loader.construct_yaml_str)
    for tag in ("binary", "omap", "pairs", "set"):
        loader.add_constructor(f"{_YAML}{tag}", loader.construct_undefined)


def values(text: str) -> Any:
    """Return the values of a text, None for one that is left to cfn-lint."""
    if spans.SURROGATES.search(text):
        return None
    try:
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


class _Loader(_LOADER):  # type: ignore[misc] # chosen when it is imported
    """Raises a YAMLError for what it leaves to cfn-lint; a date is the string that was written."""


def _map(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    if any(key.tag == _MERGE for key, _ in node.value):
        raise yaml.YAMLError("a merge")
    build = loader.construct_object
    entries = {build(key, deep=True): build(value, deep=True) for key, value in node.value}
    if None in entries or len(entries) < len(node.value):
        raise yaml.YAMLError("a null key, or a key that is there twice")
    return entries


def _list(loader: Any, node: yaml.SequenceNode) -> list[Any]:
    return [loader.construct_object(item, deep=True) for item in node.value]


def _function(loader: Any, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in _WITHOUT_A_PREFIX else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode(value=value):
            return {name: value.split(".", 1) if tag == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: _list(loader, node)}
        case yaml.MappingNode():
            return {name: _map(loader, node)}
    raise yaml.YAMLError("a node of no known kind")


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor(f"{_YAML}map", _map)
_Loader.add_constructor(f"{_YAML}seq", _list)
restrict_to_json(_Loader)
