"""A table's stream, delivered by an event source mapping; the example's file, deployed.

The local cloud knows no partial failures of a batch, no end of its retries and no destination for
what failed: these parts of the template are linted and expanded, not run.
"""

from tests.cloud.examples.example import deploy, done, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/dynamodb-stream")


def test_an_order_reaches_the_history_through_the_stream_before_the_stack_is_complete(
    stack: Stack,
) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    order = stack.outputs()["Order"]
    assert rows(stack, "Orders") == [{"OrderId": order}]
    assert rows(stack, "History") == [{"OrderId": order, "Change": "INSERT"}]
    made = done(stack)
    assert made.index("OrdersToRecord") < made.index("Proof")


def test_a_consumer_that_does_nothing_fails_the_deployment(stack: Stack) -> None:
    idle = replaced(TEMPLATE, "history.put_item(Item=", "dict(")
    idle = replaced(idle, "MaxAttempts: 30", "MaxAttempts: 2")

    outcome = deploy(stack, idle)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.reason("Proof").startswith(
        "Expect: result.Change is absent, expected INSERT; attempt 2 of 2; "
    )
