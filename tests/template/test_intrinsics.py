"""What CloudFormation makes of intrinsic functions, as far as that is known beforehand."""

from typing import Any

import pytest

from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    PartialCall,
    ResourceRef,
    Secret,
    StackConstant,
    unknowns,
)
from tests.support.stack_updates import state
from tests.support.templates import QUEUE

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
        "IsShared": {"Fn::Equals": [{"Fn::ImportValue": "stage"}, "live"]},
        "IsSame": {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}]},
    },
}  # fmt: skip
SECRET = Secret("Password", is_override=False)
STATE = state(
    SECTIONS,
    values={"Level": "high", "Zones": "a, b"},
    unknown_parameters={"Password": SECRET},
    pseudo_parameters={"AWS::StackName": "shop"},
    Queue=QUEUE,
)
HERE = PartialCall("Fn::Equals", (StackConstant("AWS::Region"), "eu-west-1"))
SHARED = PartialCall("Fn::Equals", (PartialCall("Fn::ImportValue", "stage"), "live"))
BOTH = PartialCall("Fn::And", (HERE,))
QUEUE_ARN = ResourceRef("Queue", "Arn")
URL = "{{resolve:ssm:/a}}"
CASES: list[tuple[Any, Any]] = [
    (5, "5"),
    (True, "true"),
    (None, None),
    ({"Ref": "Level"}, "high"),
    ({"Ref": "Zones"}, ["a", "b"]),
    ({"Ref": "Password"}, SECRET),
    ({"Ref": "Unset"}, StackConstant("parameter 'Unset'")),
    ({"Ref": "Queue"}, ResourceRef("Queue")),
    ({"Ref": "AWS::StackName"}, "shop"),
    ({"Ref": "AWS::Region"}, StackConstant("AWS::Region")),
    ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": ["1"]}),
    ({"Fn::GetAtt": ["Queue", "Arn"]}, QUEUE_ARN),
    ({"Fn::GetAtt": "Queue.Arn"}, QUEUE_ARN),
    ({"Fn::If": ["IsHigh", 1, 2]}, "1"),
    ({"Fn::If": ["IsLow", 1, 2]}, "2"),
    ({"Fn::If": ["Either", 1, 2]}, "1"),
    ({"Fn::If": ["Neither", 1, 2]}, "2"),
    ({"Fn::If": ["IsSame", 1, 2]}, "1"),
    ({"Fn::If": ["IsHere", 1, 2]}, PartialCall("Fn::If", (HERE, "1", "2"))),
    ({"Fn::If": ["IsShared", 1, 2]}, PartialCall("Fn::If", (SHARED, "1", "2"))),
    ({"Fn::If": ["Both", 1, 2]}, PartialCall("Fn::If", (BOTH, "1", "2"))),
    ({"Fn::Sub": "${Level}-${!Level}-${AWS::StackName}"}, "high-${Level}-shop"),
    ({"Fn::Sub": ["${A}/${Level}", {"A": {"Ref": "Level"}}]}, "high/high"),
    ({"Fn::Sub": "${Queue}"}, ResourceRef("Queue")),
    ({"Fn::Sub": "x-${Queue.Arn}-y"}, PartialCall("Fn::Join", ("x-", QUEUE_ARN, "-y"))),
    ({"Fn::Join": ["-", ["x", {"Fn::GetAtt": ["Queue", "Arn"]}, "y"]]},
     PartialCall("Fn::Join", ("x-", QUEUE_ARN, "-y"))),
    ({"Fn::Join": ["-", ["a", {"Ref": "Level"}]]}, "a-high"),
    ({"Fn::Join": ["", {"Ref": "Zones"}]}, "ab"),
    ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
    ({"Fn::Select": ["0", {"Fn::Split": [",", "x,y"]}]}, "x"),
    ({"Fn::Select": [1, ["a", {"Ref": "Queue"}]]}, ResourceRef("Queue")),
    ({"Fn::Split": ["/", {"Ref": "Queue"}]}, PartialCall("Fn::Split", ("/", ResourceRef("Queue")))),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Level"}, "Memory"]}, "512"),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::ImportValue": "shared"}, PartialCall("Fn::ImportValue", "shared")),
    ("{{resolve:ssm:/a:3}}", "{{resolve:ssm:/a:3}}"),
    (URL, PartialCall("Fn::Join", ("", (URL, KnownAtDeployment(URL))))),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CASES)
def test_a_value_resolves_to_what_is_known_of_it(value: Any, expected: Any) -> None:
    assert STATE.resolve(value) == expected


UNSURE: list[Any] = [
    {"Fn::Select": [5, ["a"]]},
    {"Fn::Select": [-1, ["a"]]},
    {"Fn::Select": ["first", ["a"]]},
    {"Fn::Select": [0, "text"]},
    {"Fn::Select": [1, [{"Fn::If": ["IsHere", "x", {"Ref": "AWS::NoValue"}]}, "a", "b"]]},
    {"Fn::Join": ["", "text"]},
    {"Fn::Join": ["", [{"a": "b"}]]},
    {"Fn::Join": []},
    {"Fn::Split": ["", "text"]},
    {"Fn::Split": [",", ["a"]]},
    {"Fn::Base64": ["a"]},
    {"Fn::Base64": None},
    {"Fn::Sub": 5},
    {"Fn::Sub": ["${A}", "text"]},
    {"Fn::Sub": []},
    {"Fn::FindInMap": ["Sizes", "high"]},
    {"Fn::FindInMap": ["Sizes", "high", "Nothing"]},
    {"Fn::FindInMap": ["Sizes", {"Ref": "Queue"}, "Memory", {"DefaultValue": "1"}]},
    {"Fn::If": ["IsHigh", 1]},
    {"Fn::GetAtt": []},
    {"Fn::Unheard": "of"},
    {"Ref": ["Level"]},
]


@pytest.mark.parametrize("value", UNSURE, ids=str)
def test_a_function_that_cannot_be_called_is_left_open(value: Any) -> None:
    ((name, _),) = value.items()

    resolved = STATE.resolve(value)

    assert isinstance(resolved, PartialCall)
    assert resolved.function == name


def test_a_default_of_a_mapping_is_its_value_if_the_keys_are_known() -> None:
    lookup = {"Fn::FindInMap": ["Sizes", "low", "Memory", {"DefaultValue": {"Ref": "Level"}}]}

    assert STATE.resolve(lookup) == "high"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", []),
        (QUEUE_ARN, [QUEUE_ARN]),
        ({"a": [QUEUE_ARN, SECRET]}, [QUEUE_ARN, SECRET]),
        (PartialCall("Fn::Join", ("-", QUEUE_ARN)), [QUEUE_ARN]),
        (PartialCall("Fn::If", (HERE, "1", QUEUE_ARN)),
         [PartialCall("Fn::If", (HERE, "1", QUEUE_ARN)), QUEUE_ARN, StackConstant("AWS::Region")]),
        (PartialCall("Fn::Join", ("-", PartialCall("Fn::ImportValue", "stage"))),
         [PartialCall("Fn::ImportValue", "stage")]),
    ],
)  # fmt: skip
def test_unknowns_are_the_parts_of_a_value_that_are_not_known(value: Any, expected: Any) -> None:
    parts = list(unknowns(value))

    assert len(parts) == len(expected)
    assert all(unknown in parts for unknown in expected)


def test_a_resource_exists_if_its_condition_holds() -> None:
    resources = {
        name: {**QUEUE, "Condition": name} for name in ("IsHigh", "IsLow", "IsHere", "NotDefined")
    }
    stack_state = state(SECTIONS, values={"Level": "high"}, Plain=QUEUE, **resources)

    assert stack_state.exists("Plain") is True
    assert stack_state.exists("IsHigh") is True
    assert stack_state.exists("IsLow") is False
    assert stack_state.exists("Nowhere") is False
    assert stack_state.exists("IsHere") == HERE
    assert stack_state.exists("NotDefined") == StackConstant("condition None")
