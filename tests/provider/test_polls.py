"""A handler that is not done yet, and a provider that outlives its execution."""

from dataclasses import replace

import pytest

from tests.provider.cloudformation import Kind, Stack
from tests.provider.world import (
    SECRET,
    Behavior,
    Handler,
    World,
    connection_refused,
    denied,
    in_progress,
    never_answers,
    raises,
    refused,
    reset_after_send,
    returns,
    service_error,
    state,
    takes,
    throttled,
)
from trigger_provider.index import LOST

RETRY = {"MaxAttempts": 3, "Interval": 4, "BackoffRate": 3, "MaxInterval": 10}
HOUR = {"Timeout": 3540}
FIVE_HOPS = 6  # executions
RECURSION = 16  # executions; where Lambda, unless told otherwise, takes a chain for a loop


# ---- polls


def test_a_handler_that_is_not_done_is_started_again_with_its_state(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(in_progress({"page": 1}), in_progress({"page": 2}), returns({"Rows": 5}))

    answer = stack.asks("Create")

    states = [event.get("EventState") for event in handler.events]
    assert states == [None, {"page": 1}, {"page": 2}]
    assert [event["Attempt"] for event in handler.events] == [1, 1, 1]
    assert handler.pauses == [10, 10]
    assert answer.data["Rows"] == "5"


@pytest.mark.parametrize(("after", "pause"), [(3, 3), (0.5, 1), ("7", 7), (400, 400)])
def test_a_poll_comes_when_the_handler_said_though_not_within_a_second(
    stack: Stack, handler: Handler, after: object, pause: float
) -> None:
    handler.plays(in_progress(retry_after=after), returns(None))

    stack.asks("Create", PollInterval=30)

    assert handler.pauses == [pause]


def test_polls_without_a_pause_do_not_start_the_handler_without_end(
    stack: Stack, handler: Handler
) -> None:
    handler.always(takes(0.01, in_progress(retry_after=0)))

    stack.asks("Create", Timeout=600)

    assert len(handler.invocations) <= 600


def test_a_handler_that_is_never_done_is_a_failure_at_the_end_of_timeout(
    stack: Stack, handler: Handler
) -> None:
    handler.always(in_progress())

    answer = stack.asks("Create", Timeout=300)

    assert 290 <= answer.at <= 300
    assert answer.reason == (
        "Timeout: not done; Timeout is 300 s; full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize("key", ["Progress", "Reason"])
@pytest.mark.parametrize("timeout", [300, 2000])
def test_what_a_handler_last_said_of_its_progress_is_in_the_reason(
    stack: Stack, handler: Handler, key: str, timeout: int
) -> None:
    handler.always(returns({"Status": "IN_PROGRESS", key: "3 of 10 tables", "RetryAfter": 400}))

    assert stack.asks("Create", Timeout=timeout).reason == (
        f"Timeout: 3 of 10 tables; Timeout is {timeout} s;"
        " full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_what_a_handler_with_no_echo_says_of_its_progress_is_in_no_reason(
    stack: Stack, handler: Handler
) -> None:
    handler.always(returns({"Status": "IN_PROGRESS", "Progress": SECRET}))

    reason = stack.asks("Create", Timeout=300, NoEcho=True).reason

    assert reason == "Timeout; full log: /aws/lambda/shop-Migrate-1A2B3C"


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
@pytest.mark.parametrize("retry_after", [10, 0])
@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_polling_stops_half_a_minute_after_the_stack_was_canceled(
    world: World, kind: Kind, status: str, retry_after: int
) -> None:
    stack, handler = Stack(world), world.handler
    world.stack_becomes(status, after=100)
    handler.always(takes(1, in_progress(retry_after=retry_after)))

    answer = stack.asks(kind)

    assert 100 <= answer.at < 100 + 30 + 12
    assert answer.reason == (
        f"Cancelled: the stack is {status}; full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_polls_of_a_delete_go_on_while_the_stack_is_deleted(
    stack: Stack, handler: Handler, world: World
) -> None:
    world.stack_becomes("DELETE_IN_PROGRESS")
    handler.plays(in_progress(), in_progress(), returns(None))

    stack.asks("Delete", ExecuteOnDelete=True)

    assert len(handler.invocations) == 3


def test_polls_of_an_update_that_began_in_a_rollback_go_on(
    stack: Stack, handler: Handler, world: World
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    handler.plays(in_progress(), in_progress(), returns(None))

    stack.asks("Update", ExecuteOnRollback=True)

    assert len(handler.invocations) == 3


# ---- longer than one execution


def test_fifty_minutes_of_polls_take_at_most_five_hand_overs_and_keep_their_state(
    stack: Stack, handler: Handler, world: World
) -> None:
    pages = [in_progress({"page": page}, retry_after=30) for page in range(100)]
    handler.plays(*pages, returns({"Rows": 5}))

    answer = stack.asks("Create", **HOUR)

    assert answer.data["Rows"] == "5"
    assert [event.get("EventState") for event in handler.events[1:]] == [
        {"page": page} for page in range(100)
    ]
    assert world.executions <= FIVE_HOPS
    assert set(world.ends) == {"returned"}


@pytest.mark.parametrize("retry_after", [1, 60, 880, 895, 1700])
@pytest.mark.parametrize("seconds", [2, 45, 400, 880])
def test_a_handler_that_is_never_done_is_answered_before_service_timeout_after_few_hand_overs(
    stack: Stack, handler: Handler, world: World, seconds: float, retry_after: int
) -> None:
    handler.always(takes(seconds, in_progress(retry_after=retry_after)))

    answer = stack.asks("Create", **HOUR)

    assert answer.status == "FAILED"
    assert world.executions < RECURSION
    assert set(world.ends) == {"returned"}


@pytest.mark.parametrize("timeout", [1, 5, 11, 61, 889, 891, 899, 901, 1801, 3540])
@pytest.mark.parametrize("seconds", [0, 2, 61, 300, 700, 889, 895])
def test_attempts_that_fail_for_ever_are_answered_before_service_timeout(
    stack: Stack, handler: Handler, world: World, seconds: float, timeout: int
) -> None:
    handler.always(takes(seconds, raises("E", "no")))

    answer = stack.asks("Create", Timeout=timeout, Retry={"MaxAttempts": 1000, "MaxInterval": 60})

    assert answer.status == "FAILED"
    assert answer.at <= timeout + 2
    assert set(world.ends) == {"returned"}


def test_a_pause_longer_than_an_execution_is_waited_out(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(in_progress({"page": 1}, retry_after=2000), returns({"Rows": 5}))

    assert stack.asks("Create", **HOUR).data["Rows"] == "5"
    assert 2000 <= handler.pauses[0] < 2010
    assert world.executions <= FIVE_HOPS


def test_a_handler_that_fits_into_a_fresh_execution_alone_is_started_in_one(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.always(takes(600, raises("E", "no")))

    answer = stack.asks("Create", Retry={"MaxAttempts": 4, "Interval": 1}, **HOUR)

    assert answer.reason.startswith("E: no; attempt 4 of 4; ")
    assert world.executions <= FIVE_HOPS


def test_refusals_after_a_long_attempt_are_waited_out_without_a_hand_over_for_each(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(620, raises("E", "no")), *[throttled()] * 40, returns(None))

    assert stack.asks("Create", Retry=RETRY, **HOUR).status == "SUCCESS"
    assert world.executions <= FIVE_HOPS


def test_a_handler_that_outlasts_an_execution_is_advised_to_be_polled(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(takes(895, returns(None)))

    answer = stack.asks("Create", **HOUR)

    assert answer.at == 890
    assert answer.reason == (
        "HandlerTooSlow: no answer in 890 s; return IN_PROGRESS earlier to be polled; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_a_handler_that_outlasts_timeout_is_reported(stack: Stack, handler: Handler) -> None:
    handler.plays(takes(300, returns(None)))

    answer = stack.asks("Create", Timeout=120)

    assert answer.at == 120
    assert "Timeout is 120 s" in answer.reason


def test_a_fresh_execution_knows_the_attempts_made_and_the_log_group(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.looks.plays(state(LoggingConfig={"LogGroup": "/shop/migrate"}))
    handler.always(takes(500, raises("E", "no")))

    answer = stack.asks("Create", Retry=RETRY, **HOUR)

    assert world.executions > 1
    assert answer.reason == "E: no; attempt 3 of 3; full log: /shop/migrate"


def test_a_fresh_execution_of_a_rollback_still_knows_that_it_is_one(
    stack: Stack, handler: Handler, world: World
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    world.stack_becomes("UPDATE_ROLLBACK_COMPLETE", after=1000)
    handler.always(takes(500, raises("E", "no")))

    answer = stack.asks("Update", ExecuteOnRollback=True, Retry=RETRY, **HOUR)

    assert world.executions > 1
    assert answer.status == "SUCCESS"


@pytest.mark.parametrize(
    "fault", [throttled(), service_error(), connection_refused(), denied()], ids=lambda f: f.status
)
def test_a_hand_over_that_lambda_refused_is_repeated(
    stack: Stack, handler: Handler, world: World, fault: Behavior
) -> None:
    handler.plays(takes(850, in_progress()), returns(None))
    world.hand_overs.plays(fault, Behavior(status=202))

    assert stack.asks("Create", **HOUR).status == "SUCCESS"


def test_a_hand_over_that_lambda_goes_on_refusing_is_answered_with_a_failure(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(850, in_progress()))
    world.hand_overs.always(throttled())

    answer = stack.asks("Create", **HOUR)

    assert answer.reason.startswith("RuntimeError: could not start a new execution: ")
    assert world.ends == ["returned"]


@pytest.mark.parametrize("seconds", [888, 889.9, 890])
@pytest.mark.parametrize("slow", [0, 4.9])
def test_a_hand_over_at_the_last_moment_is_handed_over_or_answered(
    stack: Stack, handler: Handler, world: World, seconds: float, slow: float
) -> None:
    handler.plays(takes(seconds, in_progress()))
    world.hand_overs.always(takes(slow, throttled()))

    assert stack.asks("Create", **HOUR).status == "FAILED"


@pytest.mark.parametrize("fault", [never_answers(), reset_after_send()], ids=["no reply", "reset"])
def test_an_execution_that_hands_over_without_a_reply_neither_answers_nor_goes_on(
    stack: Stack, handler: Handler, world: World, fault: Behavior
) -> None:
    """The execution that it began, if it did, is the one that answers."""
    handler.plays(takes(850, in_progress()), returns({"Rows": 5}))
    world.hand_overs.plays(replace(fault, status=LOST))

    (answer,) = stack.sends(stack.event("Create", Timeout=3540))

    assert answer.data["Rows"] == "5"
    assert world.ends == ["returned", "returned"]
    (entry,) = [entry for entry in world.log if "without a reply" in entry["step"]]
    assert entry["level"] == "WARN"


def test_a_state_too_large_for_a_hand_over_is_answered_with_a_failure(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(850, in_progress("x" * 300_000)))
    world.hand_overs.always(refused(413, "RequestTooLargeException", "too large"))

    assert stack.asks("Create", **HOUR).status == "FAILED"
