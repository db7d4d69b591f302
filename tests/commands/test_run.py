"""What `cfn-trigger run` sends a handler, and what it makes of the answer: in virtual time."""

import base64
import json
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cfn_trigger.commands import run
from cfn_trigger.deployment import poller, stacks
from cfn_trigger.deployment.timeline import Line
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation import requests, transport
from cfn_trigger.invocation.requests import Asked, Made, Standing
from cfn_trigger.template import transforms
from cfn_trigger.template.source import parsed
from macro.model import Json
from tests.support import recordings
from trigger_provider import index

ARN = "arn:aws:lambda:us-east-1:123456789012:function:elsewhere"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
IDS = {"Check": "shop-Check-1", "Queue": "https://queue/1", "Live": f"{ARN}:live", "Run": "Run-1"}


def template(
    payload: Json = None, *, handler: Json = None, old: bool = False, **more: Json
) -> dict[str, Json]:
    """Write a template with one trigger; `old` is the one that is deployed."""
    properties = {"Handler": {"Ref": "Check"} if handler is None else handler, **more}
    properties |= {} if payload is None else {"Payload": payload}
    return {
        "Transform": "Trigger",
        "Parameters": {
            "Level": {"Type": "String", "Default": "low"},
            "Password": {"Type": "String", "NoEcho": True, "Default": "secret"},
            "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
            "Remote": {"Type": "String", "Default": ARN},
        },
        "Conditions": {"IsHigh": {"Fn::Equals": [{"Ref": "Level"}, "high"]}},
        "Resources": {
            "Check": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Role": ARN, "Handler": "index.handler", "Runtime": "python3.13"},
            },
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "Check"}, "Name": "live"},
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Run": {"Type": "Custom::Trigger", "Properties": properties},
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}} if old else {},
    }


def standing(deployed: Mapping[str, Json], ids: Mapping[str, str] = IDS) -> Standing:
    expanded = transforms.expanded(
        parsed(json.dumps(deployed), "deployed"), transforms.Setting(values={})
    )
    return Standing(
        name="shop",
        deployed=stacks.Deployed(
            stack_id=STACK_ID,
            template=expanded.template,
            values={"Level": "mid", "Password": "****", "Image": "/image", "Remote": ARN},
            looked_up={"Image": "ami-1"},
        ),
        physical_ids=ids,
        outputs={"Arn": "arn:aws:sqs:queue"},
    )


def made(
    written: Mapping[str, Json],
    asked: Asked | None = None,
    deployed: Mapping[str, Json] | None = None,
    ids: Mapping[str, str] = IDS,
) -> Made:
    author = parsed(json.dumps(written), "template.yaml")
    asked = asked or Asked(trigger="Run", kind="Create", request_id="r-1")
    return requests.made(author, standing(deployed or template(old=True), ids), asked)


def asked(kind: requests.RequestType = "Create", **more: Any) -> Asked:
    return Asked(trigger="Run", kind=kind, request_id="r-1", **more)


def refusal(written: Mapping[str, Json], **more: Any) -> str:
    with pytest.raises(UsageError) as caught:
        made(written, **more)
    return caught.value.message


# ---- the request


def test_a_request_without_payload_describes_the_event() -> None:
    request = made(template()).request

    event = json.loads(index.invocation(request, index.Progress(began=0))[0])
    assert event.pop("ExecutionId")
    assert event == {
        "RequestType": "Create",
        "RequestId": "r-1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Run",
        "Attempt": 1,
    }


def test_a_payload_keeps_literal_types_and_has_what_the_stack_has_deployed() -> None:
    payload = {
        "Number": 5,
        "Level": {"Ref": "Level"},
        "Image": {"Ref": "Image"},
        "Queue": {"Ref": "Queue"},
        "Text": {"Fn::Sub": "${AWS::StackName} in ${AWS::Region}: ${Queue}"},
        "Maybe": {"Fn::If": ["IsHigh", 1, {"Ref": "AWS::NoValue"}]},
        "Told": {"Fn::GetAtt": ["Queue", "Arn"]},
    }

    assert made(template(payload)).request.payload == {
        "Number": 5,
        "Level": "mid",
        "Image": "ami-1",
        "Queue": "https://queue/1",
        "Text": "shop in us-east-1: https://queue/1",
        "Told": "arn:aws:sqs:queue",
    }


def test_what_only_cloudformation_knows_is_named() -> None:
    payload = {
        "List": [{"Fn::GetAtt": ["Queue", "QueueName"]}, {"Fn::Sub": "<${Live.Arn}>"}],
        "Secret": {"Ref": "Password"},
    }

    assert refusal(template(payload)) == (
        "Run: not known outside CloudFormation: Payload.List.0: Queue.QueueName, Payload.List.1:"
        " Live.Arn, Payload.Secret: parameter 'Password'; give --payload with a value in its place,"
        " or --parameter for one with NoEcho"
    )


def test_a_payload_that_is_given_goes_over_the_templates_key_by_key() -> None:
    payload = {"A": {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}, "Kept": 1}, "B": 2}

    found = made(template(payload), asked(payload={"A": {"Name": "orders"}, "C": [3]}))

    assert found.request.payload == {"A": {"Name": "orders", "Kept": 1}, "B": 2, "C": [3]}


def test_a_payload_may_be_given_where_the_template_has_none() -> None:
    assert made(template(), asked(payload=7)).request.payload == 7


def test_a_parameter_with_noecho_may_be_given() -> None:
    found = made(template({"Ref": "Password"}), asked(values={"Password": "open"}))

    assert found.request.payload == "open"


def test_a_stored_parameter_that_was_not_looked_up_is_named() -> None:
    found = refusal(template({"Ref": "Image"}), asked=asked(values={"Image": "/other"}))

    assert found.startswith("Run: not known outside CloudFormation: Payload: parameter 'Image'; ")


def test_an_expectation_that_only_cloudformation_knows_is_named() -> None:
    expect = {"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}

    assert refusal(template(Expect=expect)) == (
        "Run: not known outside CloudFormation: Expect.Name: Queue.QueueName; an output of the"
        " stack with this value would tell it"
    )


def test_settings_are_the_templates_own() -> None:
    retry = {"MaxAttempts": 3, "Interval": 1}

    request = made(template(Timeout=60, Retry=retry, NoEcho=True, OnFailure="Continue")).request

    assert (request.timeout, request.max_attempts, request.interval) == (60, 3, 1)
    assert (request.no_echo, request.on_failure) == (True, "Continue")


def test_an_update_tells_the_physical_id_and_the_payload_that_is_deployed() -> None:
    deployed = template({"Level": {"Ref": "Level"}, "Old": 1}, old=True)

    request = made(template({"New": 1}), asked("Update"), deployed).request

    assert (request.kind, request.old_id, request.payload) == ("Update", "Run-1", {"New": 1})
    assert request.old_payload == {"Level": "mid", "Old": 1}


def test_a_create_has_no_old_payload() -> None:
    assert made(template(1), deployed=template(2, old=True)).request.old_payload is index.ABSENT


def test_an_old_payload_that_is_not_known_is_left_out_and_said_so() -> None:
    deployed = template({"Name": {"Fn::GetAtt": ["Queue", "QueueName"]}}, old=True)

    found = made(template({"New": 1}), asked("Update"), deployed)

    assert found.request.old_payload is index.ABSENT
    assert found.notes == ("the event has no Old: Queue.QueueName",)


@pytest.mark.parametrize(
    ("handler", "function", "label"),
    [
        ({"Ref": "Check"}, "shop-Check-1", "Check"),
        ({"Fn::GetAtt": ["Check", "Arn"]}, "shop-Check-1", "Check"),
        ({"Ref": "Live"}, f"{ARN}:live", "Live"),
        (ARN, ARN, "elsewhere"),
        ({"Ref": "Remote"}, ARN, "elsewhere"),
    ],
)
def test_the_handler_is_the_function_that_is_deployed(
    handler: Json, function: str, label: str
) -> None:
    found = made(template(handler=handler))

    assert (found.function, found.label) == (function, label)


def test_a_handler_that_only_cloudformation_knows_is_named() -> None:
    assert refusal(template(handler={"Fn::ImportValue": "there"})) == (
        "Run.Handler: Fn::ImportValue is known to CloudFormation alone"
    )


def test_a_function_that_is_not_deployed_is_named() -> None:
    assert refusal(template(), ids={"Queue": "q"}) == (
        "stack 'shop' has no 'Check'; deploy it first"
    )


def test_an_update_of_what_is_not_deployed_is_refused() -> None:
    ids = {name: physical for name, physical in IDS.items() if name != "Run"}

    assert refusal(template(), asked=asked("Update"), ids=ids) == (
        "stack 'shop' has no 'Run'; deploy it first"
    )


def test_an_unknown_trigger_is_named_with_the_nearest() -> None:
    other = Asked(trigger="Rum", kind="Create", request_id="r-1")

    assert refusal(template(), asked=other) == (
        "template.yaml: has no trigger 'Rum'; did you mean 'Run'?"
    )


def test_a_trigger_that_is_somebody_elses_is_none() -> None:
    assert refusal(template(ServiceToken=ARN)) == "template.yaml: has no trigger 'Run'"


def test_a_trigger_whose_condition_is_false_is_refused() -> None:
    written = template()
    written["Resources"]["Run"]["Condition"] = "IsHigh"

    assert refusal(written) == "Run: its Condition 'IsHigh' is false in this stack"


def test_what_a_deployment_would_not_wait_for_is_waited_for_and_said_so() -> None:
    found = made(template(InvocationType="Event"))

    assert found.request.invocation_type == "RequestResponse"
    assert found.notes == ("InvocationType is Event: a deployment does not wait for the result",)


@pytest.mark.parametrize(
    ("text", "value"), [('{"A": 1}', {"A": 1}), ("@some.json", [2]), (None, index.ABSENT)]
)
def test_a_payload_is_read_as_json_or_from_a_file(text: str | None, value: Json) -> None:
    assert requests.payload_given(text, {"some.json": "[2]"}.__getitem__) == value


def test_a_payload_that_is_no_json_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        requests.payload_given("{A: 1}", str)

    assert caught.value.message == (
        "--payload: takes JSON, or @ and a file of it (Expecting property name enclosed in double"
        " quotes: line 1 column 2 (char 1))"
    )


# ---- the run


@dataclass
class Function:
    """Lambda with one function, in virtual time; it checks the protocol of every call."""

    answers: list[Json]
    seconds: float = 0.0
    events: list[Json] = field(default_factory=list)
    contexts: list[Json] = field(default_factory=list)
    told: list[Line] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 10, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds

    def call(  # noqa: PLR0917 as the provider calls
        self,
        service: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> index.Reply:
        assert service == "lambda"
        if method == "GET":
            assert path == "/2015-03-31/functions/shop-Check-1/configuration"
            return 200, {}, json.dumps({"LoggingConfig": {"LogGroup": "/own"}}).encode()
        assert (method, path) == ("POST", "/2015-03-31/functions/shop-Check-1/invocations")
        assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
        assert headers["X-Amz-Log-Type"] == "Tail"
        assert 1 <= seconds <= 905
        self.events.append(json.loads(body))
        if context := headers.get("X-Amz-Client-Context"):
            about = json.loads(base64.b64decode(context))["custom"]["trigger"]
            self.contexts.append(json.loads(about))
        self.seconds += 2
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            error = {"errorType": type(answer).__name__, "errorMessage": str(answer)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(error).encode()
        return 200, {}, json.dumps(answer).encode()

    def run(self, written: Mapping[str, Json], kind: requests.RequestType = "Create") -> run.Report:
        world = run.World(now=self.now, sleep=self.sleep, call=self.call, tell=self.told.append)
        return run.report(made(written, asked(kind)), world)

    def lines(self) -> list[str]:
        return [poller.rendered(line, UTC).plain for line in self.told]


def test_a_handler_is_run_and_its_result_is_what_cloudformation_would_get() -> None:
    function = Function([{"Rows": 3, "Deep": {"A": True}}])

    report = function.run(template({"Number": 5}))

    assert function.events == [{"Number": 5}]
    assert (function.contexts[0]["RequestType"], function.contexts[0]["Attempt"]) == ("Create", 1)
    assert "\n".join(run.rendered(report)) == (
        "SUCCESS after 2 s\n"
        'result: {"Rows": 3, "Deep": {"A": true}}\n'
        "physical id: Run-184c90810dca\n"
        "attributes:\n"
        "  Rows    3\n"
        "  Deep.A  true\n"
        '  Deep    {"A": true}'
    )
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: done after 2 s",
    ]


def test_a_handler_that_is_not_done_is_asked_again_with_its_state() -> None:
    pending = {"Status": "IN_PROGRESS", "EventState": {"Job": 1}, "RetryAfter": 30}
    function = Function([pending | {"Progress": "1 of 2"}, pending, {"Rows": 3}])

    report = function.run(template({"Table": "t"}))

    again = {"Table": "t", "EventState": {"Job": 1}}
    assert function.events == [{"Table": "t"}, again, again]
    assert (report.status, report.seconds, report.event) == ("SUCCESS", 66, {"Table": "t"})
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: in progress after 2 s: 1 of 2",
        "10:00:34    Run: in progress after 34 s, poll 1",
        "10:01:06    Run: done after 66 s, poll 2",
    ]


def test_no_answer_is_waited_for_longer_than_a_function_can_run() -> None:
    assert Function([None]).run(template(Timeout=3540)).status == "SUCCESS"  # it checks


def test_a_handler_that_fails_is_tried_as_often_as_the_template_says() -> None:
    function = Function([LookupError("lost"), LookupError("gone")])

    report = function.run(template(Retry={"MaxAttempts": 2, "Interval": 5}))

    assert "\n".join(run.rendered(report)) == (
        "FAILED after 9 s\n  LookupError: gone\n  attempt 2 of 2\n  full log: /own"
    )
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: attempt 1 failed after 2 s: LookupError",
        "10:00:02    Run: lost",
        "10:00:07    Run: started, attempt 2",
        "10:00:09    Run: attempt 2 failed after 9 s: LookupError",
    ]


def test_an_expectation_that_is_met_is_said_to_be() -> None:
    report = Function([{"Rows": 3}]).run(template(Expect={"Rows": 3}))

    assert list(run.rendered(report))[:3] == [
        "SUCCESS after 2 s", 'result: {"Rows": 3}', "Expect: met",
    ]  # fmt: skip


def test_an_expectation_is_not_compared_with_a_failure() -> None:
    assert Function([LookupError("lost")]).run(template(Expect={"Rows": 3})).expect == ""


def test_an_expectation_that_is_not_met_is_a_failure() -> None:
    report = Function([{"Rows": 2}]).run(template(Expect={"Rows": 3}))

    assert report.expect == "not met"
    assert (report.status, report.reason) == (
        "FAILED", "Expect: result.Rows is 2, expected 3; full log: /own",
    )  # fmt: skip


def test_a_failure_that_a_deployment_would_forgive_is_one() -> None:
    report = Function([LookupError("lost")]).run(template(OnFailure="Continue"))

    assert (report.status, report.reason) == ("FAILED", "LookupError: lost; full log: /own")


def test_an_attribute_that_the_template_reads_must_be_there() -> None:
    written = template()
    written["Outputs"] = {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}

    report = Function([{"Row": 1}]).run(written)

    assert report.reason == (
        "Attribute: the template reads 'Rows', the result has none; did you mean 'Row'?; full log:"
        " /own"
    )


def test_noecho_masks_result_and_reason() -> None:
    good = Function([{"Token": "abc"}]).run(template(NoEcho=True))
    bad = Function([LookupError("abc"), LookupError("abc")])
    told = bad.run(template(NoEcho=True, Retry={"MaxAttempts": 2}))

    assert "abc" not in json.dumps([good.in_json(), told.in_json(), bad.lines()])
    assert (good.result, good.attributes["Token"]) == ("****", "****")


def test_for_machines_there_is_one_object() -> None:
    assert Function([[1]]).run(template(5)).in_json() == {
        "trigger": "Run",
        "request": "Create",
        "event": 5,
        "status": "SUCCESS",
        "reason": "",
        "result": [1],
        "expect": "",
        "physical_id": "Run-184c90810dca",
        "attributes": {"Result": "[1]", "Truncated": "", "Error": "", "0": "1"},
        "seconds": 2.0,
    }


@pytest.mark.parametrize(
    ("more", "kind", "why"),
    [
        ({}, "Delete", "ExecuteOnDelete is false"),
        ({"Enabled": False}, "Create", "Enabled is false"),
    ],
)
def test_what_a_deployment_would_not_run_is_not_run(
    more: Mapping[str, Json], kind: requests.RequestType, why: str
) -> None:
    function = Function([])

    with pytest.raises(UsageError) as caught:
        function.run(template(**more), kind)

    assert caught.value.message == f"Run: a deployment would not run it; {why}"
    assert function.events == []


def test_an_update_runs_though_the_trigger_runs_only_once() -> None:
    function = Function([None])

    assert function.run(template(ExecuteOnHandlerChange=False), "Update").status == "SUCCESS"


def test_a_delete_tells_its_physical_id() -> None:
    function = Function([None])

    function.run(template(ExecuteOnDelete=True), "Delete")

    assert (function.events[0]["RequestType"], function.events[0]["PhysicalResourceId"]) == (
        "Delete", "Run-1",
    )  # fmt: skip


# ---- the log while it runs


@dataclass
class Growing:
    """A log that grows while a handler runs; the handler ends when the log has been read."""

    pages: list[list[str]]
    was_read: threading.Event = field(default_factory=threading.Event)

    def get_paginator(self, operation: str) -> "Growing":
        assert operation == "filter_log_events"
        return self

    def paginate(self, **_arguments: Any) -> Iterable[dict[str, Any]]:
        texts = self.pages.pop(0) if self.pages else []
        self.was_read.set()
        return [
            {
                "events": [
                    {"eventId": text, "timestamp": 1, "logStreamName": "s", "message": text}
                    for text in texts
                ]
            }
        ]


def caller(log: Growing, tails: list[str], told: list[Line]) -> transport.Caller:
    def send(*_: Any) -> index.Reply:
        assert log.was_read.wait(10)
        tail = base64.b64encode(tails.pop(0).encode()).decode()
        return 200, {"X-Amz-Log-Result": tail}, b"null"

    own = poller.Tail(logs=log, group="/own", source="Check", since=0)
    return transport.Caller(
        send=send,
        tails=poller.Tails(note=list[str]().append, tails={"Check": own}),
        source="Check",
        tell=told.append,
        now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        pause=0.01,
    )


def test_lines_are_told_as_they_are_logged_and_those_of_the_answer_only_if_they_were_not() -> None:
    told: list[Line] = []
    log = Growing([["START RequestId: 1", "one\n", "two"]])
    one = caller(log, ["one\ntwo\nthree\nREPORT RequestId: 1", "four"], told)

    one.call("lambda", "POST", "/", b"", {}, 1)
    assert [line.said for line in told] == ["one", "two", "three"]

    log.pages, log.was_read = [["one\n", "two", "three"]], threading.Event()
    one.call("lambda", "POST", "/", b"", {}, 1)
    assert [line.said for line in told] == ["one", "two", "three", "four"]


def test_what_goes_wrong_while_sending_is_raised() -> None:
    log = Growing([])
    one = caller(log, [], [])

    with pytest.raises(IndexError):
        one.call("lambda", "POST", "/", b"", {}, 1)


class Lambda(BaseHTTPRequestHandler):
    """An endpoint that notes each request, and answers by its path."""

    requests: list[tuple[str, Mapping[str, str], bytes]] = []  # noqa: RUF012 one server, one test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, dict(self.headers), body))
        if self.path == "/hangs":
            return  # closes the connection without an answer
        self.send_response(200)
        self.send_header("X-Amz-Log-Result", "eA==")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_request_is_signed_and_sent_once_whatever_becomes_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with HTTPServer(("127.0.0.1", 0), Lambda) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        send = transport.sender(f"http://127.0.0.1:{server.server_port}/", "eu-west-1")
        try:
            answered = send("POST", "/works", b"{1}", {"X-Amz-Log-Type": "Tail"}, 5)
            lost = send("POST", "/hangs", b"{}", {}, 5)
        finally:
            server.shutdown()
            thread.join()
    refused = send("POST", "/gone", b"", {}, 5)

    assert (answered[0], answered[1].get("x-amz-log-result"), answered[2]) == (200, "eA==", b"{}")
    assert (lost[0], refused[0]) == (index.LOST, index.NOT_SENT)
    assert [path for path, _, _ in Lambda.requests] == ["/works", "/hangs"]
    _, headers, body = Lambda.requests[0]
    assert (body, headers["X-Amz-Log-Type"]) == (b"{1}", "Tail")
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]


def test_an_answer_that_takes_too_long_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        send = transport.sender(f"http://127.0.0.1:{silent.getsockname()[1]}", "eu-west-1")

        assert send("POST", "/", b"{}", {}, 0.1) == (index.LOST, {}, b"timed out")


# ---- the command line


def test_a_stack_must_be_named() -> None:
    outcome = recordings.run("run", "template.yaml", "Run")

    assert outcome.exit_code == 2
    assert outcome.stderr.endswith("Error: Missing option '--stack'.\n")
