"""examples/pipeline: its script, run as a CI job runs it; what it deploys, says and ends with."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cloud.examples.example import EXAMPLES, printed, replaced, rows
from tests.support.clients import Outcome
from tests.support.stacks import Stack
from tests.support.waiting import PATIENCE, wait_until

EXAMPLE = EXAMPLES / "pipeline"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the example, because `sam build` writes next to the template."""
    return shutil.copytree(EXAMPLE, tmp_path / "pipeline")


def run_script(stack: Stack, folder: Path) -> Outcome:
    """Run it from elsewhere, as CI may do."""
    ended = subprocess.run(
        [folder / "deploy.sh", stack.name],
        cwd=stack.folder,
        env=stack.clients.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Outcome(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)


def change(file: Path, old: str, new: str) -> None:
    file.write_text(replaced(file.read_text(), old, new))


def written_down(stack: Stack) -> dict[str, int]:
    """Order by queue and by topic, and give what the worker makes of it."""
    outputs = stack.outputs()
    stack.clients.boto("sqs").send_message(
        QueueUrl=outputs["QueueUrl"], MessageBody=json.dumps({"Id": "by-queue", "Apples": 1})
    )
    stack.clients.boto("sns").publish(
        TopicArn=outputs["TopicArn"], Message=json.dumps({"Id": "by-topic", "Apples": 1})
    )
    wait_until(lambda: len(rows(stack, "Orders")) == 2)
    return {row["id"]: int(row["Cents"]) for row in rows(stack, "Orders")}


@pytest.mark.long
def test_the_script_creates_and_updates_and_reports_why_a_deployment_failed(
    stack: Stack, folder: Path
) -> None:
    worker = folder / "worker" / "worker.py"

    change(worker, "= 30", "= 31")
    assert_refused(stack, run_script(stack, folder), "ROLLBACK_COMPLETE")

    change(worker, "= 31", "= 30")
    created = run_script(stack, folder)
    assert created.exit_code == 0, created.stderr
    assert stack.status() == "CREATE_COMPLETE"
    tests = len(printed(stack, "SelfTest"))

    change(worker, "= 30", "= 60 // 2")
    updated = run_script(stack, folder)
    assert updated.exit_code == 0, updated.stderr
    assert stack.status() == "UPDATE_COMPLETE"
    assert len(printed(stack, "SelfTest")) == tests + 1

    change(worker, "= 60 // 2", "= 31")
    assert_refused(stack, run_script(stack, folder), "UPDATE_ROLLBACK_COMPLETE")
    assert written_down(stack) == {"by-queue": 30, "by-topic": 30}

    change(folder / "template.yaml", "[Worker, WorkerByQueue]", "[Workr]")
    untouched = run_script(stack, folder)
    assert untouched.exit_code == 1
    assert "no resource 'Workr' in the template; did you mean 'Worker'?" in untouched.stderr
    assert untouched.stderr.splitlines()[-2:] == [
        f"{stack.name} was not deployed:",
        "  the stack was not touched, see above",
    ]


def assert_refused(stack: Stack, outcome: Outcome, status: str) -> None:
    reason = stack.reason("SelfTestTrigger")

    assert outcome.exit_code == 1
    assert stack.status() == status
    assert reason.startswith("Expect: result.Cents is 62, expected 60; full log: ")
    assert outcome.stderr.splitlines()[-2:] == [
        f"{stack.name} was not deployed:",
        f"  SelfTestTrigger: {reason}",
    ]


def test_the_workflow_runs_the_script_with_the_permissions_that_it_needs() -> None:
    workflow = yaml.safe_load((EXAMPLE / ".github" / "workflows" / "deploy.yml").read_text())

    steps = workflow["jobs"]["deploy"]["steps"]
    (script,) = [step["run"] for step in steps if "run" in step]
    assert os.access(EXAMPLE / script, os.X_OK)
    assert steps[-1] == {"run": script}
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
