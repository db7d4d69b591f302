"""Nothing starts that cannot finish where a fresh execution could finish it; hops stay few."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import Run, in_progress, raises, returns
from tests.support.aws.network import FAIR, Weather, throttled
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Template, trigger

HOUR: dict[str, Any] = {"Timeout": 3540}
RUN: Template = {"Run": trigger(**HOUR)}


@pytest.mark.parametrize("wait", [600, 700, 780, 820, 850])
@pytest.mark.parametrize("needs", [60, 120, 300, 600])
def test_an_attempt_begins_only_where_the_timeout_of_its_function_fits(
    cloud: Cloud, stack: Stack, handler: Function, wait: int, needs: int
) -> None:
    handler.timeout = needs + 10
    handler.plays(in_progress(retry_after=wait), returns(None, seconds=needs))

    stack.create(RUN)

    assert stack.status == "CREATE_COMPLETE"
    assert len(cloud.requests[0].executions) <= 3
    assert broken_promises(cloud) == []


def test_an_attempt_that_was_throttled_for_long_begins_in_a_fresh_execution(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.timeout = 120
    handler.always(returns(None, seconds=100))
    free_at = cloud.time.now + 820
    refused = Weather(instead=throttled())
    cloud.forecast = lambda name: refused if name == "invoke" and cloud.time.now < free_at else FAIR

    stack.create(RUN)

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("minutes", [20, 40, 55])
def test_hops_stay_few_while_lambda_has_no_concurrency_to_spare(
    cloud: Cloud, stack: Stack, handler: Function, minutes: int
) -> None:
    handler.timeout = 60
    handler.always(returns(None, seconds=30))
    free_at = cloud.time.now + 60 * minutes
    refused = Weather(instead=throttled())
    cloud.forecast = lambda name: refused if name == "invoke" and cloud.time.now < free_at else FAIR

    stack.create(RUN)

    assert stack.status == "CREATE_COMPLETE"
    assert len(cloud.requests[0].executions) <= 6
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("seconds", [100, 400, 800])
def test_a_retry_waits_for_an_attempt_that_may_still_run(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    handler.timeout = 850
    handler.plays(returns(None, seconds=seconds), returns(None))
    lost = iter([Weather(trouble="reply lost", after=-seconds + 5.0)])
    cloud.forecast = lambda name: next(lost, FAIR) if name == "invoke" else FAIR

    stack.create({"Run": trigger(Retry={"MaxAttempts": 3, "Interval": 1}, **HOUR)})

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


def test_a_retry_after_an_execution_ran_out_does_not_overlap(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(
        raises("E", "no", seconds=700), returns(None, seconds=500), returns(None, seconds=10)
    )

    stack.create({"Run": trigger(Retry={"MaxAttempts": 3, "Interval": 60}, **HOUR)})

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("run", [in_progress(retry_after=30), raises("E", "no")])
def test_an_answer_of_the_last_minute_does_not_wait_for_a_fresh_execution(
    cloud: Cloud, stack: Stack, handler: Function, run: Run
) -> None:
    """An event may wait in Lambda's queue until CloudFormation no longer waits for an answer."""
    delays = iter([1.0])
    cloud.lambda_service.queue_delay = lambda: next(delays, 100.0)
    handler.timeout = 50
    handler.plays(in_progress(retry_after=820), replace(run, seconds=46))

    stack.create(
        {"Run": trigger(Retry={"MaxAttempts": 2, "Interval": 30})},
        disable_rollback=True,
    )

    (request,) = cloud.requests
    assert request.answer is not None
    assert len(request.executions) == 1
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("timeout", [60, 300, 900])
def test_a_handler_that_outlasts_the_timeout_is_answered_at_the_timeout(
    cloud: Cloud, stack: Stack, handler: Function, timeout: int
) -> None:
    handler.always(returns(None, seconds=880))

    stack.create({"Run": trigger(Timeout=timeout)})

    (answer,) = cloud.requests[0].answers
    assert answer.status == "FAILED" or timeout == 900
    assert answer.at - cloud.requests[0].sent_at <= timeout + 30


def test_a_trigger_of_one_second_survives_a_slow_start(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    """The event was in Lambda's queue while the second passed."""
    cloud.lambda_service.queue_delay = lambda: 3.0
    handler.always(returns(None, seconds=0.2))

    stack.create({"Run": trigger(Timeout=1)})

    assert stack.status == "CREATE_COMPLETE"


def test_a_reason_that_begins_like_an_expectation_is_a_reason(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(raises("ExpectedTableMissing", "no table orders"))

    stack.create({"Run": trigger()})

    (entry,) = [
        each for each in cloud.log if each["step"] == "respond" and each["type"] == "Create"
    ]
    assert entry["reason"].startswith("ExpectedTableMissing: no table orders")
