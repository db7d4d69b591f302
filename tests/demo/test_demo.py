"""`make demo` as a person sees it: the whole story, no process left, a polite end on Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.processes import ignoring_ctrl_c, with_environment
from tests.support.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


@contextmanager
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the demo in a process group of its own, as a terminal does."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    running = subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "examples.demo"),
        cwd=ROOT,
        env={"PATH": path, "HOME": str(folder), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def wait_until_no_process_is_left(folder: Path) -> None:
    wait_until(lambda: with_environment(f"TMPDIR={folder}") == [])


def test_the_demo_plays_every_scene_and_leaves_no_process(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 0, output
    assert re.findall(r"(?m)^(\d\. .*|output .*|the handler's log.*)$", output) == [
        "1. The macro, once per account and region",
        "2. A stack with a trigger: its self test runs during the deployment",
        "the handler's log:",
        "output Verdict: the queue works",
        "3. Another handler: the trigger runs again, this time with sam deploy",
        "the handler's log:",
        "output Verdict: the queue still works",
        "4. Nothing changed: the trigger does not run",
        "the handler's log has nothing new",
        "output Verdict: the queue still works",
        "5. A handler that raises: the deployment fails, says why and is rolled back",
        "the handler's log:",
        "output Verdict: the queue still works",
    ]
    assert re.search(r"UPDATE_FAILED +SelfTest +LookupError: the order was lost", output)
    wait_until_no_process_is_left(tmp_path)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_at_once_when_asked_and_leaves_no_process(
    ending: int, tmp_path: Path
) -> None:
    with demo(tmp_path) as running:
        assert running.stdout
        for line in running.stdout:
            if "CREATE_IN_PROGRESS" in line:
                break
        running.send_signal(ending)
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[signal.Signals(ending)]
    assert "Traceback" not in output
    assert "3. Another handler" not in output
    wait_until_no_process_is_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []
