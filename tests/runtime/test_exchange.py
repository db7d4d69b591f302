"""One request on the wire: which connection it takes, and what is never sent twice.

Knows the provider's `exchange` and real sockets. Refuses to know what the requests are for.
"""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import pytest

from tests.support.waiting import PATIENCE
from trigger_provider.transport import IDLE, LOST, NOT_SENT, exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a connection meets: so many answers; then a request in vain, the end, or nothing."""

    answers: int = 1
    header: str = ""
    ends: bool = False
    loses: bool = False


@dataclass(slots=True)
class Host:
    """A server, and the methods that it was asked, by connection."""

    url: str
    asked: list[list[str]] = field(default_factory=list)


@contextmanager
def host(*connections: Connection) -> Iterator[Host]:
    """Accept these connections, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        served = Host(url=f"http://127.0.0.1:{listener.getsockname()[1]}/path")
        thread = threading.Thread(target=serve, args=(listener, connections, served.asked))
        thread.start()
        try:
            yield served
        finally:
            forget_connections()
            thread.join()
        assert len(served.asked) == len(connections), "not every connection was made"
        assert not select.select([listener], [], [], 0)[0], "one connection more was made"


def forget_connections() -> None:
    while IDLE:
        IDLE.popitem()[1][0].close()


def serve(
    listener: socket.socket, connections: tuple[Connection, ...], asked: list[list[str]]
) -> None:
    for plan in connections:
        try:
            connection, _ = listener.accept()
        except TimeoutError:  # nobody came: the test says so
            return
        asked.append([])
        with connection, connection.makefile("rb") as reader:
            for _ in range(plan.answers):
                asked[-1].append(method(reader))
                connection.sendall(
                    f"HTTP/1.1 200 OK\r\n{plan.header}Content-Length: 0\r\n\r\n".encode()
                )
            if plan.loses:
                asked[-1].append(method(reader))
            elif not plan.ends and (more := method(reader)):
                asked[-1].append(more)


def method(reader: BinaryIO) -> str:
    """Read a request without a body; empty at the end of the connection."""
    first = reader.readline()
    while reader.readline() not in (b"\r\n", b""):
        pass
    return first.split(b" ")[0].decode()


def ask(served: Host, method: str) -> int | str:
    """Send a request; its status, or what was lost."""
    status = exchange(method, served.url, b"", {}, PATIENCE)[0]
    return {NOT_SENT: "not sent", LOST: "lost"}.get(status, status)


def let_the_connection_be_idle(*, seconds: float) -> None:
    ((name, (connection, since)),) = IDLE.items()
    IDLE[name] = connection, since - seconds


def the_end_of_the_kept_connection_has_arrived() -> bool:
    ((kept, _),) = IDLE.values()
    return bool(select.select([kept], [], [], PATIENCE)[0])


@pytest.mark.parametrize("second", ["GET", "PUT", "POST"])
def test_a_request_just_after_an_answer_takes_its_connection(second: str) -> None:
    with host(Connection(answers=2)) as served:
        assert [ask(served, "GET"), ask(served, second)] == [200, 200]

    assert served.asked == [["GET", second]]


def test_an_invocation_never_takes_a_connection_that_was_idle_for_a_second() -> None:
    with host(Connection(), Connection()) as served:
        assert ask(served, "GET") == 200
        let_the_connection_be_idle(seconds=1)
        assert ask(served, "POST") == 200

    assert served.asked == [["GET"], ["POST"]]


def test_a_look_still_takes_a_connection_that_was_idle_for_a_second() -> None:
    with host(Connection(answers=2)) as served:
        assert ask(served, "GET") == 200
        let_the_connection_be_idle(seconds=1)
        assert ask(served, "GET") == 200

    assert served.asked == [["GET", "GET"]]


@pytest.mark.parametrize("second", ["GET", "PUT", "POST"])
def test_a_connection_that_has_ended_is_not_taken(second: str) -> None:
    with host(Connection(ends=True), Connection()) as served:
        assert ask(served, "GET") == 200
        assert the_end_of_the_kept_connection_has_arrived()
        assert ask(served, second) == 200

    assert served.asked == [["GET"], [second]]


def test_a_connection_that_the_other_side_will_close_is_not_kept() -> None:
    with host(Connection(header="Connection: close\r\n"), Connection()) as served:
        assert ask(served, "GET") == 200
        assert IDLE == {}
        assert ask(served, "POST") == 200

    assert served.asked == [["GET"], ["POST"]]


@pytest.mark.parametrize("second", ["GET", "PUT"])
def test_a_repeatable_request_lost_on_a_kept_connection_is_sent_again_on_a_new_one(
    second: str,
) -> None:
    with host(Connection(loses=True), Connection()) as served:
        assert [ask(served, "GET"), ask(served, second)] == [200, 200]

    assert served.asked == [["GET", second], [second]]


def test_an_invocation_that_was_lost_on_a_kept_connection_is_not_sent_again() -> None:
    with host(Connection(loses=True)) as served:
        assert [ask(served, "GET"), ask(served, "POST")] == [200, "lost"]

    assert served.asked == [["GET", "POST"]]


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_nothing_that_was_lost_on_a_fresh_connection_is_sent_again(method: str) -> None:
    with host(Connection(answers=0, loses=True)) as served:
        assert ask(served, method) == "lost"

    assert served.asked == [[method]]


def test_a_request_to_a_host_that_does_not_listen_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = Host(url=f"http://127.0.0.1:{listener.getsockname()[1]}/")

    assert ask(gone, "POST") == "not sent"


def test_a_host_that_accepts_no_connection_is_not_sent_the_request() -> None:
    """A listener whose queue is full ignores connections, as an unreachable host does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as queue:
        for _ in range(9):
            waiting = queue.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/path"
        reply = exchange("POST", url, b"", {}, 0.3)

    assert reply == (NOT_SENT, {}, b"TimeoutError timed out")


def test_a_host_is_reached_at_its_second_address() -> None:
    """`localhost` has an address of IPv6 first, where the machine has any."""
    with serving(b"HTTP/1.1 204 No Content\r\n\r\n") as url:
        reply = exchange("GET", url.replace("127.0.0.1", "localhost"), b"", {}, PATIENCE)
        forget_connections()

    assert reply[0] == 204


def drip(listener: socket.socket) -> None:
    """Send a reply that never ends, a little at a time, until nobody reads it."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        try:
            while not select.select([connection], [], [], 0.02)[0]:
                connection.sendall(b"x")
        except OSError:
            pass


def test_a_reply_that_never_ends_is_lost_when_its_seconds_are_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()

        url = f"http://127.0.0.1:{listener.getsockname()[1]}/path"
        status, _, why = exchange("POST", url, b"", {}, 0.3)

        thread.join()
    assert (status, why) == (LOST, b"TimeoutError timed out")


# ---- forms of a reply


@contextmanager
def serving(reply: bytes) -> Iterator[str]:
    """Serve these bytes as the reply to one request; yield the URL."""

    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/path"
        thread.join()


def reply_in(reply: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return the reply that these bytes are read as, and forget the connection."""
    with serving(reply) as url:
        status, headers, body = exchange("GET", url, b"", {}, PATIENCE)
        forget_connections()
    return status, dict(headers), body


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", 200, b"body"),
        (b"HTTP/1.1 200\r\ncontent-length:4\r\n\r\nbody", 200, b"body"),
        (b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody", 200, b"body"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 200 OK\r\n\r\nall until the end", 200, b"all until the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", 200, b"body"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 503 Slow Down\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"3\r\n<a>\r\n1C;part=2\r\n" + b"x" * 28 + b"\r\n0\r\nX-Last: 1\r\n\r\n",
         503, b"<a>" + b"x" * 28),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         200, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
         202, b""),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000 + b"\r\nContent-Length: 1\r\n\r\n!",
         200, b"!"),
    ],
)  # fmt: skip
def test_a_reply_is_read_as_http_says(reply: bytes, status: int, body: bytes) -> None:
    assert (reply_in(reply)[0], reply_in(reply)[2]) == (status, body)


def test_header_names_are_lowercase_and_values_have_no_spaces_around_them() -> None:
    _, headers, _ = reply_in(
        b"HTTP/1.1 200 OK\r\nX-Amz-Function-Error:\t Unhandled \r\nX-A: b:c\r\n"
        b"X-Latin: \xe9\r\nContent-Length: 0\r\n\r\n"
    )

    assert headers == {
        "x-amz-function-error": "Unhandled",
        "x-a": "b:c",
        "x-latin": "é",
        "content-length": "0",
    }


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"", b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200", b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n", b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nX-Amz-Fun", b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod",
         b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbod",
         b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
         b"ConnectionError the reply is incomplete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nbody\r\n0\r\n\r\n",
         b"ValueError read length must be non-negative or -1"),
        (b"\r\n", b"ValueError not HTTP: "),
        (b"SSH-2.0-OpenSSH_9.6\r\n", b"ValueError not HTTP: SSH-2.0-OpenSSH_9.6"),
        (b"HTTP/2 200\r\n", b"ValueError not HTTP: HTTP/2 200"),
        (b"x" * 1000 + b"\r\n", b"ValueError not HTTP: " + b"x" * 99),
        (b"HTTP/1.1 200 OK\r\nContent-Length: four\r\n\r\nbody",
         b"ValueError invalid literal for int() with base 10: 'four'"),
    ],
)  # fmt: skip
def test_an_invalid_reply_is_lost_with_its_reason(reply: bytes, why: bytes) -> None:
    assert reply_in(reply) == (LOST, {}, why)


@pytest.mark.parametrize(
    ("head", "is_kept"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.1 200 OK", False),
    ],
)
def test_a_connection_is_kept_if_http_says_that_it_stays_open(
    head: bytes,
    is_kept: bool,  # noqa: FBT001 (a row of the table)
) -> None:
    with serving(head + b"\r\n\r\n") as url:
        exchange("GET", url, b"", {}, PATIENCE)
        kept = dict(IDLE)
        forget_connections()

    assert bool(kept) is is_kept


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999/", "http://:80x/", "http://127.0.0.1:port/"]
)
def test_a_request_to_an_invalid_url_is_not_sent(url: str) -> None:
    assert ask(Host(url=url), "POST") == "not sent"
