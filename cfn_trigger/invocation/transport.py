"""Calls to Lambda's API, each sent once, and the handler's log while it runs.

Knows botocore's signature and connections, and how a line that arrives twice, in the log and in the
reply, is shown once. Refuses to know what a call is for: that is the provider's own code.
"""

import base64
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
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

from cfn_trigger.deployment import aws, timeline
from cfn_trigger.deployment.logs import Tails
from cfn_trigger.deployment.state import Line, LogEntry
from macro.cloudformation import as_map
from trigger_provider.transport import LOST, NOT_SENT, TCP_OPTIONS, Reply, region_of

PAUSE: Final = 1.0
"""Seconds between two reads of the log of a handler that runs."""

Send = Callable[[str, str, bytes, Mapping[str, str], float], Reply]
"""Sends method, path, body and headers, and returns the reply; the last argument is its timeout."""


@dataclass(slots=True)
class Caller:
    """Calls Lambda as the provider does, and shows what the handler prints meanwhile.

    `expected` counts lines of replies that the log has yet to repeat.
    """

    send: Send
    tails: Tails
    source: str
    show: Callable[[Line], None]
    now: Callable[[], datetime]
    pause: float = PAUSE
    seen: set[str] = field(default_factory=set)
    expected: Counter[str] = field(default_factory=Counter)

    def call(
        self,
        _service: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Reply:
        """Send a request once, and show the handler's log until the reply arrives."""
        reply: Future[Reply] = Future()

        def send() -> None:
            try:
                reply.set_result(self.send(method, path, body, headers, seconds))
            except Exception as error:  # noqa: BLE001 it is raised again where it is waited for
                reply.set_exception(error)

        threading.Thread(
            target=send, daemon=True
        ).start()  # so that Ctrl-C does not wait for a handler
        shown: Counter[str] = Counter()
        while not wait([reply], self.pause).done:
            shown.update(self._show_log())
        status, reply_headers, content = reply.result()
        if method == "GET":
            self._learn_log_group(content)
        if status not in (NOT_SENT, LOST):
            self._show_rest(reply_headers.get("X-Amz-Log-Result"), shown)
        return status, reply_headers, content

    def _learn_log_group(self, configuration: bytes) -> None:
        """Read the log that a handler's configuration names, which the provider looks at first."""
        tail = self.tails.tails.get(self.source)
        with suppress(ValueError):
            logging = as_map(as_map(json.loads(configuration)).get("LoggingConfig"))
            if tail and logging.get("LogGroup"):
                tail.group = str(logging["LogGroup"])

    def _show_log(self) -> Iterator[str]:
        """Show new lines of the log, and yield them."""
        for entry in self.tails.read():
            if entry.id in self.seen:
                continue
            self.seen.add(entry.id)
            for text in _output_lines(entry.text):
                if self.expected[text]:
                    self.expected[text] -= 1
                else:
                    self.show(timeline.output_line(replace(entry, text=text)))
                    yield text

    def _show_rest(self, encoded: str | None, shown: Counter[str]) -> None:
        """Show the lines of a reply, in base64, that the log did not have yet."""
        for text in _output_lines(base64.b64decode(encoded or "").decode(errors="replace")):
            if shown[text]:
                shown[text] -= 1
            else:
                self.expected[text] += 1
                entry = LogEntry(id="", at=self.now(), source=self.source, text=text)
                self.show(timeline.output_line(entry))


def _output_lines(text: str) -> Iterator[str]:
    """Yield what a function printed, line by line: an entry may have several, a reply has all."""
    for line in text.replace("\r", "\n").split("\n"):
        if timeline.is_output(line):
            yield line.rstrip()


def sender(endpoint: str, region: str) -> Send:
    """Return a function that sends a request to Lambda's endpoint, signed, and only once."""
    session = botocore.session.get_session()
    credentials: Any = session.get_credentials()
    connect: Any = URLLib3Session  # its published types are too narrow
    options: list[tuple[int, int, int]] = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        *(
            (socket.IPPROTO_TCP, getattr(socket, name), value)
            for name, value in TCP_OPTIONS.items()
            if hasattr(socket, name)
        ),
    ]

    def send(
        method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> Reply:
        # A function of another region has that region's endpoint, unless one is configured for all.
        there = region_of(path, region)
        url = endpoint.rstrip("/").replace(f".{region}.", f".{there}.") + path
        request: Any = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        with aws.requesting("AWS credentials"):  # they may need a refresh
            frozen = credentials.get_frozen_credentials()
        SigV4Auth(frozen, "lambda", there).add_auth(request)
        connection = connect(
            verify=session.get_config_variable("ca_bundle") or True,
            proxies=get_environ_proxies(url),
            timeout=(5, seconds),
            socket_options=options,
        )
        try:
            reply = connection.send(request.prepare())
        except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError) as error:
            return NOT_SENT, {}, str(error).encode()
        except ReadTimeoutError:
            return LOST, {}, b"timed out"
        except (HTTPClientError, SSLError) as error:
            return LOST, {}, str(error).encode()
        finally:
            connection.close()
        return reply.status_code, reply.headers, reply.content

    return send
