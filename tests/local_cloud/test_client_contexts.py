"""The client context of an invocation reaches a Python function."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local_cloud.account import Account, function

TELLING = """
def handler(event, context):
    told = context.client_context
    return [event, told and {'custom': told.custom, 'env': told.env, 'client': told.client}]
"""


@pytest.fixture(scope="module")
def telling(account: Account) -> Iterator[str]:
    """Return the name of a function that returns its event and its client context."""
    name = account.create(function(TELLING), capabilities=["CAPABILITY_IAM"])
    yield account.physical_id(name, "Function")
    account.delete(name)


def client_context(account: Account, telling: str, **more: Any) -> Any:
    aws_lambda = account.clients.boto("lambda")
    return json.loads(
        aws_lambda.invoke(FunctionName=telling, Payload=b"[1]", **more)["Payload"].read()
    )


def test_a_client_context_reaches_the_function_with_its_event(
    account: Account, telling: str
) -> None:
    sent = base64.b64encode(json.dumps({"custom": {"trigger": "{}"}}).encode()).decode()

    assert client_context(account, telling, ClientContext=sent) == [
        [1],
        {"custom": {"trigger": "{}"}, "env": None, "client": None},
    ]


def test_an_invocation_without_a_client_context_has_none_even_after_one_that_had_it(
    account: Account, telling: str
) -> None:
    sent = base64.b64encode(b'{"custom": {"a": "b"}}').decode()

    client_context(account, telling, ClientContext=sent)

    assert client_context(account, telling) == [[1], None]
