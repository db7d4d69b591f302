"""An HTTP API, called by its address; the example's file, deployed."""

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/http-api")


def test_an_order_that_is_posted_is_accepted_before_the_stack_is_complete(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert rows(stack, "Orders") == [{"OrderId": stack.outputs()["Order"]}]


def test_a_consumer_that_raises_fails_the_deployment(stack: Stack) -> None:
    broken = replaced(TEMPLATE, "orders.put_item(Item=", "orders.no_such_thing(")
    broken = replaced(broken, "MaxAttempts: 5", "MaxAttempts: 1")

    outcome = deploy(stack, broken)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    # 500 on AWS.
    assert "HTTP Error 502: Bad Gateway; " in stack.reason("Proof")
