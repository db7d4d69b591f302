"""Where Lambda sends an event whose retries are spent."""

from typing import Any, Final

import pytest

from tests.support.templates import (
    Template,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    sub,
    template,
    trigger,
    under,
    waits,
    when,
)

ARN: Final = "arn:aws:sqs:eu-central-1:123456789012:lost"
HANDLER: Final = "arn:aws:lambda:eu-central-1:123456789012:function:migrate"
QUEUE: Final = of_type("AWS::SQS::Queue")
UNQUALIFIED: Final = (
    "Run.FailureDestination: requires a handler that is a function in this template, "
    "without alias or version"
)


def sending(handler: Any = "Migrate", destination: Any = ARN, **settings: Any) -> Template:
    """Define a trigger that hands over and has a failure destination."""
    return trigger(handler, InvocationType="Event", FailureDestination=destination, **settings)


def config(**properties: Any) -> Template:
    return of_type("AWS::Lambda::EventInvokeConfig", **properties)


# ---- what is made


def test_a_failure_destination_is_a_configuration_of_the_handler() -> None:
    assert resources(template(Run=sending()))["RunDestination"] == config(
        FunctionName=ref("Migrate"),
        Qualifier="$LATEST",
        DestinationConfig={"OnFailure": {"Destination": ARN}},
    )


@pytest.mark.parametrize(
    "destination",
    [get("Lost"), ref("Lost"), sub("${Lost.Arn}"), when("Production", get("Lost"), ARN)],
)
def test_a_failure_destination_may_be_any_intrinsic(destination: Any) -> None:
    emitted = resources(template(Lost=QUEUE, Run=sending(destination=destination)))

    assert emitted["RunDestination"]["Properties"]["DestinationConfig"] == {
        "OnFailure": {"Destination": destination}
    }


def test_a_trigger_waits_for_its_failure_destination() -> None:
    assert "RunDestination" in waits(template(Run=sending()))


def test_a_failure_destination_is_not_a_property_of_the_trigger() -> None:
    run = resources(template(Run=sending()))["Run"]

    assert "FailureDestination" not in run["Properties"]


def test_without_a_failure_destination_none_is_made() -> None:
    assert "RunDestination" not in resources(template(Run=trigger(InvocationType="Event")))


def test_a_failure_destination_of_a_function_defined_with_its_trigger() -> None:
    run = of_type(
        "Custom::Trigger",
        Function={"Code": {"ZipFile": "x"}},
        InvocationType="Event",
        FailureDestination=ARN,
    )

    destination = resources(template(Run=run))["RunDestination"]

    assert destination["Properties"]["FunctionName"] == ref("RunFunction")


def test_a_failure_destination_of_a_trigger_in_metadata() -> None:
    shorthand = {"InvocationType": "Event", "FailureDestination": ARN}
    migrate = function() | {"Metadata": {"Trigger": shorthand}}

    destination = resources(template(Migrate=migrate))["MigrateTriggerDestination"]

    assert destination["Properties"]["FunctionName"] == ref("Migrate")


def test_a_failure_destination_has_the_condition_of_its_function() -> None:
    fragment = template(Migrate=under("Production", function()), Run=under("Production", sending()))

    assert resources(fragment)["RunDestination"]["Condition"] == "Production"


def test_a_failure_destination_of_a_function_that_is_always_there_has_the_triggers() -> None:
    fragment = template(Run=under("Migrating", sending()))

    assert resources(fragment)["RunDestination"]["Condition"] == "Migrating"


def test_no_pattern_matches_the_configuration() -> None:
    fragment = template(
        Own=config(FunctionName="elsewhere"),
        Run=sending(),
        Try=trigger(ExecuteAfter=["AWS::Lambda::EventInvokeConfig"]),
    )

    assert waits(fragment, "Try") == ["Own"]


def test_a_result_that_a_failure_destination_reads_is_sent_along() -> None:
    fragment = template(Find=trigger(), Run=sending(destination=get("Find", "Queue")))

    assert resources(fragment)["Find"]["Properties"]["Attributes"] == ["Queue"]


# ---- problems


@pytest.mark.parametrize("kind", ["RequestResponse", "DryRun"])
def test_a_failure_destination_is_for_events(kind: str) -> None:
    run = trigger(InvocationType=kind, FailureDestination=ARN)

    assert problems(template(Run=run)) == [
        f"Run.FailureDestination: applies only to InvocationType Event, not {kind}; use Event"
    ]


@pytest.mark.parametrize(
    "handler",
    [
        ref("Live"),
        HANDLER,
        ref("Stage"),
        {"Fn::ImportValue": "Shared"},
        sub("${Migrate.Arn}:live"),
        when("Production", get("Migrate"), get("Other")),
    ],
)
def test_a_failure_destination_needs_a_function_of_the_template(handler: Any) -> None:
    fragment = template(
        {"Parameters": {"Stage": {"Type": "String"}}},
        Other=function(),
        Live=of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
        Run=sending(handler),
    )

    assert problems(fragment) == [UNQUALIFIED]


@pytest.mark.parametrize("name", [ref("Migrate"), get("Migrate"), sub("${Migrate}")])
def test_a_function_that_a_resource_configures_is_a_problem(name: Any) -> None:
    theirs = config(FunctionName=name, Qualifier="$LATEST", MaximumRetryAttempts=0)

    assert problems(template(Theirs=theirs, Run=sending())) == [
        "Run.FailureDestination: 'Migrate' is already configured in 'Theirs'; set it there"
    ]


def test_a_function_that_another_trigger_configures_is_a_problem() -> None:
    assert problems(template(Check=sending(), Run=sending())) == [
        "Run.FailureDestination: 'Migrate' is already configured in 'Check'; set it there"
    ]


def test_two_functions_may_have_a_failure_destination_each() -> None:
    assert problems(template(Other=function(), Check=sending("Other"), Run=sending())) == []


def test_a_function_to_which_another_ones_failures_go_is_not_configured_by_that() -> None:
    destination = {"OnFailure": {"Destination": get("Migrate")}}
    theirs = config(FunctionName=ref("Other"), DestinationConfig=destination)

    assert problems(template(Other=function(), Theirs=theirs, Run=sending())) == []


def test_a_configuration_of_an_alias_is_not_one_of_the_function_itself() -> None:
    theirs = config(FunctionName=ref("Migrate"), Qualifier="live")

    assert problems(template(Theirs=theirs, Run=sending())) == []


def test_a_taken_logical_id_of_a_failure_destination_is_a_problem() -> None:
    assert problems(template(RunDestination=QUEUE, Run=sending())) == [
        "RunDestination: is reserved for a resource that is created for triggers; rename yours"
    ]


def test_every_reason_against_a_failure_destination_is_reported() -> None:
    run = trigger(HANDLER, FailureDestination=ARN)

    assert problems(template(Run=run)) == [
        (
            "Run.FailureDestination: applies only to InvocationType Event, not "
            "RequestResponse; use Event"
        ),
        UNQUALIFIED,
    ]
