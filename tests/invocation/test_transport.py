"""Calls of Lambda's API, and the handler's log while it runs."""

import base64
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cfn_trigger.deployment.logs import Tail, Tails
from cfn_trigger.deployment.state import Line
from cfn_trigger.invocation import transport
from tests.support.waiting import PATIENCE
from trigger_provider.transport import LOST, NOT_SENT, Reply


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


def caller(log: Growing, tails: list[str], shown: list[Line]) -> transport.Caller:
    def send(*_: Any) -> Reply:
        assert log.was_read.wait(PATIENCE)
        tail = base64.b64encode(tails.pop(0).encode()).decode()
        return 200, {"X-Amz-Log-Result": tail}, b"null"

    tail_of_handler = Tail(logs=log, group="/own", source="Check", since=0)
    return transport.Caller(
        send=send,
        tails=Tails(note=list[str]().append, tails={"Check": tail_of_handler}),
        source="Check",
        show=shown.append,
        now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        pause=0.01,
    )


def test_lines_are_shown_as_they_are_logged_and_those_of_the_reply_only_if_they_were_not() -> None:
    shown: list[Line] = []
    log = Growing([["START RequestId: 1", "one\n", "two"]])
    lambda_caller = caller(log, ["one\ntwo\nthree\nREPORT RequestId: 1", "four"], shown)

    lambda_caller.call("lambda", "POST", "/", b"", {}, 1)
    assert [line.message for line in shown] == ["one", "two", "three"]

    log.pages, log.was_read = [["one\n", "two", "three"]], threading.Event()
    lambda_caller.call("lambda", "POST", "/", b"", {}, 1)
    assert [line.message for line in shown] == ["one", "two", "three", "four"]


def test_an_error_while_sending_is_raised() -> None:
    log = Growing([])
    lambda_caller = caller(log, [], [])

    with pytest.raises(IndexError):
        lambda_caller.call("lambda", "POST", "/", b"", {}, 1)


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
        """Log nothing."""


def test_a_request_is_signed_and_sent_exactly_once(
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
    assert (lost[0], refused[0]) == (LOST, NOT_SENT)
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

        assert send("POST", "/", b"{}", {}, 0.1) == (LOST, {}, b"timed out")


def test_the_log_is_read_that_the_handlers_configuration_names() -> None:
    tail = Tail(logs=Growing([]), group="/aws/lambda/x", source="Check", since=0)
    configuration = b'{"LoggingConfig": {"LogGroup": "/own"}}'
    calls = transport.Caller(
        send=lambda *_: (200, {}, configuration),
        tails=Tails(note=list[str]().append, tails={"Check": tail}),
        source="Check",
        show=list[Line]().append,
        now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
    )

    calls.call("lambda", "GET", "/2015-03-31/functions/x/configuration", b"", {}, 5)

    assert tail.group == "/own"


@pytest.mark.parametrize("configuration", [b"", b"[]", b'{"LoggingConfig": null}'])
def test_a_configuration_without_a_log_changes_nothing(configuration: bytes) -> None:
    tail = Tail(logs=Growing([]), group="/aws/lambda/x", source="Check", since=0)
    calls = transport.Caller(
        send=lambda *_: (200, {}, configuration),
        tails=Tails(note=list[str]().append, tails={"Check": tail}),
        source="Check",
        show=list[Line]().append,
        now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
    )

    calls.call("lambda", "GET", "/2015-03-31/functions/x/configuration", b"", {}, 5)

    assert tail.group == "/aws/lambda/x"


def test_an_entry_of_several_lines_and_the_lines_of_a_reply_are_shown_once() -> None:
    shown: list[Line] = []
    log = Growing([["[ERROR] lost\rTraceback\r  File x\r\n"], ["a\nb\n"]])
    calls = caller(log, ["[ERROR] lost\rTraceback\r  File x\r\n", "a\nb\n"], shown)

    for _ in range(2):
        calls.call("lambda", "POST", "/invocations", b"", {}, 5)
        log.was_read.clear()

    assert sorted(line.message for line in shown) == [
        "  File x", "Traceback", "[ERROR] lost", "a", "b",
    ]  # fmt: skip
