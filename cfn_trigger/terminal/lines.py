"""Lines of a timeline at a terminal, or as JSON.

Knows how a line is laid out. Refuses to know what happened.
"""

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cfn_trigger.deployment.reasons import reason_lines
from cfn_trigger.deployment.state import Line, ResourceChange, Tone
from cfn_trigger.deployment.summary import COMMAND_HINT

_STYLES: Final[Mapping[Tone, str]] = {
    "plain": "", "good": "green", "bad": "bold red", "quiet": "dim",
}  # fmt: skip
_TIME_FORMAT: Final = "00:00:00  "
_COUNT_WIDTH: Final = 5
_STATUS_WIDTH: Final = 18


def rendered(line: Line, zone: tzinfo | None = None, *, width: int | None = None) -> Text:
    """Render a line for a person, with the time of day in a zone, by default in this machine's.

    In a narrow terminal, of `width` cells, a resource's type is left out.
    """
    time = f"{line.at.astimezone(zone):%H:%M:%S}  "
    style = _STYLES[line.tone]
    match line.kind:
        case "trigger":
            content, style = f"  {line.name}: {line.message}", style or "bold"
        case "log":
            prefix = f"  {line.name} | "
            content = prefix + line.message.replace("\n", f"\n{' ' * len(time)}{prefix}")
        case "resource" if line.change:
            content = _resource(line, line.change)
            if width is not None and cell_len(time + content) > width:
                content = content.replace(f" ({line.change.type})", "", 1)
        case "resource":
            content = line.message
        case "failure" | "end":
            time, content = "", "\n".join(_end_lines(line.message))
    return Text().append(time, style="dim").append(content, style=style)


def _resource(line: Line, change: ResourceChange) -> str:
    count = f"{change.done}" if change.total is None else f"{change.done}/{change.total}"
    subject = line.message.removeprefix(f"{change.status} ")
    return f"{count:>{_COUNT_WIDTH}}  {change.status:<{_STATUS_WIDTH}}  {subject}"


def _end_lines(message: str) -> list[str]:
    head, *others = message.split("\n")
    return [head, *(f"  {line}" for other in others for line in reason_lines(other))]


def show(
    line: Line, console: Console, *, as_json: bool = False, zone: tzinfo | None = None
) -> None:
    """Print a line at once: to a console, or as an object to standard output."""
    if as_json:
        click.echo(json.dumps(line.as_json(), ensure_ascii=False))
    elif console.is_terminal:
        console.print(_wrapped(rendered(line, zone, width=console.width), line, console))
    else:
        console.print(rendered(line, zone))


def _wrapped(text: Text, line: Line, console: Console) -> Text:
    """Break long lines between words, and indent the rest; what is there to be copied stays whole.

    The terminal itself breaks what stays too long.
    """
    if line.kind == "log":
        return text
    rows: list[Text] = []
    for row in text.split("\n"):
        stripped = row.plain.lstrip()
        indent = (
            len(_TIME_FORMAT)
            if line.kind not in {"failure", "end"}
            else len(row) - len(stripped) + 2
        )
        is_copied = stripped.startswith(COMMAND_HINT) or row.cell_len <= console.width
        if is_copied or console.width < 2 * indent:
            rows.append(row)
            continue
        pieces = row.wrap(console, console.width - indent)
        for number, piece in enumerate(pieces):
            piece.rstrip()
            rows.append(Text(" " * indent).append_text(piece) if number else piece)
    return Text("\n").join(rows)
