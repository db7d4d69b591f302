"""MaxConcurrentTriggers: no more triggers at once, and no order that contradicts another."""

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro.cloudformation import depends_on
from macro.expand import expand, read
from macro.model import Deployment
from macro.references import survey
from tests.support.templates import Json, Template, function, ref, table, template, trigger, under

BRIEF: Final = settings(
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
CONDITIONS: Final = ("", "", "A", "B")


def runs(*numbers: int, **properties: Json) -> Template:
    return {f"Run{n:02}": trigger(**properties) for n in numbers}


def expanded(fragment: Template, most: int | str | None) -> Template:
    parameters = {} if most is None else {"MaxConcurrentTriggers": most}
    return dict(expand(fragment, Deployment(settings=parameters)).fragment)


def edges(fragment: Template, most: int) -> set[tuple[str, str]]:
    """Return the edges that the limit adds: who waits, and for whom."""
    reading = read(fragment, Deployment(settings={"MaxConcurrentTriggers": most}))
    return {
        (edge.waiting, edge.first)
        for edge in reading.order.edges
        if edge.why == "Transform.Parameters.MaxConcurrentTriggers"
    }


def exists(resource: Template, true: Iterable[str]) -> bool:
    return resource.get("Condition", "") in ("", *true)


def before(fragment: Template, true: Iterable[str] = ("A", "B")) -> dict[str, set[str]]:
    """Return the triggers before each while some conditions are true; raise for a cycle."""
    mentioned = survey(fragment).resources
    present = {name for name, it in fragment["Resources"].items() if exists(it, true)}
    waits = {
        name: {
            *depends_on(fragment["Resources"][name]),
            *(
                reference.name
                for reference in mentioned[name].references
                if all(holds == (condition in true) for condition, holds in reference.branches)
            ),
        }
        & present
        for name in present
    }
    every: dict[str, set[str]] = {}
    for name in TopologicalSorter(waits).static_order():
        every[name] = waits[name].union(*(every[first] for first in waits[name]))
    runs = {name for name in present if fragment["Resources"][name]["Type"] == "Custom::Trigger"}
    return {name: every[name] & runs for name in runs}


def most_at_once(order: dict[str, set[str]]) -> int:
    """Return the size of the largest set of triggers of which none waits for another.

    By Dilworth's theorem: as many as chains that cover all of them, less a largest matching.
    """
    behind: dict[str, str] = {}

    def is_matched(name: str, seen: set[str]) -> bool:
        for first in sorted(order[name] - seen):
            seen.add(first)
            if first not in behind or is_matched(behind[first], seen):
                behind[first] = name
                return True
        return False

    return len(order) - sum(is_matched(name, set()) for name in order)


# ---- what it does


def test_without_the_parameter_independent_triggers_all_run_at_once() -> None:
    assert most_at_once(before(expanded(template(**runs(*range(7))), None))) == 7


def test_one_at_a_time_is_one_chain() -> None:
    assert edges(template(**runs(*range(4))), 1) == {
        ("Run01", "Run00"),
        ("Run02", "Run01"),
        ("Run03", "Run02"),
    }


@pytest.mark.parametrize("most", [2, "2"])
def test_a_trigger_waits_by_depends_on(most: int | str) -> None:
    resources = expanded(template(**runs(*range(3))), most)["Resources"]

    shared = ["TriggerProviderInvokeConfig", "TriggerProviderInvokeMigrate"]
    assert resources["Run00"]["DependsOn"] == [*shared, "TriggerProviderHandOver"]
    assert resources["Run02"]["DependsOn"] in (
        [*shared, "TriggerProviderHandOver", first] for first in ("Run00", "Run01")
    )


@pytest.mark.parametrize(("number", "most"), [(10, 5), (11, 5), (9, 2), (40, 7)])
def test_lanes_are_of_equal_length(number: int, most: int) -> None:
    order = before(expanded(template(**runs(*range(number))), most))

    assert max(len(firsts) for firsts in order.values()) + 1 == -(-number // most)


def test_triggers_that_are_no_more_than_the_limit_get_no_edges() -> None:
    fragment = template(**runs(0, 1), **runs(2, ExecuteAfter=["Run00"]))

    assert edges(fragment, 3) == set()


def test_an_order_that_keeps_the_limit_gets_no_edges() -> None:
    firsts = runs(0, ExecuteBefore=["Run02"]) | runs(1, ExecuteBefore=["Run03"])

    assert edges(template(**firsts, **runs(2, 3)), 2) == set()


def test_what_comes_first_by_way_of_a_resource_is_not_waited_for_again() -> None:
    first = runs(0, ExecuteBefore=["Orders"])
    fragment = template(Orders=table(), **first, **runs(1, ExecuteAfter=["Orders"]))

    assert edges(fragment, 1) == set()


def test_a_trigger_under_a_condition_of_its_own_is_waited_for_in_metadata() -> None:
    fragment = template(
        {"Conditions": {"A": {"Fn::Equals": [ref("AWS::Region"), "x"]}}},
        Run00=trigger(),
        Run01=under("A", trigger()),
        Run02=trigger(),
    )
    run = expanded(fragment, 1)["Resources"]["Run02"]

    assert "Run00" in run["DependsOn"]
    assert run["Metadata"]["TriggerEdges"] == [{"Fn::If": ["A", ref("Run01"), ref("AWS::NoValue")]}]


def test_an_edge_names_the_parameter_as_its_reason() -> None:
    reading = read(template(**runs(0, 1)), Deployment(settings={"MaxConcurrentTriggers": 1}))

    assert reading.order.edges[-1].why == "Transform.Parameters.MaxConcurrentTriggers"


def test_another_trigger_moves_few_others() -> None:
    numbers = range(1, 31)
    old = edges(template(**runs(*numbers)), 5)
    new = edges(template(**runs(*numbers, 0)), 5)

    assert len(new - old) <= len(new) // 2


def test_fingerprints_do_not_depend_on_it() -> None:
    fragment = template(**runs(*range(4)))

    assert [
        it["Properties"]["Fingerprint"]
        for it in expanded(fragment, 1)["Resources"].values()
        if it["Type"] == "Custom::Trigger"
    ] == [
        it["Properties"]["Fingerprint"]
        for it in expanded(fragment, None)["Resources"].values()
        if it["Type"] == "Custom::Trigger"
    ]


# ---- the law


@st.composite
def orders(draw: st.DrawFn) -> Template:
    """Draw triggers, functions and tables in an order without a cycle, some under conditions."""
    number = draw(st.integers(2, 14))
    resources: Template = {}
    for n in range(number):
        condition = draw(st.sampled_from(CONDITIONS))
        both = {f"Run{n:02}": trigger(f"Do{n:02}"), f"Do{n:02}": function()}
        resources |= {name: under(condition, it) if condition else it for name, it in both.items()}
        resources[f"Table{n:02}"] = table()
    pairs = st.tuples(st.integers(0, number - 1), st.integers(0, number - 1))
    for left, right in draw(st.lists(pairs, max_size=20)):
        first, second = sorted((left, right))
        if first != second:
            kind = draw(st.sampled_from(["Do", "Run", "Table"]))
            selectors = resources[f"Run{first:02}"]["Properties"].setdefault("ExecuteBefore", [])
            selectors.append(f"{kind}{second:02}")
            if kind == "Table":
                resources[f"Run{second:02}"]["Properties"]["ExecuteAfter"] = [f"Table{second:02}"]
    conditions = {name: {"Fn::Equals": [ref("AWS::Region"), name]} for name in ("A", "B")}
    return template({"Conditions": conditions}, **resources)


@BRIEF
@given(orders(), st.integers(1, 6))
def test_no_more_triggers_run_at_once_and_every_order_is_kept(
    fragment: Template, most: int
) -> None:
    asked, limited = expanded(fragment, None), expanded(fragment, most)

    for true in ((), ("A",), ("B",), ("A", "B")):
        old, new = before(asked, true), before(limited, true)
        assert most_at_once(new) <= most
        assert all(old[name] <= new[name] for name in old)
