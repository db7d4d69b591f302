"""The request that a trigger would get from a deployed stack."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.request import RunOptions, TriggerRequest, rebuild_request
from macro.model import Json
from tests.support.trigger_requests import (
    ARN,
    IDS,
    STACK_ID,
    build,
    options,
    snapshot,
    template,
)
from trigger_provider.calls import invocation
from trigger_provider.request import ABSENT, Progress, RequestType


def refusal(written: Mapping[str, Json], **more: Any) -> str:
    with pytest.raises(UsageError) as caught:
        build(written, **more)
    return caught.value.message


def test_a_request_without_payload_describes_the_event() -> None:
    request = build(template()).request

    event = json.loads(invocation(request, Progress(began=0))[0])
    assert event.pop("ExecutionId")
    assert event == {
        "RequestType": "Create",
        "RequestId": "r-1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Run",
        "Attempt": 1,
    }


def test_a_payload_keeps_literal_types_and_has_what_the_stack_has_deployed() -> None:
    payload = {
        "Number": 5,
        "Level": {"Ref": "Level"},
        "Image": {"Ref": "Image"},
        "Queue": {"Ref": "Queue"},
        "Text": {"Fn::Sub": "${AWS::StackName} in ${AWS::Region}: ${Queue}"},
        "Maybe": {"Fn::If": ["IsHigh", 1, {"Ref": "AWS::NoValue"}]},
        "Told": {"Fn::GetAtt": ["Queue", "Arn"]},
    }

    assert build(template(payload)).request.payload == {
        "Number": 5,
        "Level": "mid",
        "Image": "ami-1",
        "Queue": "https://queue/1",
        "Text": "shop in us-east-1: https://queue/1",
        "Told": "arn:aws:sqs:queue",
    }


def test_values_that_only_cloudformation_knows_are_named() -> None:
    payload = {
        "List": [{"Fn::GetAtt": ["Queue", "QueueName"]}, {"Fn::Sub": "<${Live.Arn}>"}],
        "Secret": {"Ref": "Password"},
    }

    assert refusal(template(payload)) == (
        "Run: only CloudFormation knows Payload.List.0 (Queue.QueueName), Payload.List.1"
        " (Live.Arn), Payload.Secret (parameter 'Password'); pass the value with --payload, or"
        " that of a NoEcho parameter with --parameter"
    )


def test_the_payload_option_goes_over_the_templates_payload_key_by_key() -> None:
    payload = {"A": {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}, "Kept": 1}, "B": 2}

    trigger_request = build(template(payload), options(payload={"A": {"Name": "orders"}, "C": [3]}))

    assert trigger_request.request.payload == {"A": {"Name": "orders", "Kept": 1}, "B": 2, "C": [3]}


def test_the_payload_option_works_without_a_payload_in_the_template() -> None:
    assert build(template(), options(payload=7)).request.payload == 7


def test_a_parameter_with_noecho_can_be_set() -> None:
    trigger_request = build(template({"Ref": "Password"}), options(parameters={"Password": "open"}))

    assert trigger_request.request.payload == "open"


def test_a_stored_parameter_that_was_not_looked_up_is_named() -> None:
    overridden = options(parameters={"Image": "/other"})

    assert refusal(template({"Ref": "Image"}), run_options=overridden) == (
        "Run: only CloudFormation knows Payload (parameter 'Image'); pass the value with --payload,"
        " or that of a NoEcho parameter with --parameter"
    )


def test_an_expectation_that_only_cloudformation_knows_is_named() -> None:
    expect = {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}

    assert refusal(template(Expect=expect)) == (
        "Run: only CloudFormation knows Expect.Name (Queue.QueueName); add an output with this"
        " value to the stack"
    )


def test_settings_are_those_of_the_template() -> None:
    retry = {"MaxAttempts": 3, "Interval": 1}

    request = build(template(Timeout=60, Retry=retry, NoEcho=True, OnFailure="Continue")).request

    assert (request.timeout, request.max_attempts, request.interval) == (60, 3, 1)
    assert (request.no_echo, request.on_failure) == (True, "Continue")


def test_an_update_has_the_physical_id_and_the_deployed_payload() -> None:
    deployed = template({"Level": {"Ref": "Level"}, "Old": 1}, old=True)

    request = build(template({"New": 1}), options("Update"), deployed).request

    assert (request.kind, request.old_id, request.payload) == ("Update", "Run-1", {"New": 1})
    assert request.old_payload == {"Level": "mid", "Old": 1}


def test_a_create_has_no_old_payload() -> None:
    assert build(template(1), deployed=template(2, old=True)).request.old_payload is ABSENT


def test_an_old_payload_that_is_not_known_is_left_out_with_a_note() -> None:
    deployed = template({"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}, old=True)

    trigger_request = build(template({"New": 1}), options("Update"), deployed)

    assert trigger_request.request.old_payload is ABSENT
    assert trigger_request.notes == (
        "the event has no Old: only CloudFormation knows Queue.QueueName",
    )


@pytest.mark.parametrize(
    ("handler", "function", "label"),
    [
        ({"Ref": "Check"}, "shop-Check-1", "Check"),
        ({"Fn::GetAtt": ["Check", "Arn"]}, "shop-Check-1", "Check"),
        ({"Ref": "Live"}, f"{ARN}:live", "Live"),
        (ARN, ARN, "elsewhere"),
        ({"Ref": "Remote"}, ARN, "elsewhere"),
    ],
)
def test_the_handler_is_the_deployed_function(handler: Json, function: str, label: str) -> None:
    trigger_request = build(template(handler=handler))

    assert (trigger_request.function, trigger_request.label) == (function, label)


def test_a_handler_that_only_cloudformation_knows_is_named() -> None:
    assert refusal(template(handler={"Fn::ImportValue": "there"})) == (
        "Run.Handler: only CloudFormation knows Fn::ImportValue; write the function's ARN in a copy"
        " of the template"
    )


def test_a_function_that_is_not_deployed_is_named() -> None:
    assert refusal(template(), ids={"Queue": "q"}) == (
        "stack 'shop': has no 'Check'; deploy it first"
    )


def test_an_update_of_a_trigger_that_is_not_deployed_is_refused() -> None:
    ids = {name: physical for name, physical in IDS.items() if name != "Run"}

    assert refusal(template(), run_options=options("Update"), ids=ids) == (
        "stack 'shop': has no 'Run'; deploy it first"
    )


def test_an_unknown_trigger_is_named_with_the_nearest_known_one() -> None:
    other = RunOptions(trigger="Rum", request_type="Create", request_id="r-1")

    assert refusal(template(), run_options=other) == (
        "template.yaml: has no trigger 'Rum'; did you mean 'Run'?"
    )


def test_a_trigger_with_another_provider_is_not_known() -> None:
    assert refusal(template(ServiceToken=ARN)) == "template.yaml: has no trigger 'Run'"


def test_a_trigger_whose_condition_is_false_is_refused() -> None:
    written = template()
    written["Resources"]["Run"]["Condition"] = "IsHigh"

    assert refusal(written) == "Run: its Condition 'IsHigh' is false in this stack"


def test_an_event_invocation_becomes_a_synchronous_one_with_a_note() -> None:
    trigger_request = build(template(InvocationType="Event"))

    assert trigger_request.request.invocation_type == "RequestResponse"
    assert trigger_request.notes == (
        "InvocationType is Event: a deployment does not wait for the result",
    )


def rebuilt(request_type: RequestType = "Update", **properties: Json) -> TriggerRequest:
    deployed = template({"Queue": {"Ref": "Queue"}}, **properties)
    return rebuild_request(snapshot(deployed), options(request_type))


def test_a_deployed_trigger_is_rebuilt_with_its_deployed_settings() -> None:
    trigger_request = rebuilt(Retry={"MaxAttempts": 3}, Expect={"Rows": 3})

    request = trigger_request.request
    assert (request.kind, request.old_id, request.max_attempts) == ("Update", "Run-1", 3)
    assert (request.payload, request.expect) == ({"Queue": "https://queue/1"}, {"Rows": 3})
    assert (trigger_request.function, trigger_request.label) == ("shop-Check-1", "Check")
    assert trigger_request.notes == ()


@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event", "DryRun"])
def test_a_deployed_trigger_is_invoked_as_a_deployment_would(invocation_type: str) -> None:
    assert rebuilt(InvocationType=invocation_type).request.invocation_type == invocation_type


def test_a_trigger_that_is_not_deployed_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        rebuild_request(
            snapshot(template()), RunOptions(trigger="Rum", request_type="Update", request_id="r-1")
        )

    assert caught.value.message == "stack 'shop': has no trigger 'Rum'; did you mean 'Run'?"


def test_the_result_of_an_asynchronous_trigger_of_a_template_is_awaited() -> None:
    trigger_request = build(template(InvocationType="Event"))

    assert trigger_request.request.invocation_type == "RequestResponse"
    assert trigger_request.notes == (
        "InvocationType is Event: a deployment does not wait for the result",
    )


def test_a_dry_run_of_a_template_runs_nothing() -> None:
    trigger_request = build(template(InvocationType="DryRun"))

    assert trigger_request.request.invocation_type == "DryRun"
    assert trigger_request.notes == ()
