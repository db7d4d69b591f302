"""examples/self-test: a stack that tests itself, tries again, and says why it failed."""

from tests.cloud.examples.example import deploy, done, replaced, text
from tests.support.stacks import Stack

TEMPLATE = text("self-test")
RECEIVED = 'print("received", received["Body"])'
OTHER = replaced(TEMPLATE, RECEIVED, 'received["Body"] = "{}"')
THE_THIRD = """
              from pathlib import Path
              from tempfile import gettempdir
              attempts = Path(gettempdir(), context.function_name)
              attempts.open("a").write("x")
              if attempts.read_text() != "xxx":
                  raise LookupError("nothing came yet")
"""
SLOW = replaced(TEMPLATE, RECEIVED, THE_THIRD.strip())


def sent(stack: Stack) -> list[str]:
    return [line for line in stack.log("Check") if line.startswith("sending")]


def test_the_queue_is_tested_once_its_test_may_use_it(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert done(stack).index("CheckMayUseTheQueue") < done(stack).index("SelfTest")
    assert len(sent(stack)) == 1
    assert stack.log("Check")[-1] == 'received {"Attempts": 5, "Greeting": "hello"}'
    assert stack.outputs()["Verdict"] == "the queue works"


def test_a_self_test_that_passes_at_the_third_attempt_is_deployed(stack: Stack) -> None:
    outcome = deploy(stack, SLOW)

    assert outcome.exit_code == 0, outcome.stderr
    assert len(sent(stack)) == 3
    assert stack.outputs()["Verdict"] == "the queue works"


def test_three_unexpected_results_fail_the_deployment(stack: Stack) -> None:
    assert deploy(stack, TEMPLATE).exit_code == 0

    outcome = deploy(stack, OTHER)

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("SelfTest").startswith(
        "Expect: result.Echo.Attempts is absent, expected 5; attempt 3 of 3; full log: "
    )
    # Once at first, three times in vain, and the old handler for the result that the stack reads.
    assert len(sent(stack)) == 1 + 3 + 1
