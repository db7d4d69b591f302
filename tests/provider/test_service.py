"""One request, from its event to its answer: starts, repetitions, polls, hand-overs, faults."""

import pytest

from tests.provider.cloudformation import Kind, Stack, sent
from tests.provider.world import (
    SECRET,
    Behaviour,
    Handler,
    World,
    conflict,
    connection_refused,
    denied,
    in_progress,
    never_answers,
    raises,
    refused,
    reset_after_send,
    returns,
    returns_text,
    service_error,
    stack_error,
    state,
    takes,
    throttled,
)

RETRY = {"MaxAttempts": 3, "Interval": 4, "BackoffRate": 3, "MaxInterval": 10}
HOUR = {"Timeout": 3540}
FIVE_HOPS = 6  # executions
RECURSION = 16  # executions; where Lambda, unless told otherwise, takes a chain for a loop


# ---- before the first start


@pytest.mark.parametrize("unready", [state("Pending"), state(last_update="InProgress")])
def test_the_handler_is_started_only_once_it_is_active_and_up_to_date(
    stack: Stack, handler: Handler, unready: Behaviour
) -> None:
    handler.looks.plays(unready, unready, unready)
    handler.plays(returns(None))

    assert stack.asks("Create").status == "SUCCESS"
    assert [invocation.at for invocation in handler.invocations] == [1 + 2 + 4]
    assert len(handler.looks.times) == 4


def test_a_handler_that_never_gets_ready_is_a_failure_at_the_end_of_timeout(
    stack: Stack, handler: Handler
) -> None:
    handler.looks.always(state("Pending"))

    answer = stack.asks("Create", Timeout=120)

    assert handler.invocations == []
    assert answer.reason == (
        "NotReady: the handler is still being created or updated; Timeout is 120 s; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize(
    "unknown",
    [
        refused(403, "AccessDeniedException", "no"),
        refused(404, "ResourceNotFoundException", "no"),
        service_error(),
        returns_text("<html>"),
    ],
    ids=["denied", "not found", "500", "no JSON"],
)
def test_a_look_that_tells_nothing_stops_nothing(
    stack: Stack, handler: Handler, unknown: Behaviour
) -> None:
    handler.looks.plays(Behaviour(status=unknown.status or 200, body=unknown.body))
    handler.plays(returns(None))

    assert stack.asks("Create").status == "SUCCESS"


@pytest.mark.parametrize("fault", [throttled(), connection_refused(), never_answers()])
def test_a_look_that_did_not_come_through_is_repeated(
    stack: Stack, handler: Handler, fault: Behaviour
) -> None:
    handler.looks.plays(fault, state())
    handler.plays(returns(None))

    assert stack.asks("Create").status == "SUCCESS"
    assert len(handler.looks.times) == 2


def test_the_handler_is_looked_at_once_however_often_it_is_started(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(in_progress(), raises("E", "no"), in_progress(), returns(None))

    stack.asks("Create", Retry=RETRY)

    assert len(handler.looks.times) == 1


# ---- what proves that it did not run


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(denied(), id="denied"),
        pytest.param(throttled(), id="throttled"),
        pytest.param(conflict(), id="conflict"),
        pytest.param(connection_refused(), id="connection refused"),
        pytest.param(refused(502, "ResourceNotReadyException", "no"), id="not ready"),
        pytest.param(refused(409, "SnapStartNotReadyException", "no"), id="SnapStart not ready"),
        pytest.param(refused(502, "ENINotReadyException", "no"), id="network interface not ready"),
        pytest.param(refused(502, "EC2ThrottledException", "no"), id="network interface throttled"),
    ],
)
def test_what_proves_that_the_handler_did_not_run_is_repeated_without_retry(
    stack: Stack, handler: Handler, proof: Behaviour
) -> None:
    handler.plays(proof, proof, proof, returns({"Rows": 5}))

    answer = stack.asks("Create")

    assert answer.at == 1 + 2 + 4
    assert answer.data["Rows"] == "5"


def test_a_permission_that_never_comes_is_a_failure_after_a_minute_of_propagation(
    stack: Stack, handler: Handler
) -> None:
    handler.always(denied())

    answer = stack.asks("Create")

    assert 60 <= answer.at < 75
    assert answer.reason == (
        "AccessDeniedException: not authorized to perform: lambda:InvokeFunction; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize("at_first", ["unready", "throttled"])
def test_the_minute_of_propagation_begins_with_the_first_denial_and_nothing_before(
    stack: Stack, handler: Handler, at_first: str
) -> None:
    if at_first == "unready":
        handler.looks.plays(*[state("Pending")] * 15)
    else:
        handler.plays(*[throttled()] * 15)
    handler.plays(denied(), denied(), returns(None))

    assert stack.asks("Create").status == "SUCCESS"


def test_throttling_is_waited_out_until_timeout(stack: Stack, handler: Handler) -> None:
    handler.always(throttled())

    answer = stack.asks("Create", Timeout=300)

    assert 285 < answer.at <= 300
    assert answer.reason == (
        "TooManyRequestsException: Rate Exceeded; Timeout is 300 s; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


# ---- what may have run it


@pytest.mark.parametrize(
    "ambiguous",
    [
        pytest.param(reset_after_send(), id="reset"),
        pytest.param(service_error(500), id="500"),
        pytest.param(service_error(502), id="502"),
        pytest.param(Behaviour(status=504), id="504 without a body"),
        pytest.param(never_answers(), id="no answer"),
        pytest.param(returns_text("<html>busy</html>"), id="no JSON"),
        pytest.param(returns_text('{"Rows": '), id="half a JSON"),
        pytest.param(Behaviour(body=b"\xff\xfe"), id="no text"),
    ],
)
def test_what_may_have_run_the_handler_is_a_failed_attempt_and_never_a_second_start(
    stack: Stack, handler: Handler, ambiguous: Behaviour
) -> None:
    handler.plays(ambiguous)

    assert stack.asks("Create").status == "FAILED"
    assert len(handler.invocations) == 1


def test_a_lost_connection_is_repeated_by_retry_alone(stack: Stack, handler: Handler) -> None:
    handler.plays(reset_after_send(), returns(None))

    assert stack.asks("Create", Retry=RETRY).status == "SUCCESS"


# ---- failed attempts


@pytest.mark.parametrize(
    "failed",
    [
        pytest.param(raises("E", "no"), id="raises"),
        pytest.param(returns({"Status": "FAILED", "Reason": "no"}), id="says FAILED"),
        pytest.param(returns({"Status": "FAILURE"}), id="says FAILURE"),
        pytest.param(returns({"Ready": False}), id="not as expected"),
        pytest.param(returns({"Status": "IN_PROGRESS", "RetryAfter": "soon"}), id="no RetryAfter"),
    ],
)
def test_a_failed_attempt_is_repeated_with_growing_pauses(
    stack: Stack, handler: Handler, failed: Behaviour
) -> None:
    handler.plays(failed, failed, returns({"Ready": True}))

    answer = stack.asks("Create", Retry=RETRY, Expect=sent({"Ready": True}))

    assert answer.status == "SUCCESS"
    assert handler.pauses == [4, 10]


def test_attempts_end_after_max_attempts(stack: Stack, handler: Handler) -> None:
    handler.plays(*[raises("E", "no")] * 3)

    assert stack.asks("Create", Retry=RETRY).status == "FAILED"
    assert [event["Attempt"] for event in handler.events] == [1, 2, 3]


def test_attempts_end_when_the_next_would_begin_after_timeout(
    stack: Stack, handler: Handler
) -> None:
    handler.always(takes(30, raises("E", "no")))

    answer = stack.asks("Create", Timeout=100, Retry={"MaxAttempts": 50, "Interval": 40})

    assert answer.at == 30 + 40 + 30
    assert answer.reason == (
        "E: no; Timeout is 100 s; attempt 2 of 50; full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_a_thousand_attempts_are_made_if_the_author_said_so(stack: Stack, handler: Handler) -> None:
    retry = {"MaxAttempts": 1200, "Interval": 1, "BackoffRate": 2, "MaxInterval": 1}
    handler.plays(*[raises("E", "no")] * 1199, returns(None))

    assert stack.asks("Create", Retry=retry, **HOUR).status == "SUCCESS"


# ---- Expect


@pytest.mark.parametrize(
    ("expected", "result"),
    [
        ({"Ready": True}, {"Ready": True, "Rows": 5}),
        ({"A": {"B": [1, {"C": None}]}}, {"A": {"B": [1, {"C": None}], "D": 1}}),
        ({}, {"Rows": 5}),
        (None, None),
        ([1, 2], [1, 2]),
        (1, 1.0),
        ("ready", "ready"),
    ],
)
def test_a_result_that_contains_what_is_expected_is_a_success(
    stack: Stack, handler: Handler, expected: object, result: object
) -> None:
    handler.plays(returns(result))

    assert stack.asks("Create", Expect=sent(expected)).status == "SUCCESS"


@pytest.mark.parametrize(
    ("expected", "result", "said"),
    [
        ({"Rows": 5}, {"Rows": 4}, "result.Rows is 4, expected 5"),
        ({"Rows": 5}, {"Rows": "5"}, "result.Rows is 5, expected 5"),
        ({"Rows": 5}, {}, "result.Rows is absent, expected 5"),
        ({"Rows": None}, {}, "result.Rows is absent, expected null"),
        ({"A": {"B": 1}}, {"A": {"B": 2}}, "result.A.B is 2, expected 1"),
        ({"A": {"B": 1}}, {"A": [1]}, 'result.A is [1], expected {"B": 1}'),
        ([1, 2], [1, 2, 3], "result is [1, 2, 3], expected [1, 2]"),
        ([{"A": 1}], [{"A": 1, "B": 2}], 'result is [{"A": 1, "B": 2}], expected [{"A": 1}]'),
        (True, 1, "result is 1, expected true"),
        ([True], [1], "result is [1], expected [true]"),
        ({"Ready": True}, None, 'result is null, expected {"Ready": true}'),
        ("ready", "rea" + "dy" * 500, f"result is rea{'dy' * 147}…, expected ready"),
    ],
)
def test_a_result_that_lacks_what_is_expected_is_told_with_what_was_expected(
    stack: Stack, handler: Handler, expected: object, result: object, said: str
) -> None:
    handler.plays(returns(result))

    answer = stack.asks("Create", Expect=sent(expected))

    assert answer.reason == f"Expect: {said}; full log: /aws/lambda/shop-Migrate-1A2B3C"


# ---- OnFailure


def test_with_continue_the_deployment_goes_on_and_the_failure_is_the_attribute_error(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(raises("E", "no"))

    answer = stack.asks("Create", OnFailure="Continue", Attributes=["Rows"])

    assert answer.status == "SUCCESS"
    assert answer.data == {
        "Rows": "",
        "Result": "",
        "Truncated": "",
        "Error": "E: no; full log: /aws/lambda/shop-Migrate-1A2B3C",
    }
    assert world.log[-1]["level"] == "ERROR"


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


@pytest.mark.parametrize(("after", "pause"), [(3, 3), (0.5, 0.5), ("7", 7), (400, 400)])
def test_a_poll_comes_when_the_handler_said(
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


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
@pytest.mark.parametrize("retry_after", [10, 0])
@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_polling_stops_once_the_stack_is_cancelled(
    world: World, kind: Kind, status: str, retry_after: int
) -> None:
    stack, handler = Stack(world), world.handler
    world.stack_becomes(status, after=100)
    handler.always(takes(1, in_progress(retry_after=retry_after)))

    answer = stack.asks(kind)

    assert 100 <= answer.at < 115
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


def test_a_handler_that_outlasts_an_execution_is_told_to_be_polled(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(takes(895, returns(None)))

    answer = stack.asks("Create", **HOUR)

    assert answer.at == 890
    assert answer.reason == (
        "HandlerTooSlow: no answer in 890 s; return IN_PROGRESS in time, to be polled; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_a_handler_that_outlasts_timeout_is_told_so(stack: Stack, handler: Handler) -> None:
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
    stack: Stack, handler: Handler, world: World, fault: Behaviour
) -> None:
    handler.plays(takes(850, in_progress()), returns(None))
    world.hand_overs.plays(fault, Behaviour(status=202))

    assert stack.asks("Create", **HOUR).status == "SUCCESS"


def test_a_hand_over_that_lambda_goes_on_refusing_is_answered_with_a_failure(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(850, in_progress()))
    world.hand_overs.always(throttled())

    answer = stack.asks("Create", **HOUR)

    assert answer.reason.startswith("RuntimeError: no fresh execution to go on in: ")
    assert world.ends == ["returned"]


@pytest.mark.parametrize("seconds", [888, 889.9, 890])
@pytest.mark.parametrize("slow", [0, 4.9, 1e9])
def test_a_hand_over_at_the_last_moment_is_handed_over_or_answered(
    stack: Stack, handler: Handler, world: World, seconds: float, slow: float
) -> None:
    handler.plays(takes(seconds, in_progress()))
    world.hand_overs.always(takes(slow, throttled()))

    assert stack.asks("Create", **HOUR).status == "FAILED"


def test_a_state_too_large_for_a_hand_over_is_answered_with_a_failure(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(850, in_progress("x" * 300_000)))
    world.hand_overs.always(refused(413, "RequestTooLargeException", "too large"))

    assert stack.asks("Create", **HOUR).status == "FAILED"


# ---- is the stack rolling back


def test_an_update_in_a_rollback_asks_about_the_stack_once_and_runs_nothing(
    stack: Stack, handler: Handler, world: World
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")

    answer = stack.asks("Update", physical_id="own")

    assert (answer.status, answer.reason) == ("SUCCESS", "the stack is rolling back")
    assert answer.physical_id == "own"
    assert handler.invocations == []
    assert len(world.stack.times) == 1


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_a_create_or_delete_asks_nothing_about_the_stack(
    stack: Stack, handler: Handler, world: World, kind: Kind
) -> None:
    handler.plays(returns(None))

    stack.asks(kind, ExecuteOnDelete=True)

    assert world.stack.times == []


@pytest.mark.parametrize(
    "failure",
    [raises("E", "no"), returns({}), never_answers()],
    ids=["raises", "lacks an attribute", "too slow"],
)
def test_a_failure_in_a_rollback_is_answered_with_success_and_logged_loudly(
    stack: Stack, handler: Handler, world: World, failure: Behaviour
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    handler.plays(failure)

    answer = stack.asks("Update", ExecuteOnRollback=True, Attributes=["Rows"])

    assert answer.status == "SUCCESS"
    assert answer.data["Rows"] == ""
    assert world.log[-1]["level"] == "ERROR"


def test_an_update_in_a_rollback_that_the_provider_cannot_read_is_answered_with_success(
    stack: Stack, world: World
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")

    assert stack.asks("Update", Payload={"Unknown": "form"}).status == "SUCCESS"


@pytest.mark.parametrize(
    "fault",
    [stack_error(400, "Throttling"), stack_error(503, "Unavailable"), connection_refused()],
    ids=["throttled", "503", "refused"],
)
def test_a_question_about_the_stack_that_did_not_come_through_is_repeated(
    stack: Stack, world: World, fault: Behaviour
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    rolling_back = Behaviour(
        status=200, body=b"<StackStatus>UPDATE_ROLLBACK_IN_PROGRESS</StackStatus>"
    )
    world.stack.plays(fault, fault, rolling_back)

    assert stack.asks("Update").reason == "the stack is rolling back"


@pytest.mark.parametrize(
    "unknown",
    [
        stack_error(403, "AccessDenied"),
        stack_error(400, "ValidationError"),
        Behaviour(status=200, body=b"<DescribeStacksResponse/>"),
    ],
    ids=["denied", "no such stack", "no status"],
)
def test_an_unknown_stack_status_is_a_warning_and_taken_as_no_rollback(
    stack: Stack, handler: Handler, world: World, unknown: Behaviour
) -> None:
    world.stack.plays(unknown)
    handler.plays(returns(None))

    assert stack.asks("Update").status == "SUCCESS"
    assert "WARN" in [entry.get("level") for entry in world.log]
    assert len(handler.invocations) == 1


@pytest.mark.parametrize(
    "fault", [stack_error(400, "Throttling"), never_answers()], ids=["throttled", "hangs"]
)
def test_questions_about_the_stack_outlast_neither_timeout_nor_the_execution(
    stack: Stack, handler: Handler, world: World, fault: Behaviour
) -> None:
    world.stack.always(fault)
    handler.always(in_progress(retry_after=20))

    answer = stack.asks("Update", **HOUR)

    assert answer.at <= 3600
    assert set(world.ends) == {"returned"}


@pytest.mark.parametrize(
    "fault", [stack_error(400, "Throttling"), never_answers()], ids=["throttled", "hangs"]
)
def test_a_short_timeout_is_kept_while_nobody_tells_the_stack_status(
    stack: Stack, handler: Handler, world: World, fault: Behaviour
) -> None:
    world.stack.always(fault)
    handler.always(returns(None))

    answer = stack.asks("Update", Timeout=5)

    assert answer.at <= 65


# ---- Update and Delete


def test_an_update_that_changes_nothing_runs(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None))

    stack.asks("Update")

    assert len(handler.invocations) == 1


ONCE = {"ExecuteOnHandlerChange": False}


def test_without_execute_on_handler_change_an_equal_update_runs_nothing(
    stack: Stack, handler: Handler
) -> None:
    answer = stack.asks("Update", old=ONCE | {"Timeout": 60}, **ONCE)

    assert (answer.status, answer.reason) == ("SUCCESS", "ExecuteOnHandlerChange is false")
    assert handler.invocations == []


@pytest.mark.parametrize(
    "changed",
    [{"Payload": sent({"n": 2})}, {"Fingerprint": {"Deployment": "2"}}, {"Attributes": ["Rows"]}],
    ids=["payload", "fingerprint", "an attribute is read"],
)
def test_without_execute_on_handler_change_a_changed_update_runs(
    stack: Stack, handler: Handler, changed: dict[str, object]
) -> None:
    handler.plays(returns({"Rows": 5}))

    stack.asks("Update", old=ONCE | {"Payload": sent({"n": 1})}, **(ONCE | changed))

    assert len(handler.invocations) == 1


def test_an_equal_update_of_a_trigger_whose_create_failed_runs(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(raises("E", "no"), returns(None))
    created = stack.asks("Create", **ONCE)

    stack.asks("Update", old=ONCE, physical_id=created.physical_id, **ONCE)

    assert len(handler.invocations) == 2


def test_a_delete_with_execute_on_delete_runs_the_handler(stack: Stack, handler: Handler) -> None:
    handler.plays(returns({"Rows": 5}))

    answer = stack.asks("Delete", ExecuteOnDelete=True, physical_id="own")

    assert (answer.status, answer.physical_id) == ("SUCCESS", "own")
    assert handler.events[0]["RequestType"] == "Delete"
    assert handler.events[0]["PhysicalResourceId"] == "own"


@pytest.mark.parametrize("on_failure", ["Fail", "Continue"])
def test_a_delete_that_fails_after_its_retry_is_answered_with_success_and_logged_loudly(
    stack: Stack, handler: Handler, world: World, on_failure: str
) -> None:
    handler.plays(*[raises("E", "no")] * 3)

    answer = stack.asks("Delete", ExecuteOnDelete=True, Retry=RETRY, OnFailure=on_failure)

    assert answer.status == "SUCCESS"
    assert world.log[-1]["level"] == "ERROR"


def test_a_delete_that_succeeds_needs_none_of_the_attributes_that_the_template_reads(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns(None))

    stack.asks("Delete", ExecuteOnDelete=True, Attributes=["Rows"])

    assert world.log[-1]["level"] == "INFO"


# ---- Event and DryRun


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_an_event_or_dry_run_is_handed_to_lambda_and_no_result_is_waited_for(
    stack: Stack, handler: Handler, kind: str
) -> None:
    handler.plays(returns({"Rows": 5}))

    answer = stack.asks("Create", InvocationType=kind, Payload=sent({"n": 1}))

    (invocation,) = handler.invocations
    assert (invocation.type, invocation.event, invocation.context) == (kind, {"n": 1}, None)
    assert answer.data == {"Result": "", "Error": "", "Truncated": ""}


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_an_event_or_dry_run_without_payload_carries_the_description(
    stack: Stack, handler: Handler, kind: str
) -> None:
    handler.plays(returns(None))

    stack.asks("Create", InvocationType=kind)

    assert handler.events[0]["RequestType"] == "Create"


def test_a_dry_run_that_is_denied_for_a_minute_is_a_failure(stack: Stack, handler: Handler) -> None:
    handler.always(denied())

    answer = stack.asks("Create", InvocationType="DryRun")

    assert answer.reason.startswith("AccessDeniedException: ")


# ---- the answer goes out


@pytest.mark.parametrize(
    "fault", [service_error(500), service_error(503), reset_after_send(), connection_refused()]
)
def test_an_answer_that_was_not_taken_is_put_again_unchanged(
    stack: Stack, handler: Handler, world: World, fault: Behaviour
) -> None:
    handler.plays(returns({"Rows": 5}))
    world.bucket.plays(fault, fault, fault)

    assert stack.asks("Create").data["Rows"] == "5"
    assert len(handler.invocations) == 1


def test_an_answer_after_a_handler_that_used_its_time_up_still_has_time_for_a_second_try(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(never_answers())
    world.bucket.plays(never_answers(), Behaviour(status=200))

    assert stack.asks("Create").status == "FAILED"


def test_an_answer_that_nobody_takes_is_given_up_and_logged(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns(None))
    world.bucket.always(service_error())

    assert stack.sends(stack.event("Create")) == []
    assert world.ends == ["returned"]
    assert world.log[-1]["level"] == "ERROR"


# ---- stale and broken events


def test_an_event_that_cloudformation_gave_up_on_is_dropped(
    stack: Stack, handler: Handler, world: World
) -> None:
    event = stack.event("Create", Timeout=900)
    world.pass_time(961)

    assert stack.sends(event) == []
    assert handler.invocations == []
    assert world.ends == ["returned"]


def test_time_that_an_event_spent_in_lambdas_queue_is_part_of_timeout(
    stack: Stack, handler: Handler, world: World
) -> None:
    event = stack.event("Create", Timeout=900)
    world.pass_time(600)
    handler.plays(never_answers())

    stack.sends(event)

    assert world.elapsed == 900


def test_a_response_url_without_a_date_counts_timeout_from_the_first_execution(
    stack: Stack, handler: Handler, world: World
) -> None:
    event = stack.event("Create", Timeout=2000)
    event["ResponseURL"] = "https://bucket.s3.amazonaws.com/answer?Signature=" + SECRET
    handler.always(in_progress())

    (answer,) = stack.sends(event)

    assert world.executions > 1
    assert 1980 <= answer.at <= 2000


@pytest.mark.parametrize(
    "broken",
    [
        {"Timeout": "soon"},
        {"Payload": "a text"},
        {"Payload": {"Skeleton": "{"}},
        {"Payload": sent({}, {"Path": ["a", "b"], "Value": "1"})},
        {"Retry": "often"},
    ],
    ids=["Timeout", "Payload", "Skeleton", "Path", "Retry"],
)
def test_properties_that_the_provider_cannot_read_are_answered_with_a_failure(
    stack: Stack, handler: Handler, broken: dict[str, object]
) -> None:
    answer = stack.asks("Create", **broken)

    assert answer.status == "FAILED"
    assert handler.invocations == []


def test_a_delete_that_the_provider_cannot_read_is_answered_with_success(stack: Stack) -> None:
    assert stack.asks("Delete", Timeout="soon").status == "SUCCESS"


def test_an_old_payload_that_the_provider_cannot_read_stops_no_update(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None))

    answer = stack.asks("Update", old={"Payload": {"Older": "form"}})

    assert answer.status == "SUCCESS"


def test_properties_of_another_macro_version_are_ignored(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None))

    answer = stack.asks("Create", Progress={"began": 0}, Kind="Delete", Newer=[{"Deep": True}])

    assert answer.status == "SUCCESS"
    assert handler.events[0]["RequestType"] == "Create"


@pytest.mark.parametrize("depth", [50, 300, 450, 900, 990, 5000])
def test_an_exception_inside_the_provider_still_answers(
    stack: Stack, handler: Handler, world: World, depth: int
) -> None:
    handler.plays(returns_text("[" * depth + "]" * depth))

    assert stack.asks("Create").status in {"SUCCESS", "FAILED"}
    assert world.ends == ["returned"]


# ---- the log


@pytest.mark.parametrize(
    "behaviour",
    [
        returns({SECRET: SECRET}),
        returns({"Status": "IN_PROGRESS", "EventState": SECRET, "RetryAfter": SECRET}),
        returns({"Expected": SECRET}),
        returns({"PhysicalResourceId": SECRET * 1000}),
        returns_text(SECRET),
    ],
    ids=["success", "bad poll", "not as expected", "bad id", "no JSON"],
)
def test_the_log_holds_neither_payload_nor_result(
    stack: Stack, handler: Handler, behaviour: Behaviour
) -> None:
    handler.plays(behaviour)

    stack.asks("Create", Payload=sent({"password": SECRET}), Expect=sent({SECRET: SECRET}))


def test_each_step_is_one_line_of_the_log(stack: Stack, handler: Handler, world: World) -> None:
    handler.plays(throttled(), raises("E", "no"), in_progress(), returns({"Rows": 5}))

    stack.asks("Create", Retry=RETRY)

    assert [entry["step"] for entry in world.log] == [
        "look",
        "invoke",
        "refused",
        "wait",
        "invoke",
        "failed",
        "wait",
        "invoke",
        "pending",
        "wait",
        "invoke",
        "done",
        "respond",
    ]
