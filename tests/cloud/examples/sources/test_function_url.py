"""A function's URL, called with credentials; the example's file, deployed."""

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/function-url")


def test_a_note_is_stored_before_the_stack_is_complete(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert rows(stack, "Notes") == [{"Text": stack.outputs()["Note"]}]


def test_a_caller_that_may_not_call_fails_the_deployment(stack: Stack) -> None:
    barred = replaced(TEMPLATE, "Action: lambda:InvokeFunctionUrl", "Action: lambda:GetFunction")
    barred = replaced(barred, "MaxAttempts: 5", "MaxAttempts: 1")

    outcome = deploy(stack, barred)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert "HTTP Error 403: Forbidden; " in stack.reason("Proof")
