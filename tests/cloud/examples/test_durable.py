"""examples/durable: a backfill in steps, which the deployment waits for."""

from tests.cloud.examples.example import deploy, text
from tests.support.stacks import Stack

TEMPLATE = text("durable")


def test_every_step_is_done_once_and_the_result_is_an_output(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE, Batches="2", Pause="1")

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.outputs()["Rows"] == "20"
    table = stack.clients.boto("dynamodb").scan(TableName=stack.outputs()["Table"])
    assert table["Count"] == 20
    assert stack.log("Fill") == ["filled batch 0", "filled batch 1"]
