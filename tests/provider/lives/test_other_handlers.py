"""Handlers that were written for somebody else: CDK's Provider framework, raw results."""

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import SECRET
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import returns
from tests.support.aws.stack import Stack
from tests.support.aws.template import trigger


def test_a_result_that_says_no_echo_is_masked(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns({"NoEcho": True, "Data": {"Token": SECRET}}))

    stack.create({"Run": trigger(Attributes=["Token"])})

    (answer,) = cloud.requests[0].answers
    assert answer.body["NoEcho"] is True
    assert answer.data["Token"] == SECRET
    assert SECRET not in answer.reason


def test_a_result_without_no_echo_is_shown(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.always(returns({"NoEcho": False, "Rows": 5}))

    stack.create({"Run": trigger()})

    assert cloud.requests[0].answers[0].body["NoEcho"] is False


@pytest.mark.parametrize("word", ["IsComplete"])
def test_a_handler_of_the_provider_framework_that_is_not_complete_fails_with_a_hint(
    cloud: Cloud, stack: Stack, handler: Function, word: str
) -> None:
    """https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html"""
    handler.always(returns({word: False}))

    stack.create({"Run": trigger()})

    (answer,) = cloud.requests[0].answers
    assert answer.status == "FAILED"
    assert "IN_PROGRESS" in answer.reason


def test_a_handler_of_the_provider_framework_that_is_complete_succeeds(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns({"IsComplete": True, "Data": {"Rows": 5}}))

    stack.create({"Run": trigger(Attributes=["Rows"])})

    assert cloud.requests[0].answers[0].data["Rows"] == "5"
