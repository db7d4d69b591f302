"""Handlers written with decorators: what a function is called with, and what its result becomes."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from trigger_handler import (
    CfnLambdaExecutionTimeout,
    Event,
    ExecutionTimeout,
    Handler,
    HandlerError,
    Result,
    in_progress,
)
from trigger_handler.testing import Answer, Resource, play

NO_CONTEXT = SimpleNamespace(client_context=None)
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/6a1cb5f0-8b0e"
REQUEST = {
    "RequestType": "Create",
    "RequestId": "r-1",
    "ExecutionId": "x-1",
    "StackId": STACK,
    "LogicalResourceId": "Bucket",
    "Attempt": 1,
}


def returning(result: Any) -> Handler:
    """Make a handler whose create returns this."""
    handler = Handler()
    handler.create(lambda _event, _context: result)
    return handler


def recording(*kinds: str) -> tuple[Handler, list[tuple[str, dict[str, Any]]]]:
    """Make a handler with these functions, which note who was called with which event."""
    handler, calls = Handler(), list[tuple[str, dict[str, Any]]]()

    def noting(kind: str) -> Callable[[Any, Any], None]:
        return lambda event, _context: calls.append((kind, dict(event)))

    for kind in kinds:
        getattr(handler, kind)(noting(kind))
    return handler, calls


def called(handler: Handler, event: Any, context: Any = NO_CONTEXT) -> dict[str, Any]:
    return handler.answer(event, context, now=1_800_000_000.5)


ROLLBACK = REQUEST | {
    "RequestType": "Rollback", "RollbackOf": "Update", "RunId": "x-0", "Payload": {"Name": "a"},
    "Result": {"Rows": 5},
}  # fmt: skip


# ---- which function


def test_a_rollback_calls_its_function_with_the_payload_of_the_run() -> None:
    handler, calls = recording("create", "rollback")

    called(handler, ROLLBACK)

    ((kind, event),) = calls
    assert kind == "rollback"
    assert (event["RunId"], event["Result"]) == ("x-0", {"Rows": 5})
    assert event["ResourceProperties"] == {"Name": "a"}


def test_a_rollback_whose_context_has_no_result_can_look_it_up() -> None:
    handler = Handler()
    handler.rollback(lambda event, _context: {"Data": {"Result": event.get("Result")}})
    without_result = {name: item for name, item in ROLLBACK.items() if name != "Result"}

    result = called(handler, without_result | {"Truncated": ["Result"]})

    assert result == {"Data": {"Result": None}}


def test_a_rollback_without_its_function_is_an_error() -> None:
    handler, _ = recording("create")

    with pytest.raises(
        HandlerError, match=r"^no function for Rollback; decorate one with @handler\.rollback$"
    ):
        called(handler, ROLLBACK)


def test_each_request_calls_the_function_decorated_for_it() -> None:
    handler, calls = recording("create", "update", "delete")
    resource = Resource(handler=handler)

    resource.create({})
    resource.update({})
    resource.delete()

    assert [kind for kind, _ in calls] == ["create", "update", "delete"]


def test_a_decorated_function_stays_a_function_and_can_serve_several_requests() -> None:
    handler = Handler()

    @handler.create
    @handler.update
    def save(event: Event, _context: Any) -> Result:
        return {"Data": {"Request": event["RequestType"]}}

    resource = Resource(handler=handler)

    assert save.__name__ == "save"
    assert resource.create().data["Request"] == "Create"
    assert resource.update().data["Request"] == "Update"


def test_an_update_calls_create_if_there_is_no_update() -> None:
    handler, calls = recording("create")
    resource = Resource(handler=handler)

    resource.create()
    resource.update()

    assert [(kind, event["RequestType"]) for kind, event in calls] == [
        ("create", "Create"),
        ("create", "Update"),
    ]


def test_a_delete_does_nothing_if_there_is_no_delete() -> None:
    resource = Resource(handler=returning(None))
    resource.create()

    answer = resource.delete()

    assert (answer.status, answer.reason) == ("SUCCESS", "")


def test_a_create_without_a_function_is_an_error_that_names_the_decorator() -> None:
    handler, _ = recording("delete")

    answer = play(handler)

    assert (
        answer.reason == "HandlerError: no function for Create; decorate one with @handler.create"
    )


def test_an_update_without_a_function_is_an_error_too() -> None:
    handler, _ = recording("delete")

    with pytest.raises(HandlerError) as caught:
        called(handler, REQUEST | {"RequestType": "Update", "PhysicalResourceId": "b-1"})

    assert str(caught.value) == "no function for Update; decorate one with @handler.update"


def test_a_call_whose_result_is_dropped_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    helper, _ = recording("create")

    def handler(event: Any, context: Any) -> None:
        helper(event, context)

    handler(REQUEST, None)

    assert caplog.messages == ["handler drops the result of the Handler that it calls; return it"]


def test_a_call_whose_result_is_used_logs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    helper, _ = recording("create")

    def returns_it(event: Any, context: Any) -> Any:
        return helper(event, context)

    def keeps_it(event: Any, context: Any) -> Any:
        result = helper(event, context)
        return {**result, "Rows": 5}

    for handler in (returns_it, keeps_it, helper):
        assert handler(REQUEST, None) is not None

    assert caplog.messages == []


@pytest.mark.parametrize(
    "old_id", ["Bucket-create-failed", "shop-Bucket-1KXVQZ3F8R0B2", "shop-Bucket-6n9aT7cqtHef"]
)
def test_an_update_of_a_resource_that_was_never_created_is_a_create(old_id: str) -> None:
    handler, calls = recording("create", "update")

    called(handler, REQUEST | {"RequestType": "Update", "PhysicalResourceId": old_id, "Old": {}})

    ((kind, event),) = calls
    assert (kind, event["RequestType"]) == ("create", "Create")
    assert "PhysicalResourceId" not in event
    assert "OldResourceProperties" not in event


# ---- the event


def test_the_event_is_the_description_if_there_is_no_payload() -> None:
    handler, calls = recording("create")

    called(handler, REQUEST)

    assert calls == [
        ("create", REQUEST | {"ResourceProperties": {}, "CreationTime": 1_800_000_000})
    ]


@pytest.mark.parametrize("payload", [{"Name": "a", "Days": 5}, ["a"], "a", 5, None, False, {}])
def test_the_payload_becomes_the_resource_properties(payload: Any) -> None:
    handler, calls = recording("create")
    custom = {"trigger": json.dumps(REQUEST)}
    context = SimpleNamespace(client_context=SimpleNamespace(custom=custom))

    called(handler, payload, context)

    assert calls == [
        ("create", REQUEST | {"ResourceProperties": payload, "CreationTime": 1_800_000_000})
    ]


def test_an_update_has_the_old_properties_and_a_delete_the_last_ones() -> None:
    handler, calls = recording("create", "update", "delete")
    resource = Resource(handler=handler)

    resource.create({"Name": "a"})
    resource.update({"Name": "b"})
    resource.delete()

    told = [(e["ResourceProperties"], e.get("OldResourceProperties")) for _, e in calls]
    assert told == [({"Name": "a"}, None), ({"Name": "b"}, {"Name": "a"}), ({"Name": "b"}, None)]


def test_the_old_properties_are_empty_if_there_was_no_payload() -> None:
    handler, calls = recording("create", "update")
    resource = Resource(handler=handler)

    resource.create()
    resource.update({"Name": "b"})

    assert calls[1][1]["OldResourceProperties"] == {}


def test_the_stack_status_is_unknown_where_cfn_lambda_handler_reads_it() -> None:
    handler, calls = recording("create", "update", "delete")
    resource = Resource(handler=handler)

    resource.create()
    resource.update()
    resource.delete()

    told = [(e.get("StackStatus"), e.get("StackStatusReason")) for _, e in calls]
    assert told == [(None, None), ("UNKNOWN", "UNKNOWN"), ("UNKNOWN", "UNKNOWN")]


@pytest.mark.parametrize("event", [{}, {"Name": "a"}, ["a"], None])
def test_an_event_without_a_description_is_an_error(event: Any) -> None:
    with pytest.raises(HandlerError) as caught:
        called(returning(None), event)

    assert str(caught.value) == (
        "the event has no RequestType; with a Payload, use InvocationType RequestResponse"
    )


def test_an_event_from_cloudformation_itself_is_an_error_because_nothing_would_respond() -> None:
    with pytest.raises(HandlerError) as caught:
        called(returning(None), REQUEST | {"ResponseURL": "https://example.com"})

    assert str(caught.value) == (
        "CloudFormation invoked this function directly, so nothing responds to it; "
        "make the function the Handler of a Custom::Trigger"
    )


# ---- the result


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"Rows": 5},
        {"Status": "SUCCESS", "PhysicalResourceId": "b-1", "Data": {"Arn": "x"}},
        {"Status": "FAILED", "Reason": "no such zone"},
        {"Status": "FAILURE", "Reason": "no such zone"},
        {"Data": None},
    ],
)
def test_a_result_reaches_the_provider_unchanged(result: Any) -> None:
    assert called(returning(result), REQUEST) == result


def test_a_function_that_returns_nothing_has_succeeded() -> None:
    assert called(returning(None), REQUEST) == {}


def test_values_that_are_not_json_become_strings() -> None:
    made = {"Made": date(2026, 11, 21), "Tag": b"x", "Rows": [Decimal("1.5")]}

    assert called(returning({"Data": made}), REQUEST) == {
        "Data": {"Made": "2026-11-21", "Tag": "x", "Rows": ["1.5"]}
    }


def test_a_function_can_write_its_result_into_the_event_and_return_that() -> None:
    handler = Handler()

    @handler.create
    def create(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        event["PhysicalResourceId"] = "b-1"
        event["Timeout"] = 60
        event["Data"] = {"Arn": "x"}
        event["Status"] = "SUCCESS"
        return event

    assert called(handler, REQUEST) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "b-1",
        "Data": {"Arn": "x"},
    }


def test_a_physical_id_in_the_event_counts_unless_the_result_has_one() -> None:
    handler = Handler()

    @handler.create
    def create(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        event["PhysicalResourceId"] = "b-1"
        return dict(event["ResourceProperties"])

    assert play(handler, payload={}).physical_id == "b-1"
    assert play(handler, payload={"PhysicalResourceId": "b-2"}).physical_id == "b-2"


def test_an_unchanged_physical_id_is_left_to_the_provider() -> None:
    handler, _ = recording("update")

    told = called(handler, REQUEST | {"RequestType": "Update", "PhysicalResourceId": "b-1"})

    assert told == {}


def test_an_exception_reaches_the_provider_unchanged() -> None:
    handler = Handler()

    @handler.create
    def create(event: Any, _context: Any) -> None:
        raise LookupError(event["LogicalResourceId"])

    with pytest.raises(LookupError) as caught:
        called(handler, REQUEST)

    assert caught.value.__traceback__ is not None
    assert caught.value.args == ("Bucket",)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("b-1", "create returned str; return a dict, or nothing"),
        ([1], "create returned list; return a dict, or nothing"),
        (True, "create returned bool; return a dict, or nothing"),
        (
            {"Status": "DONE"},
            "create returned the Status 'DONE'; use one of SUCCESS, FAILED, FAILURE, IN_PROGRESS",
        ),
        (
            {"Status": None},
            "create returned the Status None; use one of SUCCESS, FAILED, FAILURE, IN_PROGRESS",
        ),
        ({"Data": ["x"]}, "create returned Data of type list; make it a dict"),
    ],
)
def test_a_bad_result_is_an_error_that_names_the_function(result: Any, message: str) -> None:
    handler = Handler()

    @handler.create
    def create(_event: Any, _context: Any) -> Any:
        return result

    with pytest.raises(HandlerError) as caught:
        called(handler, REQUEST)

    assert str(caught.value) == message


# ---- not done yet


def polling(first: Any, *polls: Any) -> tuple[Handler, list[Any]]:
    """Make a handler that returns or raises these in turn, and the states it was polled with."""
    handler, states, results = Handler(), list[Any](), [first, *polls]

    def play_next(event: Any, _context: Any) -> Any:
        states.append(event.get("EventState", "none"))
        if isinstance(result := results.pop(0), Exception):
            raise result
        return result

    handler.create(play_next)
    handler.poll(play_next)
    return handler, states


def test_a_function_that_is_not_done_is_polled_with_its_state_after_its_pause() -> None:
    handler, states = polling(
        in_progress({"page": 1}, 30), in_progress({"page": 2}, 5), {"Rows": 7}
    )

    answer = play(handler)

    assert states == ["none", {"page": 1}, {"page": 2}]
    assert answer.data["Rows"] == "7"
    assert answer.pauses == (30, 5)


@pytest.mark.parametrize("payload", [{"Name": "a"}, ["a"], "a"])
def test_a_poll_receives_the_original_payload(payload: Any) -> None:
    handler, calls = recording("poll")
    handler.create(lambda _event, _context: in_progress("job-1"))

    play(handler, payload=payload)

    ((_, event),) = calls
    assert (event["ResourceProperties"], event["EventState"]) == (payload, "job-1")


def test_an_execution_timeout_leads_to_a_poll_with_its_state() -> None:
    handler, states = polling(ExecutionTimeout({"page": 1}), ExecutionTimeout("x", 3), None)

    answer = play(handler, poll_interval=20)

    assert states == ["none", {"page": 1}, "x"]
    assert answer.pauses == (20, 3)


@pytest.mark.parametrize("timeout", [CfnLambdaExecutionTimeout(), CfnLambdaExecutionTimeout({})])
def test_the_old_name_of_the_execution_timeout_has_an_empty_state_by_default(
    timeout: Exception,
) -> None:
    handler, states = polling(timeout, None)

    play(handler)

    assert states == ["none", {}]


def test_a_poll_without_a_new_state_keeps_the_previous_one() -> None:
    handler, states = polling(in_progress("job-1"), in_progress(), {"Status": "IN_PROGRESS"}, None)

    play(handler)

    assert states == ["none", "job-1", "job-1", "job-1"]


def test_the_function_that_was_not_done_is_called_again_if_there_is_no_poll() -> None:
    handler = Handler()

    @handler.create
    def create(event: Any, _context: Any) -> Result:
        return in_progress(1) if "EventState" not in event else {"Data": {"Seen": 1}}

    assert play(handler).data["Seen"] == "1"


def test_a_poll_has_the_ids_of_its_request() -> None:
    handler, calls = recording("poll")
    for decorate in (handler.create, handler.update, handler.delete):
        decorate(lambda _event, _context: in_progress())
    resource = Resource(handler=handler)

    resource.create()
    resource.update()
    resource.delete()

    told = [(event["RequestType"], event["EventStatus"]) for _, event in calls]
    assert told == [("Create", "Poll"), ("Update", "Poll"), ("Delete", "Poll")]


def test_keys_that_a_function_adds_to_its_event_reach_the_polls() -> None:
    handler, calls = recording("poll")

    @handler.create
    def create(event: dict[str, Any], _context: Any) -> None:
        event["PhysicalResourceId"] = "b-1"
        event["Job"] = {"Id": 7}
        event["ResourceProperties"]["Name"] = "changed"
        raise ExecutionTimeout

    answer = play(handler, payload={"Name": "a"})

    ((_, event),) = calls
    assert (event["PhysicalResourceId"], event["Job"]) == ("b-1", {"Id": 7})
    assert event["ResourceProperties"] == {"Name": "a"}
    assert answer.physical_id == "b-1"


def test_a_status_written_into_the_event_does_not_reach_the_polls() -> None:
    handler = Handler()

    @handler.create
    def create(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        event |= {
            "Status": "IN_PROGRESS",
            "RetryAfter": 5,
            "Reason": "not yet",
            "Progress": "1 of 2",
        }
        return event

    @handler.poll
    def poll(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        event["Data"] = {"Rows": 7}
        return event

    answer = play(handler)

    assert (answer.status, answer.data["Result"]) == ("SUCCESS", '{"Data": {"Rows": 7}}')
    assert answer.pauses == (5,)


def test_a_physical_id_returned_with_in_progress_is_the_final_one() -> None:
    handler, _ = polling({"Status": "IN_PROGRESS", "PhysicalResourceId": "b-1"}, None)

    assert play(handler).physical_id == "b-1"


def test_the_state_of_a_handler_without_decorators_is_passed_on() -> None:
    handler, calls = recording("poll")

    called(handler, REQUEST | {"EventState": {"page": 1}})

    ((_, event),) = calls
    assert event["EventState"] == {"page": 1}
    assert "page" not in event


def test_a_poll_has_a_state_even_if_none_was_returned() -> None:
    handler, states = polling(in_progress(), None)

    play(handler)

    assert states == ["none", None]


# ---- the Timeout that a handler sets


def slow(timeout: Any) -> Handler:
    """Make a handler that is never done and sets this Timeout."""
    handler = Handler()

    @handler.create
    def create(event: dict[str, Any], _context: Any) -> Result:
        event["Timeout"] = timeout
        return in_progress()

    @handler.poll
    def poll(_event: Any, _context: Any) -> Result:
        return in_progress()

    return handler


@pytest.mark.parametrize("timeout", [45, "45"])
def test_a_timeout_in_the_event_ends_the_polls(timeout: Any) -> None:
    answer = play(slow(timeout))

    assert answer.reason == "Failed: not done in 45 s, the Timeout that the handler set"
    assert answer.pauses == (10, 10, 10, 10, 10)


@pytest.mark.parametrize("timeout", [None, 0, 1800])
def test_the_triggers_timeout_ends_the_polls_if_the_event_has_none_or_a_longer_one(
    timeout: Any,
) -> None:
    answer = play(slow(timeout), timeout=60)

    assert answer.reason == "Timeout: not done; Timeout is 60 s"


def test_the_last_progress_is_the_reason_of_a_timeout() -> None:
    handler = Handler()
    handler.create(lambda _event, _context: in_progress(progress="3 of 10 tables"))

    answer = play(handler, timeout=60)

    assert answer.reason == "Timeout: 3 of 10 tables; Timeout is 60 s"


# ---- what is taken for the sake of older code


def test_the_options_of_cfn_lambda_handler_are_accepted() -> None:
    handler = Handler(secure_attributes=["Pin"], resolve_secrets=False)
    handler.create(lambda _event, _context: {"Data": {"Pin": "x"}})

    assert play(handler).data["Pin"] == "x"


def test_the_handler_reads_the_clock_when_lambda_calls_it() -> None:
    handler, calls = recording("create")

    handler(REQUEST, NO_CONTEXT)
    handler(REQUEST, NO_CONTEXT)

    ((_, first), (_, second)) = calls
    assert 1_700_000_000 < first["CreationTime"] <= second["CreationTime"]


def test_a_played_answer_has_the_exception_with_its_traceback() -> None:
    answer: Answer = play(returning(object))

    assert isinstance(answer.error, HandlerError)
