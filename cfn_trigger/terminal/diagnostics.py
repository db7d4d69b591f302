"""Problems with a place in a file, shown as a compiler shows them: the line, a caret, the remedy.

Knows the form. Refuses to know who found a problem.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any, Final, Literal

import click
from rich.text import Text

from cfn_trigger.terminal.console import console

Level = Literal["error", "warning", "info"]

_COLORS: Final[Mapping[Level, str]] = {"error": "bold red", "warning": "yellow", "info": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in a text, counted from 1, and how many characters are meant."""

    line: int = 1
    column: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: where, who says so, and what it is with its remedy after a `;`."""

    file: str
    place: Place
    rule: str
    message: str
    level: Level = "error"

    def in_json(self) -> dict[str, Any]:
        """Give it for machines."""
        own = asdict(self)
        place: dict[str, Any] = own.pop("place")
        return own | place


class FindingsError(click.ClickException):
    """A template that cannot be worked with; shown with its lines, exit code 1."""

    exit_code = 1

    def __init__(
        self, findings: Iterable[Finding], texts: Mapping[str, str], *, hint: str = ""
    ) -> None:
        self.findings = tuple(findings)
        self.texts = texts
        self.hint = hint
        super().__init__("; ".join(one.message for one in self.findings))

    def show(self, file: IO[Any] | None = None) -> None:
        """Show every finding on standard error."""
        out = console(stderr=file is None)
        out.print(report(self.findings, self.texts))
        if self.hint:
            out.print(Text(f"cfn-trigger: {self.hint}"))


def report(findings: Iterable[Finding], texts: Mapping[str, str]) -> Text:
    """Show findings with the lines they are about; `texts` are the files' contents by name."""
    lines = {name: text.splitlines() for name, text in texts.items()}
    shown = [_shown(finding, lines.get(finding.file, [])) for finding in findings]
    return Text("\n").join(shown)


def _shown(finding: Finding, lines: list[str]) -> Text:
    what, _, remedy = finding.message.partition("; ")
    place, color = finding.place, _COLORS[finding.level]
    head = Text(f"{finding.file}:{place.line}:{place.column}: ", style="bold")
    head.append(f"{finding.level}", style=color)
    head.append(f"[{finding.rule}] {what}", style="bold")
    rest = [Text(line) if isinstance(line, str) else line for line in _quoted(place, lines, color)]
    if remedy:
        indent = " " * len(str(place.line))
        rest.append(Text(f" {indent} = {remedy}"))
    return Text("\n").join([head, *rest]).append("\n")


def _quoted(place: Place, lines: list[str], color: str) -> Iterator[Text | str]:
    if not 0 < place.line <= len(lines):
        return
    line = lines[place.line - 1]
    number = str(place.line)
    width = max(1, min(place.width, len(line) - place.column + 1))
    before = "".join(sign if sign == "\t" else " " for sign in line[: place.column - 1])
    yield f" {number} | {line}"
    yield Text(f" {' ' * len(number)} | ").append(before).append("^" * width, style=color)
