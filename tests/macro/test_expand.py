"""The stages in order: what goes in, what comes out, and that nothing else does."""

import copy
import json
from typing import Any

import pytest

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import (
    Template,
    expanded,
    function,
    get,
    of_type,
    problems,
    table,
    template,
    trigger,
    under,
)


@pytest.mark.parametrize(
    "fragment",
    [
        {"Resources": {}},
        {"Resources": None},
        {"Resources": ["odd"]},
        {"Resources": {"Orders": table(), "Odd": 5}, "Conditions": "odd"},
        {"Resources": {"Theirs": of_type("Custom::Trigger", ServiceToken=get("Migrate"))}},
        {"Resources": {5: {"Type": "Odd"}}, 7: {8: [9]}},
    ],
)
def test_a_template_without_triggers_is_returned_itself(fragment: Template) -> None:
    assert expand(fragment, Deployment()).fragment is fragment


@pytest.mark.parametrize("fragment", [{}, {"Properties": {}}, [], "text", None, 5])
def test_what_is_not_a_whole_template_is_refused(fragment: Any) -> None:
    with pytest.raises(TemplateError) as caught:
        expand(fragment, Deployment())

    assert str(caught.value) == (
        "Fn::Transform: Trigger transforms whole templates; put it in the template's Transform"
    )


def test_what_is_given_is_not_changed() -> None:
    fragment = template(
        {"Conditions": {"A": {}, "B": {}}},
        Orders=table() | {"DependsOn": ["Migrate"], "Metadata": {"Note": 1}},
        Run=under("A", trigger(ExecuteBefore=["*"])),
        Check=under("B", trigger(ExecuteAfter=["*"], Payload={"A": [get("Orders")]})),
    )
    before = copy.deepcopy(fragment)

    expand(fragment, Deployment())

    assert fragment == before


def test_an_expanded_template_comes_back_as_it_is() -> None:
    once = expanded(template(Orders=table(), Run=trigger(ExecuteAfter=["*"])))

    assert expand(once, Deployment()).fragment is once


def test_the_authors_resources_come_first_and_in_their_order() -> None:
    fragment = template(Run=trigger(), Orders=table())

    assert list(expanded(fragment)["Resources"])[:3] == ["Migrate", "Run", "Orders"]


def test_every_other_section_is_kept_in_its_place() -> None:
    sections = {"Description": "Orders", "Outputs": {"A": {"Value": 1}}, "Unknown": [None]}
    fragment = template(sections, Run=trigger())

    actual = expanded(fragment)

    assert list(actual) == list(fragment)
    assert {name: actual[name] for name in sections} == sections


def test_spelling_meaning_and_order_are_judged_together() -> None:
    fragment = template(
        Misspelled=trigger(Timout=5),
        Meaningless=trigger(InvocationType="Event", Expect=1),
        Circular=trigger(ExecuteAfter=["Circular"]),
    )

    assert problems(fragment) == [
        "Misspelled.Timout: unknown property; did you mean 'Timeout'?",
        "Meaningless.Expect: InvocationType Event does not wait for a result; use RequestResponse",
        (
            "Circular.ExecuteAfter: closes a cycle: Circular -> Circular; "
            "remove one of these dependencies"
        ),
    ]


def test_a_trigger_that_could_not_be_read_is_still_there_to_be_selected() -> None:
    fragment = template(Bad=trigger(Timout=5), Good=trigger(ExecuteAfter=["Bad"]))

    assert problems(fragment) == ["Bad.Timout: unknown property; did you mean 'Timeout'?"]


def test_a_template_of_many_resources_is_expanded_in_a_moment() -> None:
    many = {f"Table{number}": table(Before=get(f"Table{number - 1}")) for number in range(1, 400)}
    run = trigger(ExecuteAfter=["*"])

    actual = expanded(template(**many, Table0=table(), Run=run, Check=function()))

    assert len(actual["Resources"]["Run"]["DependsOn"]) == 404
    assert len(json.dumps(actual)) < 1_000_000
