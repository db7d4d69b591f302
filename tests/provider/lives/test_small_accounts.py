"""Independent triggers in an account with little concurrency all succeed."""

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import in_progress, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Template, trigger


@pytest.mark.parametrize(("limit", "count"), [(10, 9), (10, 10), (10, 11), (10, 20), (3, 3)])
def test_all_triggers_of_a_stack_succeed(
    cloud: Cloud, stack: Stack, handler: Function, limit: int, count: int
) -> None:
    cloud.lambda_service.pool.limit = limit
    handler.always(returns(None, seconds=5))
    template: Template = {f"Run{number}": trigger() for number in range(count)}

    assert stack.create(template) == "CREATE_COMPLETE"

    assert len(cloud.starts) == count
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("timeout", [30, 60, 90, 120])
def test_triggers_of_a_short_timeout_share_the_slots_too(
    cloud: Cloud, stack: Stack, handler: Function, timeout: int
) -> None:
    cloud.lambda_service.pool.limit = 10
    handler.always(returns(None, seconds=5))
    template: Template = {f"Run{number}": trigger(Timeout=timeout) for number in range(10)}

    assert stack.create(template) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


def test_handlers_that_are_polled_share_the_slots(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    cloud.lambda_service.pool.limit = 10
    handler.plays(*[in_progress(retry_after=10)] * 30)
    handler.always(returns(None))
    template: Template = {f"Run{number}": trigger(Timeout=1800) for number in range(10)}

    assert stack.create(template) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []
