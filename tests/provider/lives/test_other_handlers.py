"""Handlers that were written for somebody else: CDK's Provider framework, raw results."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import SECRET
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import Ending, raises, returns
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


@pytest.mark.parametrize("flag", [False, "false", "False", None, 0, ""])
def test_a_result_without_no_echo_is_shown(
    cloud: Cloud, stack: Stack, handler: Function, flag: Any
) -> None:
    handler.always(returns({"NoEcho": flag, "Rows": 5}))

    stack.create({"Run": trigger()})

    assert cloud.requests[0].answers[0].body["NoEcho"] is False


@pytest.mark.parametrize("is_complete", [False, "False", None, 0, ""])
def test_a_handler_of_the_provider_framework_that_is_not_complete_fails_with_a_hint(
    cloud: Cloud, stack: Stack, handler: Function, is_complete: Any
) -> None:
    """https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html"""
    handler.always(returns({"IsComplete": is_complete}))

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


@pytest.mark.parametrize("flag", [True, "true", "True"])
@pytest.mark.parametrize(
    "ends",
    [
        {"Status": "FAILED", "Reason": SECRET},
        {"Status": "IN_PROGRESS", "RetryAfter": SECRET},
        {"Status": "IN_PROGRESS", "Progress": SECRET, "RetryAfter": 890},
    ],
    ids=["it failed", "a bad poll", "a poll"],
)
def test_the_content_of_a_result_with_no_echo_is_reported_nowhere(
    cloud: Cloud, stack: Stack, handler: Function, flag: Any, ends: dict[str, Any]
) -> None:
    way: Ending = "pending" if "Progress" in ends else "failed"
    handler.plays(
        replace(returns({"NoEcho": flag} | ends), ends=way), raises("E", SECRET, log=SECRET)
    )

    stack.create({"Run": trigger(OnFailure="Continue", Timeout=3540)})

    (answer,) = cloud.requests[0].answers
    assert SECRET not in json.dumps(answer.body)
    assert SECRET not in json.dumps(cloud.log)
    assert answer.body["NoEcho"] is True


@pytest.mark.parametrize("status", ["Failed", "failed", "FAILED", "Failure"])
def test_a_status_counts_in_any_case(
    cloud: Cloud, stack: Stack, handler: Function, status: str
) -> None:
    handler.always(returns({"Status": status, "Reason": "no orders"}))

    stack.create({"Run": trigger()})

    assert cloud.requests[0].answers[0].reason.startswith("Failed: no orders; ")


@pytest.mark.parametrize("status", ["InProgress", "in_progress", "In progress", "IN-PROGRESS"])
def test_a_status_counts_however_its_words_are_separated(
    stack: Stack, handler: Function, status: str
) -> None:
    handler.plays(replace(returns({"Status": status}), ends="pending"), returns({"Rows": 5}))

    stack.create({"Run": trigger()})

    assert len(handler.attempts) == 2


@pytest.mark.parametrize(
    ("result", "settings", "warning"),
    [
        (None, {"ExecuteOnDelete": True},
         "the handler returned nothing: does it return what its library returns?"),
        ({"status": "FAILED"}, {},
         "it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning"),
        ({"Status": "TIMED_OUT"}, {},
         "it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning"),
        ({"status": "RUNNING"}, {},
         "it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning"),
        ({"statusCode": 500}, {},
         "it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning"),
    ],
)  # fmt: skip
def test_a_result_that_looks_like_no_success_is_a_warning_in_the_log(  # noqa: PLR0917 (a table)
    cloud: Cloud, stack: Stack, handler: Function, result: Any, settings: Any, warning: str
) -> None:
    handler.always(returns(result))

    stack.create({"Run": trigger(**settings)})

    assert stack.status == "CREATE_COMPLETE"
    assert [entry["warning"] for entry in cloud.log if entry.get("level") == "WARN"] == [warning]


@pytest.mark.parametrize(
    "result", [None, {"Rows": 5}, {"Status": "SUCCESS"}, {"status": "ok"}, {"statusCode": 200}, 5]
)
def test_a_usual_result_logs_no_warning(
    cloud: Cloud, stack: Stack, handler: Function, result: Any
) -> None:
    handler.always(returns(result))

    stack.create({"Run": trigger()})

    assert [entry for entry in cloud.log if entry.get("level") == "WARN"] == []
