"""A connection that stays idle, and whether the other side has closed it.

Knows sockets and TLS; sends nothing.
"""

import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def idle_connection(url: str) -> Iterator[Callable[[], bool]]:
    """Connect to the host of a URL; yield a function that returns whether it is still open."""
    parts = urlsplit(url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    with socket.create_connection((host, parts.port or (443 if is_secure else 80))) as plain:
        if not is_secure:
            yield lambda: not _is_closed(plain)
            return
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure:
            yield lambda: not _is_closed(secure)


def _is_closed(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1) == b""
    except OSError:
        return True
