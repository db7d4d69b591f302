"""The fake account: what its stacks compete for, and what each quota refuses."""

import pytest

from tests.support.aws.account import Account, Quotas, Rate, Refusals, busiest_minute
from tests.support.aws.handler_runs import returns
from tests.support.aws.scripted_provider import ScriptedProvider
from tests.support.aws.template import trigger
from tests.support.aws.virtual_time import VirtualTime


def test_a_rate_grants_what_a_second_holds_and_then_as_much_as_time_earns() -> None:
    time = VirtualTime()
    rate = Rate(2, Refusals(time))

    at_once = [rate.takes() for _ in range(3)]
    time.run_for(0.5)
    later = [rate.takes() for _ in range(2)]

    assert (at_once, later) == ([True, True, False], [True, False])


def test_a_rate_counts_what_it_refused_and_when_first() -> None:
    time = VirtualTime()
    rate = Rate(1, Refusals(time))
    time.run_for(4)

    granted = [rate.takes() for _ in range(3)]

    assert granted == [True, False, False]
    assert (rate.refusals.asked, rate.refusals.refused, rate.refusals.first) == (3, 2, 4)


def test_stacks_compete_for_one_pool() -> None:
    provider = ScriptedProvider()
    with Account(Quotas(concurrency=2)) as account:
        for _ in range(5):
            stack = account.stack()
            stack.serve = provider.serve
            account.create(stack, {"Run": trigger()})
        account.time.run_out()

    assert account.pool.most == 2
    assert account.pool.refusals.refused > 0
    assert all(step.settled == "complete" for each in account.deployments for step in each.steps)


def test_no_two_requests_of_an_account_have_the_same_id() -> None:
    provider = ScriptedProvider()
    with Account() as account:
        for _ in range(20):
            stack = account.stack()
            stack.serve = provider.serve
            account.create(stack, {"Run": trigger(), "Check": trigger()})
        account.time.run_out()

    assert len({each["RequestId"] for each in provider.received}) == 40


def test_an_update_follows_a_creation_that_succeeded() -> None:
    provider = ScriptedProvider()
    with Account() as account:
        stack = account.stack()
        stack.serve = provider.serve
        account.update(stack, {"Run": trigger(Timeout=60)}, {"Run": trigger(Timeout=90)})
        account.time.run_out()

    assert provider.asked == ["Update Run"]
    assert provider.received[0]["PhysicalResourceId"] == "Run-1"
    assert stack.history.statuses == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS"]


def test_a_stack_is_not_complete_until_its_handler_has_played_all_its_runs() -> None:
    provider = ScriptedProvider()
    with Account() as account:
        stack = account.stack()
        stack.serve = provider.serve
        stack.handler.plays(returns({}))
        account.create(stack, {"Run": trigger()})
        account.time.run_out()

    assert [each.is_complete for each in account.deployments] == [False]


@pytest.mark.parametrize(
    ("moments", "most"),
    [([], 0), ([0.0, 59.9, 60.0], 2), ([0.0, 10.0, 20.0, 75.0, 79.0], 3)],
)
def test_the_busiest_minute_is_any_sixty_seconds(moments: list[float], most: int) -> None:
    assert busiest_minute(moments) == most
