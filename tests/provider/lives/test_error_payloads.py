"""The innermost frame of every runtime's error payload is in the reason, after type and message.

`tests/provider/recorded` has a payload of each, with the page that shows it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import fails_with
from tests.support.aws.stack import Stack
from tests.support.aws.template import trigger

RECORDED = sorted((Path(__file__).parent.parent / "recorded").glob("*.json"))


def reason_of(payload: Any, cloud: Cloud, stack: Stack, handler: Function) -> str:
    handler.always(fails_with(payload))
    stack.create({"Run": trigger()})
    return cloud.requests[0].answers[0].reason


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_reason_begins_with_type_and_message_and_has_the_innermost_frame(
    cloud: Cloud, stack: Stack, handler: Function, file: Path
) -> None:
    recorded = json.loads(file.read_text())
    payload = recorded["payload"]

    reason = reason_of(payload, cloud, stack, handler)

    message = " ".join(payload["errorMessage"].split()).rstrip(" .")
    assert reason.startswith(f"{payload['errorType']}: {message}" if message else "AssertionError")
    assert recorded["innermost"] in reason


@pytest.mark.parametrize("name", ["python", "python-message-in-code", "node", "go-panic", "ruby"])
def test_the_innermost_frame_comes_first(
    cloud: Cloud, stack: Stack, handler: Function, name: str
) -> None:
    file = next(each for each in RECORDED if each.stem == name)
    recorded = json.loads(file.read_text())

    reason = reason_of(recorded["payload"], cloud, stack, handler)

    assert "handler" in reason
    assert reason.index(recorded["innermost"]) < reason.index("handler")


@pytest.mark.parametrize("name", ["node-message-of-several-lines", "java-as-text"])
def test_a_line_of_the_message_is_not_a_frame(
    cloud: Cloud, stack: Stack, handler: Function, name: str
) -> None:
    file = next(each for each in RECORDED if each.stem == name)
    payload = json.loads(file.read_text())["payload"]

    reason = reason_of(payload, cloud, stack, handler)

    for line in payload["errorMessage"].splitlines():
        assert reason.count(line.strip()) == 1


def test_a_frame_of_the_runtime_itself_is_not_the_innermost(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    file = next(each for each in RECORDED if each.stem == "go-panic")

    reason = reason_of(json.loads(file.read_text())["payload"], cloud, stack, handler)

    assert "(*Function).Invoke" not in reason
    assert "gopanic" not in reason


def test_a_cause_that_a_payload_names_is_in_the_reason(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    file = next(each for each in RECORDED if each.stem == "java")

    reason = reason_of(json.loads(file.read_text())["payload"], cloud, stack, handler)

    assert "java.sql.SQLException: no such table: orders" in reason


def test_an_empty_message_is_not_made_up(cloud: Cloud, stack: Stack, handler: Function) -> None:
    file = next(each for each in RECORDED if each.stem == "node-empty-message")

    reason = reason_of(json.loads(file.read_text())["payload"], cloud, stack, handler)

    assert "no message" not in reason
