"""A durable handler of hours: one execution, which each part of its trigger goes on to poll."""

from typing import Any, Final

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.durable import DurableExecution, DurableExecutions
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import raises, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, relay

HOUR: Final = 3600.0
PARTS: Final = 16


@pytest.fixture(autouse=True)
def durable(cloud: Cloud, handler: Function) -> DurableExecutions:
    handler.durable = DurableExecutions(cloud.time)
    return handler.durable


def run(code: str = "1", **settings: Any) -> Template:
    usual: dict[str, Any] = {"Fingerprint": {"Code": code}, "Timeout": 43_200, "Durable": True}
    return relay("Run", PARTS, **(usual | settings))


def only(durable: DurableExecutions) -> DurableExecution:
    (execution,) = durable.by_name.values()
    return execution


def test_a_durable_run_of_eleven_hours_is_one_execution(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns({"Rows": 5}, seconds=11 * HOUR))

    assert stack.create(run()) == "CREATE_COMPLETE"

    assert only(durable).status(cloud.time.now) == "SUCCEEDED"
    assert len(handler.attempts) == 1
    assert cloud.time.elapsed < 11.2 * HOUR
    assert broken_promises(cloud) == []


def test_a_durable_run_that_fails_in_the_third_hour_fails_its_part(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(raises("ValueError", "no rows", seconds=2.5 * HOUR))

    assert stack.create(run()) == "ROLLBACK_COMPLETE"

    (failed,) = [
        answer
        for request in cloud.requests
        for answer in request.answers
        if answer.status == "FAILED"
    ]
    assert failed.reason.startswith("ValueError: no rows; at File ")


def test_a_durable_run_of_hours_is_stopped_when_its_timeout_is_over(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None, seconds=11 * HOUR))

    assert stack.create(run(Timeout=10_000)) == "ROLLBACK_COMPLETE"

    stopped_with = only(durable).stopped_with
    assert stopped_with is not None
    assert stopped_with["ErrorMessage"] == "not done; Timeout is 10000 s"
    assert broken_promises(cloud) == []


def test_a_durable_run_of_hours_is_stopped_when_its_update_is_canceled(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None), returns(None, seconds=11 * HOUR))
    stack.create(run())
    stack.cancel_update_after(3 * HOUR)
    began = cloud.time.now

    stack.update(run("2"))
    cloud.settle()

    last = [*durable.by_name.values()][-1]
    assert last.stopped_with is not None
    assert last.attempt.ended - began < 3 * HOUR + 60


def test_a_durable_run_of_hours_is_stopped_when_its_stack_is_deleted_during_the_creation(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None, seconds=11 * HOUR))
    stack.delete_after(3 * HOUR)

    stack.create(run())
    cloud.settle()

    assert stack.status == "DELETE_COMPLETE"
    assert only(durable).stopped_with is not None
    assert only(durable).attempt.ended - 1.8e9 < 3 * HOUR + 90


@pytest.mark.parametrize("seconds", [600, 3000, 2.5 * HOUR])
def test_a_durable_run_of_hours_is_stopped_when_something_else_fails_the_deployment(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions, seconds: float
) -> None:
    handler.plays(returns(None, seconds=11 * HOUR))
    sibling: Template = {"Queue": Other(fails=True, seconds=seconds)}

    assert stack.create({**sibling, **run()}) == "ROLLBACK_COMPLETE"
    cloud.settle()

    stopped_with = only(durable).stopped_with
    assert stopped_with is not None
    assert stopped_with["ErrorMessage"] == "the stack is ROLLBACK_IN_PROGRESS"
    assert only(durable).attempt.ended - 1.8e9 < seconds + 90
