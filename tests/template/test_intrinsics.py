"""What CloudFormation makes of intrinsic functions, as far as that is known beforehand."""

from typing import Any

import pytest

from cfn_trigger.template.intrinsics import AtDeployment, Call, Constant, Live, Secret
from tests.support.stack_states import QUEUE, side

SECTIONS = {
    "Parameters": {
        "Level": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"},
        "Password": {"Type": "String", "NoEcho": True}, "Unset": {"Type": "String"},
    },
    "Mappings": {"Sizes": {"high": {"Memory": 512}}},
    "Conditions": {
        "IsHigh": {"Fn::Equals": [{"Ref": "Level"}, "high"]},
        "IsLow": {"Fn::Not": [{"Condition": "IsHigh"}]},
        "Either": {"Fn::Or": [{"Condition": "IsHigh"}, {"Condition": "IsHere"}]},
        "Both": {"Fn::And": [{"Condition": "IsHigh"}, {"Condition": "IsHere"}]},
        "Neither": {"Fn::And": [{"Condition": "IsLow"}, {"Condition": "IsHere"}]},
        "IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "IsSame": {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}]},
    },
}  # fmt: skip
SECRET = Secret("Password", is_given=False)
SIDE = side(
    SECTIONS,
    values={"Level": "high", "Zones": "a, b"},
    opened={"Password": SECRET},
    constants={"AWS::StackName": "shop"},
    Queue=QUEUE,
)
HERE = Call("Fn::Equals", (Constant("AWS::Region"), "eu-west-1"))
CASES: list[tuple[Any, Any]] = [
    (5, "5"),
    (True, "true"),
    (None, None),
    ({"Ref": "Level"}, "high"),
    ({"Ref": "Zones"}, ["a", "b"]),
    ({"Ref": "Password"}, SECRET),
    ({"Ref": "Unset"}, Constant("parameter 'Unset'")),
    ({"Ref": "Queue"}, Live("Queue")),
    ({"Ref": "AWS::StackName"}, "shop"),
    ({"Ref": "AWS::Region"}, Constant("AWS::Region")),
    ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": ["1"]}),
    ({"Fn::GetAtt": ["Queue", "Arn"]}, Live("Queue", "Arn")),
    ({"Fn::GetAtt": "Queue.Arn"}, Live("Queue", "Arn")),
    ({"Fn::If": ["IsHigh", 1, 2]}, "1"),
    ({"Fn::If": ["IsLow", 1, 2]}, "2"),
    ({"Fn::If": ["Either", 1, 2]}, "1"),
    ({"Fn::If": ["Neither", 1, 2]}, "2"),
    ({"Fn::If": ["IsSame", 1, 2]}, "1"),
    ({"Fn::If": ["IsHere", 1, 2]}, Call("Fn::If", (HERE, "1", "2"))),
    ({"Fn::If": ["Both", 1, 2]}, Call("Fn::If", (Call("Fn::And", (HERE,)), "1", "2"))),
    ({"Fn::Sub": "${Level}-${!Level}-${AWS::StackName}"}, "high-${Level}-shop"),
    ({"Fn::Sub": ["${A}/${Level}", {"A": {"Ref": "Level"}}]}, "high/high"),
    ({"Fn::Sub": "${Queue}"}, Live("Queue")),
    ({"Fn::Sub": "x-${Queue.Arn}-y"}, Call("Fn::Join", ("x-", Live("Queue", "Arn"), "-y"))),
    ({"Fn::Join": ["-", ["x", {"Fn::GetAtt": ["Queue", "Arn"]}, "y"]]},
     Call("Fn::Join", ("x-", Live("Queue", "Arn"), "-y"))),
    ({"Fn::Join": ["-", ["a", {"Ref": "Level"}]]}, "a-high"),
    ({"Fn::Join": ["", {"Ref": "Zones"}]}, "ab"),
    ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
    ({"Fn::Select": ["0", {"Fn::Split": [",", "x,y"]}]}, "x"),
    ({"Fn::Split": ["/", {"Ref": "Queue"}]}, Call("Fn::Split", ("/", Live("Queue")))),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Level"}, "Memory"]}, "512"),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::ImportValue": "shared"}, Call("Fn::ImportValue", "shared")),
    ("{{resolve:ssm:/a:3}}", "{{resolve:ssm:/a:3}}"),
    ("{{resolve:ssm:/a}}",
     Call("Fn::Join", ("", ("{{resolve:ssm:/a}}", AtDeployment("{{resolve:ssm:/a}}"))))),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CASES)
def test_a_value_resolves_to_what_is_known_of_it(value: Any, expected: Any) -> None:
    assert SIDE.resolve(value) == expected


def test_a_resource_exists_if_its_condition_holds() -> None:
    resources = {
        name: {**QUEUE, "Condition": name} for name in ("IsHigh", "IsLow", "IsHere", "NotDefined")
    }
    one = side(SECTIONS, values={"Level": "high"}, Plain=QUEUE, **resources)

    assert one.exists("Plain") is True
    assert one.exists("IsHigh") is True
    assert one.exists("IsLow") is False
    assert one.exists("Nowhere") is False
    assert one.exists("IsHere") == HERE
    assert one.exists("NotDefined") == Constant("condition None")
