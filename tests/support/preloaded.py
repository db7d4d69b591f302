"""A command-line client that is imported once, and runs in a fork for each call.

The SAM CLI spends most of a call on its imports. Knows processes: arguments, working directory,
standard streams, exit code. Refuses to know which clients there are.

Run as a script, this module is the process that forks, so it imports only the standard library.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any


class Preloaded:
    """A script of this Python's `bin`, in a process that has imported its modules."""

    def __init__(
        self, script: Path, modules: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._control, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), str(script), *modules],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def run(
        self, arguments: Sequence[str], *, cwd: Path, seconds: float
    ) -> "subprocess.CompletedProcess[str]":
        """Run the script to its end, with nothing on its standard input."""
        ended, ends = os.pipe()
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as stdout,
            tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
            os.fdopen(ended, encoding="utf-8") as exit_code,
        ):
            self._request(arguments, cwd, [stdout.fileno(), stderr.fileno(), ends])
            os.close(ends)
            if not select.select([exit_code], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired([*arguments], seconds)
            code = int(exit_code.read())
            stdout.seek(0)
            stderr.seek(0)
            return subprocess.CompletedProcess([*arguments], code, stdout.read(), stderr.read())

    def _request(self, arguments: Sequence[str], cwd: Path, descriptors: list[int]) -> None:
        request = json.dumps({"arguments": [*arguments], "cwd": str(cwd)}) + "\n"
        with self._one_at_a_time:
            socket.send_fds(self._control, [request.encode()], descriptors)
            assert self._control.recv(1), "the process that forks has ended"

    def close(self) -> None:
        """End the process, and the scripts that it started and that still run."""
        self._control.close()
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()


def main() -> None:
    """Import the modules; then fork and run the script for each request, until none can come."""
    descriptor, script, *modules = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    sys.path[0] = str(Path(script).parent)
    for module in modules:
        import_module(module)
    gc.freeze()  # or each fork would go through all that was imported when it ends
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the forks
    while True:
        text, descriptors, _, _ = socket.recv_fds(control, 65_536, 3)
        while text and not text.endswith(b"\n"):
            text += control.recv(65_536)
        if not text:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            run(script, json.loads(text), *descriptors)
            return
        for received in descriptors:
            os.close(received)
        control.send(b".")


def run(script: str, request: Mapping[str, Any], stdout: int, stderr: int, ends: int) -> None:
    """Run the script in a fork; when it ends, write its exit code to a pipe."""
    if runner := os.fork():
        _, status = os.waitpid(runner, 0)
        os.write(ends, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.close(ends)
    for target, descriptor in ((1, stdout), (2, stderr)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(request["cwd"])
    sys.argv = [script, *request["arguments"]]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
