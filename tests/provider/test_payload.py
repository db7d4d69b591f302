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
def test_no_value_removes_its_key_or_item(stack: Stack, payload: Any, event: Any) -> None:
    assert started_with(stack, payload) == event


def test_a_payload_without_a_value_counts_as_none(stack: Stack) -> None:
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


def test_with_a_payload_the_description_is_the_client_context(
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
def test_a_payload_that_is_not_an_object_is_polled_verbatim(
    stack: Stack, handler: Handler, payload: Any
) -> None:
    handler.plays(in_progress({"page": 1}), returns(None))

    stack.asks("Create", Payload=sent(payload))

    assert handler.events == [payload, payload]
    assert handler.invocations[1].context["EventState"] == {"page": 1}


LETTERS = ["x", '"', "é", "漢", "😀", "\x00", "\ud800"]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_previous_payload_that_a_client_context_cannot_hold_is_left_out_and_named(
    stack: Stack, handler: Handler, letter: str
) -> None:
    handler.plays(returns(None))
    old = {"Payload": sent(letter * 4000)}

    answer = stack.asks("Update", Payload=sent(letter * 4000), old=old, physical_id="own")

    (invocation,) = handler.invocations
    assert answer.status == "SUCCESS"
    assert invocation.context["Truncated"] == ["Old"]
    assert "Old" not in invocation.context
    assert invocation.context["PhysicalResourceId"] == "own"


def test_nothing_is_named_as_left_out_where_all_has_room(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None))

    stack.asks("Update", Payload=sent("new"), old={"Payload": sent("old")})

    assert handler.invocations[0].context["Old"] == "old"
    assert "Truncated" not in handler.invocations[0].context


@pytest.mark.parametrize("letter", LETTERS)
def test_a_state_that_only_the_payload_can_hold_is_in_the_payload_alone(
    stack: Stack, handler: Handler, letter: str
) -> None:
    state = letter.replace("\ud800", "?") * 3000
    handler.plays(in_progress(letter * 3000), returns(None))

    assert stack.asks("Create", Payload=sent({"n": 1})).status == "SUCCESS"

    second = handler.invocations[1]
    assert second.event == {"n": 1, "EventState": state}
    assert second.context["Truncated"] == ["EventState"]
    assert "EventState" not in second.context


def test_a_state_that_has_room_only_in_utf_8_is_written_so(stack: Stack, handler: Handler) -> None:
    handler.plays(in_progress("😀" * 400), returns(None))

    assert stack.asks("Create", Payload=sent("a text")).status == "SUCCESS"
    assert handler.invocations[1].context["EventState"] == "😀" * 400


def test_a_state_that_neither_payload_nor_client_context_can_hold_fails_the_attempt(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(in_progress("x" * 3000))

    assert stack.asks("Create", Payload=sent("a text")).reason == (
        "ClientContext: no room for EventState; keep it shorter, or make the Payload an object, "
        "which can hold it; full log: /aws/lambda/shop-Migrate-1A2B3C"
    )


@pytest.mark.parametrize("letter", [letter for letter in LETTERS if letter != "\x00"])
def test_the_longest_ids_leave_room_in_a_client_context(
    stack: Stack, handler: Handler, letter: str
) -> None:
    physical_id = letter * (1024 // len(letter.encode(errors="replace")))
    handler.plays(returns(None), returns(None))

    for payload in ("a text", {"n": 1}):
        stack.sends(
            stack.event(
                "Update",
                Payload=sent(payload),
                old={"Payload": sent("x" * 2000)},
                physical_id=physical_id,
                request_id="r" * 128,
                of="L" * 255,
            )
        )

    contexts = [invocation.context for invocation in handler.invocations]
    assert [context["LogicalResourceId"] for context in contexts] == ["L" * 255] * 2
    for context in contexts:
        is_named = "PhysicalResourceId" in context["Truncated"]
        assert ("PhysicalResourceId" not in context) == is_named


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
