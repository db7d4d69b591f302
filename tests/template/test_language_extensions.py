"""Templates as AWS::LanguageExtensions leaves them: nothing in them is a guess."""

from typing import Any, Final

import pytest

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.template.language_extensions import extended, is_needed
from tests.support.templates import QUEUE, Template, get, of_type, ref, sub

SIZES: Final[Template] = {"Mappings": {"Sizes": {"dev": {"N": 3, "L": ["A"]}, "prod": {"N": 9}}}}
STAGE: Final[Template] = {"Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}
LOOP: Final = "Fn::ForEach::Each"


def made_of(value: Any, **values: str) -> Any:
    """Return what becomes of a value in a property."""
    queue = of_type("AWS::SQS::Queue", Value=value)
    template = {**SIZES, **STAGE, "Resources": {"Queue": queue}}
    made = extended(template, values, region="eu-west-1")
    return made["Resources"]["Queue"]["Properties"]["Value"]


def looked_up(*arguments: Any) -> Template:
    return {"Fn::FindInMap": list(arguments)}


def repeated(body: Template, names: Any = ("Red",), **sections: Any) -> Template:
    """Return the resources that a loop over names makes."""
    collection = list(names) if isinstance(names, tuple) else names
    template = {"Resources": {LOOP: ["Name", collection, body]}, **sections}
    made: Template = extended(template, {}, region="eu-west-1")["Resources"]
    return made


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (looked_up("Sizes", ref("Stage"), "N"), 3),
        (looked_up("Sizes", "prod", "N"), 9),
        (looked_up("Sizes", ref("Stage"), "Gone", {"DefaultValue": 1}), 1),
        (looked_up("Sizes", ref("Stage"), "N", {"DefaultValue": 1}), 3),
        ({"Fn::Join": ["", [looked_up("Sizes", ref("Stage"), "N")]]}, {"Fn::Join": ["", [3]]}),
    ],
)
def test_an_entry_of_a_mapping_is_the_one_of_the_given_value(function: Any, expected: Any) -> None:
    assert made_of(function) == expected


def test_a_value_that_is_given_wins_over_the_default() -> None:
    assert made_of(looked_up("Sizes", ref("Stage"), "N"), Stage="prod") == 9


@pytest.mark.parametrize(
    "function",
    [
        looked_up("Sizes", ref("AWS::Region"), "N"),
        looked_up("Sizes", ref("AWS::AccountId"), "N", {"DefaultValue": 0}),
        looked_up("Sizes", get("Other"), "N"),
        looked_up("Sizes", ref("Stage"), "Gone"),
        looked_up("Nowhere", "a", "b"),
    ],
)
def test_an_entry_that_is_not_known_is_left_to_aws(function: Any) -> None:
    assert made_of(function) == function


def test_a_mapping_may_be_looked_up_by_the_variable_of_a_loop() -> None:
    queue = of_type("AWS::SQS::Queue", DelaySeconds=looked_up("Sizes", ref("Name"), "N"))
    made = repeated({"Queue${Name}": queue}, ("dev", "prod"), **SIZES)

    assert {name: each["Properties"]["DelaySeconds"] for name, each in made.items()} == {
        "Queuedev": 3,
        "Queueprod": 9,
    }


def test_a_loop_over_an_entry_that_is_known_is_repeated() -> None:
    collection = looked_up("Sizes", ref("Stage"), "L")

    assert repeated({"Queue${Name}": QUEUE}, collection, **SIZES, **STAGE) == {"QueueA": QUEUE}


def test_a_loop_over_an_entry_that_is_not_known_is_refused() -> None:
    with pytest.raises(AwsTransformError) as caught:
        repeated({"Queue${Name}": QUEUE}, looked_up("Sizes", ref("AWS::Region"), "L"), **SIZES)

    assert caught.value.problems == (
        (
            "",
            ("an Fn::ForEach loops over a value that is not known here; pass it with --parameter"),
        ),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Queue${Name}", "QueueRed"),
        (["Queue${Name}", "Front"], ["QueueRed", "Front"]),
        (sub("Queue${Name}"), "QueueRed"),
        (sub("${Name}-${Stage}"), sub("Red-${Stage}")),
        (ref("Queue${Name}"), ref("QueueRed")),
        ({"Fn::GetAtt": "Queue${Name}.Arn"}, get("QueueRed")),
        (get("Queue${Name}"), get("QueueRed")),
        ({"Fn::ToJsonString": {"A": ref("Name")}}, {"Fn::ToJsonString": {"A": "Red"}}),
        ("${aws:username}", "${aws:username}"),
        ("${Name} of ${aws:username}", "${Name} of ${aws:username}"),
    ],
)
def test_a_variable_is_replaced_in_any_text_of_its_loop(written: Any, expected: Any) -> None:
    made = repeated({"Queue${Name}": of_type("AWS::SQS::Queue", Value=written)}, **STAGE)

    assert made == {"QueueRed": of_type("AWS::SQS::Queue", Value=expected)}


def test_the_variables_of_loops_within_loops_are_replaced() -> None:
    inner = {"Fn::ForEach::Inner": ["B", ["Y"], {"Q${A}${B}": of_type("T", V="${A}-${B}")}]}
    template = {"Resources": {"Fn::ForEach::Outer": ["A", ["X"], inner]}}

    made = extended(template, {}, region="eu-west-1")

    assert made["Resources"] == {"QXY": of_type("T", V="X-Y")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (looked_up("A", "b", "c"), False),
        (looked_up("A", ref("AWS::Region"), "c"), False),
        (looked_up("A", looked_up("B", "c", "d"), "e"), False),
        (looked_up("A", "b", "c", {"DefaultValue": 1}), True),
        (looked_up("A", sub("${B}"), "c"), True),
        ([{"X": {"Fn::Length": []}}], True),
        ({"Fn::ToJsonString": {}}, True),
        ("Fn::Length", False),
    ],
)
def test_a_function_that_only_the_transform_resolves_needs_it(
    value: Any, *, expected: bool
) -> None:
    assert is_needed(value) is expected
