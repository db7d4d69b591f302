"""The play itself: virtual time, limits, and the lives of a resource."""

from typing import Any

import pytest

from trigger_handler import Handler, Result, in_progress
from trigger_handler.testing import ABSENT, START, Clock, Resource, play


def test_a_handler_without_decorators_can_be_played() -> None:
    def handler(event: Any, _context: Any) -> Any:
        if "EventState" not in event:
            return {"Status": "IN_PROGRESS", "EventState": "job-1", "RetryAfter": 30}
        return {"Job": event["EventState"]}

    resource = Resource(handler=handler)
    answer = resource.create({"Name": "a"})

    assert (answer.status, answer.data["Job"], answer.pauses) == ("SUCCESS", "job-1", (30,))
    assert [invocation.event for invocation in resource.invocations] == [
        {"Name": "a"},
        {"Name": "a", "EventState": "job-1"},
    ]
    assert [invocation.at - START for invocation in resource.invocations] == [0, 30]


def test_a_new_physical_id_replaces_the_resource_and_the_old_one_is_deleted() -> None:
    handler, deleted = Handler(), []

    @handler.create
    def create(event: Any, _context: Any) -> Any:
        return {"PhysicalResourceId": event["ResourceProperties"]["Name"]}

    @handler.delete
    def delete(event: Any, _context: Any) -> None:
        deleted.append((event["PhysicalResourceId"], event["ResourceProperties"]))

    resource = Resource(handler=handler)
    resource.create({"Name": "a"})
    same = resource.update({"Name": "a", "Days": 5})
    other = resource.update({"Name": "b"})
    resource.delete()

    assert same.cleanup is None
    assert other.cleanup is not None
    assert (other.physical_id, other.cleanup.status) == ("b", "SUCCESS")
    assert deleted == [("a", {"Name": "a", "Days": 5}), ("b", {"Name": "b"})]
    assert [invocation.description.get("Old") for invocation in resource.invocations] == [
        None, {"Name": "a"}, {"Name": "a", "Days": 5}, None, None,
    ]  # fmt: skip


def test_a_failing_update_leaves_the_resource_unchanged() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: {"PhysicalResourceId": "b-1"})
    handler.update(lambda _event, _context: {"Status": "FAILED", "Reason": "no"})
    resource = Resource(handler=handler)
    resource.create({"Name": "a"})

    answer = resource.update({"Name": "b"})

    assert (answer.status, answer.reason, answer.data) == ("FAILED", "Failed: no", {})
    assert (resource.physical_id, resource.payload) == ("b-1", {"Name": "a"})


def test_a_resource_that_was_never_created_is_not_deleted() -> None:
    resource = Resource(handler=lambda _event, _context: 1 / 0)
    created = resource.create()

    deleted = resource.delete()

    assert (created.status, created.physical_id) == ("FAILED", "Resource-create-failed")
    assert created.reason == "ZeroDivisionError: division by zero"
    assert isinstance(created.error, ZeroDivisionError)
    assert (deleted.status, deleted.reason, len(resource.invocations)) == ("SUCCESS", "", 1)


def test_a_failing_delete_succeeds_with_a_reason() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: None)
    handler.delete(lambda _event, _context: {"Status": "FAILED", "Reason": "not empty"})
    resource = Resource(handler=handler)
    resource.create()

    answer = resource.delete()

    assert (answer.status, answer.reason) == ("SUCCESS", "Failed: not empty")


def test_a_delete_keeps_its_physical_id_whatever_it_returns() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: {"PhysicalResourceId": "b-1"})
    handler.delete(lambda _event, _context: {"PhysicalResourceId": 5})
    resource = Resource(handler=handler)
    resource.create()

    answer = resource.delete()

    assert (answer.status, answer.reason, answer.physical_id) == ("SUCCESS", "", "b-1")


def test_a_handler_that_waits_in_virtual_time_sees_its_execution_end() -> None:
    clock, seen = Clock(), []

    def handler(_event: Any, context: Any) -> Any:
        while (left := context.get_remaining_time_in_millis()) > 20_000:
            seen.append(left)
            clock.sleep(10)
        return {"Left": left}

    answer = play(handler, clock=clock, function_timeout=60)

    assert (seen, answer.data["Left"]) == ([60_000, 50_000, 40_000, 30_000], "20000")
    assert clock.time() == START + 40


@pytest.mark.parametrize(
    ("waits", "reason"),
    [
        (59, ""),
        (61, "Sandbox.Timedout: Task timed out after 60 seconds"),
    ],
)
def test_a_handler_that_outlasts_its_execution_fails(waits: float, reason: str) -> None:
    clock = Clock()

    answer = play(lambda _event, _context: clock.sleep(waits), clock=clock, function_timeout=60)

    assert answer.reason == reason


def test_a_handler_that_outlasts_the_triggers_timeout_fails() -> None:
    clock = Clock()

    answer = play(lambda _event, _context: clock.sleep(40), clock=clock, timeout=30)

    assert answer.reason == "HandlerTooSlow: no answer in 30 s; Timeout is 30 s"


def test_a_handler_that_is_never_done_fails_at_the_end_of_the_timeout() -> None:
    def handler(_event: Any, _context: Any) -> Result:
        return in_progress(retry_after=100)

    answer = play(handler, timeout=300)

    assert (answer.status, answer.pauses) == ("FAILED", (100, 100))
    assert answer.reason == "Timeout: not done; Timeout is 300 s"


@pytest.mark.parametrize("payload", [ABSENT, {"Name": "a"}])
def test_a_long_state_reaches_the_next_poll(payload: Any) -> None:
    handler = Handler()
    handler.create(lambda _event, _context: in_progress("x" * 3000))
    handler.poll(lambda event, _context: {"Length": len(event["EventState"])})

    assert play(handler, payload=payload).data["Length"] == "3000"


def test_a_state_that_neither_payload_nor_client_context_can_hold_fails() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: in_progress("x" * 3000))

    assert play(handler, payload="a").reason == (
        "ClientContext: no room for EventState; "
        "keep it shorter, or make the Payload an object, which can hold it"
    )


@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀"])
def test_a_payload_of_any_length_can_be_updated(letter: str) -> None:
    handler = Handler()
    handler.create(lambda _event, _context: None)
    handler.update(lambda event, _context: {"Length": len(event["ResourceProperties"])})
    resource = Resource(handler=handler)

    resource.create(letter * 5000)

    assert resource.update(letter * 4000).data["Length"] == "4000"


@pytest.mark.parametrize(
    "read",
    [
        lambda event, name: event[name],
        lambda event, name: event.get(name),
    ],
    ids=["by subscript", "by get"],
)
def test_reading_a_previous_payload_that_was_left_out_is_an_error(read: Any) -> None:
    handler = Handler()
    handler.create(lambda _event, _context: None)
    handler.update(lambda event, _context: {"Old": read(event, "OldResourceProperties")})
    resource = Resource(handler=handler)
    resource.create("x" * 5000)

    assert resource.update("x").reason == (
        "HandlerError: the event has no OldResourceProperties: it does not fit into a client "
        "context; shorten the Payload, or do without it"
    )


def test_an_event_of_which_a_part_was_left_out_is_a_map_without_it() -> None:
    seen: list[Any] = []
    handler = Handler()
    handler.create(lambda _event, _context: None)
    handler.update(lambda event, _context: seen.append((event, event.get("Name", "no"))))
    resource = Resource(handler=handler)
    resource.create("x" * 5000)
    resource.update("x")

    ((event, absent),) = seen
    assert (event["Truncated"], "OldResourceProperties" in event, absent) == (["Old"], False, "no")
    with pytest.raises(KeyError):
        event["Name"]


def test_a_result_that_is_not_json_fails_as_in_lambda() -> None:
    answer = play(lambda _event, _context: {"Rows": {1, 2}})

    assert answer.reason == (
        "Runtime.MarshalError: Unable to marshal response: "
        "Object of type set is not JSON serializable"
    )


def test_the_context_is_like_lambdas() -> None:
    def handler(_event: Any, context: Any) -> Any:
        return {"Names": sorted(name for name in dir(context) if not name.startswith("_"))}

    answer = play(handler)

    assert answer.data["Names"] == (
        '["aws_request_id", "client_context", "clock", "ends", "function_name", '
        '"function_version", "get_remaining_time_in_millis", "identity", '
        '"invoked_function_arn", "log_group_name", "log_stream_name", "memory_limit_in_mb"]'
    )


# ---- a rollback


def test_a_rollback_undoes_the_last_run_with_its_payload_and_result() -> None:
    migrate, revert = Handler(), Handler()
    migrate.create(lambda _event, _context: {"Data": {"Rows": 5}})
    undone: list[tuple[Any, ...]] = []
    revert.rollback(
        lambda event, _context: undone.append((
            event["RollbackOf"], event["RunId"], event["ResourceProperties"], event["Result"],
        ))
    )  # fmt: skip
    resource = Resource(handler=migrate)
    resource.create({"To": "cents"})

    answer = resource.rollback(by=revert)

    run = resource.invocations[0].description["ExecutionId"]
    assert answer.reason == ""
    assert undone == [("Create", run, {"To": "cents"}, {"Data": {"Rows": 5}})]


def test_a_run_that_failed_or_is_undone_is_not_undone() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: {"Status": "FAILED", "Reason": "no"})
    resource = Resource(handler=handler)
    resource.create()

    answer = resource.rollback()

    assert (answer.status, answer.reason) == ("SUCCESS", "")
    assert len(resource.invocations) == 1


def test_a_rollback_that_fails_is_a_success_with_a_reason() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: None)
    handler.rollback(lambda _event, _context: {"Status": "FAILED", "Reason": "no way back"})
    resource = Resource(handler=handler)
    resource.create()

    answer = resource.rollback()

    assert (answer.status, answer.reason) == ("SUCCESS", "Failed: no way back")
