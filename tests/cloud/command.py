"""`cfn-trigger` as a process of its own, next to the real clients.

Knows how it is started and ended. Refuses to know what it is asked.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.clients import Clients, Outcome
from tests.support.processes import ignoring_ctrl_c
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def started(clients: Clients, folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start it as a person does in another terminal; it is gone when the block is left."""
    process = subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "cfn_trigger", *arguments),
        cwd=folder,
        env=clients.environment() | {"PYTHONPATH": str(ROOT), "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_it_looks(process: "subprocess.Popen[str]") -> None:
    """Wait for a watch: a deployment is over here in a moment, and one that is over is not told."""
    assert process.stderr
    assert process.stderr.readline().endswith("; waiting for a deployment to begin\n")


def ended(process: "subprocess.Popen[str]") -> Outcome:
    """Wait for its end."""
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return Outcome(exit_code=process.returncode, stdout=stdout, stderr=stderr)


def run(clients: Clients, folder: Path, *arguments: str) -> Outcome:
    """Run it to its end."""
    with started(clients, folder, *arguments) as one:
        return ended(one)
