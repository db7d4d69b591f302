"""The play and the provider agree: on what is sent, on every judgement, on whole lives.

The laws: whatever a handler answers, `trigger_handler.testing` starts it as often, with the same
events and pauses, and comes to the same answer as the provider itself does in virtual time.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provider.cloudformation import Stack, sent
from tests.provider.world import STACK_ID, Behavior, World, raises, returns
from trigger_handler import testing
from trigger_provider.answer import attribute, attributes, physical_id, unusable
from trigger_provider.calls import invocation
from trigger_provider.request import ABSENT, Progress, Request, RequestType, bare_request
from trigger_provider.result import judge
from trigger_provider.text import as_text

NAMES = st.sampled_from(["Rows", "EventState", "A", "A.B", "Result", "Error", "Truncated", "é"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 9) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
AFTER: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 0.5, 1, 3, 40, 10**9, 10**400, "7", "x", -1, True, [], ""]
)
IDS = st.sampled_from(["b-1", "b-2", "", None, 5, "x" * 1024, "x" * 1025, "é" * 513])
STATUSES = st.sampled_from(
    ["IN_PROGRESS", "InProgress", "SUCCESS", "FAILED", "failed", "FAILURE", "DONE", None, 5]
)
RESULTS = JSON | st.fixed_dictionaries(
    {},
    optional={
        "Status": STATUSES,
        "Reason": st.sampled_from(["no such zone", "", None, 5]),
        "RetryAfter": AFTER,
        "EventState": JSON,
        "PhysicalResourceId": IDS,
        "IsComplete": st.sampled_from([True, False, None, 0, 1, "", "True", "False"]),
        "Data": JSON,
        "Rows": JSON,
    },
)
SIZES = st.integers(0, 3000)
PAYLOADS = st.just(testing.ABSENT) | JSON
LONG = st.builds(lambda text, count: text * count, st.sampled_from(["x", "é", "😀"]), SIZES)
LONG_PAYLOADS = PAYLOADS | LONG | st.fixed_dictionaries({"A": LONG})
MANY = settings(max_examples=300)


@given(result=RESULTS)
@MANY
def test_both_judge_a_result_alike(result: Any) -> None:
    request = Request({}, "Create", "Run", "")

    theirs = judge(request, result)
    ours = testing.judge(result)

    assert (ours.kind, ours.why) == (
        theirs.kind,
        ": ".join(filter(None, [theirs.error, theirs.message])),
    )


@given(result=RESULTS)
@MANY
def test_both_name_and_write_attributes_alike(result: Any) -> None:
    whole = [("Result", attribute(result, "Result"))]
    theirs = {name: as_text(item) for name, item in [*attributes(result), *whole]}

    assert testing.attributes(result) == theirs


@given(result=RESULTS, kind=st.sampled_from(["Create", "Update", "Delete"]))
@MANY
def test_both_refuse_and_choose_physical_ids_alike(result: Any, kind: testing.Kind) -> None:
    old_id = "" if kind == "Create" else "Run-0123456789ab"
    event = {"StackId": testing.STACK_ID}
    request = Request(event, kind, "Run", old_id)

    theirs = unusable(request, result)

    assert testing.physical_id_problem(result) == (
        f"{theirs.error}: {theirs.message}" if theirs else ""
    )
    if not theirs:
        own_id = judge(request, result).physical_id
        ours = testing.physical_id("Run", kind, old_id, own_id)
        assert ours == physical_id(request, Progress(0, physical_id=own_id))


@given(
    payload=LONG_PAYLOADS,
    old=LONG_PAYLOADS,
    state=JSON | LONG,
    kind=st.sampled_from(["Create", "Update"]),
)
@MANY
def test_both_send_the_same_event_and_client_context(
    payload: Any, old: Any, state: Any, kind: RequestType
) -> None:
    url = "https://example.com/?X-Amz-Date=20261121T000000Z"
    known = {"RequestType": kind, "RequestId": "r-1", "StackId": STACK_ID}
    known |= {"LogicalResourceId": "Run", "PhysicalResourceId": "b-1"}
    request = Request(known | {"ResponseURL": url}, kind, "Run", "b-1")
    request = request._replace(
        payload=ABSENT if payload is testing.ABSENT else payload,
        old_payload=ABSENT if old is testing.ABSENT else old,
    )
    bare, _ = invocation(request._replace(payload=ABSENT), Progress(0))
    about = known | {"ExecutionId": json.loads(bare)["ExecutionId"], "Attempt": 1}
    about |= {} if old is testing.ABSENT else {"Old": old}

    theirs = invocation(request, Progress(0, state=state))

    assert testing.compose_invocation(about, payload, state) == theirs


# ---- whole lives


def scripted(results: list[Any]) -> tuple[testing.Resource, list[Any]]:
    """Make a trigger whose handler answers these in turn."""
    left = list(results)

    def handler(_event: Any, _context: Any) -> Any:
        if isinstance(result := left.pop(0), Exception):
            raise result
        return result

    return testing.Resource(handler=handler, name="RunMigration", timeout=100), left


def behaviors(results: list[Any]) -> Iterator[Behavior]:
    for result in results:
        match result:
            case Exception():
                yield raises(type(result).__name__, str(result))
            case _:
                yield returns(result)


def described(event: Any) -> Any:
    """Leave out what differs from one play to the next."""
    return {k: v for k, v in event.items() if k not in {"RequestId", "ExecutionId", "StackId"}}


PENDING = st.fixed_dictionaries(
    {"Status": st.just("IN_PROGRESS")},
    optional={"RetryAfter": st.sampled_from([None, 0, 3, 40, "7"]), "EventState": JSON},
)
ENDINGS = RESULTS | st.just(LookupError("no such table"))


@given(polls=st.lists(PENDING, max_size=4), ending=ENDINGS, payload=PAYLOADS)
@settings(max_examples=200)
def test_a_played_create_with_polls_matches_the_provider(
    polls: list[Any], ending: Any, payload: Any
) -> None:
    script = [*polls, ending, *[{"Status": "FAILED", "Reason": "asked too often"}] * 4]
    world = World()
    world.handler.plays(*behaviors(script))
    properties = {} if payload is testing.ABSENT else {"Payload": sent(payload)}
    theirs = Stack(world).asks("Create", Timeout=100, **properties)

    resource, left = scripted(script)
    ours = resource.create(payload)

    starts = world.handler.invocations
    assert len(script) - len(left) == len(starts)
    assert list(ours.pauses)[: len(starts) - 1] == world.handler.pauses
    assert [invocation.event for invocation in resource.invocations] == [
        invocation.event if payload is not testing.ABSENT else {
            **invocation.event,
            **{key: resource.invocations[0].event[key] for key in ("RequestId", "ExecutionId")},
            "StackId": testing.STACK_ID,
        }
        for invocation in starts
    ]  # fmt: skip
    assert [described(invocation.description) for invocation in resource.invocations] == [
        described(invocation.description) for invocation in starts
    ]
    assert (ours.status, ours.reason) == (theirs.status, theirs.reason.split("; full log")[0]) or (
        ours.status,
        ours.reason,
        theirs.reason,
    ) == ("SUCCESS", "", "done")


@pytest.mark.parametrize("second", [None, {"PhysicalResourceId": "b-2"}, LookupError("gone")])
@pytest.mark.parametrize("first", [None, {"PhysicalResourceId": "b-1"}, LookupError("late")])
def test_a_played_life_matches_the_provider(first: Any, second: Any) -> None:
    script = [first, second, None, None]
    world = World()
    world.handler.plays(*behaviors(script))
    stack = Stack(world)
    on_delete = {"ExecuteOnDelete": True}
    created = stack.asks("Create", **on_delete)
    updated = stack.asks("Update", old=on_delete, physical_id=created.physical_id, **on_delete)
    if updated.physical_id != created.physical_id:
        stack.asks("Delete", physical_id=created.physical_id, **on_delete)
    stack.asks("Delete", physical_id=updated.physical_id, **on_delete)

    resource, left = scripted(script)
    answers = [resource.create(), resource.update(), resource.delete()]

    assert [answer.status for answer in answers[:2]] == [created.status, updated.status]
    played_ids = [answer.physical_id for answer in answers[:2]]
    played_id = testing.physical_id("RunMigration", "Create", "", "")
    provider_id = physical_id(bare_request(stack.event("Create")), Progress(0))
    assert [
        played_id if physical == provider_id else physical
        for physical in (created.physical_id, updated.physical_id)
    ] == played_ids
    assert len(script) - len(left) == len(world.handler.invocations)
    assert [invocation.event["RequestType"] for invocation in resource.invocations] == [
        event["RequestType"] for event in world.handler.events
    ]
