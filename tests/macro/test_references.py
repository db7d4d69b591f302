"""Which values mention what, and which only look as if they did."""

from typing import Any

import pytest

from macro.references import (
    Mentions,
    Reference,
    conditions_within,
    mentions,
    name_and_attribute,
    substitutions,
    survey,
)
from tests.support.templates import get, mentions_of, ref, sub, table, when


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ref("Orders"), mentions_of("Orders")),
        (get("Orders"), mentions_of("Orders.Arn")),
        ({"Fn::GetAtt": "Orders.Arn"}, mentions_of("Orders.Arn")),
        (get("Nested", "Outputs.Queue"), mentions_of("Nested.Outputs.Queue")),
        ({"Fn::GetAtt": "Nested.Outputs.Queue"}, mentions_of("Nested.Outputs.Queue")),
        (sub("${Orders}"), mentions_of("Orders")),
        (sub("${Orders.Arn}/${ Stage }"), mentions_of("Orders.Arn", "Stage")),
        (sub(["${Orders}", {"Own": 1}]), mentions_of("Orders")),
        ({"Fn::Join": ["", [ref("A"), {"Fn::Select": [0, get("B")]}]]}, mentions_of("A", "B.Arn")),
        ([ref("A"), ref("A"), {"Deep": {"Deeper": [ref("A")]}}], mentions_of("A")),
    ],
)
def test_a_reference_is_found_however_it_is_spelled(value: Any, expected: Mentions) -> None:
    assert mentions(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "Orders",
        "${Orders}",
        None,
        5,
        [],
        {},
        {"Ref": 5},
        {"Ref": "Orders", "And": "more"},
        {"Fn::GetAtt": "Orders"},
        {"Fn::GetAtt": ["Orders"]},
        sub("${!Orders}"),
        sub("$Orders {Orders} ${}"),
        sub(5),
        sub([]),
        {"DependsOn": ["Orders"]},
        {"Condition": "IsProduction"},
    ],
)
def test_what_only_looks_like_a_reference_is_none(value: Any) -> None:
    assert mentions(value) == Mentions()


def test_a_variable_of_a_substitution_is_not_a_reference_but_its_value_may_be() -> None:
    value = sub("${Orders}/${Own}/${Own.Arn}", {"Own": get("Stage")})

    assert mentions(value) == mentions_of("Orders", "Own.Arn", "Stage.Arn")


def test_a_variable_with_a_point_in_its_name_is_not_a_reference() -> None:
    assert list(substitutions(["${Own.Arn}", {"Own.Arn": "x"}])) == []


def test_an_attribute_that_is_computed_is_a_star() -> None:
    value = {"Fn::GetAtt": ["Orders", ref("Attribute")]}

    assert mentions(value) == mentions_of("Orders.*", "Attribute")


def test_references_are_listed_in_document_order() -> None:
    value = {"B": ref("Second"), "A": [ref("Third"), {"Z": ref("Fourth")}], "C": ref("Fifth")}

    assert mentions({"A": ref("First"), "B": value}) == mentions_of(
        "First", "Second", "Third", "Fourth", "Fifth"
    )


def test_a_reference_knows_the_branches_it_stands_under_from_the_outside_in() -> None:
    value = when("Production", [ref("A"), when("Europe", "none", get("B"))], ref("C"))

    assert mentions(value) == Mentions(
        references=(
            Reference("A", "", (("Production", True),)),
            Reference("B", "Arn", (("Production", True), ("Europe", False))),
            Reference("C", "", (("Production", False),)),
        ),
        conditions=("Production", "Europe"),
    )


def test_an_if_that_is_not_well_formed_is_looked_through() -> None:
    assert mentions({"Fn::If": ["Production", ref("A")]}) == mentions_of("A")


def test_a_mapping_is_mentioned_with_what_its_keys_refer_to() -> None:
    value = {"Fn::FindInMap": ["Sizes", ref("Stage"), "Memory"]}

    assert mentions(value) == Mentions(references=(Reference("Stage"),), mappings=("Sizes",))


def test_a_value_of_ten_thousand_levels_is_walked() -> None:
    value: Any = ref("Orders")
    for _ in range(10_000):
        value = [value]

    assert mentions(value) == mentions_of("Orders")


def test_a_survey_knows_what_each_resource_mentions() -> None:
    fragment = {"Resources": {"Orders": table(Role=get("Role")), "Odd": "text", "Empty": None}}

    assert survey(fragment).resources == {
        "Orders": mentions_of("Role.Arn"),
        "Odd": mentions_of(),
        "Empty": mentions_of(),
    }


@pytest.mark.parametrize("sections", [{}, {"Resources": None}, {"Resources": [], "Outputs": 5}])
def test_a_template_without_resources_is_surveyed(sections: dict[str, Any]) -> None:
    assert survey(sections).resources == {}


def test_the_attributes_read_are_sorted_and_neither_a_ref_nor_a_star() -> None:
    fragment = {
        "Resources": {
            "A": table(X=[get("Run", "Rows"), ref("Run"), {"Fn::GetAtt": ["Run", ref("P")]}]),
            "B": table(X=[sub("${Run.Rows}"), get("Run", "Deep.Result"), get("Other", "Count")]),
        },
        "Outputs": {"Count": {"Value": get("Run", "Count")}},
    }

    assert survey(fragment).attributes_read("Run") == ("Count", "Deep.Result", "Rows")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (["A", "Arn"], ("A", "Arn")),
        ("A.Outputs.B", ("A", "Outputs.B")),
        (["A", {"Ref": "P"}], ("A", "*")),
        (["A"], None),
        ([{"Ref": "A"}, "Arn"], None),
        ("A", None),
        (5, None),
    ],
)
def test_the_argument_of_get_att_is_a_list_or_dotted_text(
    target: Any, expected: tuple[str, str] | None
) -> None:
    assert name_and_attribute(target) == expected


def test_conditions_refer_to_conditions_at_any_depth() -> None:
    definition = {"Fn::And": [{"Condition": "A"}, {"Fn::Not": [{"Condition": "B"}]}]}

    assert set(conditions_within(definition)) == {"A", "B"}


def test_a_key_named_condition_next_to_others_refers_to_none() -> None:
    assert conditions_within({"Condition": "A", "Other": {"Condition": ["B"]}}) == ()
