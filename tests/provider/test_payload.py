"""What a handler is started with: its payload, the description of the event, the execution id."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro.encode import skeleton
from tests.provider.cloudformation import Kind, Stack, sent
from tests.provider.world import STACK_ID, Handler, World, in_progress, raises, returns, takes

NO_VALUE = {"Ref": "AWS::NoValue"}


def hole(*path: str, value: Any = None) -> dict[str, Any]:
    """Return a value that CloudFormation resolved, or `AWS::NoValue`."""
    return {"Path": list(path)} | ({} if value is None else {"Value": value})


def started_with(stack: Stack, payload: Any) -> Any:
    stack.world.handler.plays(returns(None))
    assert stack.asks("Create", Payload=payload).status == "SUCCESS"
    return stack.world.handler.events[-1]


# ---- payload


@pytest.mark.parametrize(
    "payload", [5, 5.5, True, None, "5", "", [], {}, [[1], {"a": None}], {"n": 5, "on": False}]
)
def test_a_payload_arrives_with_its_literal_types(stack: Stack, payload: Any) -> None:
    assert repr(started_with(stack, sent(payload))) == repr(payload)


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (sent(None, hole(value="x")), "x"),
        (sent({"a": None}, hole("a", value="x")), {"a": "x"}),
        (sent({"a": [0, None]}, hole("a", "1", value="x")), {"a": [0, "x"]}),
        (sent({"0": None}, hole("0", value="x")), {"0": "x"}),
        (sent({"a": {"b": [{"c": None}]}}, hole("a", "b", "0", "c", value=["x", "y"])),
         {"a": {"b": [{"c": ["x", "y"]}]}}),
        (sent({"a.b": None}, hole("a.b", value="x")), {"a.b": "x"}),
    ],
)  # fmt: skip
def test_a_value_that_cloudformation_resolved_stands_at_its_place_at_any_depth(
    stack: Stack, payload: Any, event: Any
) -> None:
    assert started_with(stack, payload) == event


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (sent({"a": None, "b": 1}, hole("a")), {"b": 1}),
        (sent([None, 1, None, 2], hole("0"), hole("2")), [1, 2]),
        (sent([None, [None]], hole("0"), hole("1", "0", value="x")), [["x"]]),
        (sent([None, None], hole("0"), hole("1", value="x")), ["x"]),
    ],
)
def test_what_is_no_value_is_not_there(stack: Stack, payload: Any, event: Any) -> None:
    assert started_with(stack, payload) == event


def test_a_payload_that_is_no_value_is_as_good_as_none(stack: Stack) -> None:
    assert started_with(stack, sent(None, hole()))["RequestType"] == "Create"


def test_expected_values_may_be_resolved_by_cloudformation(stack: Stack, handler: Handler) -> None:
    handler.plays(returns({"Table": "orders-1A2B"}))

    answer = stack.asks("Create", Expect=sent({"Table": None}, hole("Table", value="orders-1A2B")))

    assert answer.status == "SUCCESS"


REFERENCE = st.sampled_from([{"Ref": "Table"}, {"Fn::Sub": "${Table}"}, NO_VALUE])
PAYLOAD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | REFERENCE,
    lambda item: (
        st.lists(item, max_size=4)
        | st.dictionaries(st.text(max_size=3).filter(lambda key: key != "Ref"), item, max_size=4)
    ),
    max_leaves=25,
)


def resolved(node: Any) -> Any:
    """Resolve a template's intrinsics as CloudFormation does: no value is not there."""
    match node:
        case {"Ref": _} | {"Fn::Sub": _}:
            return "orders-1A2B"
        case dict():
            return {key: resolved(item) for key, item in node.items() if item != NO_VALUE}
        case list():
            return [resolved(item) for item in node if item != NO_VALUE]
    return node


@settings(max_examples=100, deadline=None)
@given(PAYLOAD.filter(lambda payload: payload != NO_VALUE))
def test_any_payload_of_a_template_arrives_as_cloudformation_would_resolve_it(payload: Any) -> None:
    assert started_with(Stack(World()), resolved(skeleton(payload))) == resolved(payload)


# ---- the description of the event


def test_without_payload_the_handler_gets_a_description_of_the_event(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None))

    stack.asks("Create", request_id="r-1")

    (described,) = handler.events
    assert len(described.pop("ExecutionId")) == 32
    assert described == {
        "RequestType": "Create",
        "RequestId": "r-1",
        "StackId": STACK_ID,
        "LogicalResourceId": "RunMigration",
        "Attempt": 1,
    }


def test_an_update_is_described_with_its_physical_id_and_the_old_payload(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None))

    stack.asks("Update", physical_id="own", old={"Payload": sent({"n": 1})})

    (described,) = handler.events
    assert described["PhysicalResourceId"] == "own"
    assert described["Old"] == {"n": 1}


def test_beside_a_payload_the_description_is_the_client_context(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(in_progress({"page": 1}), returns(None))

    stack.asks("Update", Payload=sent({"n": 2}), old={"Payload": sent({"n": 1})}, physical_id="own")

    first, second = handler.invocations
    assert (first.event, second.event) == ({"n": 2}, {"n": 2, "EventState": {"page": 1}})
    assert first.context.keys() == {
        "RequestType", "RequestId", "StackId", "LogicalResourceId", "PhysicalResourceId",
        "ExecutionId", "Attempt", "Old",
    }  # fmt: skip
    assert second.context == first.context | {"EventState": {"page": 1}}


@pytest.mark.parametrize("payload", [[1], "text", None, 5])
def test_a_payload_that_is_no_object_is_polled_verbatim(
    stack: Stack, handler: Handler, payload: Any
) -> None:
    handler.plays(in_progress({"page": 1}), returns(None))

    stack.asks("Create", Payload=sent(payload))

    assert handler.events == [payload, payload]
    assert handler.invocations[1].context["EventState"] == {"page": 1}


@pytest.mark.parametrize(("state", "answered"), [("x" * 1500, "SUCCESS"), ("x" * 3000, "FAILED")])
def test_a_description_too_long_for_a_client_context_fails_the_attempt(
    stack: Stack, handler: Handler, state: str, answered: str
) -> None:
    handler.plays(in_progress(state), returns(None))

    answer = stack.asks("Create", Payload=sent({}))

    assert answer.status == answered
    if answered == "FAILED":
        assert answer.reason == (
            "ClientContext: EventState and Old are over 3,583 bytes; "
            "full log: /aws/lambda/shop-Migrate-1A2B3C"
        )


# ---- the execution id


def execution_ids(handler: Handler) -> list[str]:
    return [invocation.description["ExecutionId"] for invocation in handler.invocations]


@pytest.mark.parametrize("payload", [{}, {"Payload": sent({"n": 1})}], ids=["none", "payload"])
def test_the_execution_id_is_the_same_across_attempts_polls_and_hand_overs(
    stack: Stack, handler: Handler, world: World, payload: dict[str, Any]
) -> None:
    handler.plays(raises("E", "no"), in_progress(), takes(870, raises("E", "no")), returns(None))

    stack.asks("Create", Retry={"MaxAttempts": 9}, Timeout=3540, **payload)

    assert world.executions > 1
    assert len(handler.invocations) == 4
    assert len(set(execution_ids(handler))) == 1


def test_a_request_id_that_cloudformation_uses_again_has_another_execution_id(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.always(returns(None))

    for _ in range(2):
        stack.asks("Create", request_id="r-1")
        world.pass_time(100)

    assert len(set(execution_ids(handler))) == 2


def test_an_event_that_lambda_delivers_twice_has_one_execution_id(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.always(returns(None))
    event = stack.event("Create")

    stack.sends(event)
    world.pass_time(30)
    stack.sends(event)

    assert len(set(execution_ids(handler))) == 1


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_two_triggers_of_one_deployment_have_two_execution_ids(
    stack: Stack, handler: Handler, kind: Kind
) -> None:
    handler.always(returns(None))

    for name in ("A", "B"):
        stack.asks(kind, of=name, request_id="r-1")

    assert len(set(execution_ids(handler))) == 2
