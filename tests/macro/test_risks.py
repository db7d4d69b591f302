"""What the macro allows and tells of all the same."""

import pytest

from macro.expand import read
from macro.model import Deployment
from macro.risks import risks
from tests.support.templates import Json, function, of_type, ref, template, trigger, when

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:failed"


def warnings(fragment: Json) -> list[str]:
    return [str(risk) for risk in risks(read(fragment, Deployment()))]


def of(name: str) -> str:
    return (
        f"Run.InvocationType: a failure of {name!r} would go unnoticed, since Lambda drops the "
        "event; give"
        " the trigger a FailureDestination or the function a dead-letter queue"
    )


def asynchronous(handler: Json = "Migrate", **properties: Json) -> Json:
    return trigger(handler, InvocationType="Event", **properties)


def test_an_event_whose_failure_goes_nowhere_is_a_risk() -> None:
    assert warnings(template(Run=asynchronous())) == [of("Migrate")]


def test_each_function_that_may_be_chosen_is_a_risk_of_its_own() -> None:
    chosen = when("Large", ref("Migrate"), ref("Other"))

    assert warnings(template(Run=asynchronous(chosen), Other=function())) == [
        of("Migrate"),
        of("Other"),
    ]


def test_a_function_that_is_defined_with_its_trigger_is_a_risk_as_any_other() -> None:
    run = of_type("Custom::Trigger", Function={"Handler": "a.b"}, InvocationType="Event")

    assert warnings(template(Run=run)) == [of("RunFunction")]


def test_a_function_with_the_trigger_in_its_metadata_is_a_risk_as_any_other() -> None:
    migrate = function() | {"Metadata": {"Trigger": {"InvocationType": "Event"}}}

    (risk,) = warnings(template(Migrate=migrate))

    assert risk.startswith(
        "Migrate.Metadata.Trigger.InvocationType: a failure of 'Migrate' would go unnoticed"
    )


@pytest.mark.parametrize("kind", ["RequestResponse", "DryRun"])
def test_a_trigger_that_waits_for_its_handler_is_no_risk(kind: str) -> None:
    assert warnings(template(Run=trigger(InvocationType=kind))) == []


def test_a_failure_destination_is_where_a_failure_is_seen() -> None:
    assert warnings(template(Run=asynchronous(FailureDestination=QUEUE))) == []


def test_a_dead_letter_queue_is_where_a_failure_is_seen() -> None:
    migrate = function(DeadLetterConfig={"TargetArn": QUEUE})

    assert warnings(template(Run=asynchronous(), Migrate=migrate)) == []


def test_a_configuration_of_its_own_is_the_authors_to_judge() -> None:
    config = of_type("AWS::Lambda::EventInvokeConfig", FunctionName=ref("Migrate"), Qualifier="1")

    assert warnings(template(Run=asynchronous(), Config=config)) == []


def test_a_function_of_elsewhere_cannot_be_judged() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:other"

    assert warnings(template(Run=asynchronous(arn))) == []


# ---- payloads


@pytest.mark.parametrize(
    ("payload", "needed"),
    [
        ("x" * 2000, "2,006"),
        ("é" * 350, "2,106"),
        ("😀" * 200, "2,406"),
        ({"Rows": ["x" * 1990]}, "2,010"),
    ],
)
def test_a_payload_that_is_too_long_to_be_passed_on_as_old_is_a_risk(
    payload: Json, needed: str
) -> None:
    (told,) = warnings(template(Run=trigger(Payload=payload)))

    assert told == (
        f"Run.Payload: the next update's event has no Old, since {needed} bytes have no room "
        "there; keep it under 2,000 bytes if the handler reads Old"
    )


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"Payload": "x" * 1900},
        {"Payload": {"Queue": {"Ref": "Queue"}}},
        {"Payload": "x" * 3000, "InvocationType": "DryRun"},
    ],
    ids=["none", "short", "a reference", "DryRun"],
)
def test_a_payload_that_an_update_passes_on_is_no_risk(properties: Json) -> None:
    assert warnings(template(Run=trigger(**properties), Queue=of_type("AWS::SQS::Queue"))) == []
