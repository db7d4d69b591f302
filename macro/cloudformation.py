"""CloudFormation's own words and limits, and lenient access to templates of any shape.

Knows that an author's template can hold anything anywhere, which is CloudFormation's to refuse.
Refuses to know what a trigger is.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from macro.model import Json

FUNCTION_TYPE: Final = "AWS::Lambda::Function"
ALIAS_TYPE: Final = "AWS::Lambda::Alias"
VERSION_TYPE: Final = "AWS::Lambda::Version"
LAYER_TYPE: Final = "AWS::Lambda::LayerVersion"
INVOKE_CONFIG_TYPE: Final = "AWS::Lambda::EventInvokeConfig"
ROLE_TYPE: Final = "AWS::IAM::Role"
POLICY_TYPE: Final = "AWS::IAM::Policy"
MANAGED_POLICY_TYPE: Final = "AWS::IAM::ManagedPolicy"
LOG_GROUP_TYPE: Final = "AWS::Logs::LogGroup"

SERVERLESS: Final = "AWS::Serverless::"
"""The prefix of the types that SAM transforms."""
FUNCTION_TYPES: Final = frozenset({FUNCTION_TYPE, f"{SERVERLESS}Function"})
"""The types of functions that an author writes; after SAM there is one."""

SERVERLESS_TRANSFORM: Final = "AWS::Serverless-2016-10-31"
LOOP: Final = "Fn::ForEach::"
"""What the key of a loop begins with."""
LANGUAGE_EXTENSIONS: Final = "AWS::LanguageExtensions"

BODY_LIMIT: Final = 51_200
"""Bytes of an expanded template that was passed in a request, not through S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-troubleshoot-processed-template.html
"""
OBJECT_LIMIT: Final = 1_000_000
"""Bytes of a template that is passed through S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
MOST_RESOURCES: Final = 500
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
MOST_POLICY_CHARACTERS: Final = 10_240
"""The characters of all inline policies of a role, without white space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
MOST_MANAGED_POLICY_CHARACTERS: Final = 6_144
"""The characters of a managed policy, without white space."""
MOST_MANAGED_POLICIES: Final = 10
"""The managed policies of a role, unless the account has a higher quota."""
LONGEST_ARN: Final = 123
"""`arn:aws-iso-f:lambda:us-isof-south-1:123456789012:function:` and a name of 64 characters."""


class Resources(dict[str, Json]):
    """The resources of a template by logical id, which nobody changes, and their types."""

    @functools.cached_property
    def types(self) -> dict[str, str]:
        """The type of each resource, as `type_of` returns it; many stages look for a few."""
        return {logical_id: type_of(resource) for logical_id, resource in self.items()}

    def replaced(self, others: Mapping[str, Json]) -> "Resources":
        """Return these resources with others in the place of those with equal ids, and added."""
        if not others:
            return self
        replaced = Resources({**self, **others})
        replaced.types = self.types | {name: type_of(other) for name, other in others.items()}
        return replaced

    def without(self, logical_ids: Collection[str]) -> "Resources":
        """Return these resources without some."""
        if self.keys().isdisjoint(logical_ids):
            return self
        return Resources((name, self[name]) for name in self if name not in logical_ids)

    def of_type(self, *types: str) -> dict[str, Json]:
        """Return the resources of some types, in document order."""
        wanted = frozenset(types)
        return {name: self[name] for name, kind in self.types.items() if kind in wanted}


def as_map(value: Json) -> Mapping[str, Json]:
    """Return a map as it is, and an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def section(template: Json, name: str) -> Mapping[str, Json]:
    """Return a section of a template, empty if it is missing or not a map."""
    written = template.get(name) if isinstance(template, dict) else None
    return written if isinstance(written, dict) else {}


def occurrences(
    find: Callable[[str], Iterable[str]], value: Json
) -> list[tuple[str, tuple[str | int, ...]]]:
    """Return what is found in the strings of a value, each once, with the keys to the first."""
    keys_of_texts: dict[str, tuple[str | int, ...]] = {}
    for keys, text in _texts(value):
        for match in find(text):
            keys_of_texts.setdefault(match, keys)
    return sorted(keys_of_texts.items())


def _texts(value: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the strings in a value in order, each with the keys and indexes that lead to it."""
    stack: list[tuple[tuple[str | int, ...], Json]] = [((), value)]
    while stack:
        path, item = stack.pop()
        match item:
            case str():
                yield path, item
            case dict():
                stack.extend(reversed([((*path, key), each) for key, each in item.items()]))
            case list():
                stack.extend(reversed([((*path, index), each) for index, each in enumerate(item)]))


def type_of(resource: Json) -> str:
    """Return the type of a resource, empty if it has none or is not a resource."""
    written = resource.get("Type") if isinstance(resource, dict) else None
    return written if isinstance(written, str) else ""


def is_durable(function: Json) -> bool:
    """Return whether a function is durable: it may take longer than any invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
    """
    return "DurableConfig" in properties_of(function)


def properties_of(resource: Json) -> Mapping[str, Json]:
    """Return the properties of a resource, empty if it has none."""
    return section(resource, "Properties")


def condition_of(resource: Json) -> str:
    """Return the name of the condition of a resource, empty if it has none."""
    written = as_map(resource).get("Condition")
    return written if isinstance(written, str) else ""


def depends_on(resource: Json) -> tuple[str, ...]:
    """Return the names in `DependsOn`, a name or a list; CloudFormation refuses anything else."""
    written = resource.get("DependsOn") if isinstance(resource, dict) else None
    if isinstance(written, str):
        return (written,)
    return (
        tuple(name for name in written if isinstance(name, str))
        if isinstance(written, list)
        else ()
    )


def is_secret(parameter: Json) -> bool:
    """Return whether a declared parameter has NoEcho, however that is written."""
    return str(as_map(parameter).get("NoEcho", "")).lower() == "true"


def is_dynamic(value: Json) -> bool:
    """Return whether only CloudFormation can resolve a value: a function or an `ssm` reference."""
    if isinstance(value, str):
        return "{{resolve:ssm:" in value
    if not isinstance(value, dict) or len(value) != 1:
        return False
    name = str(next(iter(value)))
    return name == "Ref" or name.startswith("Fn::")
