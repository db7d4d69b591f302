"""Diagnostics as a compiler prints them."""

from cfn_trigger.errors import Diagnostic, Span
from cfn_trigger.terminal.diagnostics import rendered


def test_a_diagnostic_has_its_line_a_caret_and_the_remedy() -> None:
    diagnostic = Diagnostic(
        file="t.yaml",
        span=Span(line=2, column=4, width=3),
        rule="E1",
        level="warning",
        message="is wrong; do this; or that",
    )

    assert rendered([diagnostic], {"t.yaml": "a\n\t  bad: 1\n"}).plain == (
        "t.yaml:2:4: warning[E1] is wrong\n 2 | \t  bad: 1\n   | \t  ^^^\n   = do this; or that\n"
    )


def test_a_diagnostic_past_the_end_of_a_file_has_no_line() -> None:
    diagnostic = Diagnostic(file="t.yaml", span=Span(line=9), rule="E1", message="is wrong")

    assert rendered([diagnostic], {"t.yaml": "a\n"}).plain == "t.yaml:9:1: error[E1] is wrong\n"
