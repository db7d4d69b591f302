"""The order of a stack: who waits for whom, because of what, and in which level."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cfn_trigger.errors import TemplateProblems
from cfn_trigger.ordering import levels
from cfn_trigger.ordering.levels import Waits
from cfn_trigger.ordering.svg import Arrow, Box, svg
from cfn_trigger.template import transforms
from tests.support.stack_states import QUEUE, SAM, function, of_type, template, trigger


def found(sections: Any = None, **resources: Any) -> levels.Report:
    return levels.report(template(sections, **resources), transforms.Setting(values={}))


def waits(one: levels.Report) -> set[tuple[str, str, str]]:
    return {(wait.waiting, wait.first, wait.why.rpartition(".")[2]) for wait in one.waits}


def names_by_level(one: levels.Report) -> list[list[str]]:
    return [[resource.name for resource in level] for level in one.levels]


def test_an_edge_says_which_property_asked_for_it() -> None:
    reading = function(
        Role={"Fn::GetAtt": ["Role", "Arn"]}, Environment={"Variables": {"Q": {"Ref": "Env"}}}
    )
    run = trigger(ExecuteAfter=["After"], ExecuteBefore=["Before"], Payload={"Ref": "Paid"})
    queues = dict.fromkeys(("After", "Before", "Paid", "Env", "Depends"), QUEUE)

    one = found(
        Migrate=reading,
        Role=of_type("AWS::IAM::Role"),
        Attached=of_type("AWS::IAM::Policy", Roles=[{"Ref": "Role"}]),
        Run=run | {"DependsOn": "Depends"},
        **queues,
    )

    assert waits(one) == {
        ("Run", "Migrate", "Handler"), ("Run", "After", "ExecuteAfter"),
        ("Before", "Run", "ExecuteBefore"), ("Run", "Paid", "Payload"),
        ("Run", "Attached", "Handler"), ("Run", "Depends", "DependsOn"),
        ("Run", "Role", "Handler"), ("Run", "Env", "Handler"),
        ("Migrate", "Role", "Role"), ("Migrate", "Env", "Environment"),
        ("Attached", "Role", "Roles"),
    }  # fmt: skip


def test_what_can_be_made_in_parallel_is_of_one_level() -> None:
    one = found(
        A=QUEUE, B=QUEUE, Run=trigger(ExecuteAfter=["A", "B"], ExecuteBefore=["C"]), C=QUEUE
    )

    assert names_by_level(one) == [["Migrate", "A", "B"], ["Run"], ["C"]]


def test_what_is_made_for_triggers_is_left_out_and_waited_through() -> None:
    made = {
        "Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": "x"},
        "Environment": {"Variables": {"Q": {"Ref": "Queue"}}},
    }  # fmt: skip
    run = of_type("Custom::Trigger", Function=made)

    one = found(Queue=QUEUE, Run=run)

    assert names_by_level(one) == [["Migrate", "Queue"], ["Run"]]
    assert waits(one) == {("Run", "Queue", "Handler")}
    (it,) = (resource for resource in one.resources if resource.is_trigger)
    assert it.runs == ("RunFunction",)


def test_a_wait_under_a_condition_is_only_perhaps() -> None:
    sections = {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}
    one = found(sections, Q=QUEUE | {"Condition": "C"}, Run=trigger(ExecuteAfter=["Q"]))

    assert Waits(waiting="Run", first="Q", why="Run.ExecuteAfter", perhaps=True) in one.waits


def test_a_cycle_through_branches_is_drawn_without_one_of_them() -> None:
    def either(name: str) -> Any:
        return of_type("AWS::SQS::Queue", QueueName={"Fn::If": ["C", {"Ref": name}, "x"]})

    sections = {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}

    one = found(sections, A=either("B"), B=either("A"))

    assert len(one.waits) == 1


def test_a_cycle_of_the_authors_own_is_a_problem() -> None:
    def naming(name: str) -> Any:
        return of_type("AWS::SQS::Queue", QueueName={"Ref": name})

    with pytest.raises(TemplateProblems) as caught:
        found(A=naming("B"), B=naming("A"), Run=trigger())

    assert [one.message for one in caught.value.diagnostics] == [
        "B: closes a cycle with 'A', which CloudFormation refuses"
    ]


def test_sams_resources_are_ordered_too() -> None:
    serverless = of_type(
        "AWS::Serverless::Function", Runtime="python3.13", Handler="a.b", CodeUri="./a"
    )

    one = found({"Transform": [SAM, "Trigger"]}, Migrate=serverless, Run=trigger())

    assert names_by_level(one) == [["MigrateRole"], ["Migrate"], ["Run"]]


def test_a_drawing_leaves_out_what_is_implied() -> None:
    one = found(
        A=QUEUE,
        B=of_type("AWS::SQS::Queue", QueueName={"Ref": "A"}),
        Run=trigger(ExecuteAfter=["A", "B"]),
    )

    drawn = {(wait.waiting, wait.first) for wait in levels.needed(one)}
    assert drawn == {("B", "A"), ("Run", "B"), ("Run", "Migrate")}
    assert ("Run", "A", "ExecuteAfter") in waits(one)


# ---- as SVG


def test_a_picture_has_a_box_for_each_and_a_curve_for_each_edge() -> None:
    boxes = [
        Box(name=name, below="<T>", level=at, is_main=at == 1) for at, name in enumerate("abc")
    ]
    arrows = [
        Arrow(start=one, end=other, word="w&w", is_main=False)
        for one, other in (("a", "b"), ("b", "c"), ("a", "c"))
    ]

    root = ET.fromstring(svg(boxes, arrows))  # noqa: S314 (it is ours)

    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("<T>") == 3
    assert texts.count("w&w") == 3
    assert (
        len(
            [
                node
                for node in root.iter("{http://www.w3.org/2000/svg}path")
                if node.get("marker-end")
            ]
        )
        == 3
    )


def test_a_long_curve_passes_no_box() -> None:
    boxes = [Box(name=name, below="", level=at, is_main=False) for at, name in enumerate("abc")]
    arrows = [Arrow(start=a, end=b, word="", is_main=False) for a, b in pairwise("abc")]

    drawn = svg(boxes, [*arrows, Arrow(start="a", end="c", word="", is_main=False)])

    (long,) = (line for line in drawn.splitlines() if "marker-end" in line and "H" in line)
    gap = float(re.findall(r" ([\d.]+)H", long)[0])
    tops = {
        float(y) for y in re.findall(r'<g><title>b</title><rect x="[\d.]+" y="([\d.]+)"', drawn)
    }
    (top,) = tops
    assert not top < gap < top + 42


def test_nothing_is_an_empty_picture() -> None:
    assert ET.fromstring(svg([], [])).tag.endswith("svg")  # noqa: S314 (it is ours)
