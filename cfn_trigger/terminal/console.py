"""Consoles, and output that needs no layout.

Knows click and rich. Refuses to know templates, stacks and triggers.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.text import Text


def console(*, stderr: bool = False) -> Console:
    """Return a console: colored at a terminal that wants it, plain and never wrapped elsewhere."""
    output = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not output.is_terminal:
        output.width = 1_000_000
    return output


def width() -> int:
    """Return the width of lines: a terminal's, elsewhere that of COLUMNS, or without a limit."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else console().width


def has_cursor(output: Console) -> bool:
    """Whether lines can be drawn again: colors, such as FORCE_COLOR asks for, are not enough."""
    is_terminal: bool = output.file.isatty()
    return is_terminal and output.is_terminal and not output.is_dumb_terminal


def show(content: RenderableType, *, stderr: bool = False) -> None:
    """Print to standard output, or to standard error next to output for programs."""
    console(stderr=stderr).print(content)


def show_json(value: Any) -> None:
    """Print a value as JSON to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show what is going on, on standard error and only at a terminal, until it is done."""
    output = console(stderr=True)
    if not output.is_terminal:
        yield
        return
    with output.status(Text(text)):
        yield


def note(text: str) -> None:
    """Print a line that is not part of the output, in yellow, to standard error."""
    console(stderr=True).print(Text(f"cfn-trigger: {text}", style="yellow"))
