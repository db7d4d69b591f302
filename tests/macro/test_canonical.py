"""Strings are compared by what they come to, not by how they are written."""

from typing import Any, Final

import pytest

from macro.canonical import Canon, Text, fields, last_segment
from macro.cloudformation import Resources
from macro.model import Deployment
from tests.support.templates import function, get, of_type, ref, sub, when

ROLE: Final = of_type("AWS::IAM::Role", RoleName=sub("${Stage}-load"), Path="/app/")
SECTIONS: Final = {
    "Parameters": {
        "Stage": {"Type": "String"}, "Known": {"Type": "String"}, "Nets": {"Type": "List<String>"},
        "Secret": {"Type": "String", "NoEcho": True},
    },
    "Mappings": {"Names": {"prod": {"Load": "prod-load"}}},
}  # fmt: skip
CANON: Final = Canon.of(
    SECTIONS,
    Resources(
        Load=function(FunctionName=sub("${Stage}-load")),
        Plain=function(),
        Perhaps=function(FunctionName=when("Named", "load")),
        Itself=function(FunctionName=sub("${Itself}-x")),
        Role=ROLE,
        Live=of_type("AWS::Lambda::Alias", FunctionName=ref("Plain"), Name="live"),
        Fixed=of_type("AWS::Lambda::Version", FunctionName=get("Plain")),
    ),
    Deployment(parameters={"Known": "prod", "Nets": ["a", "b"], "Secret": "hush"}),
)
FUNCTION_ARN: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"


def are_equal(left: Any, right: Any) -> bool:
    return any(a.may_equal(b) for a in CANON.texts(left) for b in CANON.texts(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a-b", {"Fn::Join": ["-", ["a", "b"]]}),
        (5, "5"),
        (True, "true"),
        (sub("${Stage}-load"), {"Fn::Join": ["-", [ref("Stage"), "load"]]}),
        (sub("${Stage}-load"), sub("${X}-load", {"X": ref("Stage")})),
        (sub("${Stage}"), ref("Stage")),
        (sub("${ Stage }"), ref("Stage")),
        (sub("${!Stage}"), "${Stage}"),
        (ref("Known"), "prod"),
        (ref("Nets"), "a,b"),
        ({"Fn::Join": ["/", ref("Nets")]}, "a/b"),
        ({"Fn::Select": [1, ref("Nets")]}, "b"),
        ({"Fn::Select": ["0", ["a", "b"]]}, "a"),
        ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::FindInMap": ["Names", ref("Known"), "Load"]}, "prod-load"),
        (sub("${Secret}"), ref("Secret")),
        ({"Fn::GetAtt": "Plain.Arn"}, get("Plain")),
        (ref("Load"), sub("${Stage}-load")),
        (get("Load"), sub(f"{FUNCTION_ARN}${{Stage}}-load")),
        (get("Plain"), sub(f"{FUNCTION_ARN}${{Plain}}")),
        (ref("Live"), sub("${Plain.Arn}:live")),
        (get("Live", "AliasArn"), ref("Live")),
        (ref("Fixed"), sub("${Plain.Arn}:${Fixed.Version}")),
        (get("Fixed", "FunctionArn"), ref("Fixed")),
        (
            get("Role"),
            sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app/${Stage}-load"),
        ),
        (when("C", "a", "b"), "b"),
        (when("C", "a-x", "b-x"), sub("${N}-x", {"N": when("C", "a", "b")})),
        (ref("Perhaps"), "load"),
        (ref("Itself"), sub("${Itself}")),
        ({"Fn::ImportValue": sub("${Stage}")}, {"Fn::ImportValue": sub("${Stage}")}),
    ],
)
def test_equal_meanings_are_equal_texts(left: Any, right: Any) -> None:
    assert are_equal(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a", "b"),
        (ref("Stage"), "Stage"),
        (ref("Stage"), ref("Known")),
        (ref("Secret"), "hush"),
        (ref("Plain"), get("Plain")),
        (sub("${Plain}"), sub("${Plain}-x")),
        (when("C", "a", "b"), when("C", "b", "a")),
        (sub("${A}${B}", {"A": when("C", "a", "b"), "B": when("C", "a", "b")}), "ab"),
        ({"Fn::ImportValue": "A"}, {"Fn::ImportValue": "B"}),
        ({"Fn::Select": [9, ["a"]]}, "a"),
        ({"Fn::Select": [0, ref("Stage")]}, ref("Stage")),
        (None, "null"),
    ],
)
def test_other_meanings_are_other_texts(left: Any, right: Any) -> None:
    assert not are_equal(left, right)


def test_a_value_with_too_many_meanings_equals_only_itself() -> None:
    several = {"Fn::Join": ["", [when(f"C{at}", "a", "b") for at in range(9)]]}

    assert len(CANON.texts(several)) == 1
    assert are_equal(several, several)
    assert not are_equal(several, "a" * 9)


def test_a_value_of_any_depth_has_a_text() -> None:
    deep: Any = "a"
    for _ in range(200):
        deep = {"Fn::Join": ["", [deep]]}

    assert len(CANON.texts(deep)) == 1


def test_a_list_has_items_however_it_is_written() -> None:
    assert CANON.items(ref("Nets")) == ("a", "b")
    assert CANON.items(["a", ref("Stage")]) == ("a", ref("Stage"))
    assert CANON.items({"Fn::Split": [",", "a,b"]}) == ("a", "b")
    assert CANON.items(when("C", [ref("Stage")], ref("Nets"))) == (ref("Stage"), "a", "b")
    assert CANON.items("a") == ("a",)


def test_an_arn_has_fields_and_a_last_segment() -> None:
    (text,) = CANON.texts(get("Role"))

    assert [len(field) for field in fields(text)] == [1, 1, 1, 0, 1, 3]
    assert last_segment(text.parts) == CANON.texts(sub("${Stage}-load"))[0].parts
    assert last_segment(("plain",)) == ("plain",)
    assert fields(Text(("a::b",))) == (("a",), (), ("b",))
