"""The table in docs/ says what `decide` does."""

from pathlib import Path

from tests.provider.decision_table import document

TABLE = Path(__file__).parents[2] / "docs/decision-table.md"


def test_the_documented_table_is_what_decide_does_in_every_cell() -> None:
    assert TABLE.read_text() == document()
