"""One start of the handler, and the next: readiness, refusals, failures, expectations."""

import pytest

from tests.provider.cloudformation import Stack, sent
from tests.provider.world import (
    Behavior,
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
    state,
    takes,
    throttled,
)

RETRY = {"MaxAttempts": 3, "Interval": 4, "BackoffRate": 3, "MaxInterval": 10}
HOUR = {"Timeout": 3540}


# ---- before the first start


@pytest.mark.parametrize("unready", [state("Pending"), state(last_update="InProgress")])
def test_the_handler_is_started_only_once_it_is_active_and_up_to_date(
    stack: Stack, handler: Handler, unready: Behavior
) -> None:
    handler.looks.plays(unready, unready, unready)
    handler.plays(returns(None))

    assert stack.asks("Create").status == "SUCCESS"
    assert [invocation.at for invocation in handler.invocations] == [1 + 2 + 4]
    assert len(handler.looks.times) == 4


def test_after_an_update_that_failed_the_handlers_previous_code_does_not_run(
    stack: Stack, handler: Handler
) -> None:
    reason = "The image was deleted."
    handler.looks.always(state(last_update="Failed", LastUpdateStatusReason=reason))

    answer = stack.asks("Create")

    assert handler.invocations == []
    assert answer.reason == (
        "Failed: The image was deleted; the handler still has its previous code; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


def test_after_an_update_that_failed_the_handlers_previous_code_still_deletes(
    stack: Stack, handler: Handler
) -> None:
    handler.looks.always(state(last_update="Failed"))
    handler.plays(returns(None))

    assert stack.asks("Delete", ExecuteOnDelete=True).reason == "done"


def test_an_invocation_that_is_throttled_in_other_words_is_repeated(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(Behavior(status=429), Behavior(status=429), returns({"Rows": 5}))

    assert stack.asks("Create").data["Rows"] == "5"


@pytest.mark.parametrize(
    "conflict",
    [
        refused(409, "com.amazonaws.lambda#ResourceConflictException", "no"),
        Behavior(status=409, body=b'{"__type": "ResourceConflictException"}'),
        Behavior(status=409, body=b'{"code": "ResourceConflictException:http://internal"}'),
    ],
    ids=["namespace", "type", "code"],
)
def test_the_name_of_an_error_is_found_wherever_the_protocol_puts_it(
    stack: Stack, handler: Handler, conflict: Behavior
) -> None:
    handler.plays(conflict, returns({"Rows": 5}))

    assert stack.asks("Create").data["Rows"] == "5"


def test_a_handler_that_never_gets_ready_is_a_failure_at_the_end_of_timeout(
    stack: Stack, handler: Handler
) -> None:
    handler.looks.always(state("Pending"))

    answer = stack.asks("Create", Timeout=120)

    assert handler.invocations == []
    assert answer.reason == (
        "NotReady: the handler is being created or updated; Timeout is 120 s; "
        "full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize(
    "unknown",
    [
        refused(403, "AccessDeniedException", "no"),
        refused(404, "ResourceNotFoundException", "no"),
        service_error(),
        returns_text("<html>"),
        returns_text("[]"),
        state(LoggingConfig=None),
    ],
    ids=["denied", "not found", "500", "no JSON", "a list", "null"],
)
def test_a_look_that_tells_nothing_stops_nothing(
    stack: Stack, handler: Handler, unknown: Behavior
) -> None:
    handler.looks.plays(Behavior(status=unknown.status or 200, body=unknown.body))
    handler.plays(returns(None))

    assert stack.asks("Create").status == "SUCCESS"


@pytest.mark.parametrize("fault", [throttled(), connection_refused(), never_answers()])
def test_a_look_that_did_not_come_through_is_repeated(
    stack: Stack, handler: Handler, fault: Behavior
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
    stack: Stack, handler: Handler, proof: Behavior
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
        pytest.param(Behavior(status=504), id="504 without a body"),
        pytest.param(never_answers(), id="no answer"),
        pytest.param(returns_text("<html>busy</html>"), id="no JSON"),
        pytest.param(returns_text('{"Rows": '), id="half a JSON"),
        pytest.param(Behavior(body=b"\xff\xfe"), id="no text"),
    ],
)
def test_what_may_have_run_the_handler_is_a_failed_attempt_and_never_a_second_start(
    stack: Stack, handler: Handler, ambiguous: Behavior
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
    stack: Stack, handler: Handler, failed: Behavior
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
    ("expected", "result", "reason"),
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
def test_a_result_that_lacks_what_is_expected_is_reported_with_what_was_expected(
    stack: Stack, handler: Handler, expected: object, result: object, reason: str
) -> None:
    handler.plays(returns(result))

    answer = stack.asks("Create", Expect=sent(expected))

    assert answer.reason == f"Expect: {reason}; full log: /aws/lambda/shop-Migrate-1A2B3C"


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
