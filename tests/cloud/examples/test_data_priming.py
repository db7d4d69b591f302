"""examples/data-priming: rows that come with their table, and never over what users changed."""

from decimal import Decimal

from tests.cloud.examples.example import deploy, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("data-priming")
APPLE = "- {Article: apple, Cents: 30}\n"
ANOTHER_MEMORY = replaced(TEMPLATE, "Timeout: 60\n", "Timeout: 60\n        MemorySize: 256\n")
ANOTHER_SEED = replaced(
    ANOTHER_MEMORY, APPLE, "- {Article: apple, Cents: 31}\n          - {Article: fig, Cents: 90}\n"
)
REFUSED = replaced(TEMPLATE, APPLE, APPLE + "          - {Article: '', Cents: 1}\n")
PEAR = {"Article": "pear", "Cents": Decimal(45), "Organic": True}


def test_the_rows_are_written_with_the_table_and_keep_their_types(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    assert rows(stack, "Prices") == [{"Article": "apple", "Cents": Decimal(30)}, PEAR]


def test_only_a_changed_seed_runs_it_again_and_changes_of_users_are_kept(stack: Stack) -> None:
    deploy(stack, TEMPLATE)
    table = stack.clients.boto("dynamodb")
    name = stack.physical_id("Prices")
    table.put_item(TableName=name, Item={"Article": {"S": "apple"}, "Cents": {"N": "25"}})
    table.delete_item(TableName=name, Key={"Article": {"S": "pear"}})
    apple = {"Article": "apple", "Cents": Decimal(25)}

    assert deploy(stack, ANOTHER_MEMORY).exit_code == 0
    assert rows(stack, "Prices") == [apple]

    assert deploy(stack, ANOTHER_SEED).exit_code == 0
    assert rows(stack, "Prices") == [apple, {"Article": "fig", "Cents": Decimal(90)}, PEAR]


def test_a_row_that_the_table_refuses_fails_the_deployment_with_the_tables_message(
    stack: Stack,
) -> None:
    outcome = deploy(stack, REFUSED)

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.reason("SeedPrices").startswith(
        "ClientError: An error occurred (ValidationException) when calling the PutItem"
        " operation: One or more parameter values are not valid. The AttributeValue for a key"
        " attribute cannot contain an empty string value. Key: Article; "
    )
