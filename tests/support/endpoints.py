"""Play Lambda, CloudFormation and its response bucket, and hold whoever calls to the protocol.

Knows the wire: methods, paths, signatures, headers, sizes, faults. Refuses to know which calls a
provider ought to make: a test scripts what the handler's invocations, the looks at its state, the
questions about the stack and the answers meet, and reads afterwards what was asked.
"""

import base64
import contextlib
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
"""The region that the runtime emulator writes into the ARN of its function."""
CREDENTIALS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE==")
VERSION = "2010-05-15"
STACK = f"arn:aws:cloudformation:{REGION}:123456789012:stack/shop/6a1cb5f0-8b0e-11f0-9c1f-0a58a9"
HANDLER = f"arn:aws:lambda:{REGION}:123456789012:function:shop-Migrate-1A2B3C"
FUNCTION_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/(configuration|invocations)")
LONGEST_PAUSE = 30

Kind = Literal["Create", "Update", "Delete"]


# ---- what a request can meet


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer, after so many seconds."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """These bytes on the connection, then its end."""

    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A reset of the connection, with the request in it read or not."""

    after_reading: bool


Behavior = Reply | Bytes | Reset


def ok(result: Any, *, seconds: float = 0) -> Reply:
    """Play a handler that returned `result`."""
    return Reply(body=json.dumps(result).encode(), seconds=seconds)


def function_error(payload: Any, log: str = "") -> Reply:
    """Play a handler that failed, with the last of its log."""
    tail = base64.b64encode(log.encode()).decode()
    headers = {"X-Amz-Function-Error": "Unhandled", "X-Amz-Log-Result": tail}
    return Reply(headers=headers, body=json.dumps(payload).encode())


def refused(status: int, code: str, message: str) -> Reply:
    """Play a Lambda that refuses; the key of its message begins with a capital letter."""
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Reply(status=status, headers={"X-Amzn-ErrorType": code}, body=body)


def throttled() -> Reply:
    """Play a Lambda without spare concurrency; only this error has its message in lower case."""
    body = {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    headers = {"X-Amzn-ErrorType": "TooManyRequestsException", "Retry-After": "0"}
    return Reply(status=429, headers=headers, body=json.dumps(body).encode())


def denied() -> Reply:
    """Play an IAM that does not yet know the policy."""
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/shop-TriggerProviderRole/shop-TriggerProvider"
        f" is not authorized to perform: lambda:InvokeFunction on resource: {HANDLER}"
        " because no identity-based policy allows the lambda:InvokeFunction action"
    )
    return refused(403, "AccessDeniedException", message)


def half(result: Any) -> Bytes:
    """Play a connection that ends in the middle of the answer."""
    body = json.dumps(result).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {2 * len(body)}\r\n\r\n"
    return Bytes(raw=head.encode() + body)


def state(
    of_function: str = "Active", last_update: str = "Successful", log_group: str | None = None
) -> Reply:
    """Play the answer about the handler's configuration."""
    configuration: dict[str, Any] = {"State": of_function, "LastUpdateStatus": last_update}
    if log_group is not None:
        configuration["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": log_group}
    return Reply(body=json.dumps(configuration).encode())


def stack(status: str) -> Reply:
    """Play the answer about the stack."""
    xml = (
        '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<DescribeStacksResult><Stacks><member><StackId>{STACK}</StackId>"
        f"<StackName>shop</StackName><StackStatus>{status}</StackStatus></member></Stacks>"
        "</DescribeStacksResult></DescribeStacksResponse>"
    )
    return Reply(headers={"Content-Type": "text/xml"}, body=xml.encode())


def stack_error(status: int, code: str, message: str = "no") -> Reply:
    """Play a CloudFormation that refuses to tell."""
    xml = (
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "</ErrorResponse>"
    )
    return Reply(status=status, headers={"Content-Type": "text/xml"}, body=xml.encode())


# ---- what was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came: its body decoded, the time on the clock of `time.monotonic`, and
    the port of the caller, which tells connections apart."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Any
    at: float
    port: int

    @property
    def client_context(self) -> Any:
        """What the handler would find in `context.client_context`, or None."""
        sent = self.headers.get("x-amz-client-context")
        return None if sent is None else json.loads(base64.b64decode(sent))


@dataclass(slots=True)
class Line:
    """One kind of request: the script it plays, what stands in after it, what was asked."""

    name: str
    default: Behavior | None = None
    script: deque[Behavior] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def plays(self, *behaviors: Behavior) -> None:
        """Have the next requests meet these, in this order."""
        self.script.extend(behaviors)

    def next(self) -> Behavior | None:
        """Return what the next request meets, without playing it."""
        return self.script[0] if self.script else self.default


# ---- the server


class Endpoints:
    """The three services on one port; a breach of protocol is kept and fails `verify`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.handler = Line("invocation of the handler")
        self.handler_state = Line("look at the handler", state())
        self.stack = Line("question about the stack", stack("UPDATE_IN_PROGRESS"))
        self.hand_over = Line("hand-over", Reply(status=202))
        self.bucket = Line("answer", Reply())
        self.keep_alive_seconds: list[float] = []
        self.tls = tls
        self.ending = threading.Event()
        self._breaches: list[str] = []
        self._events: dict[str, dict[str, Any]] = {}
        self._answered: set[str] = set()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """The URL of the endpoint."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a function must have in its environment to call here as it would call AWS."""
        access_key, secret_key, token = CREDENTIALS
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_SESSION_TOKEN": token,
        }

    def event(
        self,
        kind: Kind = "Create",
        *,
        old: Mapping[str, Any] | None = None,
        seconds_ago: float = 0,
        **properties: Any,
    ) -> dict[str, Any]:
        """Return an event as CloudFormation would send it; its answer must have the same ids."""
        request_id, logical_id = str(uuid.uuid4()), "RunMigration"
        path = "/" + quote(f"{STACK}|{logical_id}|{request_id}", safe="")
        date = (_now() - timedelta(seconds=seconds_ago)).strftime("%Y%m%dT%H%M%SZ")
        query = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host"
            f"&X-Amz-Expires=7200&X-Amz-Credential=AKIDBUCKET%2F{date[:8]}%2F{REGION}"
            "%2Fs3%2Faws4_request&X-Amz-Signature=5ec2e7" + request_id.replace("-", "")
        )
        token = f"arn:aws:lambda:{REGION}:123456789012:function:shop-TriggerProvider-9Z"
        fixed = {"ServiceToken": token, "HandlerArn": HANDLER}
        event = {
            "RequestType": kind,
            "ServiceToken": token,
            "ResponseURL": f"{self.url}{path}?{query}",
            "StackId": STACK,
            "RequestId": request_id,
            "ResourceType": "Custom::Trigger",
            "LogicalResourceId": logical_id,
            "ResourceProperties": fixed | properties,
        }
        if kind != "Create":
            event["PhysicalResourceId"] = f"{logical_id}-0123456789ab"
        if kind == "Update":
            event["OldResourceProperties"] = fixed | dict(properties if old is None else old)
        self._events[path] = event
        return event

    @property
    def answers(self) -> list[dict[str, Any]]:
        """Every body that was sent to the response bucket, accepted or not."""
        return [asked.body for asked in self.bucket.asked]

    @property
    def answer(self) -> dict[str, Any]:
        """The only answer that the bucket accepted."""
        assert self._answered, "CloudFormation was not answered"
        return self.answers[-1]

    def verify(self) -> None:
        """Fail if anybody broke the protocol or a script was not played to its end."""
        unplayed = [
            f"{len(line.script)} of the script of the {line.name} left unplayed"
            for line in (self.handler, self.handler_state, self.stack, self.hand_over, self.bucket)
            if line.script
        ]
        assert not self._breaches + unplayed, "\n".join(self._breaches + unplayed)

    def breach(self, what: str) -> None:
        """Keep a breach of protocol until `verify`."""
        self._breaches.append(what)

    def refuse_connections(self) -> None:
        """Refuse every new connection from now on."""
        # Linux: a listening socket that is shut down keeps its port and refuses.
        self._server.socket.shutdown(socket.SHUT_RDWR)

    def accept_connections(self) -> None:
        """Accept connections again, on the same port."""
        self._server.server_activate()

    def serve(self) -> None:
        """Serve until `close`."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop serving; pauses in progress end at once."""
        self.ending.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()

    # -- one request: which kind it is, whether it is as it must be

    def line_of(self, method: str, target: str) -> Line | None:
        """Return the kind of a request by its request line, if it is known."""
        path = urlsplit(target).path
        if method == "PUT" and path in self._events:
            return self.bucket
        if method == "POST" and path == "/":
            return self.stack
        match method, FUNCTION_PATH.fullmatch(path):
            case "GET", re.Match() as match if match[2] == "configuration":
                return self.handler_state
            case "POST", re.Match() as match if match[2] == "invocations":
                return self.handler if unquote(match[1]).startswith(HANDLER) else self.hand_over
        return None

    def check(self, line: Line, asked: Asked, body: bytes) -> Iterator[str]:
        """Yield what is wrong with a request of this kind."""
        yield from _wrong_length(asked, body)
        if line is self.bucket:
            event = self._events[urlsplit(asked.target).path]
            yield from _wrong_answer(asked, body, event)
            if event["RequestId"] in self._answered:
                yield "CloudFormation was answered twice"
        elif line is self.stack:
            yield from _wrong_signature(asked, body, "cloudformation", self.url)
            yield from _wrong_question(asked, body)
        else:
            yield from _wrong_signature(asked, body, "lambda", self.url)
            yield from _wrong_function_name(asked)
            if asked.method == "POST":
                expects = "Event" if line is self.hand_over else None
                yield from _wrong_invocation(asked, body, expects)
            elif body:
                yield "a GET has no body"

    def played(self, line: Line, asked: Asked, behavior: Behavior) -> None:
        """Take note of what a request met."""
        taken = isinstance(behavior, Reply) and behavior.status == 200
        if line is self.bucket and taken and isinstance(asked.body, dict):
            self._answered.add(asked.body.get("RequestId", ""))


@contextlib.contextmanager
def endpoints(tls: ssl.SSLContext | None = None) -> Iterator[Endpoints]:
    """Yield the services, listening; verify at the end that the protocol was held."""
    served = Endpoints(tls)
    thread = threading.Thread(target=served.serve)
    thread.start()
    try:
        yield served
    finally:
        served.close()
        thread.join(LONGEST_PAUSE)
    served.verify()


# ---- the protocol


def _wrong_length(asked: Asked, body: bytes) -> Iterator[str]:
    if "transfer-encoding" in asked.headers:
        yield "the body is chunked, which S3 refuses"
    if asked.method != "GET" and asked.headers.get("content-length") != str(len(body)):
        yield "no Content-Length, or a wrong one"


def _wrong_signature(asked: Asked, body: bytes, service: str, url: str) -> Iterator[str]:
    authorization = asked.headers.get("authorization", "")
    match = re.fullmatch(
        "AWS4-HMAC-SHA256 Credential=(.+?)/(.+), SignedHeaders=(.+), Signature=([0-9a-f]{64})",
        authorization,
    )
    if match is None:
        yield f"not signed: {authorization!r}"
        return
    access_key, scope, signed, signature = match.groups()
    date = asked.headers.get("x-amz-date", "")
    if access_key != CREDENTIALS[0]:
        yield f"signed by {access_key!r}"
    if scope != f"{date[:8]}/{REGION}/{service}/aws4_request":
        yield f"signed for {scope!r}"
    if not {"host", "x-amz-date", "x-amz-security-token"} <= set(signed.split(";")):
        yield f"signed are only {signed!r}"
    unsigned = {name for name in asked.headers if name.startswith("x-amz-")} - set(
        signed.split(";")
    )
    if unsigned:
        yield f"not signed are {sorted(unsigned)!r}"
    if asked.headers.get("x-amz-security-token") != CREDENTIALS[2]:
        yield "the session token is missing"
    if signature != _signature(asked, body, service, url, signed.split(";")):
        yield "the signature is not of this request"


def _signature(asked: Asked, body: bytes, service: str, url: str, signed: list[str]) -> str:
    headers = {name: asked.headers.get(name, "") for name in signed}
    request = AWSRequest(asked.method, url + asked.target, headers, body)
    request.context["timestamp"] = asked.headers.get("x-amz-date", "")
    signer = SigV4Auth(Credentials(*CREDENTIALS), service, REGION)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(to_sign, request))


def _wrong_function_name(asked: Asked) -> Iterator[str]:
    path, _, query = asked.target.partition("?")
    found = FUNCTION_PATH.fullmatch(path)
    name = "" if found is None else found[1]
    if name != quote(unquote(name), safe=""):
        yield f"the function's name is not quoted: {name!r}"
    if set(dict(parse_qsl(query))) - {"Qualifier"}:
        yield f"unknown in the query: {query!r}"


def _wrong_invocation(asked: Asked, body: bytes, expected: str | None) -> Iterator[str]:
    kind = asked.headers.get("x-amz-invocation-type")
    if kind not in {"RequestResponse", "Event", "DryRun"} or kind != (expected or kind):
        yield f"invocation type {kind!r}"
    synchronous = kind == "RequestResponse"
    if asked.headers.get("x-amz-log-type") != ("Tail" if synchronous else None):
        yield f"log type {asked.headers.get('x-amz-log-type')!r} of a {kind} invocation"
    context = asked.headers.get("x-amz-client-context")
    if context is not None and (not synchronous or len(context) > 3583):
        yield f"a client context of {len(context)} characters in a {kind} invocation"
    if len(body) > (6_291_456 if synchronous else 1_048_576):
        yield f"a payload of {len(body)} bytes"
    if isinstance(asked.body, bytes):
        yield "the payload is no JSON"


def _wrong_question(asked: Asked, body: bytes) -> Iterator[str]:
    query = parse_qs(body.decode(), strict_parsing=True)
    actions = ["DescribeStacks"], ["DescribeStackEvents"]
    if query.pop("Action") not in actions or query != {"StackName": [STACK], "Version": [VERSION]}:
        yield f"asked CloudFormation {query!r}"
    content = asked.headers.get("content-type", "")
    if not content.startswith("application/x-www-form-urlencoded"):
        yield f"asked CloudFormation with content type {content!r}"


def _wrong_answer(asked: Asked, body: bytes, event: dict[str, Any]) -> Iterator[str]:
    if not event["ResponseURL"].endswith(asked.headers["host"] + asked.target):
        yield "the path or query of the ResponseURL was changed"
    if asked.headers.get("content-type") != "":
        yield f"content type {asked.headers.get('content-type')!r}: only an empty one is signed"
    if "authorization" in asked.headers:
        yield "a presigned URL takes no Authorization"
    if len(body) >= 4096:
        yield f"an answer of {len(body)} bytes"
    answer = asked.body
    if not isinstance(answer, dict):
        yield "the answer is no JSON object"
        return
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        if answer.get(name) != event[name]:
            yield f"{name} is not echoed: {answer.get(name)!r}"
    yield from _wrong_fields(answer, event)


def _wrong_fields(answer: dict[str, Any], event: dict[str, Any]) -> Iterator[str]:
    known = {"Status", "Reason", "PhysicalResourceId", "NoEcho", "Data"}
    if extra := set(answer) - known - {"StackId", "RequestId", "LogicalResourceId"}:
        yield f"unknown in the answer: {sorted(extra)!r}"
    if answer.get("Status") not in {"SUCCESS", "FAILED"}:
        yield f"status {answer.get('Status')!r}"
    if answer.get("Status") == "FAILED" and not answer.get("Reason"):
        yield "FAILED without a Reason"
    physical_id = answer.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not 0 < len(physical_id.encode()) <= 1024:
        yield f"PhysicalResourceId {physical_id!r}"
    if event["RequestType"] == "Delete" and physical_id != event["PhysicalResourceId"]:
        yield f"a Delete answered with another id: {physical_id!r}"
    if event["RequestType"] == "Delete" and {"NoEcho", "Data"} & set(answer):
        yield "a Delete answered with data"
    if not isinstance(answer.get("NoEcho", False), bool):
        yield "NoEcho is no boolean"
    data = answer.get("Data", {})
    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
        yield "Data is not a map of strings"


# ---- the wire


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # the threads are waited for, so that nothing outlives a test

    def __init__(self, played: Endpoints) -> None:
        self.played = played
        self.open: set[socket.socket] = set()
        with socket.socket() as chooser:  # a port bound by its number outlives `refuse`
            chooser.bind(("127.0.0.1", 0))
            port = chooser.getsockname()[1]
        super().__init__(("127.0.0.1", port), _Connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            connection, address = super().get_request()
        except OSError:  # while connections are refused
            self.played.ending.wait(0.02)
            raise
        connection.settimeout(LONGEST_PAUSE)
        if self.played.tls is not None:  # the handshake is the thread's, as it may take its time
            connection = self.played.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (as the base)
        """Keep what went wrong here; a caller may hang up, or refuse a handshake, if it likes."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.played.breach(f"the stub broke: {error!r}")

    def hang_up(self) -> None:
        """End what a caller keeps open."""
        for connection in tuple(self.open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def handle_one_request(self) -> None:
        played, line = self.server.played, None
        if played.tls is None:
            line = self._peeked()
        if line is not None and line.next() == Reset(after_reading=False):
            asked = self._asked({}, b"null")
            line.asked.append(asked)
            self._play(line, asked, line.script.popleft())
            return
        super().handle_one_request()

    def _peeked(self) -> Line | None:
        # Look at the request line and leave it, and all that follows, unread.
        seen = b""
        while b"\r\n" not in seen:
            received = self.connection.recv(65536, socket.MSG_PEEK)
            if received == seen or not received:
                return None
            seen = received
        self.command, self.path, _ = seen.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
        return self.server.played.line_of(self.command, self.path)

    def _answer(self) -> None:
        played = self.server.played
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = self._asked(headers, body)
        line = played.line_of(self.command, self.path)
        behavior = None if line is None else line.next()
        if line is None or behavior is None:
            played.breach(f"not expected: {self.command} {self.path}")
            self._reply(Reply(status=400))
            return
        wrong = list(played.check(line, asked, body))
        for what in wrong:
            played.breach(f"{line.name} {len(line.asked) + 1}: {what}")
        line.asked.append(asked)
        if line.script:
            line.script.popleft()
        self._play(line, asked, behavior)

    def _asked(self, headers: Mapping[str, str], body: bytes) -> Asked:
        return Asked(
            method=self.command,
            target=self.path,
            headers=headers,
            body=_decoded(body),
            at=time.monotonic(),
            port=self.client_address[1],
        )

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 (http.server's names)

    def _play(self, line: Line, asked: Asked, behavior: Behavior) -> None:
        self.close_connection = not isinstance(behavior, Reply)  # AWS keeps connections open
        self.server.played.played(line, asked, behavior)
        match behavior:
            case Reply():
                self._reply(behavior)
            case Bytes(raw=raw):
                self.wfile.write(raw)
            case Reset():
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                os.close(self.connection.detach())  # past whatever else still refers to it

    def _reply(self, reply: Reply) -> None:
        if reply.seconds:
            self._watch_keep_alive()
            self.server.played.ending.wait(min(reply.seconds, LONGEST_PAUSE))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _watch_keep_alive(self) -> None:
        # Only once the request is acknowledged is the timer the keep-alive's.
        end = time.monotonic() + LONGEST_PAUSE
        while time.monotonic() < end:
            seconds = keep_alive_seconds(self.client_address[1])
            if seconds is not None:
                self.server.played.keep_alive_seconds.append(seconds)
                return
            self.server.played.ending.wait(0.01)


def keep_alive_seconds(port: int) -> float | None:
    """Return when the kernel will probe the idle connection of this local port, if it will."""
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        local, connection_state, timer = fields[1], fields[3], fields[5]
        active, ticks = timer.split(":")
        if (local.split(":")[1], connection_state, active) == (f"{port:04X}", "01", "02"):
            return int(ticks, 16) / 100  # the kernel shows times in hundredths of a second
    return None


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (the functions under test read the real clock, too)
