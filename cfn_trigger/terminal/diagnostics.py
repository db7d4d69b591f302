"""Diagnostics as a compiler prints them: the place, the problem, the line, a caret, the remedy.

Knows the layout. Refuses to know how a problem is found.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from cfn_trigger.errors import Diagnostic, Level, Span
from cfn_trigger.template import spans

_LONGEST: Final = 200
"""The length of a line up to which it is quoted whole."""
_AROUND: Final = 60
"""How much of a longer line is quoted on each side of a span."""
_COLORS: Final[Mapping[Level, str]] = {"error": "bold red", "warning": "yellow", "info": "blue"}


def rendered(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> Text:
    """Render diagnostics; `texts` are the contents of their files by name."""
    lines = {name: spans.lines(text) for name, text in texts.items()}
    return Text("\n").join(
        _rendered(diagnostic, lines.get(diagnostic.file, [])) for diagnostic in diagnostics
    )


def _rendered(diagnostic: Diagnostic, lines: list[str]) -> Text:
    problem, _, remedy = diagnostic.message.partition("; ")
    span, color = diagnostic.span, _COLORS[diagnostic.level]
    head = Text(f"{diagnostic.file}:{span.line}:{span.column}: ", style="bold")
    head.append(f"{diagnostic.level}", style=color)
    head.append(f"[{diagnostic.rule}] {problem}", style="bold")
    parts = [head, *_quotation(span, lines, color)]
    if remedy:
        indent = " " * len(str(span.line))
        parts.append(Text(f" {indent} = {remedy}"))
    return Text("\n").join(parts).append("\n")


def _quotation(span: Span, lines: list[str], color: str) -> Iterator[Text]:
    if not 0 < span.line <= len(lines):
        return
    before, token, after = _parts(lines[span.line - 1], span)
    number = str(span.line)
    indent = "".join(sign if sign == "\t" else " " * cell_len(sign) for sign in before)
    carets = "^" * max(1, cell_len(token))
    yield Text(f" {number} | {before}{token}{after}")
    yield Text(f" {' ' * len(number)} | ").append(indent).append(carets, style=color)


def _parts(line: str, span: Span) -> tuple[str, str, str]:
    """Split a line at a span; of a long line only what is around the span is left."""
    start, end = span.column - 1, span.column - 1 + span.width
    before, token, after = line[:start], line[start:end], line[end:]
    if len(line) <= _LONGEST:
        return before, token, after
    if len(before) > _AROUND:
        before = f"…{before[-_AROUND:]}"
    if len(token) > _LONGEST:
        token = f"{token[:_LONGEST]}…"
    if len(after) > _AROUND:
        after = f"{after[:_AROUND]}…"
    return before, token, after
