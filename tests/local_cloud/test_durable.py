"""Durable functions are started as on AWS: by name, asynchronously, with a qualifier."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from tests.local_cloud.account import Account, function
from tests.support.waiting import wait_until

CODE: Final = """
import json

def handler(event, context):
    (operation,) = event["InitialExecutionState"]["Operations"]
    asked = json.loads(operation["ExecutionDetails"]["InputPayload"])
    if asked == "raise":
        raise ValueError("no rows")
    return {"Status": "SUCCEEDED", "Result": json.dumps([asked, event["DurableExecutionArn"]])}
"""
"""A durable function without the SDK: it returns what the SDK would."""


@pytest.fixture(scope="module")
def durable(account: Account) -> Iterator[str]:
    """Return the name of a durable function that returns its input and its own ARN."""
    config = {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}
    name = account.create(function(CODE, DurableConfig=config), capabilities=["CAPABILITY_IAM"])
    yield account.physical_id(name, "Function")
    account.delete(name)


def start(account: Account, function: str, payload: Any, **more: str) -> Any:
    aws_lambda = account.clients.boto("lambda")
    return aws_lambda.invoke(
        FunctionName=function,
        Qualifier="$LATEST",
        InvocationType="Event",
        Payload=json.dumps(payload).encode(),
        **more,
    )


def ended(account: Account, arn: str) -> Any:
    """Return an execution once it has ended."""
    aws_lambda = account.clients.boto("lambda")

    def ask() -> Any:
        return aws_lambda.get_durable_execution(DurableExecutionArn=arn)

    wait_until(lambda: ask()["Status"] != "RUNNING")
    return ask()


def test_a_function_has_the_durable_config_of_its_template(account: Account, durable: str) -> None:
    aws_lambda = account.clients.boto("lambda")

    config = aws_lambda.get_function_configuration(FunctionName=durable)["DurableConfig"]

    assert (config["ExecutionTimeout"], config["RetentionPeriodInDays"]) == (60, 1)


def test_a_start_returns_the_execution_and_its_end_has_the_result(
    account: Account, durable: str
) -> None:
    reply = start(account, durable, {"n": 1}, DurableExecutionName="result")

    arn = reply["DurableExecutionArn"]
    execution = ended(account, arn)
    assert (reply["StatusCode"], execution["Status"]) == (202, "SUCCEEDED")
    assert execution["DurableExecutionName"] == "result"
    assert json.loads(execution["Result"]) == [{"n": 1}, arn]


def test_a_function_that_raises_is_an_execution_that_failed(account: Account, durable: str) -> None:
    arn = start(account, durable, "raise")["DurableExecutionArn"]

    execution = ended(account, arn)
    assert execution["Status"] == "FAILED"
    assert execution["Error"]["ErrorType"] == "ValueError"
    assert execution["Error"]["ErrorMessage"] == "no rows"


def test_a_start_under_a_name_that_is_known_is_the_same_execution(
    account: Account, durable: str
) -> None:
    first, again = (start(account, durable, 1, DurableExecutionName="once") for _ in range(2))

    assert again["DurableExecutionArn"] == first["DurableExecutionArn"]


def test_a_name_that_is_known_with_another_payload_is_refused(
    account: Account, durable: str
) -> None:
    start(account, durable, 1, DurableExecutionName="other")

    with pytest.raises(ClientError, match="DurableExecutionAlreadyStartedException"):
        start(account, durable, 2, DurableExecutionName="other")


@pytest.mark.parametrize("kind", ["Event", "RequestResponse", "DryRun"])
def test_a_durable_function_is_not_invoked_without_a_qualifier(
    account: Account, durable: str, kind: str
) -> None:
    aws_lambda = account.clients.boto("lambda")

    with pytest.raises(ClientError, match="using an unqualified ARN"):
        aws_lambda.invoke(FunctionName=durable, InvocationType=kind)
