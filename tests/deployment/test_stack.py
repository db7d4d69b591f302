"""What is read of a deployed stack; botocore's own stub checks every request and answer.

It has one answer for each request that a test expects, and refuses any other.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from cfn_trigger.deployment.stack import (
    StackSnapshot,
    parameter_store_values,
    pseudo_parameters,
    read_snapshot,
)
from cfn_trigger.errors import MissingError, ThrottledError, UsageError

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/0a1b"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def client(service: str) -> Any:
    make: Any = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client  # noqa: S106 (nobody's)
    return make(service, region_name="eu-west-1")


@pytest.fixture
def cloudformation() -> Iterator[Stubber]:
    stubbed_client = client("cloudformation")
    with Stubber(stubbed_client) as stub:
        yield stub
        stub.assert_no_pending_responses()
    stubbed_client.close()


@pytest.fixture
def store() -> Iterator[Stubber]:
    stubbed_client = client("ssm")
    with Stubber(stubbed_client) as stub:
        yield stub
        stub.assert_no_pending_responses()
    stubbed_client.close()


def described(status: str = "UPDATE_COMPLETE", **more: Any) -> Any:
    stack = {"StackName": "shop", "StackId": STACK_ID, "CreationTime": NOW, "StackStatus": status}
    return {"Stacks": [stack | more]}


def summary(name: str, status: str, **more: str) -> Any:
    resource = {"LogicalResourceId": name, "ResourceType": "T::T::T", "ResourceStatus": status}
    return resource | {"LastUpdatedTimestamp": NOW} | more


def refused(stub: Stubber, kind: type[UsageError] = UsageError) -> str:
    with pytest.raises(UsageError) as caught:
        read_snapshot("shop", stub.client)
    assert type(caught.value) is kind
    return caught.value.message


def test_a_snapshot_takes_one_request_for_each_part_of_a_stack(cloudformation: Stubber) -> None:
    parameters = [
        {"ParameterKey": "Level", "ParameterValue": "low"},
        {"ParameterKey": "Stored", "ParameterValue": "/name", "ResolvedValue": "value"},
    ]
    outputs = [{"OutputKey": "Arn", "OutputValue": "arn:a"}]
    body = "Resources:\n  A: {Type: T, Properties: {B: !Ref C}}\n"
    cloudformation.add_response(
        "describe_stacks", described(Parameters=parameters, Outputs=outputs), {"StackName": "shop"}
    )
    cloudformation.add_response(
        "get_template",
        {"TemplateBody": body},
        {"StackName": STACK_ID, "TemplateStage": "Processed"},
    )
    created = summary("A", "CREATE_COMPLETE", PhysicalResourceId="a-1")
    cloudformation.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [created], "NextToken": "more"},
        {"StackName": STACK_ID},
    )
    deleted = summary("C", "DELETE_COMPLETE", PhysicalResourceId="c-1")
    cloudformation.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [summary("B", "UPDATE_FAILED"), deleted]},
        {"StackName": STACK_ID, "NextToken": "more"},
    )

    snapshot = read_snapshot("shop", cloudformation.client)

    assert snapshot == StackSnapshot(
        stack_id=STACK_ID,
        template={"Resources": {"A": {"Type": "T", "Properties": {"B": {"Ref": "C"}}}}},
        values={"Level": "low", "Stored": "/name"},
        looked_up={"Stored": "value"},
        outputs={"Arn": "arn:a"},
        statuses={"A": "CREATE_COMPLETE", "B": "UPDATE_FAILED", "C": "DELETE_COMPLETE"},
        physical_ids={"A": "a-1"},
        status="UPDATE_COMPLETE",
    )
    assert snapshot.name == "shop"


def test_a_stack_that_was_only_reviewed_is_empty(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described("REVIEW_IN_PROGRESS"))

    snapshot = read_snapshot("shop", cloudformation.client)

    assert (snapshot.template, snapshot.physical_ids) == ({}, {})


def test_a_stack_whose_creation_failed_cannot_be_updated(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))

    assert refused(cloudformation) == (
        "stack 'shop': is ROLLBACK_COMPLETE, since its creation failed; delete it and deploy it"
        " again"
    )


MISSING = (
    "stack 'shop': does not exist in eu-west-1; deploy it first, or check the name and the region"
)


def test_a_stack_that_does_not_exist_is_missing(cloudformation: Stubber) -> None:
    message = "Stack with id shop does not exist"
    cloudformation.add_client_error("describe_stacks", "ValidationError", message)

    assert refused(cloudformation, MissingError) == MISSING


def test_a_deleted_stack_which_only_its_id_finds_is_missing(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described("DELETE_COMPLETE"))

    assert refused(cloudformation, MissingError) == MISSING


def test_a_stack_that_may_not_be_read_is_a_usage_error(cloudformation: Stubber) -> None:
    message = "User: x is not authorized to perform: cloudformation:DescribeStacks"
    cloudformation.add_client_error("describe_stacks", "AccessDenied", message)

    assert refused(cloudformation) == f"stack 'shop': {message}"


@pytest.mark.parametrize("operation", ["describe_stacks", "get_template", "list_stack_resources"])
def test_any_request_for_a_snapshot_may_be_throttled(
    operation: str, cloudformation: Stubber
) -> None:
    answers: dict[str, Any] = {
        "describe_stacks": described(),
        "get_template": {"TemplateBody": "Resources: {}"},
        "list_stack_resources": {},
    }
    for name, answer in answers.items():
        if name == operation:
            break
        cloudformation.add_response(name, answer)
    cloudformation.add_client_error(operation, "Throttling", "Rate exceeded")

    assert refused(cloudformation, ThrottledError) == (
        "stack 'shop': Rate exceeded; try again in a minute"
    )


def test_the_parameter_store_gets_ten_names_at_a_time(store: Stubber) -> None:
    names = [f"/{number:02}" for number in range(12)]
    for some in (names[:10], names[10:]):
        found = [{"Name": name, "Value": f"value of {name}"} for name in some[1:]]
        store.add_response("get_parameters", {"Parameters": found}, {"Names": some})

    assert parameter_store_values([*names, "/00"], store.client) == {
        name: f"value of {name}" for name in names if name not in ("/00", "/10")
    }


def test_a_denied_lookup_leaves_values_unknown(store: Stubber) -> None:
    store.add_client_error(
        "get_parameters", "AccessDeniedException", expected_params={"Names": ANY}
    )

    assert parameter_store_values(["/a"], store.client) == {}


def test_the_arn_of_a_stack_has_its_pseudo_parameters() -> None:
    assert pseudo_parameters(STACK_ID) == {
        "AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012",
        "AWS::StackId": STACK_ID, "AWS::StackName": "shop", "AWS::URLSuffix": "amazonaws.com",
    }  # fmt: skip
    china = pseudo_parameters("arn:aws-cn:cloudformation:cn-north-1:1:stack/s/1")
    assert china["AWS::URLSuffix"] == "amazonaws.com.cn"
