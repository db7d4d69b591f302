"""Lambda's API, called once for each call, and the handler's log while it is busy.

Knows botocore's signature and connections, and how lines that are logged and lines that an answer
brings are told once. Refuses to know what a call is for: that is the provider's own code.
"""

import base64
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from cfn_trigger.deployment import poller, timeline
from cfn_trigger.deployment.timeline import Entry, Line
from trigger_provider import index

LOOK: Final = 1.0
"""Seconds between two looks at the log of a handler that runs."""

Send = Callable[[str, str, bytes, Mapping[str, str], float], index.Reply]
"""Method, path, body, headers and seconds to wait; what comes back."""


@dataclass(slots=True)
class Caller:
    """Calls Lambda as the provider does, and tells what the handler prints meanwhile.

    `owed` counts lines that an answer brought and that the log has yet to bring again.
    """

    send: Send
    tails: poller.Tails
    source: str
    tell: Callable[[Line], None]
    now: Callable[[], datetime]
    pause: float = LOOK
    seen: set[str] = field(default_factory=set)
    owed: Counter[str] = field(default_factory=Counter)

    def call(
        self,
        _service: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> index.Reply:
        """Send a request once, and tell the handler's log until it is answered."""
        reply: Future[index.Reply] = Future()

        def send() -> None:
            try:
                reply.set_result(self.send(method, path, body, headers, seconds))
            except Exception as error:  # noqa: BLE001 it is raised again where it is waited for
                reply.set_exception(error)

        threading.Thread(target=send, daemon=True).start()  # Ctrl-C does not wait for a handler
        told: Counter[str] = Counter()
        while not wait([reply], self.pause).done:
            told.update(self._logged())
        status, answered, content = reply.result()
        if status not in (index.NOT_SENT, index.LOST):
            self._answered(answered.get("X-Amz-Log-Result"), told)
        return status, answered, content

    def _logged(self) -> Iterator[str]:
        for one in self.tails.read():
            text = one.text.rstrip()
            if one.id in self.seen or not timeline.is_printed(text):
                continue
            self.seen.add(one.id)
            if self.owed[text]:
                self.owed[text] -= 1
            else:
                self.tell(timeline.printed(one))
                yield text

    def _answered(self, encoded: str | None, told: Counter[str]) -> None:
        for line in base64.b64decode(encoded or "").decode(errors="replace").splitlines():
            text = line.rstrip()
            if not timeline.is_printed(text):
                continue
            if told[text]:
                told[text] -= 1
            else:
                self.owed[text] += 1
                one = Entry(id="", at=self.now(), source=self.source, text=text)
                self.tell(timeline.printed(one))


def sender(endpoint: str, region: str) -> Send:
    """Give what sends a request to Lambda's endpoint, signed, and never a second time."""
    session = botocore.session.get_session()
    credentials: Any = session.get_credentials()
    connect: Any = URLLib3Session  # its published types are narrower than it is
    options: list[tuple[int, int, int]] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        *(
            (socket.IPPROTO_TCP, getattr(socket, name), value)
            for name, value in index.KEEP_ALIVE.items()
            if hasattr(socket, name)
        ),
    ]

    def send(
        method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> index.Reply:
        url = endpoint.rstrip("/") + path
        request: Any = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        SigV4Auth(credentials.get_frozen_credentials(), "lambda", region).add_auth(request)
        connection = connect(
            verify=session.get_config_variable("ca_bundle") or True,
            proxies=get_environ_proxies(url),
            timeout=(5, seconds),
            socket_options=options,
        )
        try:
            reply = connection.send(request.prepare())
        except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError) as error:
            return index.NOT_SENT, {}, str(error).encode()
        except ReadTimeoutError:
            return index.LOST, {}, b"timed out"
        except (HTTPClientError, SSLError) as error:
            return index.LOST, {}, str(error).encode()
        finally:
            connection.close()
        return reply.status_code, reply.headers, reply.content

    return send
