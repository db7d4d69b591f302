"""`make demo` as a person sees it: the whole story, no process left, a polite end on Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

import pytest

from tests.support.processes import ignoring_ctrl_c, with_environment
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / ".aws-sam"
BIN = Path(sys.executable).parent
EVENT = re.compile(r"  \d\d:\d\d:\d\d  ")
EARLY = "CREATE_COMPLETE  TriggerProvider"
MOST_LINES = 41


@contextmanager
def demo(folder: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the demo in a process group of its own, as a terminal does."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    running = subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "examples.demo"),
        cwd=ROOT,
        env={"PATH": path, "HOME": str(folder), "TMPDIR": str(folder)} | environment,
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
        if running.stdout:
            running.stdout.close()


def wait_until_no_process_is_left(folder: Path) -> None:
    wait_until(lambda: with_environment(f"TMPDIR={folder}") == [])


def changes_of_builds() -> list[float]:
    """Return when what `sam build` wrote in this checkout last changed, if it is there."""
    return [path.stat().st_mtime for path in (BUILT, *BUILT.glob("*")) if path.exists()]


def test_the_demo_plays_every_scene_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = changes_of_builds()

    with demo(tmp_path) as running:
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 0, output
    assert re.findall(r"(?m)^(\d\. .*|\$ .*|  shop is .*)$", output) == [
        "1. Install the macro, once per account and region",
        "$ sam build …",
        "$ sam deploy …",
        "2. Deploy two tables, their migrations, and a service that waits for them",
        "$ cfn-trigger plan template.yaml",
        "$ aws cloudformation deploy --stack-name shop …",
        "  shop is CREATE_COMPLETE; the handler ran once",
        "3. Add a migration and change the service, this time with sam deploy",
        "$ cfn-trigger plan template.yaml --deployed-stack shop",
        "$ sam deploy --stack-name shop --resolve-s3 …",
        "  shop is UPDATE_COMPLETE; the handler ran once",
        "4. Change nothing",
        "$ cfn-trigger plan template.yaml --deployed-stack shop",
        "$ sam deploy --stack-name shop --resolve-s3 …",
        "  shop is UPDATE_COMPLETE; the handler did not run",
        "5. Add a migration that fails: the service is not touched",
        "$ cfn-trigger plan template.yaml --deployed-stack shop",
        "$ aws cloudformation deploy --stack-name shop …",
        "  shop is UPDATE_ROLLBACK_COMPLETE; the handler ran once",
    ]
    shown = [line.split(maxsplit=3)[1:3] for line in output.splitlines() if EVENT.match(line)]
    assert shown == [
        ["CREATE_COMPLETE", "RunMigrations"],
        ["CREATE_COMPLETE", "Service"],
        ["UPDATE_COMPLETE", "RunMigrations"],
        ["UPDATE_COMPLETE", "Service"],
        ["UPDATE_FAILED", "RunMigrations"],
        ["UPDATE_COMPLETE", "RunMigrations"],
    ]
    assert output.count("RunMigrations  LookupError: no exchange rate for today; ") == 1
    assert len([line for line in output.splitlines() if line]) <= MOST_LINES
    assert changes_of_builds() == before
    wait_until_no_process_is_left(tmp_path)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_verbose_demo_shows_every_event_and_ends_at_once_when_asked(
    ending: int, tmp_path: Path
) -> None:
    with demo(tmp_path, VERBOSE="1") as running:
        assert running.stdout
        before = list(takewhile(lambda line: EARLY not in line, running.stdout))
        assert running.poll() is None, "".join(before)
        running.send_signal(ending)
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[signal.Signals(ending)]
    assert "Traceback" not in output
    assert "3. Add a migration" not in output
    wait_until_no_process_is_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []
