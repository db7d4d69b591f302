"""What the schema of a resource type says about updates, from the schemas in cfn-lint.

Knows the keys of a schema. Refuses to know what an update changes (`impact`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PropertyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSchema:
    """Which properties replace a resource of a type, and which attributes outlive an update."""

    replacing: tuple[PropertyPath, ...]
    sometimes_replacing: tuple[PropertyPath, ...]
    stable_attributes: frozenset[str]
    settable_attributes: frozenset[str]


def resource_schema(resource_type: str, region: str) -> ResourceSchema | None:
    """Return the schema of a resource type; None for one without a public schema.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
    """
    # cfn-lint takes a second to import, and many plans need no schema.
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError  # noqa: PLC0415

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    except ResourceNotFoundError:
        return None
    replacing = tuple(_paths(schema.get("createOnlyProperties")))
    identifiers = [schema.get("primaryIdentifier"), *(schema.get("additionalIdentifiers") or [])]
    identifying = {path[0] for pointers in identifiers for path in _paths(pointers)}
    read_only = {path[0] for path in _paths(schema.get("readOnlyProperties"))}
    short_name = resource_type.rpartition("::")[2]
    conventional = {"Arn", "Id", f"{short_name}Id", f"{short_name}Arn"}
    return ResourceSchema(
        replacing=replacing,
        sometimes_replacing=tuple(_paths(schema.get("conditionalCreateOnlyProperties"))),
        stable_attributes=frozenset(identifying | {path[0] for path in replacing} | conventional),
        settable_attributes=frozenset(schema.get("properties", {})) - read_only,
    )


def _paths(pointers: Iterable[str] | None) -> Iterator[PropertyPath]:
    for pointer in pointers or ():
        steps = pointer.removeprefix("/properties/").split("/")
        yield tuple(step for step in steps if step not in ("*", "items", "properties"))
