"""The answer is delivered through every outage that ends in time; one life goes on, never two."""

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import in_progress, raises, returns
from tests.support.aws.network import FAIR, Trouble, Weather
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import trigger


@pytest.mark.parametrize("seconds", [5, 16, 60, 300, 1000, 2700])
def test_an_answer_is_delivered_when_the_bucket_is_back(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    handler.always(returns({"PhysicalResourceId": "own"}))
    cloud.bucket.is_out_for(seconds)

    stack.create({"Run": trigger(Timeout=3540)})

    assert stack.status == "CREATE_COMPLETE"
    assert stack.resources["Run"].physical_id == "own"
    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


def test_an_outage_that_begins_near_the_end_of_an_execution_is_outlived(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None, seconds=880))
    cloud.bucket.is_out_for(1200, after=800)

    stack.create({"Run": trigger(Timeout=3540)})

    assert stack.status == "CREATE_COMPLETE"
    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


def test_an_answer_is_offered_on_where_a_fresh_execution_may_begin_too_late(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    delays = iter([1.0])
    cloud.lambda_service.queue_delay = lambda: next(delays, 100.0)
    handler.always(returns(None, seconds=875))
    cloud.bucket.is_out_for(885)

    stack.create({"Run": trigger(Timeout=900)})

    assert stack.status == "CREATE_COMPLETE"
    assert cloud.starts == ["Create"]


@pytest.mark.parametrize("status", [403, 500, 503])
def test_an_answer_is_offered_until_cloudformation_no_longer_waits_and_not_longer(
    cloud: Cloud, stack: Stack, handler: Function, status: int
) -> None:
    handler.always(returns(None))
    cloud.bucket.is_out_for(10_000, status=status)

    stack.create({"Run": trigger(Timeout=300)}, disable_rollback=True)
    cloud.settle()

    (request,) = cloud.requests
    assert cloud.starts == ["Create"]
    assert max(each.ended for each in request.executions) <= request.deadline + 30
    assert request.refused_puts < 200


@pytest.mark.parametrize("on_failure", ["Fail", "Continue"])
@pytest.mark.parametrize("trouble", ["reply lost", "none"])
def test_a_hand_over_whose_reply_was_lost_is_one_life(
    cloud: Cloud, stack: Stack, handler: Function, on_failure: str, trouble: Trouble
) -> None:
    handler.always(in_progress(retry_after=60, seconds=2))
    silent = Weather(trouble=trouble, after=0.0 if trouble == "reply lost" else 60.0)
    cloud.forecast = lambda name: silent if name == "hand over" else FAIR
    cloud.time.after(2500, lambda: handler.always(returns(None)))

    stack.create({"Run": trigger(Timeout=3540, OnFailure=on_failure)})

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("seconds", [10, 120])
def test_a_hand_over_is_tried_until_it_is_accepted(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    handler.plays(in_progress(retry_after=400), in_progress(retry_after=600), returns(None))
    out = Weather(trouble="not sent")
    began = cloud.time.now
    cloud.forecast = lambda name: (
        out if name == "hand over" and cloud.time.now - began < 890 - 200 + seconds else FAIR
    )

    stack.create({"Run": trigger(Timeout=3540)})

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


def test_a_put_whose_reply_was_lost_is_repeated_with_the_same_answer(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(raises("E", "no"))
    lost = iter([Weather(trouble="reply lost")] * 3)
    cloud.forecast = lambda name: next(lost, FAIR) if name == "put" else FAIR

    stack.create({"Run": trigger()}, disable_rollback=True)

    assert len(cloud.requests[0].answers) >= 1
    assert broken_promises(cloud) == []
