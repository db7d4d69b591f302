"""Loops that are still to be repeated when the macro runs."""

from typing import Any, Final

import pytest

from macro.expand import read
from macro.model import Deployment
from macro.risks import risks
from tests.support.templates import (
    Template,
    expanded,
    function,
    get,
    of_type,
    problems,
    resources,
    table,
    template,
    trigger,
    waits,
)

REMEDY: Final = (
    "contains a trigger and is not expanded yet; "
    "put AWS::LanguageExtensions before Trigger in the list of transforms"
)
NAME: Final = "Fn::ForEach::Runs"
DEFINING: Final = of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}})
NOTED: Final = function() | {"Metadata": {"Trigger": {}}}


def risks_of(fragment: Template) -> list[str]:
    return [str(risk) for risk in risks(read(fragment, Deployment()))]


def loop(over: str, resource: Template) -> Any:
    """Repeat a resource over names."""
    return [over, ["A", "B"], {f"Each${{{over}}}": resource}]


@pytest.mark.parametrize(
    "held",
    [trigger(), trigger("Each${Name}"), trigger(ServiceToken=""), DEFINING, NOTED],
)
def test_a_loop_that_holds_a_trigger_is_a_problem(held: Template) -> None:
    assert problems(template(**{NAME: loop("Name", held)})) == [f"{NAME}: {REMEDY}"]


def test_a_loop_within_a_loop_that_holds_a_trigger_is_a_problem() -> None:
    outer: Any = ["Stage", ["X"], {"Fn::ForEach::Inner": loop("Name", trigger())}]

    assert problems(template(**{NAME: outer})) == [f"{NAME}: {REMEDY}"]


@pytest.mark.parametrize(
    "written", [{"Fn::Sub": "Orders"}, [{"Fn::Sub": "Orders"}], [{"Ref": {"Fn::Sub": "Orders"}}]]
)
@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"])
def test_a_sub_that_a_loop_has_filled_in_is_its_text(side: str, written: Any) -> None:
    plain, filled = (
        resources(template(Orders=table(), Run=trigger(handler, **{side: selectors})))
        for handler, selectors in (
            ("Migrate", ["Orders"]),
            ({"Fn::Sub": "Migrate"}, written),
        )
    )

    assert filled == plain


def test_a_selector_that_no_loop_has_filled_in_says_how_to_write_it() -> None:
    assert problems(template(Run=trigger(ExecuteAfter=["Queue${Name}"]))) == [
        (
            "Run.ExecuteAfter: no resource 'Queue${Name}' in the template;"
            " in a loop, write !Sub 'Queue${Name}'"
        )
    ]


def test_each_loop_that_holds_a_trigger_is_reported() -> None:
    fragment = template(
        **{
            "Fn::ForEach::One": loop("Name", trigger()),
            "Fn::ForEach::Two": loop("Name", NOTED),
            "Fn::ForEach::Three": loop("Name", table()),
        }
    )

    assert problems(fragment) == [f"Fn::ForEach::One: {REMEDY}", f"Fn::ForEach::Two: {REMEDY}"]


def test_a_loop_that_contains_a_trigger_is_reported_with_other_problems() -> None:
    fragment = template(Run=trigger(Timeout=0), **{NAME: loop("Name", trigger())})

    assert problems(fragment) == [
        "Run.Timeout: must be a whole number from 1 to 43200, not 0",
        f"{NAME}: {REMEDY}",
    ]


@pytest.mark.parametrize(
    "held",
    [
        table(),
        function(),
        of_type("Custom::Trigger", ServiceToken=get("Theirs")),
        table() | {"Metadata": {"Trigger": {}}},
    ],
)
def test_a_loop_that_holds_none_is_left_as_it_is(held: Template) -> None:
    looped = loop("Name", held)

    assert resources(template(Run=trigger(), **{NAME: looped}))[NAME] == looped


def test_a_template_whose_loops_hold_none_comes_back_as_it_is() -> None:
    fragment = template(**{NAME: loop("Name", table())})

    assert expanded(fragment) == fragment


@pytest.mark.parametrize("looped", [None, "text", {}, [], ["Name"], ["Name", [], None], 5])
def test_a_loop_of_any_shape_is_no_obstacle(looped: Any) -> None:
    assert resources(template(Run=trigger(), **{NAME: looped}))[NAME] == looped


@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore"])
def test_a_loop_itself_is_matched_by_no_pattern(side: str) -> None:
    fragment = template(
        Orders=table(), Run=trigger(**{side: ["*"]}), **{NAME: loop("Name", table())}
    )

    assert NAME not in waits(fragment)
    assert resources(fragment)[NAME] == loop("Name", table())


@pytest.mark.parametrize("side", ["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"])
@pytest.mark.parametrize("selector", ["Each*", "EachA", "AWS::SNS::*"])
def test_a_selector_of_what_a_loop_will_create_says_what_to_do(side: str, selector: str) -> None:
    fragment = template(Run=trigger(**{side: [selector]}), **{NAME: loop("Name", table())})
    what = "no resource 'EachA' in the template" if selector == "EachA" else ""

    assert problems(fragment) == [
        (
            f"Run.{side}: {what or f'{selector!r} matches no resource'} before {NAME} is expanded;"
            " put AWS::LanguageExtensions before Trigger in the list of transforms"
        )
    ]


def test_a_pattern_next_to_an_unexpanded_loop_is_a_risk() -> None:
    run = trigger(ExecuteAfter=["AWS::DynamoDB::*", "Orders"], ExecuteBefore=["*"])
    looped = template(Orders=table(), Run=run, **{NAME: loop("Name", table())})
    unseen = f"selects nothing from {NAME}, which is not expanded yet"
    remedy = "put AWS::LanguageExtensions before Trigger in the list of transforms"

    assert risks_of(looped) == [
        f"Run.ExecuteAfter: 'AWS::DynamoDB::*' {unseen}; {remedy}",
        f"Run.ExecuteBefore: '*' {unseen}; {remedy}",
    ]
    assert risks_of(template(Orders=table(), Run=run)) == []


# ---- a part of a template


@pytest.mark.parametrize(
    "part", [{"Run": trigger()}, {"Properties": {"Handler": "Migrate"}}, {}, [], "text", None]
)
def test_what_is_not_a_template_is_refused(part: Any) -> None:
    assert problems(part) == [
        "Fn::Transform: Trigger transforms whole templates; put it in the template's Transform"
    ]


@pytest.mark.parametrize("odd", [None, "text", [], 5])
def test_resources_that_are_not_a_map_are_left_to_cloudformation(odd: Any) -> None:
    assert expanded({"Resources": odd}) == {"Resources": odd}
