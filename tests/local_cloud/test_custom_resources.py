"""Custom resources in the running cloud: requests, responses, rollbacks."""

import re

import pytest

from tests.local_cloud.provided_stacks import ProvidedStacks


def reason(stacks: ProvidedStacks, name: str, status: str) -> str:
    (event,) = [one for one in stacks.events(name) if one.startswith(f"Custom {status} ")]
    return re.sub(r"[\da-f]{8}-[\da-f-]{27}", "ID", event.removeprefix(f"Custom {status} "))


def test_a_request_has_the_service_token_and_scalars_as_strings(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value=True, Number=5))

    (request,) = stacks.requests(name)
    assert request == {
        "RequestType": "Create",
        "ServiceToken": stacks.arn,
        "ResponseURL": request["ResponseURL"],
        "StackId": stacks.described(name)["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": "Custom",
        "ResourceType": "Custom::Thing",
        "ResourceProperties": {"ServiceToken": stacks.arn, "Value": "true", "Number": "5"},
    }


def test_the_reason_of_a_failure_comes_in_cloudformations_sentence(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create(stacks.template(Fail="Create"))

    assert reason(stacks, name, "CREATE_FAILED") == (
        "Received response status [FAILED] from custom resource. Message returned: no such table"
        " (RequestId: ID)"
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Length": 4096}, "Response object is too long."),
        ({"Id": ""}, "Invalid PhysicalResourceId"),
        ({"Id": "é" * 513}, "Invalid PhysicalResourceId"),
        (
            {"Silent": "Create", "ServiceTimeout": 1},
            (
                "CloudFormation did not receive a response from your Custom Resource. Please check"
                " your logs for requestId [ID]. If you are using the Python cfn-response module,"
                " you may need to update your Lambda function so that CloudFormation can attach"
                " the updated version."
            ),
        ),
    ],
)
def test_a_response_that_does_not_count_fails_the_resource(
    stacks: ProvidedStacks, properties: dict[str, object], expected: str
) -> None:
    name = stacks.create(stacks.template(**properties))

    assert reason(stacks, name, "CREATE_FAILED") == expected


def test_a_provider_that_raises_is_asked_again(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Crash="Create", ServiceTimeout=10))

    assert [request["RequestType"] for request in stacks.requests(name)][:3] == ["Create"] * 3


def test_a_failed_create_is_deleted_by_the_rollback_with_its_own_id(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create(stacks.template(Fail="Create", Id="failed-id"))

    assert stacks.asked(name) == [("Create", "", ""), ("Delete", "failed-id", "")]
    events = [re.sub(r" Received .*", "", event) for event in stacks.events(name)]
    assert events == [
        "STACK CREATE_IN_PROGRESS User Initiated",
        "Custom CREATE_IN_PROGRESS",
        "Custom CREATE_FAILED",
        (
            "STACK ROLLBACK_IN_PROGRESS"
            " The following resource(s) failed to create: [Custom]. Rollback requested by user."
        ),
        "Custom DELETE_IN_PROGRESS",
        "Custom DELETE_COMPLETE",
        "STACK ROLLBACK_COMPLETE",
    ]


def test_a_create_without_a_response_is_deleted_with_an_id_of_cloudformations(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create(stacks.template(Silent="Create", ServiceTimeout=1))

    _, (kind, physical_id, _) = stacks.asked(name)
    assert kind == "Delete"
    assert re.fullmatch(f"{name}-Custom-[A-F0-9]{{12}}", physical_id)


def test_a_failed_create_in_an_update_is_deleted_by_its_rollback(stacks: ProvidedStacks) -> None:
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    name = stacks.create({"Resources": queue})
    custom = stacks.custom(Fail="Create", Id="failed-id")

    stacks.update(name, {"Resources": {**queue, "Custom": custom}})

    assert stacks.asked(name) == [("Create", "", ""), ("Delete", "failed-id", "")]
    events = [re.sub(r" Received .*", "", event) for event in stacks.events(name)]
    assert events == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "Custom CREATE_IN_PROGRESS",
        "Custom CREATE_FAILED",
        "STACK UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Custom]. ",
        "STACK UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "Custom DELETE_IN_PROGRESS",
        "Custom DELETE_COMPLETE",
        "STACK UPDATE_ROLLBACK_COMPLETE",
    ]


def test_another_service_token_is_refused_and_nobody_is_asked(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value="old"))
    template = stacks.template(Value="new")
    template["Resources"]["Custom"]["Properties"]["ServiceToken"] = f"{stacks.arn}:$LATEST"

    stacks.update(name, template)

    assert stacks.asked(name) == [("Create", "", "old")]
    assert reason(stacks, name, "UPDATE_FAILED") == "Modifying service token is not allowed."
    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_change_of_type_is_refused_without_a_request(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value="old"))
    template = stacks.template(Value="new")
    template["Resources"]["Custom"]["Type"] = "Custom::Another"

    stacks.update(name, template)

    assert stacks.asked(name) == [("Create", "", "old")]
    assert stacks.events(name)[1] == (
        "STACK UPDATE_ROLLBACK_IN_PROGRESS Update of resource type is not permitted. The new"
        " template modifies resource type of the following resources: [Custom]."
        " Rollback requested by user."
    )
    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_failed_update_is_undone_by_the_rollback(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value="old"))

    stacks.update(name, stacks.template(Value="new", Fail="Update"))

    assert stacks.asked(name) == [
        ("Create", "", "old"),
        ("Update", "the-id", "new"),
        ("Update", "the-id", "old"),
    ]
    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"
