"""What each request runs: an Update, in a rollback or not, a Delete, an Event, a DryRun."""

import pytest

from tests.provider.cloudformation import Kind, Stack, sent
from tests.provider.world import (
    Behavior,
    Handler,
    World,
    connection_refused,
    denied,
    in_progress,
    never_answers,
    raises,
    returns,
    stack_error,
)

RETRY = {"MaxAttempts": 3, "Interval": 4, "BackoffRate": 3, "MaxInterval": 10}
HOUR = {"Timeout": 3540}


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
    stack: Stack, handler: Handler, world: World, failure: Behavior
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

    answer = stack.asks("Update", Payload={"Unknown": "form"})

    assert (answer.status, answer.reason) == ("SUCCESS", "the stack is rolling back")


def test_an_update_that_the_provider_cannot_read_is_a_failure_outside_a_rollback(
    stack: Stack,
) -> None:
    answer = stack.asks("Update", Payload={"Unknown": "form"})

    assert (answer.status, answer.reason) == (
        "FAILED",
        "KeyError: 'Skeleton'; full log: the trigger provider's",
    )


def test_a_request_whose_date_cannot_be_read_is_served(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None))
    event = stack.event("Create") | {"ResponseURL": "https://bucket/answer?X-Amz-Date=today"}

    assert [answer.status for answer in stack.sends(event)] == ["SUCCESS"]


@pytest.mark.parametrize(
    "fault",
    [
        stack_error(400, "Throttling"),
        stack_error(400, "RequestLimitExceeded"),
        stack_error(403, "ExpiredToken"),
        stack_error(404, "NotFound"),
        stack_error(429, "TooManyRequests"),
        stack_error(503, "Unavailable"),
        connection_refused(),
    ],
    ids=["throttled", "limit", "expired", "404", "429", "503", "refused"],
)
def test_a_question_about_the_stack_that_did_not_come_through_is_repeated(
    stack: Stack, world: World, fault: Behavior
) -> None:
    world.stack_becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    rolling_back = Behavior(
        status=200, body=b"<StackStatus>UPDATE_ROLLBACK_IN_PROGRESS</StackStatus>"
    )
    world.stack.plays(fault, fault, rolling_back)

    assert stack.asks("Update").reason == "the stack is rolling back"


@pytest.mark.parametrize(
    "unknown",
    [
        stack_error(403, "AccessDenied"),
        stack_error(400, "ValidationError"),
        Behavior(status=200, body=b"<DescribeStacksResponse/>"),
    ],
    ids=["denied", "no such stack", "no status"],
)
def test_an_unknown_stack_status_is_a_warning_and_taken_as_no_rollback(
    stack: Stack, handler: Handler, world: World, unknown: Behavior
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
    stack: Stack, handler: Handler, world: World, fault: Behavior
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
    stack: Stack, handler: Handler, world: World, fault: Behavior
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
