"""A stream's records, delivered by an event source mapping; the example's file, deployed.

The local cloud blocks a shard behind a batch that fails, and knows neither the splitting of the
batch nor the end of its retries: that part of the template is linted and expanded, not run.
"""

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/kinesis")


def test_a_reading_is_stored_before_the_stack_is_complete(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    (reading,) = rows(stack, "Stored")
    assert reading["Data"] == stack.outputs()["Reading"]


def test_a_consumer_that_raises_fails_the_deployment_at_the_timeout(stack: Stack) -> None:
    broken = replaced(TEMPLATE, "stored.put_item(Item=", "stored.no_such_thing(")
    broken = replaced(broken, "Timeout: 300", "Timeout: 20")

    outcome = deploy(stack, broken)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.reason("Proof").startswith("Timeout: not done; Timeout is 20 s; full log: ")
