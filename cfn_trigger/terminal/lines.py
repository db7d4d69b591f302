"""Lines of a timeline at a terminal, or as JSON.

Knows how a line is laid out. Refuses to know what happened.
"""

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from cfn_trigger.deployment.state import Line, Tone
from cfn_trigger.deployment.summary import reason_lines

_STYLES: Final[Mapping[Tone, str]] = {
    "plain": "", "good": "green", "bad": "bold red", "quiet": "dim",
}  # fmt: skip


def rendered(line: Line, zone: tzinfo | None = None) -> Text:
    """Render a line for a person, with the time of day in a zone, by default in this machine's."""
    time = f"{line.at.astimezone(zone):%H:%M:%S}  "
    match line.kind:
        case "trigger":
            content = f"  {line.name}: {line.message}"
        case "log":
            content = f"  {line.name} | {line.message}"
        case "resource":
            content = line.message
        case "end":
            time, content = "", "\n  ".join(reason_lines(line.message))
    return Text().append(time, style="dim").append(content, style=_STYLES[line.tone])


def show(line: Line, console: Console, *, as_json: bool = False) -> None:
    """Print a line at once: to a console, or as an object to standard output."""
    if as_json:
        click.echo(json.dumps(line.as_json(), ensure_ascii=False))
    else:
        console.print(rendered(line))
