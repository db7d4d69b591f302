"""The stubs themselves: each breach of protocol that they promise to find, they find."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.endpoints import (
    CREDENTIALS,
    HANDLER,
    REGION,
    STACK,
    Endpoints,
    Reply,
    endpoints,
    ok,
)
from tests.support.waiting import PATIENCE

INVOCATIONS = f"/2015-03-31/functions/{HANDLER.replace(':', '%3A')}/invocations"
SYNCHRONOUS = {"X-Amz-Invocation-Type": "RequestResponse", "X-Amz-Log-Type": "Tail"}
DESCRIBE = f"Action=DescribeStacks&StackName={STACK}&Version=2010-05-15".encode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def call(
    aws: Endpoints, method: str, target: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, target, body, dict(headers))
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def signed(
    aws: Endpoints,
    service: str,
    target: str,
    body: bytes,
    headers: Mapping[str, str],
) -> dict[str, str]:
    request = AWSRequest("POST", aws.url + target, dict(headers), body)
    SigV4Auth(Credentials(*CREDENTIALS), service, REGION).add_auth(request)
    return dict(request.headers.items())


def answer_to(event: dict[str, Any]) -> dict[str, Any]:
    said = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    return said | {"Status": "SUCCESS", "PhysicalResourceId": "one"}


def put(aws: Endpoints, event: dict[str, Any], body: bytes, *, added: str = "", **kind: str) -> int:
    target = event["ResponseURL"].removeprefix(aws.url) + added
    return call(aws, "PUT", target, body, {"Content-Type": kind.get("content_type", "")})[0]


@contextlib.contextmanager
def breach_of(rule: str) -> Iterator[Endpoints]:
    """Yield services that must have seen a breach by the end."""
    with pytest.raises(AssertionError, match=rule), endpoints() as aws:
        yield aws


def test_calls_that_keep_the_protocol_are_not_a_breach() -> None:
    with endpoints() as aws:
        aws.handler.plays(ok({"Rows": 5}))
        event = aws.event()

        invoked = signed(aws, "lambda", INVOCATIONS, b"{}", SYNCHRONOUS)
        assert call(aws, "POST", INVOCATIONS, b"{}", invoked) == (200, b'{"Rows": 5}')
        asked = signed(aws, "cloudformation", "/", DESCRIBE, FORM)
        assert b"UPDATE_IN_PROGRESS" in call(aws, "POST", "/", DESCRIBE, asked)[1]
        assert put(aws, event, json.dumps(answer_to(event)).encode()) == 200

        assert aws.answer["PhysicalResourceId"] == "one"


@pytest.mark.parametrize(
    ("changed", "breach"),
    [
        ({"Status": "FAILED"}, "FAILED without a Reason"),
        ({"Status": "DONE"}, "status 'DONE'"),
        ({"RequestId": "another"}, "RequestId is not echoed: 'another'"),
        ({"PhysicalResourceId": ""}, "PhysicalResourceId ''"),
        ({"Reason": "x" * 4000}, r"an answer of \d+ bytes"),
        ({"Data": {"Rows": 5}}, "Data is not a map of strings"),
        ({"NoEcho": "true"}, "NoEcho is no boolean"),
        ({"Extra": 1}, r"unknown in the answer: \['Extra'\]"),
    ],
)
def test_an_answer_that_cloudformation_would_not_accept_is_a_breach(
    changed: dict[str, Any], breach: str
) -> None:
    with breach_of(breach) as aws:
        event = aws.event()
        put(aws, event, json.dumps(answer_to(event) | changed).encode())


def test_a_delete_that_is_answered_with_another_id_is_a_breach() -> None:
    with breach_of("with another id: 'one'") as aws:
        event = aws.event("Delete")
        put(aws, event, json.dumps(answer_to(event)).encode())


def test_an_answer_to_another_url_is_a_breach() -> None:
    with breach_of("query of the ResponseURL") as aws:
        event = aws.event()
        put(aws, event, json.dumps(answer_to(event)).encode(), added="&x=1")


def test_an_answer_with_a_content_type_is_a_breach() -> None:
    breach = "content type 'application/json'"
    with breach_of(breach) as aws:
        event = aws.event()
        put(aws, event, json.dumps(answer_to(event)).encode(), content_type="application/json")


def test_a_second_answer_is_a_breach() -> None:
    with breach_of("answered twice") as aws:
        event = aws.event()
        for _ in range(2):
            put(aws, event, json.dumps(answer_to(event)).encode())


@pytest.mark.parametrize(
    ("service", "changed", "breach"),
    [
        ("lambda", {"Authorization": "none"}, "not signed: 'none'"),
        ("s3", {}, r"signed for '\d+/us-east-1/s3/aws4_request'"),
        ("lambda", {"X-Amz-Client-Context": "e30="}, "not signed are"),
        ("lambda", {"X-Amz-Invocation-Type": "DryRun"}, "the signature is not of this request"),
        ("lambda", {"X-Amz-Invocation-Type": "Async"}, "invocation type 'Async'"),
        ("lambda", {"X-Amz-Log-Type": "None"}, "log type 'None' of a RequestResponse invocation"),
    ],
)
def test_an_invocation_that_lambda_would_not_accept_is_a_breach(
    service: str, changed: dict[str, str], breach: str
) -> None:
    with breach_of(breach) as aws:
        aws.handler.plays(ok(None))
        headers = signed(aws, service, INVOCATIONS, b"{}", SYNCHRONOUS)
        call(aws, "POST", INVOCATIONS, b"{}", headers | changed)


def test_a_body_that_was_changed_after_signing_is_a_breach() -> None:
    with breach_of("not of this request") as aws:
        aws.handler.plays(ok(None))
        headers = signed(aws, "lambda", INVOCATIONS, b"{}", SYNCHRONOUS)
        call(aws, "POST", INVOCATIONS, b"[]", headers | {"Content-Length": "2"})


def test_an_invocation_that_the_script_does_not_expect_is_a_breach() -> None:
    with breach_of("not expected: POST") as aws:
        headers = signed(aws, "lambda", INVOCATIONS, b"{}", SYNCHRONOUS)
        call(aws, "POST", INVOCATIONS, b"{}", headers)


def test_a_script_that_was_not_played_to_its_end_is_a_breach() -> None:
    breach = "1 of the script of the answer left unplayed"
    with breach_of(breach) as aws:
        aws.bucket.plays(Reply())


def test_a_service_that_refuses_connections_takes_them_again_on_the_same_port() -> None:
    with endpoints() as aws:
        aws.refuse_connections()
        with pytest.raises(ConnectionRefusedError):
            call(aws, "GET", "/", b"", {})

        aws.accept_connections()
        event = aws.event()
        assert put(aws, event, json.dumps(answer_to(event)).encode()) == 200
