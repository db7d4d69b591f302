"""examples/migration: after the tables, before the service, once each, and not on the way back."""

import json
from decimal import Decimal

from tests.cloud.examples.example import deploy, done, last_events, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("migration")
LAST = '    ("0002 euros become cents", euros_become_cents),\n'
SECOND_ORDER = 'lambda: orders.put_item(Item={"Id": "2", "Cents": 300})'
NO_ORDER = 'lambda: orders.put_item(Item={"Cents": 1})'
NEXT = replaced(TEMPLATE, LAST, f'{LAST}              ("0003 second order", {SECOND_ORDER}),\n')
NEXT_SERVICE = replaced(NEXT, 'return {"Cents":', 'return {"Release": 2, "Cents":')
BROKEN = replaced(
    NEXT_SERVICE,
    SECOND_ORDER,
    f'{SECOND_ORDER}),\n              ("0004 no order", {NO_ORDER}',
)
AT_FIRST = [
    "looking at 2 migrations",
    "running 0001 first order",
    "running 0002 euros become cents",
]
FIRST_ORDER = {"Id": "1", "Cents": Decimal(1200)}
SECOND = {"Id": "2", "Cents": Decimal(300)}


def ran(stack: Stack) -> list[str]:
    return [line for line in stack.log("Migrate") if line.startswith(("looking", "running"))]


def answer(stack: Stack) -> object:
    answered = stack.clients.boto("lambda").invoke(FunctionName=stack.outputs()["ServiceName"])
    return json.loads(answered["Payload"].read())


def test_migrations_run_after_the_tables_and_before_the_service(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    order = done(stack)
    tables = max(order.index("Orders"), order.index("Migrations"))
    assert tables < order.index("RunMigrations") < order.index("Service")
    assert ran(stack) == AT_FIRST
    assert rows(stack, "Orders") == [FIRST_ORDER]
    assert answer(stack) == {"Cents": 1200}


def test_an_update_runs_what_is_new_before_it_changes_the_service(stack: Stack) -> None:
    deploy(stack, TEMPLATE)

    outcome = deploy(stack, NEXT_SERVICE)

    assert outcome.exit_code == 0, outcome.stderr
    order = done(stack, "UPDATE_COMPLETE")
    assert order.index("Migrate") < order.index("RunMigrations") < order.index("Service")
    assert ran(stack) == [*AT_FIRST, "looking at 3 migrations", "running 0003 second order"]
    assert answer(stack) == {"Release": 2, "Cents": 1500}


def test_a_failed_migration_leaves_the_service_as_it_was_and_is_not_run_on_the_way_back(
    stack: Stack,
) -> None:
    deploy(stack, TEMPLATE)

    outcome = deploy(stack, BROKEN)

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert "Service" not in {
        name for name, status, _ in last_events(stack) if status == "UPDATE_IN_PROGRESS"
    }
    ran_in_vain = [
        *AT_FIRST,
        "looking at 4 migrations",
        "running 0003 second order",
        "running 0004 no order",
    ]
    assert ran(stack) == ran_in_vain
    assert rows(stack, "Orders") == [FIRST_ORDER, SECOND]
    assert sorted(row["Name"] for row in rows(stack, "Migrations")) == [
        "0001 first order", "0002 euros become cents", "0003 second order",
    ]  # fmt: skip
    assert answer(stack) == {"Cents": 1500}

    corrected = replaced(BROKEN, 'Item={"Cents": 1}', 'Item={"Id": "3", "Cents": 1}')
    assert deploy(stack, corrected).exit_code == 0
    assert ran(stack) == [*ran_in_vain, "looking at 4 migrations", "running 0004 no order"]
    assert answer(stack) == {"Release": 2, "Cents": 1501}
