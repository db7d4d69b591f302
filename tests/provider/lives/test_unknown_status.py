"""While the stack's status cannot be read, no Update is answered FAILED and none runs in vain; a
look that failed has seen nothing."""

from itertools import product
from typing import Any, Final

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import in_progress, raises, returns
from tests.support.aws.network import FAIR, Reply, Weather, lambda_error, query_error, throttled
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, trigger

THROTTLING = query_error(400, "Throttling", "Rate exceeded")
UNAVAILABLE = query_error(503, "ServiceUnavailable", "Service Unavailable")
BREAKS: Template = {"Queue": Other(fails=True, seconds=5, after=("Run",))}


def run(code: str, **settings: Any) -> Template:
    return {"Run": trigger(Fingerprint={"Code": code}, **settings)}


@pytest.mark.parametrize(
    ("timeout", "seconds"), [*product([30, 300, 900, 3540], [20, 31, 65, 600])]
)
@pytest.mark.parametrize("reply", [THROTTLING, UNAVAILABLE], ids=["throttled", "unavailable"])
def test_a_rollback_is_never_answered_failed_and_runs_nothing(
    cloud: Cloud, stack: Stack, timeout: int, seconds: int, reply: Reply
) -> None:
    cloud.handler.always(returns(None))
    stack.create(run("1", Timeout=timeout))
    cloud.time.after(8, lambda: cloud.api.answers_for(min(seconds, timeout), reply))

    stack.update({**run("2", Timeout=timeout), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("timeout", [10, 30, 60])
@pytest.mark.parametrize("seconds", [5, 31])
def test_an_update_with_a_short_timeout_runs_once_the_status_can_be_read(
    cloud: Cloud, stack: Stack, handler: Function, timeout: int, seconds: int
) -> None:
    handler.always(returns(None))
    stack.create(run("1", Timeout=timeout))
    cloud.api.answers_for(seconds, THROTTLING)

    assert stack.update(run("2", Timeout=timeout)) == "UPDATE_COMPLETE"
    assert cloud.starts == ["Create", "Update"]


def test_an_update_runs_where_the_role_may_not_ask_for_the_status(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))
    cloud.api.allowed = frozenset()

    stack.create(run("1"))

    assert stack.update(run("2")) == "UPDATE_COMPLETE"
    assert cloud.starts == ["Create", "Update"]


def test_a_handler_is_polled_in_time_while_the_status_is_throttled(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(*[in_progress(retry_after=1)] * 5, returns(None))
    cloud.api.answers_for(10_000, THROTTLING)

    stack.create(run("1"))

    (request,) = cloud.requests
    assert stack.status == "CREATE_COMPLETE"
    assert request.answers[0].at - request.sent_at < 60
    assert broken_promises(cloud) == []


def test_cloudformation_is_asked_at_most_twice_a_minute(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(*[in_progress(retry_after=1)] * 300, returns(None))

    stack.create(run("1"))

    assert broken_promises(cloud) == []


def test_a_polled_create_ends_soon_after_its_stack_was_canceled(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(in_progress(retry_after=5))
    stack.delete_after(100)

    stack.create(run("1", Timeout=3540))
    cloud.settle()

    created = cloud.requests[0]
    assert max(each.ended for each in created.executions) - created.cancelled_at < 90


@pytest.mark.parametrize(
    "refusal",
    [
        lambda_error(503, "ServiceException", "Service Unavailable"),
        lambda_error(500, "ServiceException", "An internal error occurred"),
        lambda_error(403, "AccessDeniedException", "not authorized"),
        throttled("CallerRateLimitExceeded"),
    ],
    ids=["503", "500", "403", "429"],
)
def test_a_look_that_failed_has_seen_nothing(
    cloud: Cloud, stack: Stack, handler: Function, refusal: Reply
) -> None:
    handler.always(returns(None))
    handler.is_updated_for(20)
    dead = iter([Weather(instead=refusal)])
    cloud.forecast = lambda name: next(dead, FAIR) if name == "look" else FAIR

    stack.create(run("1"))

    assert stack.status == "CREATE_COMPLETE"
    assert [attempt.code for attempt in handler.attempts] == ["new"]


def test_a_handler_whose_configuration_stays_denied_runs_all_the_same(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))
    refused = Weather(instead=lambda_error(403, "AccessDeniedException", "not authorized"))
    cloud.forecast = lambda name: refused if name == "look" else FAIR

    stack.create(run("1"))

    assert stack.status == "CREATE_COMPLETE"
    assert cloud.starts == ["Create"]


def test_a_failure_in_a_rollback_whose_status_was_read_late_is_forgiven(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    settings = {"ExecuteOnRollback": True, "Timeout": 600}
    handler.plays(returns(None), returns(None), raises("E", "no"))
    stack.create(run("1", **settings))
    cloud.time.after(8, lambda: cloud.api.answers_for(60, THROTTLING))

    stack.update({**run("2", **settings), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("seconds", [5, 60, 200, 600])
def test_a_failed_trigger_is_taken_back_once_the_events_of_its_stack_can_be_read(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    handler.plays(returns(None))
    handler.always(raises("E", "no"))
    stack.create(run("1"))
    until = cloud.time.now + seconds
    unavailable = Weather(instead=UNAVAILABLE)
    cloud.forecast = lambda name: (
        unavailable
        if name == "DescribeStackEvents" and cloud.starts[1:] and cloud.time.now < until
        else FAIR
    )

    assert stack.update(run("2"), disable_rollback=True) == "UPDATE_FAILED"
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


def test_one_unanswered_question_after_a_long_wait_is_asked_again(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))
    stack.create(run("1", Timeout=90))
    waits_long = iter([1.0, 100.0])
    cloud.lambda_service.queue_delay = lambda: next(waits_long, 1.0)
    unanswered = iter([FAIR, Weather(trouble="not sent")])
    cloud.forecast = lambda name: next(unanswered, FAIR) if name == "DescribeStacks" else FAIR

    stack.update({**run("2", Timeout=90), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


# ---- DescribeStacks lags behind


@pytest.mark.parametrize("lag", [3, 8])
@pytest.mark.parametrize("settings", [{}, {"Timeout": 30}, {"Timeout": 3540}])
def test_a_rollback_runs_nothing_while_the_stack_shows_the_status_of_the_update(
    cloud: Cloud, stack: Stack, lag: float, settings: dict[str, Any]
) -> None:
    cloud.handler.plays(returns(None), returns(None))
    cloud.api.lag = lag
    stack.create(run("1", **settings))

    stack.update({**run("2", **settings), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


def test_a_failure_in_a_rollback_is_forgiven_while_the_stack_shows_the_status_of_the_update(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    settings = {"ExecuteOnRollback": True}
    handler.plays(returns(None), returns(None), raises("E", "no"))
    cloud.api.lag = 8
    stack.create(run("1", **settings))

    stack.update({**run("2", **settings), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert broken_promises(cloud) == []


LAGS: Final = [(3, 2), (8, 2), (20, 2), (3, 100), (20, 100)]
"""How DescribeStacks lags behind, and how long the stack has been at rest, in seconds."""


def rolls_back(cloud: Cloud, handler: Function, *, rests: float, **settings: Any) -> None:
    """Let a rollback of half a minute end some seconds ago."""
    settings |= {"ExecuteOnRollback": True}
    handler.plays(returns(None), returns(None), returns(None, seconds=30))
    cloud.stack.create(run("1", **settings))
    cloud.stack.update({**run("2", **settings), **BREAKS})
    assert cloud.starts == ["Create", "Update", "Update"]
    cloud.time.run_for(rests)


@pytest.mark.parametrize(("lag", "rests"), LAGS)
@pytest.mark.parametrize("timeout", [60, 900])
def test_an_update_runs_while_the_stack_shows_that_the_last_one_was_rolled_back(
    cloud: Cloud, handler: Function, lag: float, rests: float, timeout: int
) -> None:
    rolls_back(cloud, handler, rests=rests, Timeout=timeout)
    handler.plays(returns(None))
    cloud.api.lag = lag

    assert cloud.stack.update(run("3", Timeout=timeout)) == "UPDATE_COMPLETE"
    assert cloud.starts == ["Create", "Update", "Update", "Update"]


@pytest.mark.parametrize("lag", [8, 20, 60])
def test_an_update_runs_while_the_stack_shows_a_rollback_before_the_last_update(
    cloud: Cloud, stack: Stack, handler: Function, lag: float
) -> None:
    rolls_back(cloud, handler, rests=2)
    stack.update({**run("1", ExecuteOnRollback=True), "Table": Other()})
    handler.plays(returns(None))
    cloud.api.lag = lag

    assert stack.update(run("3")) == "UPDATE_COMPLETE"
    assert cloud.starts == ["Create", "Update", "Update", "Update"]


@pytest.mark.parametrize(("lag", "rests"), LAGS)
def test_an_update_fails_while_the_stack_shows_that_the_last_one_was_rolled_back(
    cloud: Cloud, stack: Stack, handler: Function, lag: float, rests: float
) -> None:
    rolls_back(cloud, handler, rests=rests)
    handler.plays(raises("E", "no"), returns(None))
    cloud.api.lag = lag

    assert stack.update(run("3")) == "UPDATE_ROLLBACK_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize(("lag", "rests"), LAGS)
def test_a_new_trigger_is_polled_while_the_stack_shows_that_the_last_update_was_rolled_back(
    cloud: Cloud, stack: Stack, handler: Function, lag: float, rests: float
) -> None:
    rolls_back(cloud, handler, rests=rests)
    handler.plays(in_progress(retry_after=1), returns(None))
    cloud.api.lag = lag

    same = run("1", ExecuteOnRollback=True)
    assert stack.update({**same, "New": trigger()}) == "UPDATE_COMPLETE"


def test_a_create_that_missed_the_rollback_of_its_stack_is_no_longer_polled(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(in_progress(retry_after=300))

    stack.create({**run("1", Timeout=3540), "Queue": Other(fails=True, seconds=65)})
    cloud.settle()

    assert stack.status == "ROLLBACK_COMPLETE"
    assert len(cloud.requests[0].attempts) <= 2


# ---- the request is over before the provider asks


@pytest.mark.parametrize("late", [30.0, 300.0])
@pytest.mark.parametrize("later_updates", [0, 1, 2])
def test_an_update_that_is_over_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function, late: float, later_updates: int
) -> None:
    handler.always(returns(None))
    stack.create(run("1"))
    delays = iter([late])
    cloud.lambda_service.queue_delay = lambda: next(delays, 1.0)
    stack.cancel_update_after(5)

    stack.update({**run("2"), "Queue": Other(seconds=20)})
    for number in range(later_updates):
        cloud.time.run_for(10)
        assert stack.update(run(f"later {number}")) == "UPDATE_COMPLETE"
    cloud.settle()

    assert cloud.starts == ["Create", *["Update"] * later_updates]
    assert broken_promises(cloud) == []


# ---- DescribeStackEvents lags behind


LAGS_OF_BOTH: Final = [*product([0, 3, 8], [3, 8])]
"""How DescribeStacks and DescribeStackEvents lag behind, in seconds."""

MODES: Final = [*product(["UPDATE_IN_PROGRESS", "UPDATE_FAILED"], [True, False])]
"""A stack's status while it takes a failed trigger back, and whether its events show that."""


@pytest.fixture(params=LAGS_OF_BOTH, ids=str)
def lagging(request: pytest.FixtureRequest, cloud: Cloud) -> Cloud:
    cloud.api.lag, cloud.api.events_lag = request.param
    return cloud


@pytest.mark.parametrize("rests", [2, 100])
def test_an_update_runs_while_the_events_show_that_the_last_one_was_rolled_back(
    lagging: Cloud, handler: Function, rests: float
) -> None:
    rolls_back(lagging, handler, rests=rests)
    handler.plays(returns(None))

    assert lagging.stack.update(run("3")) == "UPDATE_COMPLETE"
    assert lagging.starts == ["Create", "Update", "Update", "Update"]


@pytest.mark.parametrize("settings", [{}, {"Timeout": 30}, {"Timeout": 3540}])
@pytest.mark.parametrize("seconds", [0, 20])
def test_a_rollback_runs_nothing_while_the_events_show_the_update(
    lagging: Cloud, stack: Stack, settings: dict[str, Any], seconds: float
) -> None:
    lagging.handler.plays(returns(None), returns(None, seconds=seconds))
    stack.create(run("1", **settings))
    lagging.time.run_for(100)

    stack.update({**run("2", **settings), **BREAKS})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert lagging.starts == ["Create", "Update"]
    assert broken_promises(lagging) == []


@pytest.mark.parametrize("seconds", [6, 20])
@pytest.mark.parametrize("mode", MODES)
def test_a_failed_trigger_is_taken_back_while_the_events_do_not_show_its_failure(
    lagging: Cloud, stack: Stack, seconds: float, mode: tuple[Any, bool]
) -> None:
    stack.take_back_status, stack.announces_take_back = mode
    lagging.handler.plays(returns(None), raises("E", "no", seconds=seconds))
    stack.create(run("1"))
    lagging.time.run_for(100)

    assert stack.update(run("2"), disable_rollback=True) == "UPDATE_FAILED"
    assert lagging.starts == ["Create", "Update"]
    assert broken_promises(lagging) == []


@pytest.mark.parametrize("rests", [10, 100])
@pytest.mark.parametrize("code", ["1", "2"])
@pytest.mark.parametrize("mode", MODES)
def test_a_retry_runs_while_the_events_show_the_failure_before_it(
    lagging: Cloud, stack: Stack, rests: float, code: str, mode: tuple[Any, bool]
) -> None:
    stack.take_back_status, stack.announces_take_back = mode
    lagging.handler.plays(returns(None), raises("E", "no", seconds=6), returns(None))
    stack.create(run("1"))
    stack.update(run("2"), disable_rollback=True)
    lagging.time.run_for(rests)

    assert stack.update(run(code), disable_rollback=True) == "UPDATE_COMPLETE"
    assert lagging.starts == ["Create", "Update", "Update"]
