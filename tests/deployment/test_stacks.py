"""What is read of a deployed stack; botocore's own stub checks every request and answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from cfn_trigger.deployment import stacks
from cfn_trigger.errors import UsageError

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/0a1b"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def client(service: str) -> Any:
    make: Any = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client  # noqa: S106 (nobody's)
    return make(service, region_name="eu-west-1")


@pytest.fixture
def cloudformation() -> Iterator[Stubber]:
    one = client("cloudformation")
    with Stubber(one) as stub:
        yield stub
        stub.assert_no_pending_responses()
    one.close()


@pytest.fixture
def store() -> Iterator[Stubber]:
    one = client("ssm")
    with Stubber(one) as stub:
        yield stub
        stub.assert_no_pending_responses()
    one.close()


def described(status: str = "UPDATE_COMPLETE", **more: Any) -> Any:
    stack = {"StackName": "shop", "StackId": STACK_ID, "CreationTime": NOW, "StackStatus": status}
    return {"Stacks": [stack | more]}


def summary(name: str, status: str) -> Any:
    return {
        "LogicalResourceId": name, "ResourceType": "T::T::T", "LastUpdatedTimestamp": NOW,
        "ResourceStatus": status,
    }  # fmt: skip


def refused(stub: Stubber) -> str:
    with pytest.raises(UsageError) as caught:
        stacks.read("shop", stub.client)
    return caught.value.message


def test_a_stack_is_its_processed_template_its_parameters_and_how_its_resources_are(
    cloudformation: Stubber,
) -> None:
    given = [
        {"ParameterKey": "Level", "ParameterValue": "low"},
        {"ParameterKey": "Stored", "ParameterValue": "/name", "ResolvedValue": "value"},
    ]
    processed = {"StackName": STACK_ID, "TemplateStage": "Processed"}
    body = "Resources:\n  A: {Type: T, Properties: {B: !Ref C}}\n"
    cloudformation.add_response(
        "describe_stacks", described(Parameters=given), {"StackName": "shop"}
    )
    cloudformation.add_response("get_template", {"TemplateBody": body}, processed)
    cloudformation.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [summary("A", "CREATE_COMPLETE")], "NextToken": "more"},
        {"StackName": STACK_ID},
    )
    cloudformation.add_response(
        "list_stack_resources",
        {"StackResourceSummaries": [summary("B", "UPDATE_FAILED")]},
        {"StackName": STACK_ID, "NextToken": "more"},
    )

    assert stacks.read("shop", cloudformation.client) == stacks.Deployed(
        stack_id=STACK_ID,
        template={"Resources": {"A": {"Type": "T", "Properties": {"B": {"Ref": "C"}}}}},
        values={"Level": "low", "Stored": "/name"},
        looked_up={"Stored": "value"},
        statuses={"A": "CREATE_COMPLETE", "B": "UPDATE_FAILED"},
    )


def test_a_stack_that_was_only_reviewed_has_nothing(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described("REVIEW_IN_PROGRESS"))

    assert stacks.read("shop", cloudformation.client).template == {}


def test_a_stack_that_could_not_be_created_cannot_be_updated(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))

    assert refused(cloudformation) == (
        "stack 'shop' is ROLLBACK_COMPLETE, since it could not be created;"
        " delete it, and leave --deployed-stack out"
    )


def test_a_stack_that_is_not_there(cloudformation: Stubber) -> None:
    said = "Stack with id shop does not exist"
    cloudformation.add_client_error("describe_stacks", "ValidationError", said)

    assert refused(cloudformation) == (
        "no stack 'shop' in eu-west-1; leave --deployed-stack out to plan a first deployment"
    )


def test_a_stack_that_may_not_be_read(cloudformation: Stubber) -> None:
    said = "User: x is not authorized to perform: cloudformation:DescribeStacks"
    cloudformation.add_client_error("describe_stacks", "AccessDenied", said)

    assert refused(cloudformation) == f"stack 'shop': {said}"


def test_the_parameter_store_is_asked_for_ten_names_at_a_time(store: Stubber) -> None:
    names = [f"/{number:02}" for number in range(12)]
    for some in (names[:10], names[10:]):
        found = [{"Name": name, "Value": f"value of {name}"} for name in some[1:]]
        store.add_response("get_parameters", {"Parameters": found}, {"Names": some})

    assert stacks.stored([*names, "/00"], store.client) == {
        name: f"value of {name}" for name in names if name not in ("/00", "/10")
    }


def test_what_may_not_be_looked_up_stays_unknown(store: Stubber) -> None:
    store.add_client_error(
        "get_parameters", "AccessDeniedException", expected_params={"Names": ANY}
    )

    assert stacks.stored(["/a"], store.client) == {}


def test_the_arn_of_a_stack_has_its_pseudo_parameters() -> None:
    stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/0a1b"

    assert stacks.pseudo_parameters(stack_id) == {
        "AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012",
        "AWS::StackId": stack_id, "AWS::StackName": "shop", "AWS::URLSuffix": "amazonaws.com",
    }  # fmt: skip
    china = stacks.pseudo_parameters("arn:aws-cn:cloudformation:cn-north-1:1:stack/s/1")
    assert china["AWS::URLSuffix"] == "amazonaws.com.cn"
