"""What is generated from the definition of the shorthand, and is kept in the repository."""

from cfn_trigger.lint.reference import outdated, with_tables

HEAD = "<!-- retry: written by python -m cfn_trigger.lint.reference -->\n"
TABLE = """\
| key | value | default | |
|---|---|---|---|
| `MaxAttempts` | a whole number from 1 to 100 | 1 | How many times to try the handler in total. |
| `Interval` | a number from 0 to 3540 | 5 | Seconds before the second attempt. |
| `BackoffRate` | a number from 1 to 10 | 2 | Factor by which each wait grows. |
| `MaxInterval` | a number from 0 to 3540 | 60 | Longest wait, in seconds. |
"""


def test_generated_files_match_the_definition() -> None:
    files = ", ".join(path.name for path in outdated())

    assert not files, f"run `python -m cfn_trigger.lint.reference` to renew {files}"


def test_a_table_is_written_between_its_marks_and_nothing_else_is_touched() -> None:
    text = f"Before.\n\n{HEAD}an old table\n<!-- end -->\n\nAfter.\n"

    assert with_tables(text) == f"Before.\n\n{HEAD}{TABLE}<!-- end -->\n\nAfter.\n"


def test_text_without_marks_is_unchanged() -> None:
    assert with_tables("# A text\n<!-- end -->\n") == "# A text\n<!-- end -->\n"
