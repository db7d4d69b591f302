"""Diagnostics as a compiler prints them: the place, the problem, the line, a caret, the remedy.

Knows the layout. Refuses to know how a problem is found.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.text import Text

from cfn_trigger.errors import Diagnostic, Level, Span

_COLORS: Final[Mapping[Level, str]] = {"error": "bold red", "warning": "yellow", "info": "blue"}


def rendered(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> Text:
    """Render diagnostics; `texts` are the contents of their files by name."""
    lines = {name: text.splitlines() for name, text in texts.items()}
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
    line = lines[span.line - 1]
    number = str(span.line)
    width = max(1, min(span.width, len(line) - span.column + 1))
    indent = "".join(sign if sign == "\t" else " " for sign in line[: span.column - 1])
    yield Text(f" {number} | {line}")
    yield Text(f" {' ' * len(number)} | ").append(indent).append("^" * width, style=color)
