"""examples/approval: a deployment that waits for a yes, a no, or the deadline."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.cloud.examples.example import (
    EXAMPLES,
    deploy,
    last_events,
    printed,
    replaced,
    rows,
    text,
)
from tests.support.clients import Outcome
from tests.support.stacks import Stack
from tests.support.waiting import PATIENCE, wait_until

IN_TIME = "3"
"""Minutes that a test has for its answer."""
TEMPLATE = replaced(text("approval"), '"RetryAfter": 5', '"RetryAfter": 1')
NEXT = replaced(TEMPLATE, '"Release": 1', '"Release": 2')


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def answer(stack: Stack, text: str) -> Outcome:
    """Answer as a person does, from another terminal."""
    ended = subprocess.run(
        [EXAMPLES / "approval" / "answer.sh", stack.name, text],
        cwd=stack.folder,
        env=stack.clients.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Outcome(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)


def has_open_question(stack: Stack, deployment: Future[Outcome]) -> bool:
    """Return whether the stack waits for an answer; a deployment that has ended never will."""
    assert not deployment.done(), deployment.result().stderr
    try:
        return any("Answer" not in row for row in rows(stack, "Answers"))
    except ClientError:
        return False  # there is no such stack or no such table yet


@pytest.mark.long
def test_a_yes_continues_the_deployment_and_counts_only_once(
    stack: Stack, background: ThreadPoolExecutor
) -> None:
    deployment = background.submit(deploy, stack, TEMPLATE, Minutes=IN_TIME)
    wait_until(lambda: has_open_question(stack, deployment))
    approved = answer(stack, "yes")

    assert approved.exit_code == 0, approved.stderr
    assert deployment.result().exit_code == 0, deployment.result().stderr
    assert printed(stack, "Ask")[0] == "asked"

    again = answer(stack, "no")
    assert again.exit_code != 0
    assert "ConditionalCheckFailedException" in again.stderr

    unasked = deploy(stack, TEMPLATE, Minutes="20")
    assert unasked.exit_code == 0, unasked.stderr
    assert printed(stack, "Ask").count("asked") == 1


@pytest.mark.long
def test_a_no_leaves_the_service_as_it_was(stack: Stack, background: ThreadPoolExecutor) -> None:
    deployment = background.submit(deploy, stack, TEMPLATE, Minutes=IN_TIME)
    wait_until(lambda: has_open_question(stack, deployment))
    answer(stack, "yes")
    assert deployment.result().exit_code == 0, deployment.result().stderr

    deployment = background.submit(deploy, stack, NEXT)
    wait_until(lambda: has_open_question(stack, deployment))
    refused = answer(stack, "no")

    assert refused.exit_code == 0, refused.stderr
    assert deployment.result().exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert "Service" not in {
        name for name, status, _ in last_events(stack) if status == "UPDATE_IN_PROGRESS"
    }
    who = rows(stack, "Answers")[0]["Who"]
    assert stack.reason("Approval").startswith(f"Failed: the answer of {who} is no; full log: ")


@pytest.mark.parametrize(("without_answer", "exit_code"), [("no", 1), ("yes", 0)])
def test_the_deadline_answers_if_nobody_does(
    stack: Stack, without_answer: str, exit_code: int
) -> None:
    outcome = deploy(stack, TEMPLATE, Minutes="0.02", WithoutAnswer=without_answer)

    assert outcome.exit_code == exit_code, outcome.stderr
    if exit_code:
        expected = "Failed: the answer of the deadline is no; full log: "
        assert stack.reason("Approval").startswith(expected)
