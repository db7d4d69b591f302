"""Stubs of Lambda and the response bucket over TLS, which note when an answer arrives.

Knows the minimum that a provider calls. Refuses to check the calls, unlike the endpoints of the
tests, because checking takes time. Connections stay open between requests, as with AWS, and each
reply is a single write, so that no packet waits for another's acknowledgement.
"""

import contextlib
import json
import socket
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from tests.support.endpoints import CREDENTIALS, HANDLER, REGION, STACK


class Services(ThreadingHTTPServer):
    """The services on one port; `services` starts and stops them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, tls: ssl.SSLContext, roots: Path, private_root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._tls, self._roots, self._private_root = tls, roots, private_root
        self.seconds_per_start = 0.0
        self.ending = threading.Event()
        self.starts = 0
        self.status, self.answered_at = "", 0.0

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a provider calls these services as it would call AWS."""
        access_key, secret_key, token = CREDENTIALS
        return {
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{self.server_port}",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_SESSION_TOKEN": token,
            "SSL_CERT_FILE": str(self._roots),
            "AWS_CA_BUNDLE": str(self._roots),
            "REQUESTS_CA_BUNDLE": str(self._roots),
            "NODE_EXTRA_CA_CERTS": str(self._private_root),  # the others are compiled into Node
            "RESPONSE_PORT": str(self.server_port),
        }

    def event(self, properties: dict[str, str]) -> dict[str, Any]:
        """Return CloudFormation's event for creating a trigger, and forget the last answer."""
        self.starts, self.status, self.answered_at = 0, "", 0.0
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        token = f"arn:aws:lambda:{REGION}:123456789012:function:shop-TriggerProvider-9Z"
        query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires=7200"
        return {
            "RequestType": "Create",
            "ServiceToken": token,
            "ResponseURL": f"https://127.0.0.1:{self.server_port}/{uuid.uuid4()}?{query}",
            "StackId": STACK,
            "RequestId": str(uuid.uuid4()),
            "ResourceType": "Custom::Trigger",
            "LogicalResourceId": "RunMigration",
            "ResourceProperties": {"ServiceToken": token, "HandlerArn": HANDLER} | properties,
        }

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; its thread does the handshake."""
        connection, address = super().get_request()
        tls = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return tls, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors of this server; a provider may close a connection at any time."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per reply
    server: Services

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Report that the handler is ready."""
        self._reply(b'{"State": "Active", "LastUpdateStatus": "Successful"}')

    def do_POST(self) -> None:
        """Run the handler."""
        self._body()
        self.server.starts += 1
        if self.server.seconds_per_start:
            self.server.ending.wait(self.server.seconds_per_start)
        self._reply(b"null")

    def do_PUT(self) -> None:
        """Receive the answer to CloudFormation."""
        body = self._body()
        self.server.answered_at = time.monotonic()
        self.server.status = json.loads(body)["Status"]
        self._reply(b"")


@contextlib.contextmanager
def services(folder: Path, known_roots: Path) -> Iterator[Services]:
    """Yield the services, listening; the certificates to trust are written to `folder`.

    They are listed after as many public ones as a client of AWS has to read.
    """
    authority = trustme.CA()
    private_root, roots = folder / "private-root.pem", folder / "roots.pem"
    private_root.write_bytes(authority.cert_pem.bytes())
    roots.write_bytes(known_roots.read_bytes() + b"\n" + authority.cert_pem.bytes())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    served = Services(tls, roots, private_root)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        served.ending.set()
        served.shutdown()
        served.server_close()
        thread.join()
