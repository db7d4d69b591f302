"""Tests of the handler without AWS: the table is in memory."""

from typing import Any

from seed_prices.app import seed

ROWS = [{"Article": "apple", "Cents": 30}, {"Article": "pear", "Cents": 45}]


class Table:
    """A table that keeps its rows in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}

    def put_item(self, **request: Any) -> None:
        """Put a row, as a DynamoDB table does."""
        row = request["Item"]
        self.rows[row["Article"]] = row


def test_every_row_is_put_into_the_table() -> None:
    table = Table()

    result = seed(table, ROWS)

    assert list(table.rows.values()) == ROWS
    assert result == {"Rows": 2}


def test_a_retry_changes_nothing() -> None:
    table = Table()

    seed(table, ROWS[:1])
    seed(table, ROWS)

    assert list(table.rows.values()) == ROWS
