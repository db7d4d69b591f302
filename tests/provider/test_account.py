"""Many stacks that are deployed at once in one account, under its quotas.

Thirty stacks, each with a trigger that polls, in virtual time; `benchmarks/account.py` plays a
thousand. All but the quotas is as in an account with nothing else to do.
"""

from functools import cache

import pytest

from benchmarks.account import Scenario, deploy, later_questions
from tests.support.aws.account import Account, Quotas, busiest_minute, questions

NEW_ACCOUNT = Quotas(concurrency=10)
BUSY_ACCOUNT = Quotas(configurations=0.5, descriptions=0.2)  # others have most of the rates
SCENARIOS = {
    "creations": Scenario(stacks=30),
    "updates": Scenario(stacks=30, operation="update"),
    "creations in a new account": Scenario(stacks=30, quotas=NEW_ACCOUNT),
    "updates in a new account": Scenario(stacks=30, operation="update", quotas=NEW_ACCOUNT),
    "creations in a busy account": Scenario(stacks=30, quotas=BUSY_ACCOUNT),
    "updates in a busy account": Scenario(stacks=30, operation="update", quotas=BUSY_ACCOUNT),
}
deployed = cache(deploy)


@pytest.fixture(params=SCENARIOS)
def account(request: pytest.FixtureRequest) -> Account:
    return deployed(SCENARIOS[request.param])


def test_every_handler_runs_to_its_end_and_every_stack_succeeds(account: Account) -> None:
    assert [each for each in account.deployments if not each.is_complete] == []


def test_a_trigger_asks_cloudformation_at_most_twice_a_minute_after_the_first(
    account: Account,
) -> None:
    assert max(busiest_minute(later_questions(each)) for each in account.requests) <= 2
    assert max(busiest_minute(questions(each)) for each in account.requests) <= 5


def test_no_run_of_a_handler_is_started_twice(account: Account) -> None:
    states = [
        [each.description.get("EventState") for each in request.attempts]
        for request in account.requests
    ]

    assert [each for each in states if each != [None, *range(9)][: len(each)]] == []


def test_a_deployment_goes_the_same_way_each_time() -> None:
    scenario = SCENARIOS["creations in a new account"]

    again = [each.ended for each in deploy(scenario).deployments]

    assert again == [each.ended for each in deployed(scenario).deployments]
