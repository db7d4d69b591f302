"""Templates as AWS::LanguageExtensions leaves them: nothing in them is a guess."""

from typing import Any, Final

import pytest

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.template.intrinsics import Secret
from cfn_trigger.template.language_extensions import extended, is_needed
from tests.support.templates import QUEUE, Template, get, of_type, ref, sub, when

SIZES: Final[Template] = {"Mappings": {"Sizes": {"dev": {"N": 3, "L": ["A"]}, "prod": {"N": 9}}}}
STAGE: Final[Template] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Count": {"Type": "Number"}}
}
LOOP: Final = "Fn::ForEach::Each"
LAYOUT: Final = "an identifier, a list of values, and a map of what to repeat"


def made_of(value: Any, **values: str) -> Any:
    """Return what becomes of a value in a property."""
    queue = of_type("AWS::SQS::Queue", Value=value)
    template = {**SIZES, **STAGE, "Resources": {"Queue": queue}}
    made = extended(template, {"Stage": "dev"} | values)
    return made["Resources"]["Queue"]["Properties"]["Value"]


def looked_up(*arguments: Any) -> Template:
    return {"Fn::FindInMap": list(arguments)}


def repeated(body: Template, names: Any = ("Red",), **sections: Any) -> Template:
    """Return the resources that a loop over names makes."""
    collection = list(names) if isinstance(names, tuple) else names
    template = {"Resources": {LOOP: ["Name", collection, body]}, **sections}
    made: Template = extended(template, {"Stage": "dev"})["Resources"]
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


@pytest.mark.parametrize(
    "key",
    [
        sub("${Stage}"),
        {"Fn::Join": ["", ["pr", "od"]]},
        {"Fn::Select": [1, ["dev", "prod"]]},
        {"Fn::Select": [0, {"Fn::Split": ["-", "prod-2"]}]},
        when("IsProd", "prod", "dev"),
        looked_up("Names", "live", "Key"),
        looked_up("Names", "gone", "Key", {"DefaultValue": "prod"}),
    ],
)
def test_a_key_of_a_mapping_may_be_any_function_of_what_is_known(key: Any) -> None:
    sections = {
        "Mappings": {**SIZES["Mappings"], "Names": {"live": {"Key": "prod"}}},
        "Conditions": {"IsProd": {"Fn::Equals": [ref("Stage"), "prod"]}},
    }
    queue = of_type("AWS::SQS::Queue", Value=looked_up("Sizes", key, "N"))

    extended_template = extended(
        {**STAGE, **sections, "Resources": {"Queue": queue}}, {"Stage": "prod"}
    )

    assert extended_template["Resources"]["Queue"]["Properties"]["Value"] == 9


def test_a_value_of_the_stack_is_known_once_it_is_deployed() -> None:
    places: Template = {"Mappings": {"Places": {"eu-west-1": {"Ami": "ami-1"}}}}
    queue = of_type("AWS::SQS::Queue", Value=looked_up("Places", ref("AWS::Region"), "Ami"))
    template = {**places, "Resources": {"Queue": queue}}

    known = extended(template, {}, pseudo_parameters={"AWS::Region": "eu-west-1"})

    assert known["Resources"]["Queue"]["Properties"]["Value"] == "ami-1"
    assert extended(template, {})["Resources"]["Queue"] == queue


@pytest.mark.parametrize(
    "parameter",
    [
        {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "dev"},
        {"Type": "String", "Default": "dev", "NoEcho": True},
        {"Type": "String"},
    ],
)
def test_a_parameter_whose_value_is_hidden_is_not_known(parameter: Any) -> None:
    lookup = looked_up("Sizes", ref("Stage"), "N", {"DefaultValue": 1})
    queue = of_type("AWS::SQS::Queue", Value=lookup)
    template = {**SIZES, "Parameters": {"Stage": parameter}, "Resources": {"Queue": queue}}
    hidden = {"Stage": Secret("Stage", is_override=False)} if "NoEcho" in parameter else {}
    values = {"Stage": "****"} if "Default" in parameter else {}

    assert extended(template, values, unknown_parameters=hidden)["Resources"]["Queue"] == queue


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["a", get("Other"), "c"], 3),
        (["a", ref("AWS::NoValue")], 1),
        ({"Fn::Split": [",", "a,b"]}, 2),
        ({"Fn::Split": [",", ref("Stage")]}, 1),
        (looked_up("Sizes", "dev", "L"), 1),
        ([], 0),
    ],
)
def test_the_length_of_a_list_is_known_if_all_of_its_items_are_there(
    items: Any, *, expected: int
) -> None:
    assert made_of({"Fn::Length": items}) == expected


@pytest.mark.parametrize(
    "items",
    [
        ref("AWS::NotificationARNs"),
        ["a", when("Unknown", "b")],
        {"Fn::Split": [",", get("Other")]},
        {"Fn::GetAZs": ""},
        "a,b",
    ],
)
def test_another_length_is_left_to_aws(items: Any) -> None:
    assert made_of({"Fn::Length": items}) == {"Fn::Length": items}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": True, "c": None}, '{"b":1,"a":true}'),
        (["x", {"y": "2"}], '["x",{"y":"2"}]'),
        ({"a": ref("Stage"), "b": looked_up("Sizes", "dev", "N")}, '{"a":"dev","b":3}'),
        ({"a": ref("AWS::NoValue"), "b": {"Fn::Length": ["x"]}}, '{"b":1}'),
        ({"a": {"Fn::Split": [",", "x,y"]}}, '{"a":["x","y"]}'),
        ({"Reference": "a"}, '{"Reference":"a"}'),
    ],
)
def test_json_is_written_if_all_of_it_is_known(value: Any, *, expected: str) -> None:
    assert made_of({"Fn::ToJsonString": value}) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"a": get("Other")},
        {"a": ref("AWS::Region")},
        {"a": 1.5},
        {"a": "ü"},
        {"a": when("Unknown", "b", "c")},
        {"a": ref("Count")},
        "text",
    ],
)
def test_other_json_is_left_to_aws(value: Any) -> None:
    assert made_of({"Fn::ToJsonString": value}, Count="3") == {"Fn::ToJsonString": value}


def test_a_reference_may_be_a_function_of_what_is_known() -> None:
    assert made_of({"Ref": {"Fn::Join": ["", ["Que", "ue"]]}}) == ref("Queue")
    assert made_of({"Fn::GetAtt": [sub("${Stage}Queue"), "Arn"]}) == get("devQueue")
    assert made_of({"Ref": ref("AWS::StackName")}) == {"Ref": ref("AWS::StackName")}


def test_what_is_null_is_left_out() -> None:
    assert made_of({"a": None, "b": [None, 1]}) == {"b": [1]}


def test_conditions_are_extended_before_what_depends_on_them() -> None:
    template = {
        **STAGE,
        **SIZES,
        "Outputs": {
            "Size": {"Value": looked_up("Sizes", when("Three", "prod", "dev"), "N")},
        },
        "Conditions": {"Three": {"Fn::Equals": [{"Fn::Length": ["a", "b", "c"]}, 3]}},
        "Resources": {},
    }

    assert extended(template, {})["Outputs"]["Size"]["Value"] == 9


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (
            ["Name", ["A"]],
            f"{LOOP} is malformed; write {LAYOUT}",
        ),
        (
            ["Name", ["A", "A"], {"Queue${Name}": QUEUE}],
            f"{LOOP} creates 'QueueA' twice; give each copy its own name",
        ),
        (
            ["Name", ["A"], {"Other": QUEUE}],
            f"{LOOP} creates 'Other' twice; give each copy its own name",
        ),
    ],
)
def test_a_loop_that_aws_refuses_is_refused(loop: Any, message: str) -> None:
    template = {"Resources": {LOOP: loop, "Other": QUEUE}}

    with pytest.raises(AwsTransformError) as caught:
        extended(template, {})

    assert caught.value.problems == (("", message),)


def test_a_variable_may_be_written_without_its_punctuation() -> None:
    loop = {LOOP: ["Address", ["10.0.0.1"], {"Queue&{Address}": of_type("T", V="${Address}")}]}

    assert extended({"Resources": loop}, {})["Resources"] == {
        "Queue10001": of_type("T", V="10.0.0.1")
    }


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
        ({"Fn::ToJsonString": {"A": ref("Name")}}, '{"A":"Red"}'),
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

    made = extended(template, {})

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
