"""The order of a stack: what depends on what, through which property, and in which level."""

from typing import Any

import pytest

from cfn_trigger.errors import TemplateProblems
from cfn_trigger.ordering.levels import (
    Dependency,
    Resource,
    StackOrder,
    stack_order,
    transitive_reduction,
)
from cfn_trigger.template import transforms
from tests.support.stack_updates import template
from tests.support.templates import QUEUE, SAM, function, of_type, trigger


def order_of(sections: Any = None, **resources: Any) -> StackOrder:
    return stack_order(template(sections, **resources), transforms.Context(values={}))


def triples(order: StackOrder) -> set[tuple[str, str, str]]:
    return {(one.waiting, one.first, one.why.rpartition(".")[2]) for one in order.dependencies}


def names_by_level(order: StackOrder) -> list[list[str]]:
    return [[resource.name for resource in level] for level in order.levels]


def test_a_dependency_names_the_property_that_it_comes_from() -> None:
    reading = function(
        Role={"Fn::GetAtt": ["Role", "Arn"]}, Environment={"Variables": {"Q": {"Ref": "Env"}}}
    )
    run = trigger(
        ExecuteAfter=["After"],
        ExecuteBefore=["Before"],
        ExecuteOnResourceChange=["Watched"],
        Payload={"Ref": "Paid"},
    )
    queues = dict.fromkeys(("After", "Before", "Paid", "Env", "Depends", "Watched"), QUEUE)

    order = order_of(
        Migrate=reading,
        Role=of_type("AWS::IAM::Role"),
        Attached=of_type("AWS::IAM::Policy", Roles=[{"Ref": "Role"}]),
        Run=run | {"DependsOn": "Depends"},
        **queues,
    )

    assert triples(order) == {
        ("Run", "Migrate", "Handler"), ("Run", "After", "ExecuteAfter"),
        ("Before", "Run", "ExecuteBefore"), ("Run", "Paid", "Payload"),
        ("Run", "Attached", "Handler"), ("Run", "Depends", "DependsOn"),
        ("Run", "Role", "Handler"), ("Run", "Env", "Handler"),
        ("Migrate", "Role", "Role"), ("Migrate", "Env", "Environment"),
        ("Attached", "Role", "Roles"), ("Run", "Watched", "ExecuteOnResourceChange"),
    }  # fmt: skip


def test_a_dependency_says_what_came_along_with_what_is_named() -> None:
    order = order_of(
        Migrate=function(Role={"Fn::GetAtt": ["Role", "Arn"]}),
        Role=of_type("AWS::IAM::Role"),
        Attached=of_type("AWS::IAM::Policy", Roles=[{"Ref": "Role"}]),
        Run=trigger(),
    )

    assert {each.first: each.companion for each in order.dependencies if each.waiting == "Run"} == {
        "Attached": "policy of Role", "Migrate": "", "Role": "",
    }  # fmt: skip


def test_resources_that_can_be_created_in_parallel_share_a_level() -> None:
    order = order_of(
        A=QUEUE, B=QUEUE, Run=trigger(ExecuteAfter=["A", "B"], ExecuteBefore=["C"]), C=QUEUE
    )

    assert names_by_level(order) == [["Migrate", "A", "B"], ["Run"], ["C"]]


def test_resources_that_the_macro_creates_are_left_out_and_bridged() -> None:
    definition = {
        "Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": "x"},
        "Environment": {"Variables": {"Q": {"Ref": "Queue"}}},
    }  # fmt: skip
    run = of_type("Custom::Trigger", Function=definition)

    order = order_of(Queue=QUEUE, Run=run)

    assert names_by_level(order) == [["Migrate", "Queue"], ["Run"]]
    assert triples(order) == {("Run", "Queue", "Handler")}
    (run_resource,) = order.triggers
    assert run_resource.runs == ("RunFunction",)


def test_an_undo_is_a_part_of_its_trigger() -> None:
    run = trigger(OnRollback={"Handler": "Revert"}, ExecuteBefore=["Queue"])
    order = order_of(Revert=function(), Run=run, Queue=QUEUE)

    (run_resource,) = order.triggers
    assert run_resource.undone_by == ("Revert",)
    assert [resource.name for resource in order.resources] == ["Migrate", "Revert", "Run", "Queue"]
    assert triples(order) == {
        ("Run", "Migrate", "Handler"),
        ("Queue", "Run", "ExecuteBefore"),
        ("Queue", "Revert", "ExecuteBefore"),
    }


def test_a_dependency_on_a_conditional_resource_is_conditional() -> None:
    sections = {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}
    order = order_of(sections, Q=QUEUE | {"Condition": "C"}, Run=trigger(ExecuteAfter=["Q"]))

    assert (
        Dependency(waiting="Run", first="Q", why="Run.ExecuteAfter", conditional=True)
        in order.dependencies
    )


def test_a_cycle_through_branches_loses_one_of_its_dependencies() -> None:
    def either(name: str) -> Any:
        return of_type("AWS::SQS::Queue", QueueName={"Fn::If": ["C", {"Ref": name}, "x"]})

    sections = {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}

    order = order_of(sections, A=either("B"), B=either("A"))

    assert len(order.dependencies) == 1


def test_a_cycle_of_sure_dependencies_is_a_problem() -> None:
    def naming(name: str) -> Any:
        return of_type("AWS::SQS::Queue", QueueName={"Ref": name})

    with pytest.raises(TemplateProblems) as caught:
        order_of(A=naming("B"), B=naming("A"), Run=trigger())

    assert [one.message for one in caught.value.diagnostics] == [
        "B: closes a cycle with 'A', which CloudFormation refuses"
    ]


def test_a_name_in_a_depends_on_that_no_resource_has_is_a_problem() -> None:
    with pytest.raises(TemplateProblems) as caught:
        order_of(Orders=QUEUE, A=QUEUE | {"DependsOn": ["Orders", "Order", "Nobody"]})

    assert [(each.rule, each.message) for each in caught.value.diagnostics] == [
        ("E3005", "A.DependsOn: no resource 'Order' in the template; did you mean 'Orders'?"),
        ("E3005", "A.DependsOn: no resource 'Nobody' in the template"),
    ]


def test_resources_that_sam_creates_are_ordered_too() -> None:
    serverless = of_type(
        "AWS::Serverless::Function", Runtime="python3.13", Handler="a.b", CodeUri="./a"
    )

    order = order_of({"Transform": [SAM, "Trigger"]}, Migrate=serverless, Run=trigger())

    assert names_by_level(order) == [["MigrateRole"], ["Migrate"], ["Run"]]


def test_the_transitive_reduction_has_no_implied_dependencies() -> None:
    order = order_of(
        A=QUEUE,
        B=of_type("AWS::SQS::Queue", QueueName={"Ref": "A"}),
        Run=trigger(ExecuteAfter=["A", "B"]),
    )

    reduced = {(one.waiting, one.first) for one in transitive_reduction(order)}
    assert reduced == {("B", "A"), ("Run", "B"), ("Run", "Migrate")}
    assert ("Run", "A", "ExecuteAfter") in triples(order)


def test_neighbors_are_direct_dependencies_and_the_number_of_indirect_ones() -> None:
    order = order_of(
        Queue=QUEUE,
        Named=of_type("AWS::SQS::Queue", QueueName={"Ref": "Queue"}),
        Run=trigger(ExecuteAfter=["Named"], ExecuteBefore=["Late"]),
        Late=QUEUE,
    )

    before, after = order.before("Run"), order.after("Run")

    assert ({*before.direct}, before.indirect) == ({"Migrate", "Named"}, 1)
    assert ({*after.direct}, after.indirect) == ({"Late"}, 0)


def test_a_sure_dependency_is_not_implied_by_a_conditional_one() -> None:
    pairs = [("C", "B", False), ("B", "A", True), ("C", "A", False)]
    order = StackOrder(
        resources=tuple(
            Resource(name=name, kind="T", level=level) for level, name in enumerate("ABC")
        ),
        dependencies=tuple(
            Dependency(waiting=waiting, first=first, why="DependsOn", conditional=conditional)
            for waiting, first, conditional in pairs
        ),
    )

    assert transitive_reduction(order) == order.dependencies
