"""examples/undo: a migration that is converted back whenever the deployment fails after it."""

from decimal import Decimal
from typing import Any

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("undo")
NEXT = replaced(TEMPLATE, "Payload: {To: cents}", "Payload: {To: whole cents}")
BROKEN = replaced(NEXT, 'int(order["Cents"])', 'int(order["Francs"])')
IN_EUROS = {"Id": "1", "Euros": Decimal(12)}


def put_order(stack: Stack) -> None:
    table = stack.clients.boto("dynamodb")
    order = {"Id": {"S": "1"}, "Euros": {"N": "12"}}
    table.put_item(TableName=stack.physical_id("Orders"), Item=order)


def orders(stack: Stack) -> list[dict[str, Any]]:
    return rows(stack, "Orders")


def test_a_deployment_that_succeeds_undoes_nothing(stack: Stack) -> None:
    created = deploy(stack, TEMPLATE)
    assert created.exit_code == 0, created.stderr
    put_order(stack)

    updated = deploy(stack, NEXT)

    assert updated.exit_code == 0, updated.stderr
    assert [order["Cents"] for order in orders(stack)] == [1200]
    assert stack.log("Revert") == []


def test_a_deployment_that_fails_after_the_migration_converts_back_what_it_converted(
    stack: Stack,
) -> None:
    deploy(stack, TEMPLATE)
    put_order(stack)

    outcome = deploy(stack, BROKEN)

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("SmokeTest").startswith("KeyError: 'Francs'")
    assert orders(stack) == [IN_EUROS]
    assert stack.log("Revert") == ["reverted 1 of 1 on Update"]
    assert stack.log("Migrate") == [
        "converted 0 to cents", "converted 1 to whole cents",
    ]  # fmt: skip

    corrected = deploy(stack, NEXT)
    assert corrected.exit_code == 0, corrected.stderr
    assert [order["Cents"] for order in orders(stack)] == [1200]
