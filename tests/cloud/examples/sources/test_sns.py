"""A topic's messages, delivered by SNS; the example's file, deployed.

The local cloud delivers a message of a topic once: what the template says of retries and of the
queue after them is linted and expanded, not run.
"""

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/sns")


def test_a_published_shipment_gets_its_letter(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    (letter,) = rows(stack, "Letters")
    assert letter["Text"] == f"{letter['OrderId']} is on its way" == stack.outputs()["Letter"]


def test_a_filter_that_lets_nothing_through_fails_the_deployment(stack: Stack) -> None:
    deaf = replaced(TEMPLATE, "FilterPolicy: {Event: [shipped]}", "FilterPolicy: {Event: [sent]}")
    deaf = replaced(deaf, "Timeout: 60", "Timeout: 12")
    deaf = replaced(deaf, "MaxAttempts: 3", "MaxAttempts: 1")

    outcome = deploy(stack, deaf)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert " was published, and no letter written; " in stack.reason("Proof")
