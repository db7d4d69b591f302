"""Requests on the wire, signed, and what became of them.

Knows sockets, kept connections, Signature Version 4, and what a reply, or none, proves about a
request that must not run twice. Refuses to know what the requests are for.
"""

import hashlib
import hmac
import io
import os
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from trigger_provider.decision import Clock
from trigger_provider.request import Map

NOT_SENT: Final = 0
"""Instead of an HTTP status: the request was not sent, so it had no effect."""

LOST: Final = 1
"""Instead of an HTTP status: the request was sent, and no reply came; it may have had an effect."""

Reply = tuple[int, Any, bytes]
"""HTTP status or NOT_SENT or LOST; headers, blind to case; the body, or why there is none."""


class Effects(NamedTuple):
    """What the service needs from the outside; tests replace it.

    `call` is as `signed_call`. `put` sends an answer to a URL. `log` writes an entry.
    """

    clock: Callable[[], Clock]
    sleep: Callable[[float], None]
    call: Callable[[str, str, str, bytes, Map, float], Reply]
    put: Callable[[str, bytes], Reply]
    log: Callable[[Map], None]


# ---- what a reply proves


class Response(NamedTuple):
    """A reply as a value, with header names in lowercase, and the body or why there is none.

    A request was `answered`, or `not sent`; or it was sent and `timed out` while the other side
    held the connection, or the connection was `cut off`.
    """

    kind: Literal["answered", "not sent", "timed out", "cut off"]
    status: int
    headers: Any
    body: bytes


def response_of(reply: Reply) -> Response:
    """Read a reply. The reason of a lost reply is interpreted only here."""
    status, headers, why = reply
    if status == NOT_SENT:
        return Response("not sent", *reply)
    if status != LOST:
        return Response("answered", status, {n.lower(): headers[n] for n in headers}, why)
    # A read that timed out has no errno; a connection that the kernel has given up has one.
    is_slow = b"timed out" in why and b"Errno" not in why
    return Response("timed out" if is_slow else "cut off", *reply)


def text_of(response: Response) -> str:
    """Return the body of a response, or why there is none, as text."""
    return response.body.decode(errors="replace")


# ---- one request


IDLE: Final[dict[str, tuple[socket.socket, float]]] = {}
"""The last connection to each host, and the time of its last reply."""

KEPT_FOR: Final = 4
"""Seconds after which an idle connection is not used again: servers close theirs at five."""

KEPT_FOR_POST: Final = 1
"""The same for what may run when it is lost, and is never sent twice."""

CONNECT: Final = 5
"""Seconds within which a connection is made, or the host is not there."""

TCP_OPTIONS: Final = {"TCP_NODELAY": 1, "TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 5}
"""A NAT gateway forgets a connection that was silent for 350 seconds, as long handlers are."""


def trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Return the trusted authorities: those that the environment names, or the system's.

    A file that cannot be read is passed over: CloudFormation has to be answered all the same.
    """
    bundle = environment.get("AWS_CA_BUNDLE") or environment.get("REQUESTS_CA_BUNDLE")
    with suppress(OSError):
        return ssl.create_default_context(cafile=bundle or None)
    return ssl.create_default_context()


TRUST: Final = trust(os.environ)


def exchange(method: str, url: str, body: bytes, headers: Map, seconds: float) -> Reply:
    """Send a request once; `seconds` bound the whole reply, however slowly it comes.

    An invalid URL and a reply that is not HTTP raise ValueError, and count as no reply.
    The last connection to a host is used again. One that was idle may be dead, and what was lost
    on it may have run: a POST takes it only just after an answer, others fall back on a fresh one.
    """
    deadline = time.monotonic() + seconds
    if connection := idle_connection(method, urlsplit(url).netloc):
        reply = send_on(connection, method, url, body, headers, deadline)
        if method == "POST" or reply[0] != LOST:
            return reply
    try:
        connection = connected(url, deadline)
    except (OSError, ValueError) as error:
        return NOT_SENT, {}, reason_of(error)
    return send_on(connection, method, url, body, headers, deadline)


def time_left(deadline: float) -> float:
    """Return the seconds until a moment; raises TimeoutError if it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def idle_connection(method: str, host: str) -> socket.socket | None:
    """Return the connection to a host that a method may use again, and close any other."""
    if host not in IDLE:
        return None
    connection, since = IDLE.pop(host)
    is_young = 0 <= time.time() - since < (KEPT_FOR_POST if method == "POST" else KEPT_FOR)
    # An idle connection can only be read if it has ended.
    has_ended = select.select([connection], [], [], 0)[0]
    if is_young and not has_ended:
        return connection
    connection.close()
    return None


def connected(url: str, deadline: float) -> socket.socket:
    """Return a new connection to the host of a URL, which the kernel keeps alive."""
    parts = urlsplit(url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    connection = reached(host, port, min(deadline, time.monotonic() + CONNECT))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, number in TCP_OPTIONS.items():
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), number)
    return TRUST.wrap_socket(connection, server_hostname=host) if is_secure else connection


def reached(host: str, port: int, deadline: float) -> socket.socket:
    """Return a connection to the first address of a host that accepts one, before a deadline.

    `socket.create_connection` gives every address its whole timeout, and S3 has eight.
    """
    reason = OSError("no address")
    for *_, (place, *_) in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return socket.create_connection((str(place), port), time_left(deadline))
        except OSError as error:
            reason = error
    raise reason


def send_on(  # noqa: PLR0917 (an HTTP call has that many parts)
    connection: socket.socket, method: str, url: str, body: bytes, headers: Map, deadline: float
) -> Reply:
    """Send a request on a connection and read the reply; keep the connection if it stays open.

    Head and body go out in one write: of two, the second waits for an acknowledgement of the first.
    """
    host = urlsplit(url).netloc
    lines = [f"{method} {url.split(host, 1)[1] or '/'} HTTP/1.1"]
    fields = {"Host": host, "Content-Length": len(body)} | headers
    lines += [f"{name}: {value}" for name, value in fields.items()]
    try:
        connection.settimeout(max(1, deadline - time.monotonic()))
        connection.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)
        reply, stays_open = read_reply(io.BufferedReader(Bounded(connection, deadline)))
    except (OSError, ValueError) as error:
        connection.close()
        return LOST, {}, reason_of(error)
    if stays_open:
        IDLE[host] = connection, time.time()
    else:
        connection.close()
    return reply


def reason_of(error: Exception) -> bytes:
    """Return why there is no reply, instead of a body."""
    return f"{type(error).__name__} {error}".encode()


# ---- the reply

# http.client parses headers as those of an e-mail, which took an eighth of a warm event.


class Bounded(io.RawIOBase):
    """A socket that is read until a deadline, even if the other side keeps sending a few bytes."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline = connection, deadline

    def readable(self) -> bool:
        """Return True, as a reader requires."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has arrived, or wait for it until the deadline."""
        self.connection.settimeout(time_left(self.deadline))
        return self.connection.recv_into(buffer)


def read_reply(reader: io.BufferedReader) -> tuple[Reply, bool]:
    """Read the reply to a GET, POST or PUT; return it, and whether the connection stays open.

    Raises ValueError if the reply is not HTTP, and ConnectionError if it ends too early.
    https://www.rfc-editor.org/rfc/rfc9112#name-message-body-length
    """
    status = 0
    while status < FINAL:
        line = read_line(reader)
        if not re.match(r"HTTP/1\.\d \d{3}", line):
            raise ValueError(f"not HTTP: {line[:LONGEST_QUOTE]}")
        status, headers = int(line[9:12]), {}
        while field := read_line(reader):
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
    stays_open = line[7] == "1" and headers.get("connection", "").lower() != "close"
    match headers:
        case _ if status in {204, 304}:
            body = b""
        case {"transfer-encoding": _}:
            body = b"".join(read_chunks(reader))
        case {"content-length": length}:
            body = read_bytes(reader, int(length))
        case _:
            body, stays_open = reader.read(), False
    return (status, headers, body), stays_open


FINAL: Final = 200
"""The first HTTP status of a final reply; a lower one is followed by another."""

LONGEST_QUOTE: Final = 99


def read_line(reader: io.BufferedReader) -> str:
    """Read a line of a reply; return it without its line break."""
    line = reader.readline()
    return require_complete(line, line.endswith(b"\n")).decode("latin-1").strip()


def read_bytes(reader: io.BufferedReader, count: int) -> bytes:
    """Read a part of a body."""
    part = reader.read(count)
    return require_complete(part, len(part) == count)


def require_complete(part: bytes, is_complete: bool) -> bytes:  # noqa: FBT001 (its name says it)
    """Return a part of a reply; raise ConnectionError if the connection ended within it."""
    if not is_complete:
        raise ConnectionError("the reply is incomplete")
    return part


def read_chunks(reader: io.BufferedReader) -> Iterator[bytes]:
    """Read a body in chunks, and the lines after it.

    https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding
    """
    while count := int(read_line(reader).split(";")[0], 16):
        yield read_bytes(reader, count)
        read_line(reader)
    while read_line(reader):
        pass


# ---- a call to AWS

REGION: Final = os.environ.get("AWS_REGION", "us-east-1")


def signed_call(  # noqa: PLR0917 (an HTTP call has that many parts)
    service: str, method: str, path: str, body: bytes, headers: Map, seconds: float
) -> Reply:
    """Send a request to a service of AWS, with the credentials of this function."""
    region, base = region_and_url(service, path)
    url, date = base + path, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
    keys = [os.environ.get(f"AWS_{name}", "") for name in names]
    headers = signed(service, method, url, body, headers, date, keys, region)
    return exchange(method, url, body, headers, seconds)


@lru_cache
def region_and_url(service: str, path: str) -> tuple[str, str]:
    """Return the region of a path, and the URL of a service in that region."""
    region = region_of(path)
    return region, endpoint(service, region)


def region_of(path: str, otherwise: str = REGION) -> str:
    """Return the region of the function whose ARN is in a path, which alone answers for it."""
    match unquote(path).partition("/arn:")[2].split(":"):
        case [_, _, region, _, *_] if region:
            return region
    return otherwise


DUAL_STACK: Final = {
    "cn-": "amazonwebservices.com.cn",
    "eusc-": "amazonwebservices.eu",
    "us-iso-": "aws.ic.gov",
    "us-isob-": "aws.scloud",
    "eu-isoe-": "cloud-aws.adc-e.uk",
    "us-isof-": "aws.hci.ic.gov",
    "": "aws",
}
"""How the names of a partition's regions begin, and its domain for dual-stack endpoints.

https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
"""


def endpoint(
    service: str, region: str = REGION, environment: Mapping[str, str] = os.environ
) -> str:
    """Return the URL of a service, without a final slash, as the SDKs find it.

    Its usual domain is that of the stack's partition, which CloudFormation knows.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
    """
    named = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    chosen = next(filter(None, map(environment.get, named)), "")
    flags = ("IGNORE_CONFIGURED_ENDPOINT_URLS", "USE_FIPS_ENDPOINT", "USE_DUALSTACK_ENDPOINT")
    is_ignored, is_fips, is_dual = (
        environment.get(f"AWS_{flag}", "").lower() == "true" for flag in flags
    )
    if chosen and not is_ignored:
        return chosen.rstrip("/")
    dual = next(DUAL_STACK[prefix] for prefix in DUAL_STACK if region.startswith(prefix))
    domain = f"api.{dual}" if is_dual else environment.get("URL_SUFFIX", "amazonaws.com")
    # CloudFormation's usual endpoints in GovCloud are FIPS endpoints, by their usual name.
    if is_fips and (is_dual or service != "cloudformation" or not region.startswith("us-gov-")):
        service += "-fips"
    return f"https://{service}.{region}.{domain}"


def signed(  # noqa: PLR0917 (an HTTP call has that many parts)
    service: str,
    method: str,
    url: str,
    body: bytes,
    headers: Map,
    date: str,
    keys: Sequence[str],
    region: str = REGION,
) -> Map:
    """Add Signature Version 4 to the headers of a request without a query.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    parts = urlsplit(url)
    headers = headers | {"Host": parts.netloc, "X-Amz-Date": date}
    key_id, secret, token = keys
    if token:
        headers["X-Amz-Security-Token"] = token
    names = sorted(headers, key=str.lower)
    lines = "".join(f"{name.lower()}:{headers[name]}\n" for name in names)
    signed_names = ";".join(names).lower()
    twice = parts.path.replace("%", "%25")  # the signature is of the path, quoted again
    canonical = f"{method}\n{twice}\n\n{lines}\n{signed_names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    identity = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}"
    authorization = f"{identity}, SignedHeaders={signed_names}, Signature={key.hex()}"
    return headers | {"Authorization": authorization}
