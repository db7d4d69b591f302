"""A REST API, called by its address; the example's file, deployed."""

from tests.cloud.examples.example import deploy, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/rest-api")


def test_a_price_is_reported_before_the_stack_is_complete(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert rows(stack, "Asked") == [{"Article": stack.outputs()["Article"]}]
