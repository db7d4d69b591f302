"""The impact of an update on resources, and on the values that refer to them."""

from itertools import permutations
from typing import Any

import pytest

from cfn_trigger.prediction.impact import Difference, ResourceImpact, worst_impact
from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    PartialCall,
    ResourceRef,
    Secret,
    StackConstant,
    StackState,
)
from tests.support.stack_updates import state, update
from tests.support.templates import QUEUE, of_type

NO_CHANGE, MAY_UPDATE, WILL_UPDATE, MAY_REPLACE, WILL_REPLACE = ResourceImpact


def impact(old: Any, new: Any) -> ResourceImpact:
    return update(state(It=old), state(It=new)).impact("It")


def table(**properties: Any) -> Any:
    return of_type("AWS::DynamoDB::Table", **properties)


CUSTOM = of_type("Custom::Thing", ServiceToken="arn", Size=1)
IMPORTED = PartialCall("Fn::ImportValue", "stage")
LOOKED_UP = of_type("AWS::SQS::Queue", QueueName="{{resolve:ssm:/a}}")
IMPACTS = {
    "nothing": (table(TableName="a"), table(TableName="a"), NO_CHANGE),
    "a number written as a string": (table(Size=1), table(Size="1"), NO_CHANGE),
    "a mutable property": (table(BillingMode="a"), table(BillingMode="b"), WILL_UPDATE),
    "a create-only property": (table(TableName="a"), table(TableName="b"), WILL_REPLACE),
    "a conditionally create-only property": (
        table(KeySchema=["a"]), table(KeySchema=["b"]), MAY_REPLACE,
    ),
    "its type": (table(), QUEUE, WILL_REPLACE),
    "a property of a type without a schema": (
        of_type("Mine::Own::Type", A=1), of_type("Mine::Own::Type", A=2), MAY_REPLACE,
    ),
    "a property of a custom resource": (CUSTOM, of_type("Custom::Thing", Size=2), WILL_UPDATE),
    "a value that is looked up": (LOOKED_UP, LOOKED_UP, MAY_REPLACE),
}  # fmt: skip


@pytest.mark.parametrize("changed", IMPACTS)
def test_the_impact_on_a_resource_follows_from_what_changes(changed: str) -> None:
    old, new, expected = IMPACTS[changed]

    assert impact(old, new) == expected


def test_the_worst_impact_does_not_depend_on_the_order() -> None:
    for pair, expected in {
        (NO_CHANGE, MAY_UPDATE): MAY_UPDATE,
        (MAY_UPDATE, WILL_UPDATE): WILL_UPDATE,
        (WILL_UPDATE, MAY_REPLACE): MAY_REPLACE,
        (MAY_REPLACE, WILL_REPLACE): WILL_REPLACE,
    }.items():
        assert {worst_impact(impacts) for impacts in permutations(pair)} == {expected}
    assert worst_impact([]) == NO_CHANGE


def test_a_sure_update_stays_sure_next_to_a_possible_one() -> None:
    old, new = (
        table(BillingMode=mode, Tags=["{{resolve:ssm:/a}}"]) for mode in ("PROVISIONED", "OTHER")
    )

    assert impact(old, new) == WILL_UPDATE


def test_a_resource_is_replaced_with_the_one_that_its_create_only_property_refers_to() -> None:
    named = of_type("AWS::SQS::Queue", QueueName={"Ref": "Table"})
    tagged = of_type("AWS::SQS::Queue", Tags=[{"Key": "table", "Value": {"Ref": "Table"}}])
    change = update(
        state(Table=table(TableName="a"), Named=named, Tagged=tagged),
        state(Table=table(TableName="b"), Named=named, Tagged=tagged),
    )

    assert (change.impact("Named"), change.impact("Tagged")) == (WILL_REPLACE, WILL_UPDATE)


def test_a_cycle_of_references_ends() -> None:
    queue = of_type("AWS::SQS::Queue", QueueName={"Ref": "It"})

    assert impact(queue, queue) == NO_CHANGE


def surely(why: str = "") -> list[Difference]:
    return [Difference(path=(), why=why)]


def perhaps(why: str) -> list[Difference]:
    return [Difference(path=(), is_sure=False, why=why)]


def two_states() -> tuple[StackState, StackState]:
    """Return two states with a resource for each impact."""
    nested = "AWS::CloudFormation::Stack"
    old = state(
        Kept=table(),
        Replaced=table(TableName="a"),
        Updated=table(BillingMode="a"),
        Custom=CUSTOM,
        Nested=of_type(nested, TemplateURL="a"),
    )
    new = state(
        Kept=table(),
        Replaced=table(TableName="b"),
        Updated=table(BillingMode="b"),
        Custom=of_type("Custom::Thing", Size=2),
        Nested=of_type(nested, TemplateURL="b"),
    )
    return old, new


UNCHANGED: dict[str, tuple[Any, list[Difference]]] = {
    "a string": ("a", []),
    "an attribute of a kept resource": (ResourceRef("Kept", "Arn"), []),
    "the id of a replaced resource": (
        ResourceRef("Replaced"), surely("'Replaced' will be replaced"),
    ),
    "an identifying attribute of a replaced resource": (
        ResourceRef("Replaced", "Arn"), surely("'Replaced' will be replaced"),
    ),
    "another attribute of a replaced resource": (
        ResourceRef("Replaced", "StreamArn"), perhaps("'Replaced' will be replaced"),
    ),
    "the id of an updated resource": (ResourceRef("Updated"), []),
    "an identifying attribute of an updated resource": (ResourceRef("Updated", "Arn"), []),
    "another attribute of an updated resource": (
        ResourceRef("Updated", "StreamArn"),
        perhaps("'Updated' will be updated, which may change its StreamArn"),
    ),
    "an attribute of an updated custom resource": (
        ResourceRef("Custom", "Rows"),
        perhaps("'Custom' will be updated, which may change its response"),
    ),
    "the id of an updated custom resource": (
        ResourceRef("Custom"), perhaps("'Custom' will be updated, which may change its response"),
    ),
    "an output of an updated nested stack": (
        ResourceRef("Nested", "Outputs.A"),
        perhaps("'Nested' will be updated, which may change its response"),
    ),
    "the id of an updated nested stack": (ResourceRef("Nested"), []),
    "a secret that is not set": (Secret("P", is_override=False), []),
    "what is looked up": (KnownAtDeployment("it"), perhaps("it is looked up at deployment")),
    "an imported value beside a replaced resource": (
        PartialCall("Fn::Join", ("", (IMPORTED, ResourceRef("Replaced")))),
        surely("'Replaced' will be replaced"),
    ),
    "a constant of the stack": (StackConstant("AWS::Region"), []),
}  # fmt: skip


@pytest.mark.parametrize("expression", UNCHANGED)
def test_an_unchanged_expression_differs_if_an_unknown_in_it_moves(expression: str) -> None:
    value, expected = UNCHANGED[expression]

    assert list(update(*two_states()).differences(value, value)) == expected


CHANGED: dict[str, tuple[Any, Any, list[Difference]]] = {
    "two strings": ("a", "b", surely()),
    "two resources": (ResourceRef("Kept"), ResourceRef("Updated"), surely()),
    "a secret that is given": (
        Secret("P", is_override=False), Secret("P", is_override=True),
        perhaps("parameter 'P' has NoEcho, so its deployed value is not known"),
    ),
    "a constant of the stack and a string": (
        StackConstant("AWS::Region"), "eu-west-1", perhaps("AWS::Region is not known here"),
    ),
    "a reference and a string": (
        ResourceRef("Kept"), "a", perhaps("a reference and a literal may mean the same"),
    ),
    "an imported value and a string": (
        IMPORTED, "live",
        perhaps("Fn::ImportValue is not known here"),
    ),
    "a string and a reference to a new resource": ("a", ResourceRef("Nowhere"), surely()),
}  # fmt: skip


@pytest.mark.parametrize("expressions", CHANGED)
def test_changed_expressions_differ_surely_unless_they_may_mean_the_same(expressions: str) -> None:
    old, new, expected = CHANGED[expressions]

    assert list(update(*two_states()).differences(old, new)) == expected


def test_differences_have_the_path_of_what_differs() -> None:
    old = {"a": {"b": ["1", "2"]}, "gone": "x", "list": ["1"]}
    new = {"a": {"b": ["1", "3"]}, "new": "y", "list": ["1", "2"]}

    paths = [one.path for one in update(state(), state()).differences(old, new)]

    assert paths == [("a", "b", "1"), ("gone",), ("list",), ("new",)]


def test_a_branch_that_may_not_be_taken_changes_nothing_surely() -> None:
    value = {"Fn::If": ["IsHere", {"Ref": "Replaced"}, "none"]}
    conditions = {"Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}
    old, new = (state(conditions, Replaced=table(TableName=name)) for name in ("a", "b"))

    differences = update(old, new).differences(old.resolve(value), new.resolve(value))

    assert list(differences) == perhaps("'Replaced' will be replaced")
