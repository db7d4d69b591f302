"""What an update does to resources, and to the values that refer to them."""

from typing import Any

import pytest

from cfn_trigger.prediction.impact import Difference, Fate
from cfn_trigger.template.intrinsics import AtDeployment, Constant, Live, Secret, Side
from tests.support.stack_states import QUEUE, of_type, side, update


def fate(old: Any, new: Any) -> Fate:
    return update(side(It=old), side(It=new)).fate("It")


def table(**properties: Any) -> Any:
    return of_type("AWS::DynamoDB::Table", **properties)


CUSTOM = of_type("Custom::Thing", ServiceToken="arn", Size=1)
FATES = {
    "nothing": (table(TableName="a"), table(TableName="a"), Fate.KEPT),
    "a number written as a text": (table(Size=1), table(Size="1"), Fate.KEPT),
    "what replaces nothing": (table(BillingMode="a"), table(BillingMode="b"), Fate.UPDATED),
    "what replaces": (table(TableName="a"), table(TableName="b"), Fate.REPLACED),
    "what may replace": (table(KeySchema=["a"]), table(KeySchema=["b"]), Fate.PERHAPS_REPLACED),
    "its type": (table(), QUEUE, Fate.REPLACED),
    "a type that nobody describes": (
        of_type("Mine::Own::Type", A=1), of_type("Mine::Own::Type", A=2), Fate.PERHAPS_REPLACED,
    ),
    "a custom resource": (CUSTOM, of_type("Custom::Thing", Size=2), Fate.UPDATED),
    "what is looked up": (
        of_type("AWS::SQS::Queue", QueueName="{{resolve:ssm:/a}}"),
        of_type("AWS::SQS::Queue", QueueName="{{resolve:ssm:/a}}"),
        Fate.PERHAPS_REPLACED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FATES)
def test_a_resource_is_kept_updated_or_replaced_by_what_differs(name: str) -> None:
    old, new, expected = FATES[name]

    assert fate(old, new) == expected


def test_a_resource_that_refers_to_a_replaced_one_shares_its_fate() -> None:
    refers = of_type("AWS::SQS::Queue", QueueName={"Ref": "Table"})
    tagged = of_type("AWS::SQS::Queue", Tags=[{"Key": "table", "Value": {"Ref": "Table"}}])
    found = update(
        side(Table=table(TableName="a"), Named=refers, Tagged=tagged),
        side(Table=table(TableName="b"), Named=refers, Tagged=tagged),
    )

    assert (found.fate("Named"), found.fate("Tagged")) == (Fate.REPLACED, Fate.UPDATED)


def test_a_cycle_of_references_ends() -> None:
    one = of_type("AWS::SQS::Queue", QueueName={"Ref": "It"})

    assert fate(one, one) == Fate.KEPT


SURE = Difference(path=())


def perhaps(why: str) -> Difference:
    return Difference(path=(), is_sure=False, why=why)


def replaced(why: str) -> Difference:
    return Difference(path=(), why=why)


def moving() -> tuple[Side, Side]:
    kept = {"Kept": table(), "Nested": of_type("AWS::CloudFormation::Stack", TemplateURL="a")}
    old = {"Replaced": table(TableName="a"), "Updated": table(BillingMode="a"), "Custom": CUSTOM}
    new = {"Replaced": table(TableName="b"), "Updated": table(BillingMode="b"),
           "Custom": of_type("Custom::Thing", Size=2)}  # fmt: skip
    changed = {"Nested": of_type("AWS::CloudFormation::Stack", TemplateURL="b")}
    return side(**kept, **old), side(**(kept | changed), **new)


VALUES: dict[str, tuple[Any, Any, list[Difference]]] = {
    "equal texts": ("a", "a", []),
    "other texts": ("a", "b", [SURE]),
    "what is kept": (Live("Kept", "Arn"), Live("Kept", "Arn"), []),
    "other resources": (Live("Kept"), Live("Updated"), [SURE]),
    "what is replaced": (
        Live("Replaced"), Live("Replaced"), [replaced("'Replaced' will be replaced")],
    ),
    "an attribute that tells one from another": (
        Live("Replaced", "Arn"), Live("Replaced", "Arn"), [replaced("'Replaced' will be replaced")],
    ),
    "another attribute of what is replaced": (
        Live("Replaced", "StreamArn"), Live("Replaced", "StreamArn"),
        [perhaps("'Replaced' will be replaced")],
    ),
    "the name of what is updated": (Live("Updated"), Live("Updated"), []),
    "what outlives an update": (Live("Updated", "Arn"), Live("Updated", "Arn"), []),
    "what an update may change": (
        Live("Updated", "StreamArn"), Live("Updated", "StreamArn"),
        [perhaps("'Updated' will be updated, which may change its StreamArn")],
    ),
    "an answer": (
        Live("Custom", "Rows"), Live("Custom", "Rows"),
        [perhaps("'Custom' will be updated, and answers anew")],
    ),
    "the name of what answers": (
        Live("Custom"), Live("Custom"), [perhaps("'Custom' will be updated, and answers anew")],
    ),
    "the output of a nested stack": (
        Live("Nested", "Outputs.A"), Live("Nested", "Outputs.A"),
        [perhaps("'Nested' will be updated, and answers anew")],
    ),
    "the name of a nested stack": (Live("Nested"), Live("Nested"), []),
    "a secret that is kept": (Secret("P", is_given=False), Secret("P", is_given=False), []),
    "a secret that is given": (
        Secret("P", is_given=False), Secret("P", is_given=True),
        [perhaps("parameter 'P' has NoEcho, so its deployed value is not known")],
    ),
    "what is looked up": (
        AtDeployment("it"), AtDeployment("it"), [perhaps("it is looked up at deployment")],
    ),
    "what is constant": (Constant("AWS::Region"), Constant("AWS::Region"), []),
    "a constant and a text": (
        Constant("AWS::Region"), "eu-west-1", [perhaps("AWS::Region is not known here")],
    ),
    "a reference and a text": (
        Live("Kept"), "a", [perhaps("a reference and a literal may mean the same")],
    ),
    "a reference to what is new, and a text": ("a", Live("Nowhere"), [SURE]),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_two_values_differ_surely_or_perhaps_or_not_at_all(name: str) -> None:
    old, new, expected = VALUES[name]

    assert list(update(*moving()).differences(old, new)) == expected


def test_differences_are_said_with_their_paths() -> None:
    old = {"a": {"b": ["1", "2"]}, "gone": "x", "list": ["1"]}
    new = {"a": {"b": ["1", "3"]}, "new": "y", "list": ["1", "2"]}

    found = [one.path for one in update(side(), side()).differences(old, new)]

    assert found == [("a", "b", "1"), ("gone",), ("list",), ("new",)]


def test_a_branch_that_may_not_be_taken_changes_nothing_surely() -> None:
    value = {"Fn::If": ["IsHere", {"Ref": "Replaced"}, "none"]}
    conditions = {"Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}
    old, new = (side(conditions, Replaced=table(TableName=name)) for name in ("a", "b"))

    found = update(old, new)

    assert list(found.differences(old.resolve(value), new.resolve(value))) == [
        perhaps("'Replaced' will be replaced")
    ]
