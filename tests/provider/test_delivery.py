"""An event comes in, one answer goes out, and a log tells how, whatever breaks."""

from typing import Any

import pytest

from tests.provider.cloudformation import Kind, Stack, sent
from tests.provider.world import (
    SECRET,
    START,
    Behavior,
    Handler,
    World,
    connection_refused,
    in_progress,
    killed,
    never_answers,
    raises,
    reset_after_send,
    returns,
    returns_text,
    service_error,
    takes,
    throttled,
)

LOG = "/aws/lambda/shop-Migrate-1A2B3C"
RETRY = {"MaxAttempts": 3, "Interval": 4, "BackoffRate": 3, "MaxInterval": 10}


# ---- the answer goes out


@pytest.mark.parametrize(
    "fault", [service_error(500), service_error(503), reset_after_send(), connection_refused()]
)
def test_an_answer_that_was_not_taken_is_put_again_unchanged(
    stack: Stack, handler: Handler, world: World, fault: Behavior
) -> None:
    handler.plays(returns({"Rows": 5}))
    world.bucket.plays(fault, fault, fault)

    assert stack.asks("Create").data["Rows"] == "5"
    assert len(handler.invocations) == 1


def test_an_answer_after_a_handler_that_used_its_time_up_still_has_time_for_a_second_try(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(never_answers())
    world.bucket.plays(never_answers(), Behavior(status=200))

    assert stack.asks("Create").status == "FAILED"


def test_an_answer_that_nobody_takes_is_given_up_when_nobody_waits_for_it_and_logged(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns(None))
    world.bucket.always(service_error())

    assert stack.sends(stack.event("Create")) == []
    assert set(world.ends) == {"returned"}
    assert world.elapsed <= 960
    assert world.log[-1]["level"] == "ERROR"


def test_an_answer_is_put_until_the_last_seconds_in_which_somebody_waits_for_it(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns(None))
    world.bucket.always(service_error())

    stack.sends(stack.event("Create"))

    assert world.bucket.times[-1] - START >= 955


def test_an_answer_is_handed_over_by_an_execution_that_ends_while_nobody_takes_it(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(takes(800, returns({"Rows": 5})))
    world.bucket.plays(*[service_error()] * 30)

    answer = stack.asks("Create", Timeout=3540)

    assert answer.data["Rows"] == "5"
    assert len(handler.invocations) == 1
    assert world.executions == 2


# ---- an event that Lambda delivers twice


def test_a_second_delivery_is_the_same_execution_to_the_handler_and_gets_the_same_answer(
    stack: Stack, handler: Handler
) -> None:
    event = stack.event("Create", Payload=sent({"Table": "orders"}))
    handler.always(returns({"Rows": 5}))

    (first,), (second,) = stack.sends(event), stack.sends(event)

    assert second.body == first.body
    once, again = handler.invocations
    assert again.event == once.event
    assert again.context == once.context


def test_a_second_delivery_is_one_more_attempt_with_the_same_execution_id(
    stack: Stack, handler: Handler
) -> None:
    event = stack.event("Create")
    handler.plays(raises("LookupError", "no such table"), returns({"Rows": 5}))

    (first,), (second,) = stack.sends(event), stack.sends(event)

    assert (first.status, second.status) == ("FAILED", "SUCCESS")  # CloudFormation took the first
    assert len({event["ExecutionId"] for event in handler.events}) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Delete", {}),
        ("Update", {"Enabled": False}),
        ("Update", {"ExecuteOnHandlerChange": False}),
    ],
)
def test_a_second_delivery_of_what_runs_nothing_runs_nothing(
    stack: Stack, handler: Handler, kind: Kind, properties: dict[str, Any]
) -> None:
    event = stack.event(kind, old=properties, **properties)

    (first,), (second,) = stack.sends(event), stack.sends(event)

    assert second.body == first.body
    assert handler.invocations == []


def test_a_second_delivery_that_comes_after_cloudformation_gave_up_is_dropped(
    stack: Stack, handler: Handler, world: World
) -> None:
    event = stack.event("Create", Timeout=900)
    handler.plays(returns(None))
    stack.sends(event)
    world.pass_time(961)

    assert stack.sends(event) == []
    assert len(handler.invocations) == 1


def test_what_a_killed_provider_had_started_is_not_started_again(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(killed(returns({"Rows": 5})))

    assert stack.sends(stack.event("Create")) == []
    assert world.ends == ["killed"]
    assert len(handler.invocations) == 1


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


@pytest.mark.parametrize("date", ["", "X-Amz-Date=today&", "X-Amz-Date=20261399T256199Z&"])
def test_an_answer_to_a_response_url_without_a_date_is_put_as_long_as_to_any_other(
    stack: Stack, handler: Handler, world: World, date: str
) -> None:
    event = stack.event("Create", Timeout=3540)
    event["ResponseURL"] = f"https://bucket.s3.amazonaws.com/answer?{date}Signature=" + SECRET
    handler.plays(takes(600, returns(None)))
    world.bucket.always(service_error())

    assert stack.sends(event) == []
    assert 3590 <= world.bucket.times[-1] - START <= 3600


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
    "behavior",
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
    stack: Stack, handler: Handler, behavior: Behavior, world: World
) -> None:
    handler.plays(behavior)

    stack.asks("Create", Payload=sent({"password": SECRET}), Expect=sent({SECRET: SECRET}))

    assert SECRET not in repr(world.log)


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


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        ("3 of 10 tables", "3 of 10 tables"),
        ({"done": 3}, '{"done": 3}'),
        ("t" * 400, "t" * 297 + "…"),
    ],
)
def test_what_a_handler_says_of_its_progress_is_logged(
    stack: Stack, handler: Handler, world: World, progress: Any, shown: str
) -> None:
    handler.plays(returns({"Status": "IN_PROGRESS", "Progress": progress}), returns(None))

    stack.asks("Create")

    (entry,) = [entry for entry in world.log if entry["step"] == "pending"]
    assert entry["progress"] == shown


def test_what_a_handler_with_no_echo_says_of_its_progress_is_not_logged(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns({"Status": "IN_PROGRESS", "Progress": SECRET}), returns(None))

    stack.asks("Create", NoEcho=True)

    assert [entry for entry in world.log if "progress" in entry] == []


def test_a_result_that_is_not_as_expected_is_quoted_in_the_answer_and_not_in_the_log(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns({"Rows": 4}))

    answer = stack.asks("Create", Expect=sent({"Rows": 5}))

    assert answer.reason == "Expect: result.Rows is 4, expected 5; full log: " + LOG
    assert world.log[-1]["reason"] == "Expect is not met"


@pytest.mark.parametrize("error", ["ExpectedTableMissing", "Expect"])
def test_a_handler_that_raises_is_logged_with_its_own_reason_whatever_its_error_is_called(
    stack: Stack, handler: Handler, world: World, error: str
) -> None:
    handler.plays(raises(error, "no table orders"))

    answer = stack.asks("Create", Expect=sent({"Rows": 5}))

    assert answer.reason == f"{error}: no table orders; full log: {LOG}"
    assert world.log[-1]["reason"] == answer.reason
