"""Run a Lambda function folder under the real runtime client and interface emulator.

Knows how Lambda starts Python code: its environment, `sys.path`, deadlines, cold and warm starts.
Refuses to know what the function does or which services it calls: those are `environment`.
"""

import base64
import contextlib
import functools
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.support.waiting import PATIENCE, wait_until

REPOSITORY = Path(__file__).parents[2]
PROVIDED = ("boto3", "botocore", "awslambdaric")  # what Lambda adds to the standard library

# -I and -S keep the surroundings out; what Lambda would see is put back, in Lambda's order.
BOOTSTRAP = """
import runpy, sys
sys.path[:0] = [sys.argv.pop(1), sys.argv.pop(1)]
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""


class Invocation(NamedTuple):
    """What came of one invocation: the result, or as text what is no JSON; seconds as a caller
    sees them, so that a cold start is part of the first."""

    payload: Any
    log: str
    seconds: float


class Function:
    """A function that can be invoked; made by `function`, which also ends it."""

    def __init__(self, start: "Callable[[], _Server]", name: str) -> None:
        self._start, self._name = start, name
        self._server: _Server | None = None

    @property
    def arn(self) -> str:
        """The ARN that the function finds in its context; region and account are the emulator's."""
        return f"arn:aws:lambda:us-east-1:012345678912:function:{self._name}"

    def invoke(
        self, event: Any, *, client_context: Any = None, within: float = PATIENCE
    ) -> Invocation:
        """Invoke it synchronously, cold if it is the first time or the first after `cold`.

        Fail if it takes more than `within` seconds, whatever timeout the function has.
        """
        started = time.monotonic()
        if self._server is None:
            self._server = self._start()
        payload, log = self._server.invoke(event, client_context, within)
        return Invocation(payload, log, time.monotonic() - started)

    def cold(self) -> None:
        """End the execution environment, so that the next invocation meets a new one."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()


def built_by_make(target: str, folder: Path) -> Path:
    """Build a package as `sam build` does, by its target in the Makefile, and return its folder."""
    subprocess.run(
        ["make", target, f"ARTIFACTS_DIR={folder}"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return folder


@contextlib.contextmanager
def function(
    folder: Path,
    handler: str,
    *,
    timeout: int = 60,
    memory: int = 512,
    name: str = "function-under-test",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Function]:
    """Yield the function in `folder`; all its processes have ended when the context ends.

    `timeout` is in whole seconds and enforced; `memory` is in MB and only told to the function.
    `environment` is what the function's own variables hold, credentials and region included.
    """
    with tempfile.TemporaryDirectory(prefix="cfn-trigger-runtime-") as home:
        emulator = Path(shutil.copy(_emulator(), home))
        emulator.chmod(0o700)
        python = [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", BOOTSTRAP]
        command = [*python, str(folder.resolve()), str(runtime()), handler]
        variables = _lambda_environment(folder, name=name, timeout=timeout, memory=memory)
        variables |= {"HOME": home} | dict(environment or {})
        lambda_function = Function(
            lambda: _Server.started(emulator, command, folder=folder, environment=variables), name
        )
        try:
            yield lambda_function
        finally:
            lambda_function.cold()


@functools.cache
def runtime() -> Path:
    """Return a folder with what Lambda's Python runtime has beyond the standard library.

    The versions are those of the development environment. Installed once, kept under `build/`.
    """
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in PROVIDED]
    key = "-".join([f"python{platform.python_version()}", platform.machine(), *pins])
    kept = REPOSITORY / "build" / "lambda-runtime" / key.replace("==", "_")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            target = Path(scratch) / "runtime"
            _install(target, pins)
            with contextlib.suppress(OSError):  # another process was faster
                target.rename(kept)
    return kept


def _install(target: Path, pins: list[str]) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(target), *pins], check=True, timeout=PATIENCE)


def _emulator() -> Path:
    # The SAM CLI's wheel carries it, not executable, for both of Lambda's architectures.
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    spec = importlib.util.find_spec("samcli")
    assert spec is not None, "aws-sam-cli is not installed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"


def _lambda_environment(folder: Path, *, name: str, timeout: int, memory: int) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(folder.resolve()),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python" + ".".join(platform.python_version_tuple()[:2]),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-no-use",
        "AWS_SESSION_TOKEN": "a-session-token",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
    }


class _Server:
    """One running emulator, and with it one execution environment."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._port, self._log = process, port, log

    @classmethod
    def started(
        cls,
        emulator: Path,
        runtime_command: list[str],
        *,
        folder: Path,
        environment: dict[str, str],
    ) -> Self:
        log = emulator.parent / "log"
        for _ in range(3):  # somebody may take a port between its choice and its use
            port, api_port = _free_ports()
            addresses = [
                *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
                *("--runtime-api-address", f"127.0.0.1:{api_port}"),
            ]
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [emulator, "--log-level", "error", *addresses, *runtime_command],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            server = cls(process, port, log)
            if server.is_up():
                return server
            server.stop()
        raise RuntimeError("the emulator does not start: " + log.read_text())

    def is_up(self) -> bool:
        try:
            wait_until(lambda: self._process.poll() is not None or _listens(self._port))
        except BaseException:
            self.stop()
            raise
        return self._process.poll() is None

    def invoke(self, event: Any, client_context: Any, within: float) -> tuple[Any, str]:
        seen = self._log.stat().st_size
        connection = HTTPConnection("127.0.0.1", self._port, timeout=within)
        headers = {}
        if client_context is not None:
            context = base64.b64encode(json.dumps(client_context).encode())
            headers["X-Amz-Client-Context"] = context.decode()
        try:
            path = "/2015-03-31/functions/function/invocations"
            connection.request("POST", path, json.dumps(event).encode(), headers)
            body = connection.getresponse().read().decode()
        except (OSError, HTTPException) as error:
            raise RuntimeError("the emulator broke: " + self._log.read_text()) from error
        finally:
            connection.close()
        wait_until(lambda: b"REPORT RequestId" in self._log.read_bytes()[seen:])
        log = self._log.read_bytes()[seen:].decode(errors="replace")
        try:
            return json.loads(body), log
        except ValueError:
            return body, log

    def stop(self) -> None:
        # The runtime first, so that the emulator, its parent, collects it: a container may have
        # nobody else who does. They share a session, not a process group.
        _kill(_session(self._process.pid) - {self._process.pid})
        with contextlib.suppress(AssertionError):
            wait_until(lambda: _session(self._process.pid) <= {self._process.pid}, seconds=1)
        _kill(_session(self._process.pid) | {self._process.pid})
        self._process.wait(PATIENCE)
        wait_until(lambda: not _session(self._process.pid))


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _session(leader: int) -> set[int]:
    members = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # pid (name) state parent group session …; the name may hold anything
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                members.add(int(stat.parent.name))
    return members


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
