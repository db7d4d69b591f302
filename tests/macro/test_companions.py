"""The table of what comes along with what agrees with CloudFormation's own schemas."""

from typing import Any, Final

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from macro.canonical import NAMES
from macro.companions import COMPANIONS, USES, Companion, Use

ROWS: Final[tuple[Companion | Use, ...]] = (*COMPANIONS, *USES)
REGION: Final = "us-east-1"
LEGACY_IDENTIFIERS: Final = {"AWS::DocDB::DBCluster"}
"""Types whose schema calls the name `Id`, which no author can write."""


def schema(kind: str) -> Any:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema


def resolved(part: Any, whole: Any) -> Any:
    """Follow references within a schema, and lists to their items."""
    while "$ref" in part or "items" in part:
        if "items" in part:
            part = part["items"]
            continue
        target = whole
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def properties_at(kind: str, path: str) -> set[str]:
    """Return the names of the properties besides the last of a path."""
    whole = schema(kind)
    part = resolved(whole, whole)
    *parents, _ = path.split(".")
    for name in parents:
        part = resolved(part["properties"][name], whole)
    return set(part["properties"])


@pytest.mark.parametrize(("kind", "path"), sorted({(row.type, row.by) for row in ROWS}))
def test_every_property_in_the_table_exists(kind: str, path: str) -> None:
    assert path.rpartition(".")[2] in properties_at(kind, path)


@pytest.mark.parametrize("kind", sorted({of for row in ROWS for of in row.of}))
def test_every_type_in_the_table_exists(kind: str) -> None:
    assert schema(kind)["typeName"] == kind


@pytest.mark.parametrize(
    "kind", sorted(name for name in NAMES if not name.startswith("AWS::Serverless::"))
)
def test_what_names_a_resource_is_what_its_ref_returns(kind: str) -> None:
    identifier = [] if kind in LEGACY_IDENTIFIERS else [f"/properties/{NAMES[kind]}"]

    assert identifier in ([], schema(kind)["primaryIdentifier"])
    assert f"/properties/{NAMES[kind]}" not in schema(kind).get("readOnlyProperties", [])


def test_every_companion_says_why_it_comes_along() -> None:
    assert all(row.role and row.otherwise for row in COMPANIONS)


def test_a_companion_is_documented_where_its_type_is() -> None:
    (instance,) = [row for row in COMPANIONS if row.type == "AWS::RDS::DBInstance"]

    assert instance.page == (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
        "aws-resource-rds-dbinstance.html"
    )


def test_no_companion_is_listed_twice() -> None:
    listed = [(of, row.type, row.by) for row in COMPANIONS for of in row.of]

    assert len(listed) == len(set(listed))
