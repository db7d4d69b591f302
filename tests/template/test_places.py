"""Where a problem is: the path in the template that its place names."""

from typing import Any

import pytest

from cfn_trigger.template.places import name_of, path, transforms
from tests.support.templates import function, template, trigger

SEED = {"Retry": {"Interval": 1}, "Timeout": 5, "OnRollback": {"Handler": "Migrate"}}
IN_METADATA = function() | {"Metadata": {"Trigger": SEED}}
TEMPLATE = template(
    {
        "Transform": ["AWS::Serverless-2016-10-31", {"Name": "Trigger", "Parameters": {"A": 1}}],
        "Conditions": {"TriggerProviderCondition": True},
    },
    Run=trigger(**SEED),
    Migrate=IN_METADATA,
    Bare={"Type": "Custom::Trigger"},
    Transform=trigger(Timeout=5),
    **{"Fn::ForEach::Runs": []},
)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Run", ["Resources", "Run"]),
        ("Run.Timeout", ["Resources", "Run", "Properties", "Timeout"]),
        ("Migrate.Metadata.Trigger", ["Resources", "Migrate", "Metadata", "Trigger"]),
        (
            "Migrate.Metadata.Trigger.Timeout",
            ["Resources", "Migrate", "Metadata", "Trigger", "Timeout"],
        ),
        (
            "Run.OnRollback.Handler",
            ["Resources", "Run", "Properties", "OnRollback", "Handler"],
        ),
        (
            "Migrate.Metadata.Trigger.OnRollback.Handler",
            ["Resources", "Migrate", "Metadata", "Trigger", "OnRollback", "Handler"],
        ),
        ("Fn::ForEach::Runs", ["Resources", "Fn::ForEach::Runs"]),
        ("TriggerProviderCondition", ["Conditions", "TriggerProviderCondition"]),
        ("Transform.Parameters.A", ["Transform", 1, "Parameters", "A"]),
        ("Transform.Timeout", ["Resources", "Transform", "Properties", "Timeout"]),
    ],
)
def test_a_place_has_a_path(place: str, expected: list[Any]) -> None:
    assert [*path(place, TEMPLATE)] == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Run.Payload", ["Resources", "Run", "Properties"]),
        ("Bare.Handler", ["Resources", "Bare"]),
        ("Transform.Parameters.B", ["Transform", 1, "Parameters"]),
        ("TriggerProviderRole", ["Resources"]),
        ("Resources", ["Resources"]),
        ("Runs.Timeout", ["Resources"]),
        ("", ["Resources"]),
    ],
)
def test_a_path_ends_where_the_template_does(place: str, expected: list[Any]) -> None:
    assert [*path(place, TEMPLATE)] == expected


def test_a_property_may_have_dots_in_its_name() -> None:
    dotted = template(Run=trigger(**{"A.B.C": 1}))

    assert path("Run.A.B.C", dotted) == ("Resources", "Run", "Properties", "A.B.C")


def test_the_longest_logical_id_with_dots_wins() -> None:
    dotted = template(**{"Run": trigger(), "Run.Timeout": trigger(Timeout=1)})

    assert path("Run.Timeout.Timeout", dotted)[1] == "Run.Timeout"


def test_a_transform_may_stand_alone() -> None:
    alone = {"Transform": {"Name": "Trigger", "Parameters": {"A": 1}}, "Resources": {}}

    assert [name_of(one) for one in transforms(alone)] == ["Trigger"]
    assert path("Transform.Parameters.A", alone) == ("Transform", "Parameters", "A")


@pytest.mark.parametrize(
    ("written", "place"),
    [("Trigger", ("Transform",)), (["Trigger", "B"], ("Transform", 0)), (["B"], ("Transform",))],
)
def test_a_transform_has_its_own_place(written: Any, place: Any) -> None:
    assert path("Transform", {"Transform": written, "Resources": {}}) == place


@pytest.mark.parametrize("broken", [{}, {"Resources": []}, {"Resources": {"Run": None}}])
def test_a_template_of_any_shape_has_a_path(broken: Any) -> None:
    assert path("Run.Timeout", broken)[0] == "Resources"
    assert path("Transform.Parameters.A", broken) == ("Resources",)
    assert path("Transform.Parameters.A", broken | {"Transform": ["Other"]}) == ("Transform",)
