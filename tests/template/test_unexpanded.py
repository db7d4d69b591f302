"""What is written for the macro and nothing expands is a problem, with the nearest name."""

from typing import Any

import pytest

from cfn_trigger.template.unexpanded import has_macro_of_another_name, unexpanded
from tests.support.templates import SAM, function, of_type, trigger

RUN = {"Run": trigger()}
ADD = "is a trigger, and no transform expands it; add Trigger to the Transform"


def missed(resources: Any, transform: Any = None, **more: Any) -> list[tuple[str, Any]]:
    """Return each problem in words, and its path."""
    listed = {} if transform is None else {"Transform": transform}
    problems = unexpanded({**listed, "Resources": resources}, **more)
    return [(str(each.problem), each.path) for each in problems]


@pytest.mark.parametrize("transform", ["Trigger", {"Name": "Trigger"}, [SAM, "Trigger"]])
def test_a_trigger_under_the_macro_has_no_problem(transform: Any) -> None:
    assert missed(RUN, transform) == []


@pytest.mark.parametrize("transform", [None, SAM, [SAM], "Seed"])
def test_a_trigger_without_the_macro_stands_at_its_type(transform: Any) -> None:
    assert missed(RUN, transform) == [(f"Run: {ADD}", ("Resources", "Run", "Type"))]


def test_a_trigger_in_metadata_without_the_macro_stands_at_its_key() -> None:
    written = function() | {"Metadata": {"Trigger": {"Timeout": 60}}}

    assert missed({"Migrate": written}) == [
        (f"Migrate.Metadata.Trigger: {ADD}", ("Resources", "Migrate", "Metadata", "Trigger"))
    ]


@pytest.mark.parametrize(
    "metadata", ["text", {"Owner": "us"}, {"Trigger": "nightly"}, {"Trigger": {"Cron": "0 0"}}]
)
def test_metadata_of_others_is_left_alone(metadata: Any) -> None:
    assert missed({"Migrate": function() | {"Metadata": metadata}}) == []


def test_a_trigger_in_a_loop_without_the_macro_stands_at_its_type() -> None:
    loop = {"Fn::ForEach::Runs": ["Name", ["A"], {"Run${Name}": trigger()}]}
    path = ("Resources", "Fn::ForEach::Runs", 2, "Run${Name}", "Type")

    assert missed(loop, "AWS::LanguageExtensions") == [(f"Run${{Name}}: {ADD}", path)]


def test_a_finished_trigger_needs_no_macro() -> None:
    assert missed({"Run": trigger(ServiceToken={"Fn::GetAtt": ["TriggerProvider", "Arn"]})}) == []


# ---- the macro's name


@pytest.mark.parametrize(
    ("transform", "path"),
    [
        ("Triggers", ("Transform",)),
        ({"Name": "trigger"}, ("Transform",)),
        ([SAM, "Triger"], ("Transform", 1)),
    ],
)
def test_a_misspelled_macro_has_the_nearest_name(transform: Any, path: Any) -> None:
    ((message, where),) = missed(RUN, transform)

    name = transform[1] if isinstance(transform, list) else transform
    name = name["Name"] if isinstance(name, dict) else name
    assert message == f"Transform: {name!r} expands no triggers; did you mean 'Trigger'?"
    assert where == path


def test_a_similar_macro_in_a_template_without_triggers_has_no_problem() -> None:
    assert missed({"Migrate": function()}, "Triggers") == []


def test_a_misspelled_transform_section_has_the_nearest_name() -> None:
    misspelled = unexpanded({"Transforms": "Trigger", "Resources": RUN})

    assert [(str(each.problem), each.path) for each in misspelled] == [
        ("Transforms: is not a section of a template; did you mean 'Transform'?", ("Transforms",))
    ]


def test_the_macro_may_have_another_name() -> None:
    assert missed(RUN, "Seed", macro_name="Seed") == []
    assert missed(RUN, "Sed", macro_name="Seed") == [
        ("Transform: 'Sed' expands no triggers; did you mean 'Seed'?", ("Transform",))
    ]
    assert missed(RUN, macro_name="Seed") == [
        (f"Run: {ADD.replace('add Trigger', 'add Seed')}", ("Resources", "Run", "Type"))
    ]


def test_another_macro_of_the_list_may_be_the_one() -> None:
    assert has_macro_of_another_name({"Transform": [SAM, "Seed"]})
    assert not has_macro_of_another_name({"Transform": ["Seed", "Trigger"]})
    assert not has_macro_of_another_name({"Transform": [SAM]})
    assert not has_macro_of_another_name({})


def test_a_part_of_a_template_is_nothing_for_the_macro() -> None:
    snippet = of_type("AWS::SQS::Queue", **{"Fn::Transform": {"Name": "Trigger"}})

    assert missed({"Queue": snippet}) == [
        (
            "Fn::Transform: Trigger transforms whole templates; put it in the template's Transform",
            ("Resources", "Queue", "Properties", "Fn::Transform"),
        )
    ]
    assert missed({"Queue": snippet}, macro_name="Seed") == []


# ---- the type of a trigger


@pytest.mark.parametrize(
    "written",
    ["Custom::Triger", "Custom::Triggers", "Custom::trigger", "Custom:Trigger", "Trigger"],
)
@pytest.mark.parametrize("transform", [None, "Trigger"])
def test_a_misspelled_type_has_the_nearest_name(written: str, transform: Any) -> None:
    assert missed({"Run": of_type(written, Handler="Migrate")}, transform) == [
        (
            f"Run: unknown type {written!r}; did you mean 'Custom::Trigger'?",
            ("Resources", "Run", "Type"),
        )
    ]


@pytest.mark.parametrize(
    "resource",
    [
        of_type("Custom::Triger", ServiceToken="arn:aws:lambda:us-east-1:1:function:x"),
        of_type("Custom::Timer", Handler="Migrate"),
        of_type("AWS::Glue::Trigger"),
        of_type("AWS::Scheduler::Trigger"),
        {"Properties": {}},
        "no resource",
    ],
)
def test_a_type_that_means_something_else_is_left_alone(resource: Any) -> None:
    assert missed({"Run": resource}) == []


def test_a_misspelled_key_in_metadata_has_the_nearest_name() -> None:
    written = function() | {"Metadata": {"Triger": {"Timeout": 60}, "Trigger2": {"Cron": ""}}}

    assert missed({"Migrate": written}, "Trigger") == [
        (
            "Migrate.Metadata.Triger: is not read by the macro; did you mean 'Trigger'?",
            ("Resources", "Migrate", "Metadata", "Triger"),
        )
    ]


def test_all_that_is_missed_is_reported_at_once() -> None:
    resources = {"Run": of_type("Custom::Triger"), "Late": trigger()}

    assert [message for message, _ in missed(resources, "Triger")] == [
        "Transform: 'Triger' expands no triggers; did you mean 'Trigger'?",
        "Run: unknown type 'Custom::Triger'; did you mean 'Custom::Trigger'?",
    ]
