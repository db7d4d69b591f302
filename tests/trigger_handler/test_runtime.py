"""The layer as it is shipped, built by the Makefile, under Lambda's own runtime client.

Knows what the provider sends, by the provider's own function. Refuses to know the library beyond
its decorators: the play must see what the runtime client hands over.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.provider.world import STACK_ID
from tests.support.lambda_function import Function, built_by_make, function
from trigger_handler import testing
from trigger_provider.calls import invocation
from trigger_provider.request import ABSENT, Progress, bare_request

APP = """
from trigger_handler import ExecutionTimeout, Handler

handler = Handler()


@handler.create
def create(event, context):
    if event["ResourceProperties"].get("Breaks"):
        raise LookupError("no such table")
    if context.get_remaining_time_in_millis() > 0:
        event["Job"] = 7
        raise ExecutionTimeout({"page": 1}, retry_after=3)


@handler.update
def update(event, context):
    return {"Data": {"Old": event["OldResourceProperties"], "New": event["ResourceProperties"]}}


@handler.poll
def poll(event, context):
    names = ("RequestType", "Job", "EventState", "ResourceProperties", "LogicalResourceId")
    return {"PhysicalResourceId": "b-1", "Data": {name: event[name] for name in names}}
"""


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layer")
    return built_by_make("build-HandlerLayer", folder)


@pytest.fixture(scope="module")
def running(layer: Path) -> Iterator[Function]:
    # On the path as a layer is, and the function's own file next to it.
    (layer / "python" / "app.py").write_text(APP)
    with function(layer / "python", "app.handler") as one:
        yield one


class Sent(NamedTuple):
    """A request as the provider sends it."""

    event: Any
    client_context: Any


def request(kind: str, payload: Any, *, state: Any = None, old: Any = ABSENT) -> Sent:
    event = {"RequestType": kind, "RequestId": "r-1", "StackId": STACK_ID}
    event |= {"LogicalResourceId": "Bucket", "ResponseURL": "https://example.com/"}
    event |= {"PhysicalResourceId": "b-1"} if kind != "Create" else {}
    asked = bare_request(event)._replace(payload=payload, old_payload=old)
    body, context = invocation(asked, Progress(0, state=state))
    return Sent(json.loads(body), json.loads(base64.b64decode(context)) if context else None)


def invoked(running: Function, sent: Sent) -> Any:
    return running.invoke(sent.event, client_context=sent.client_context).payload


def test_the_layer_has_the_library_where_python_finds_it(layer: Path) -> None:
    found = sorted(str(path.relative_to(layer)) for path in layer.rglob("trigger_handler/*.*"))

    assert found == [
        "python/trigger_handler/__init__.py",
        "python/trigger_handler/py.typed",
        "python/trigger_handler/testing.py",
    ]


@pytest.mark.parametrize("payload", [{"Name": "a"}, {}])
def test_a_create_with_a_payload_is_polled_until_it_is_done(
    running: Function, payload: Any
) -> None:
    pending = invoked(running, request("Create", payload))
    done = invoked(running, request("Create", payload, state=pending["EventState"]))

    assert (pending["Status"], pending["RetryAfter"]) == ("IN_PROGRESS", 3)
    assert done == {
        "PhysicalResourceId": "b-1",
        "Data": {
            "RequestType": "Create",
            "Job": 7,
            "EventState": {"page": 1},
            "ResourceProperties": payload,
            "LogicalResourceId": "Bucket",
        },
    }


def test_a_create_without_a_payload_is_polled_too(running: Function) -> None:
    pending = invoked(running, request("Create", ABSENT))
    done = invoked(running, request("Create", ABSENT, state=pending["EventState"]))

    assert (done["Data"]["Job"], done["Data"]["ResourceProperties"]) == (7, {})


def test_an_update_has_both_payloads(running: Function) -> None:
    done = invoked(running, request("Update", {"Days": 5}, old={"Days": 4}))

    assert done == {"Data": {"Old": {"Days": 4}, "New": {"Days": 5}}}


def test_an_exception_becomes_the_functions_error_with_its_frames(running: Function) -> None:
    error = invoked(running, request("Create", {"Breaks": True}))

    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "no such table")
    assert 'app.py", line 10, in create' in error["stackTrace"][-1]


def test_a_played_context_has_the_attributes_of_the_runtimes(layer: Path) -> None:
    (layer / "python" / "names.py").write_text(
        "def handler(_event, context):\n"
        "    told = context.client_context\n"
        "    return [sorted(n for n in dir(c) if n[0] != '_') for c in (context, told)]\n"
    )
    with function(layer / "python", "names.handler") as naming:
        context, client_context = invoked(naming, request("Create", {}))

    played = testing.Context(
        clock=testing.Clock(), ends=0, client_context=None, aws_request_id="r-1"
    )
    _, encoded = testing.compose_invocation({"RequestType": "Create"}, {})
    only_in_the_runtime = {"log", "tenant_id", "w3c"}
    assert set(context) - only_in_the_runtime == {
        name for name in dir(played) if not name.startswith("_")
    } - {"clock", "ends"}
    assert client_context == sorted(vars(testing.parse_client_context(encoded)))
