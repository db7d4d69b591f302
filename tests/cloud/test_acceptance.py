"""The kit for a real account, against the local cloud: what it proves, asks and removes."""

import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.__main__ import PREFIX
from acceptance.account import Account, NotAsExpectedError
from acceptance.kit import ask, run
from acceptance.macro import EXAMPLES, ROOT, Sam
from acceptance.probes import PROBES
from acceptance.promises import STEPS, keep
from tests.support.clients import Clients, Outcome
from tests.support.processes import ignoring_ctrl_c
from tests.support.waiting import PATIENCE

ACCOUNT = "123456789012"
TODAY = "2026-11-25"
LOCAL_ANSWERS = {
    "parameter-values": (
        "`Secret` is `the-passed-value`; `Looked` is `the-value-of-the-parameter`"
    ),
    "absent-dependency": "CREATE_COMPLETE",
    "metadata-order": "the resource waited",
    "macro-permission": "CREATE_COMPLETE",
    "failure-without-rollback": (
        "UPDATE_FAILED after Create, Update, Update; UPDATE_COMPLETE after Update"
    ),
    "express-mode": "CREATE_COMPLETE",
    "masked-attribute": "the events do not show it",
}
"""Those that are the same in every run."""


@pytest.fixture
def account(clients: Clients) -> Account:
    pause = threading.Event()

    def sleep(_: float) -> None:
        pause.wait(0.1)  # the local cloud is fast

    return Account(prefix="acceptance-0a1b2c", client=clients.boto, sleep=sleep)


@pytest.fixture
def sam(clients: Clients, account: Account, tmp_path: Path) -> Sam:
    bucket = account.name("packages")
    clients.boto("s3").create_bucket(Bucket=bucket)
    return Sam(
        program=shutil.which("sam", path=clients.environment()["PATH"]) or "sam",
        environment=clients.environment(),
        folder=tmp_path,
        bucket=bucket,
    )


def stacks_of(account: Account) -> set[str]:
    paginator = account.client("cloudformation").get_paginator("describe_stacks")
    listed = [stack["StackName"] for page in paginator.paginate() for stack in page["Stacks"]]
    return {name for name in listed if name.startswith(account.prefix)}


@pytest.mark.long
def test_the_kit_proves_the_promises_asks_the_questions_and_removes_everything(
    account: Account, sam: Sam
) -> None:
    answers: dict[str, str] = {}
    example = EXAMPLES / "long-running" / "template.yaml"
    (question,) = (probe for probe in PROBES if probe.name == "absent-dependency")

    lines = list(
        run(
            account,
            sam,
            is_long=False,
            today=lambda: TODAY,
            record=lambda answer: answers.update({answer.probe: answer.answer}),
            templates=[example],
            questions=[question],
        )
    )
    left = list(account.remove_everything())

    assert lines[:4] == [
        "\nThe macro is deployed as Acceptance0a1b2c\n\nExamples",
        "  long-running",
        "\nPromises",
        f"  {STEPS[0].promise}",
    ]
    assert lines[-2:] == ["\nQuestions", "  absent-dependency: CREATE_COMPLETE"]
    assert answers == {"absent-dependency": "CREATE_COMPLETE"}
    assert left == []
    assert stacks_of(account) == set()


@pytest.mark.long
def test_every_question_has_an_answer(account: Account) -> None:
    answers = {
        answer.probe: answer.answer for answer in ask(account, is_long=False, today=lambda: TODAY)
    }
    left = list(account.remove_everything())

    assert answers | LOCAL_ANSWERS == answers
    assert set(answers) == {probe.name for probe in PROBES if not probe.takes_long}
    assert left == []
    assert stacks_of(account) == set()


def test_a_broken_promise_is_reported_with_what_happened(account: Account, macro: Outcome) -> None:
    assert macro.exit_code == 0
    steps = [replace(STEPS[0], promise="a trigger runs twice", runs=2)]

    with pytest.raises(NotAsExpectedError) as error:
        list(keep(account, "Trigger", steps))
    left = list(account.remove_everything())

    assert str(error.value) == (
        "a trigger runs twice: expected CREATE_COMPLETE after 2 runs; the stack is "
        "CREATE_COMPLETE after 1 runs; none failed"
    )
    assert left == []
    assert stacks_of(account) == set()


def acceptance(clients: Clients, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ignoring_ctrl_c(sys.executable, "-m", "acceptance", *options),
        cwd=ROOT,
        env=clients.environment() | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_nothing_is_created_without_consent(clients: Clients) -> None:
    with acceptance(clients) as running:
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1
    assert output.startswith(f"Account {ACCOUNT}, region us-east-1, as arn:aws:iam::{ACCOUNT}:")
    assert output.endswith("there is no terminal to ask for consent; pass YES=1 to give it\n")


@pytest.mark.long
def test_everything_is_removed_when_the_kit_is_interrupted(clients: Clients) -> None:
    with acceptance(clients, "--yes") as running:
        assert running.stdout
        assert any("The macro is deployed" in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 130
    assert output.endswith("\nRemoving everything\n  nothing is left\n")
    stacks = clients.boto("cloudformation").describe_stacks()["Stacks"]
    assert [s["StackName"] for s in stacks if s["StackName"].startswith(PREFIX)] == []
