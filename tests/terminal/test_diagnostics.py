"""Diagnostics as a compiler prints them."""

import pytest

from cfn_trigger.errors import Diagnostic, Span
from cfn_trigger.terminal.diagnostics import rendered


def quotation(line: str, column: int, width: int) -> list[str]:
    span = Span(line=1, column=column, width=width)
    diagnostic = Diagnostic(file="t.yaml", span=span, rule="E1", message="A: is wrong; mend it")
    return rendered([diagnostic], {"t.yaml": line}).plain.splitlines()[1:3]


def test_a_diagnostic_has_its_place_line_caret_and_remedy() -> None:
    span = Span(line=2, column=3, width=4)
    diagnostic = Diagnostic(
        file="t.yaml", span=span, rule="W9505", message="A: is odd; mend it", level="warning"
    )

    assert rendered([diagnostic], {"t.yaml": "a: 1\nb: long\n"}).plain == (
        "t.yaml:2:3: warning[W9505] A: is odd\n 2 | b: long\n   |   ^^^^\n   = mend it\n"
    )


@pytest.mark.parametrize(
    ("line", "column", "width", "caret"),
    [
        ("a: bc", 4, 2, "   |    ^^"),
        ("\ta: bc", 5, 2, "   | \t   ^^"),
        ("größe: bc", 8, 2, "   |        ^^"),
        ("大小: bc", 5, 2, "   |       ^^"),
        ("a: 大小", 4, 2, "   |    ^^^^"),
        ("a: bc", 4, 50, "   |    ^^"),
        ("a: bc", 9, 2, "   |      ^"),
    ],
)
def test_carets_are_under_the_token_also_where_signs_are_wide(
    line: str, column: int, width: int, caret: str
) -> None:
    assert quotation(line, column, width)[1] == caret


def test_a_long_line_is_quoted_around_its_token() -> None:
    line, caret = quotation(f"{'a' * 1000}TOKEN{'b' * 1000}", 1001, 5)

    assert line == f" 1 | …{'a' * 60}TOKEN{'b' * 60}…"
    assert caret == f"   | {' ' * 61}^^^^^"


def test_a_line_is_what_yaml_calls_one() -> None:
    span = Span(line=3, column=1, width=1)
    diagnostic = Diagnostic(file="t.yaml", span=span, rule="E1", message="A: is wrong")

    for end in ("\n", "\r\n", "\r", "\x85", "\u2028"):
        text = end.join(["a\x0cx", "b", "c"])
        assert rendered([diagnostic], {"t.yaml": text}).plain.splitlines()[1] == " 3 | c"
