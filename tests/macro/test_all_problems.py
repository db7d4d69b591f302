"""All problems of a template are listed at once: none hides another."""

from typing import Any, Final

import pytest

from tests.support.golden_cases import by_sam
from tests.support.templates import (
    QUEUE,
    Template,
    expanded,
    function,
    get,
    of_type,
    problems,
    ref,
    table,
    template,
    trigger,
    waiting,
    waits,
)

BAD_RETRY: Final = "Run.Retry: MaxAttempts must be a whole number from 1 to 100, not 0"


def test_a_misspelled_property_hides_no_selector() -> None:
    run = trigger(ExecuteAfter=["NoSuch"], Retry={"MaxAttempts": 0})

    assert problems(template(Run=run)) == [
        BAD_RETRY,
        "Run.ExecuteAfter: no resource 'NoSuch' in the template",
    ]


def test_a_misspelled_property_hides_no_cycle() -> None:
    run = trigger(ExecuteBefore=["Orders"], Retry={"MaxAttempts": 0})
    fragment = template(Migrate=waiting(function(), "Orders"), Orders=table(), Run=run)

    assert problems(fragment) == [
        BAD_RETRY,
        (
            "Run.ExecuteBefore: closes a cycle: Orders -> Run -> Migrate -> Orders;"
            " remove one of these dependencies"
        ),
    ]


def test_a_selector_hides_no_other_in_the_same_list() -> None:
    assert problems(template(Run=trigger(ExecuteAfter=[5, "NoSuch", {}]))) == [
        ("Run.ExecuteAfter: each selector must be a logical id, a glob, a type or a Ref, not 5"),
        (
            "Run.ExecuteAfter: each selector must be a logical id, a glob, a type or a Ref,"
            " not a map"
        ),
        "Run.ExecuteAfter: no resource 'NoSuch' in the template",
    ]


@pytest.mark.parametrize(
    "handler", [{"Handler": "Migrat"}, {"Function": 5}, {"Handler": "Migrate", "Function": {}}]
)
def test_a_handler_that_is_not_understood_hides_no_selector(handler: Template) -> None:
    run = of_type("Custom::Trigger", ExecuteAfter=["NoSuch"], **handler)

    assert problems(template(Run=run))[1:] == [
        "Run.ExecuteAfter: no resource 'NoSuch' in the template"
    ]


@pytest.mark.parametrize("wrong", [{"InvocationType": "event"}, {"handler": "Migrat"}])
def test_what_is_not_understood_causes_no_problem_elsewhere(wrong: Template) -> None:
    properties = {"InvocationType": "Event", "FailureDestination": get("Jobs"), **wrong}

    assert len(problems(template(Jobs=QUEUE, Run=trigger(**properties)))) == 1


# ---- maps where a name is expected


@pytest.mark.parametrize("condition", [ref("C"), ["C"], 5])
def test_a_condition_that_is_not_a_name_is_a_problem(condition: Any) -> None:
    kinds = {dict: "a map", list: "a list", int: "5"}
    must = f"must be the name of a condition, not {kinds[type(condition)]}"
    noted = function() | {"Metadata": {"Trigger": {}}, "Condition": condition}

    assert problems(template(Run=trigger() | {"Condition": condition})) == [
        f"Run.Condition: {must}"
    ]
    assert problems(template(Migrate=noted)) == [f"Migrate.Condition: {must}"]


# ---- what is no resource


@pytest.mark.parametrize(
    "odd",
    [
        {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a/b"}}},
        {"Included": {"Fn::Transform": {"Name": "AWS::Include"}}},
        {"Fn::ForEach::Queues": ["Name", ["A"], {"Queue${Name}": QUEUE}]},
        {"Fn::Transform": [{"Name": "A"}, {"Name": "B"}]},
    ],
)
def test_a_function_in_the_place_of_a_resource_is_left_alone(odd: Template) -> None:
    sections = dict.fromkeys(("Conditions", "Outputs", "Mappings"), odd)
    properties = of_type("AWS::SQS::Queue", **odd)
    run = trigger(ExecuteAfter=["Orders*"], ExecuteBefore=["*"])
    fragment = template(sections, Orders=table(), Jobs=properties, Run=run, **odd)

    expansion = expanded(fragment)

    assert waits(fragment) == ["Orders"]
    assert {name: expansion["Resources"][name] for name in odd} == odd
    assert expansion["Resources"]["Jobs"] == waiting(properties, "Run")
    assert all(odd.items() <= expansion[name].items() for name in sections)


# ---- an event of SAM that is called Trigger


def test_an_event_that_takes_the_id_of_a_trigger_is_a_problem_in_words() -> None:
    fn = of_type(
        "AWS::Serverless::Function",
        Runtime="python3.13",
        Handler="index.handler",
        InlineCode="x",
        Events={"Trigger": {"Type": "SQS", "Properties": {"Queue": get("Jobs")}}},
    )
    made = by_sam({"Resources": {"Fn": fn | {"Metadata": {"Trigger": {}}}, "Jobs": QUEUE}})

    assert problems(made) == [
        (
            "Fn.Metadata.Trigger: needs the logical id 'FnTrigger', which is taken;"
            " rename that resource, or the event 'Trigger' that SAM made it for"
        )
    ]
