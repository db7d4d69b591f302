"""Any payload, state and result that CloudFormation and Lambda take, in any script of the world."""

import json
import tracemalloc
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import skeleton
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import in_progress, raises, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, trigger

SCRIPTS = {"ASCII": "x", "CJK": "漢", "emoji": "😀", "RTL": "\u202eش", "accents": "é"}
SIZES = (300, 2_400, 20_000)


def text(script: str, size: int) -> str:
    return (SCRIPTS[script] * size)[:size]


def with_payload(payload: Any, code: str = "1", **settings: Any) -> Template:
    fingerprint = {"Code": code, "Payload": str(hash(json.dumps(payload)))}
    return {"Run": trigger(Payload=skeleton(payload), Fingerprint=fingerprint, **settings)}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(("size", "shape"), [*product(SIZES, ["text", "object"])])
def test_a_payload_of_any_size_and_script_lives_a_whole_life(
    cloud: Cloud, stack: Stack, script: str, size: int, shape: str
) -> None:
    handler = cloud.handler
    handler.always(returns({"Rows": 5}))
    first: Any = text(script, size)
    second: Any = text(script, size - 1)
    if shape == "object":
        first, second = {"Rows": first}, {"Rows": second}

    stack.create(with_payload(first, ExecuteOnDelete=True))
    assert stack.update(with_payload(second, ExecuteOnDelete=True)) == "UPDATE_COMPLETE"
    assert stack.update(with_payload("short", ExecuteOnDelete=True)) == "UPDATE_COMPLETE"
    stack.delete()

    assert cloud.starts == ["Create", "Update", "Update", "Delete"]
    assert [attempt.payload for attempt in handler.attempts] == [first, second, "short", "short"]
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_long_payload_is_rolled_back_with_its_attributes(
    cloud: Cloud, stack: Stack, handler: Function, script: str
) -> None:
    handler.always(returns({"Rows": 5}))
    reads: dict[str, Any] = {"Attributes": ["Rows"], "ExecuteOnRollback": True}
    first, second = text(script, 3000), text(script, 2900)

    stack.create(with_payload(first, **reads))
    stack.update({**with_payload(second, **reads), "Queue": Other(fails=True, after=("Run",))})

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.requests[-1].answers[0].data["Rows"] == "5"
    assert [attempt.payload for attempt in handler.attempts] == [first, second, first]
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(("payload", "size"), [("a text", 200), ({"an": "object"}, 150)])
def test_a_state_that_fits_the_client_context_is_handed_to_each_poll(  # noqa: PLR0917 (a table)
    cloud: Cloud, stack: Stack, handler: Function, script: str, payload: Any, size: int
) -> None:
    """An object holds the state itself: its context need not leave ASCII for it."""
    state = text(script, size)
    handler.plays(in_progress(state), in_progress(state), returns({"Rows": 5}))

    stack.create(with_payload(payload))

    assert stack.status == "CREATE_COMPLETE"
    assert [each.description.get("EventState") for each in handler.attempts] == [None, state, state]
    assert broken_promises(cloud) == []


def test_a_large_state_reaches_a_handler_whose_payload_is_an_object(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    state = "s" * 20_000
    handler.plays(in_progress(state), returns({"Rows": 5}))

    stack.create(with_payload({"an": "object"}))

    assert stack.status == "CREATE_COMPLETE"
    assert handler.attempts[1].payload == {"an": "object", "EventState": state}
    assert broken_promises(cloud) == []


def test_the_previous_payload_is_left_out_of_a_client_context_that_it_does_not_fit(
    stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))

    stack.create(with_payload("x" * 4000))
    stack.update(with_payload("short"))

    description = handler.attempts[1].client_context
    assert description["RequestType"] == "Update"
    assert "Old" not in description


# ---- answers of 4,096 bytes


@pytest.mark.parametrize("count", [10, 40, 63, 70, 100])
def test_every_attribute_that_the_template_reads_is_in_a_forgiven_answer(
    cloud: Cloud, stack: Stack, handler: Function, count: int
) -> None:
    names = [f"Attribute{number:03d}" for number in range(count)]
    handler.always(raises("LookupError", "no rows " * 400, log="a line of the log\n" * 200))

    stack.create({"Run": trigger(OnFailure="Continue", Attributes=names)})

    assert stack.status == "CREATE_COMPLETE"
    assert set(names) <= set(cloud.requests[0].answers[0].data)
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("count", [20, 63, 120])
def test_short_attributes_fit_an_answer(
    cloud: Cloud, stack: Stack, handler: Function, count: int
) -> None:
    result = {chr(0x4E00 + number) if number % 2 else f"k{number}": 1 for number in range(count)}
    handler.always(returns(result))

    stack.create({"Run": trigger(Attributes=[*result])})

    assert stack.status == "CREATE_COMPLETE"
    data = cloud.requests[0].answers[0].data
    assert {name: data[name] for name in result} == dict.fromkeys(result, "1")


def test_names_that_leave_no_room_for_anything_else_end_in_an_answer(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    names = [f"A{'n' * 100}{number:02d}" for number in range(34)]
    handler.always(raises("E", "m" * 3000))

    stack.create({"Run": trigger(OnFailure="Continue", Attributes=names)})

    assert len(cloud.requests[0].answers) == 1


@pytest.mark.parametrize(
    "result",
    [
        [7] * 300_000,
        [*range(150_000)],
        {f"key{number}": number for number in range(60_000)},
        [{"Id": number, "Name": f"name {number}"} for number in range(30_000)],
        {"Rows": [*range(100_000)], "Text": "x" * 100_000},
    ],
    ids=["digits", "integers", "a wide map", "rows", "a list and a text"],
)
def test_a_large_result_is_answered_within_a_small_multiple_of_its_size(
    cloud: Cloud, stack: Stack, handler: Function, result: Any
) -> None:
    handler.always(returns(result))
    size = len(handler.next_run().body)
    tracemalloc.start()
    try:
        stack.create({"Run": trigger()})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(cloud.requests[0].answers) == 1
    assert peak <= 12 * size, f"{peak / size:.0f} times the result"


def test_an_attribute_deep_in_a_large_result_is_found(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    rows = [{"Id": number, "Name": f"name {number}"} for number in range(60_000)]
    handler.always(returns({"Data": {"Rows": rows}, "Last": {"a.b": 5}}))

    stack.create({"Run": trigger(Attributes=["Rows.59999.Name", "Last.a.b"])})

    data = cloud.requests[0].answers[0].data
    assert (data["Rows.59999.Name"], data["Last.a.b"]) == ("name 59999", "5")
    assert data["Truncated"].startswith("over ")


@pytest.mark.parametrize("body", [b"[" * 500_000 + b"]" * 500_000, b'{"a":' * 100_000])
def test_a_result_that_is_nested_too_deeply_is_a_failed_attempt(
    stack: Stack, handler: Function, body: bytes
) -> None:
    handler.plays(replace(returns(), body=body), returns({"Rows": 5}))

    stack.create({"Run": trigger(Retry={"MaxAttempts": 2, "Interval": 1})})

    assert stack.status == "CREATE_COMPLETE"
    assert len(handler.attempts) == 2


@pytest.mark.parametrize("depth", [10, 300, 900, 990])
def test_a_result_of_any_depth_is_answered(
    cloud: Cloud, stack: Stack, handler: Function, depth: int
) -> None:
    handler.always(replace(returns(), body=b'{"Rows": ' + b"[" * depth + b"]" * depth + b"}"))

    stack.create({"Run": trigger()})

    assert len(cloud.requests[0].answers) == 1


@pytest.mark.parametrize("depth", [20, 900])
def test_a_deep_part_that_the_data_of_a_result_repeats_is_answered(
    cloud: Cloud, stack: Stack, handler: Function, depth: int
) -> None:
    rows = '{"Rows": ' + "[" * depth + "]" * depth
    handler.always(replace(returns(), body=f'{rows}, "Data": {rows}}}}}'.encode()))

    stack.create({"Run": trigger(Attributes=["Rows.0.0"])})

    rows = "[" * (depth - 2) + "]" * (depth - 2)
    assert cloud.requests[0].answers[0].data["Rows.0.0"] == rows


@pytest.mark.parametrize("digits", [309, 4_301, 20_000])
def test_an_integer_of_any_length_is_answered_and_kept_between_polls(
    cloud: Cloud, stack: Stack, handler: Function, digits: int
) -> None:
    number = "7" * digits
    pending = f'{{"Status": "IN_PROGRESS", "EventState": {number}}}'.encode()
    done = f'{{"PhysicalResourceId": "own", "Rows": {number}}}'.encode()
    handler.plays(
        replace(returns(), body=pending, ends="pending"),
        replace(returns(), body=done, physical_id="own"),
    )

    stack.create({"Run": trigger()})

    assert stack.status == "CREATE_COMPLETE"
    assert stack.resources["Run"].physical_id == "own"
    assert handler.attempts[1].payload["EventState"] == int(number)
    data = cloud.requests[0].answers[0].data
    assert data.get("Rows") == (number if digits < 4_000 else None)


@pytest.mark.parametrize("retry_after", [10**9, 10**400])
def test_a_retry_after_of_any_length_is_a_failure_that_keeps_the_id(
    cloud: Cloud, stack: Stack, handler: Function, retry_after: int
) -> None:
    polled = {"PhysicalResourceId": "own", "RetryAfter": retry_after}
    run = returns({"Status": "IN_PROGRESS"} | polled)
    handler.plays(replace(run, ends="pending" if retry_after < 1e10 else "failed"))

    stack.create({"Run": trigger()})

    (answer,) = cloud.requests[0].answers
    assert (answer.status, answer.body["PhysicalResourceId"]) == ("FAILED", "own")


@pytest.mark.parametrize(
    ("body", "rows"), [("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity")]
)
def test_what_python_alone_takes_for_json_is_a_text(
    cloud: Cloud, stack: Stack, handler: Function, body: str, rows: str
) -> None:
    pending = f'{{"Status": "IN_PROGRESS", "EventState": {{"Rows": {body}}}}}'.encode()
    handler.plays(
        replace(returns(), body=pending, ends="pending"),
        replace(returns(), body=f'{{"Rows": {body}}}'.encode()),
    )

    stack.create(with_payload({"an": "object"}, Attributes=["Rows"]))

    assert cloud.requests[0].answers[0].data["Rows"] == rows
    assert handler.attempts[1].payload["EventState"] == {"Rows": rows}


@pytest.mark.parametrize("letter", ["x", "😀", "\x00"])
def test_a_long_failure_is_handed_over(
    cloud: Cloud, stack: Stack, handler: Function, letter: str
) -> None:
    """A message may be as long as a result, and an event of Lambda's may not."""
    handler.plays(
        raises("E", letter * 400_000, seconds=600), raises("E", "no", seconds=600), returns(None)
    )
    handler.timeout = 700

    stack.create({"Run": trigger(Timeout=3540, Retry={"MaxAttempts": 3, "Interval": 60})})

    assert stack.status == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []
