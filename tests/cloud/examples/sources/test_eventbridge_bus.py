"""A rule on a bus of its own, delivered by EventBridge; the example's file, deployed.

The local cloud's rules have no dead-letter queue: that part of the template is linted and expanded,
not run.
"""

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/eventbridge-bus")
BLIND = replaced(TEMPLATE, "detail-type: [OrderPlaced]", "detail-type: [OrderPlace]")


def test_an_order_is_invoiced_and_one_that_the_rule_leaves_out_is_not(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert rows(stack, "Invoices") == [{"OrderId": stack.outputs()["Order"], "Total": 5}]


def test_a_rule_that_no_longer_matches_is_rolled_back(stack: Stack) -> None:
    deploy(stack, TEMPLATE)

    outcome = deploy(stack, replaced(BLIND, "MaxAttempts: 10", "MaxAttempts: 2"))

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("Proof").startswith(
        "Expect: result.Invoiced is false, expected true; attempt 2 of 2; "
    )
