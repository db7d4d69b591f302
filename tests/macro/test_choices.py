"""A handler that is chosen under a condition, and what is made under conditions for it."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Final

import pytest

from tests.support.templates import (
    Template,
    expanded,
    fingerprint,
    function,
    get,
    of_type,
    problems,
    resources,
    sub,
    template,
    trigger,
    under,
    waits,
    when,
)

ARN: Final = "arn:aws:lambda:eu-central-1:123456789012:function:migrate"
EITHER: Final[Template] = {"Conditions": {"Big": {}, "Small": {"Fn::Not": [{"Condition": "Big"}]}}}
CHOICE: Final = when("Big", get("Large"), get("Little"))


def chosen(handler: Any = CHOICE, run: Template | None = None) -> Template:
    """Build a template of two functions, one of which is there, and a trigger of the one."""
    return template(
        EITHER,
        Large=under("Big", function(MemorySize=1024)),
        Little=under("Small", function(MemorySize=128)),
        Run=run or trigger(handler),
    )


def policies(emitted: Template) -> Template:
    return {
        name: one
        for name, one in emitted.items()
        if one["Type"] == "AWS::IAM::Policy" and name != "TriggerProviderHandOver"
    }


def holds(condition: Any, values: Mapping[str, bool], defined: Template) -> bool:
    """Judge a condition, by its name or its definition."""
    match condition:
        case None:
            return True
        case str(name) | {"Condition": str(name)} if name in values:
            return values[name]
        case str(name) | {"Condition": str(name)}:
            return holds(defined[name], values, defined)
        case {"Fn::And": parts}:
            return all(holds(part, values, defined) for part in parts)
        case {"Fn::Or": parts}:
            return any(holds(part, values, defined) for part in parts)
    raise AssertionError(condition)


def every_case(names: Iterable[str]) -> list[dict[str, bool]]:
    listed = list(names)
    return [
        dict(zip(listed, case, strict=True)) for case in product([True, False], repeat=len(listed))
    ]


# ---- a choice


def test_a_choice_is_invoked_as_it_was_written() -> None:
    assert resources(chosen())["Run"]["Properties"]["HandlerArn"] == CHOICE


def test_a_choice_has_one_permission_to_invoke_what_is_chosen() -> None:
    ((_, policy),) = policies(resources(chosen())).items()

    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Resource"] == [CHOICE, {"Fn::Join": [":", [CHOICE, "*"]]}]
    assert "Condition" not in policy


def test_equal_choices_share_a_right() -> None:
    fragment = chosen()
    fragment["Resources"]["Again"] = trigger(CHOICE)

    assert len(policies(resources(fragment))) == 1


def test_of_a_choice_the_chosen_function_is_waited_for_as_the_handler_refers_to_it() -> None:
    run = resources(chosen())["Run"]

    assert waits(chosen()) == []
    assert "Metadata" not in run
    assert run["Properties"]["HandlerArn"] == CHOICE


def test_a_choice_between_functions_that_are_always_there_waits_for_the_chosen_one() -> None:
    choice = when("Big", get("Migrate"), get("Other"))
    fragment = template(Other=function(), Run=trigger(choice))

    assert waits(fragment) == []
    assert resources(fragment)["Run"]["Properties"]["HandlerArn"] == choice


def test_each_function_of_a_choice_dates_the_trigger() -> None:
    assert sorted(fingerprint(chosen())) == ["Configuration.Large", "Configuration.Little"]


@pytest.mark.parametrize(
    "handler",
    [
        when("Big", get("Large"), ARN),
        when("Big", {"Fn::ImportValue": "Shared"}, get("Little")),
        when("Big", get("Large"), when("Tiny", ARN, get("Little"))),
    ],
)
def test_a_choice_may_hold_what_is_outside_the_template(handler: Any) -> None:
    assert problems(chosen(handler)) == []
    assert len(policies(resources(chosen(handler)))) == 1


@pytest.mark.parametrize(
    "handler",
    [
        sub("${Arn}:live", {"Arn": CHOICE}),
        {"Fn::Join": [":", [CHOICE, "live"]]},
        {"Fn::Select": [0, [CHOICE]]},
    ],
)
def test_a_choice_within_another_intrinsic_is_a_choice(handler: Any) -> None:
    assert problems(chosen(handler)) == []


def test_a_function_that_is_referred_to_without_a_choice_must_be_there() -> None:
    assert problems(chosen(sub("${Large.Arn}:live"))) == [
        "Run.Handler: 'Large' exists only under 'Big'; give the trigger Condition: Big"
    ]


# ---- conditions of what is made


@pytest.mark.parametrize(
    ("of_function", "of_trigger"),
    [("", ""), ("", "B"), ("A", "A"), ("A", "B"), ("A", "C")],
)
def test_a_permission_exists_only_with_its_function_and_the_providers_role(
    of_function: str, of_trigger: str
) -> None:
    sections: Template = {"Conditions": {"A": {}, "B": {}, "C": {}}}
    fragment = template(
        sections,
        Migrate=function() | ({"Condition": of_function} if of_function else {}),
        Run=trigger() | ({"Condition": of_trigger} if of_trigger else {}),
        More=under("C", trigger(ARN)),
    )
    result = expanded(fragment)
    emitted, defined = result["Resources"], result.get("Conditions", {})

    for given in every_case("ABC"):
        there = {name: holds(one.get("Condition"), given, defined) for name, one in emitted.items()}
        if there["TriggerProviderInvokeMigrate"]:
            assert there["Migrate"]
            assert there["TriggerProviderRole"]
        if there["Run"] and there["Migrate"]:
            assert there["TriggerProviderInvokeMigrate"]
        assert there["TriggerProvider"] == (there["Run"] or there["More"])


@pytest.mark.parametrize(
    ("of_function", "of_trigger"),
    [("", ""), ("", "B"), ("A", "A"), ("A", "B")],
)
def test_a_failure_destination_is_there_only_with_its_function_and_its_trigger(
    of_function: str, of_trigger: str
) -> None:
    sections: Template = {"Conditions": {"A": {}, "B": {}}}
    run = trigger(InvocationType="Event", FailureDestination=get("Lost"))
    condition = {"Condition": of_trigger} if of_trigger else {}
    fragment = template(
        sections,
        Migrate=function() | ({"Condition": of_function} if of_function else {}),
        Lost=of_type("AWS::SQS::Queue") | condition,
        Run=run | condition,
    )
    result = expanded(fragment)

    for given in every_case("AB"):
        there = {
            name: holds(one.get("Condition"), given, result["Conditions"])
            for name, one in result["Resources"].items()
        }
        assert there["RunDestination"] == (there["Migrate"] and there["Run"])


def test_a_permission_under_two_conditions_has_the_and_of_them() -> None:
    sections: Template = {"Conditions": {"A": {}, "B": {}}}
    fragment = template(sections, Migrate=under("A", function()), Run=under("B", trigger()))

    assert expanded(fragment)["Conditions"]["TriggerProviderInvokeMigrateCondition"] == {
        "Fn::And": [{"Condition": "B"}, {"Condition": "A"}]
    }


def test_more_than_ten_conditions_are_nested() -> None:
    names = [f"C{n}" for n in range(11)]
    runs = {f"Run{name}": under(name, trigger()) for name in names}
    sections: Template = {"Conditions": {name: {} for name in names}}

    made = expanded(template(sections, **runs))["Conditions"]["TriggerProviderCondition"]

    assert made == {
        "Fn::Or": [
            {"Fn::Or": [{"Condition": name} for name in names[:10]]},
            {"Condition": "C10"},
        ]
    }


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_provider_is_there_exactly_where_a_trigger_is(number: int) -> None:
    names = [f"C{n}" for n in range(number)]
    runs = {f"Run{name}": under(name, trigger()) for name in names}
    sections: Template = {"Conditions": {name: {} for name in names}}
    result = expanded(template(sections, **runs))

    condition = result["Resources"]["TriggerProvider"]["Condition"]

    for given in every_case(names):
        assert holds(condition, given, result["Conditions"]) == any(given.values())


def test_a_reserved_name_of_a_condition_is_a_problem() -> None:
    name = "TriggerProviderInvokeMigrateCondition"
    sections: Template = {"Conditions": {"A": {}, "B": {}, name: {}}}
    fragment = template(sections, Migrate=under("A", function()), Run=under("B", trigger()))

    assert problems(fragment) == [
        f"{name}: is reserved for a condition that is created for triggers; rename yours"
    ]


def test_a_condition_of_a_function_that_is_defined_is_shared_with_its_right() -> None:
    run = of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}})
    sections: Template = {"Conditions": {"A": {}, "B": {}}}

    emitted = resources(template(sections, Run=under("A", run), Try=under("B", trigger())))

    assert emitted["TriggerProviderInvokeRunFunction"]["Condition"] == "A"
    assert emitted["RunRole"]["Condition"] == "A"


def test_a_handler_from_a_parameter_store_may_be_invoked() -> None:
    stored = "{{resolve:ssm:/handlers/migrate}}"

    emitted = resources(template(Run=trigger(stored)))

    assert emitted["Run"]["Properties"]["HandlerArn"] == stored
    (policy,) = policies(emitted).values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [stored, f"{stored}:*"]
