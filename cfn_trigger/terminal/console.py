"""What the subcommands share at a terminal: input, output, colors, and how each of them ends.

Knows click and rich. Refuses to know templates. Exit codes are a contract: 0 is fine, 1 is a
problem of the template, 2 one of the command line or of what it names.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import click
from rich.console import Console, RenderableType
from rich.text import Text

STANDARD_INPUT: Final = "-"

Command = TypeVar("Command", bound=Callable[..., Any])


class UsageError(click.ClickException):
    """The command line, or what it names, is wrong: said in one line, exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it, after the program's name."""
        click.echo(f"cfn-trigger: {self.message}", file=file or sys.stderr)


def console(*, stderr: bool = False) -> Console:
    """Give a console: colored at a terminal that wants it, plain and never wrapped elsewhere."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not made.is_terminal:
        made.width = 1_000_000
    return made


def show(text: RenderableType) -> None:
    """Write a text to standard output."""
    console().print(text)


def in_json(value: Any) -> str:
    """Say a value for machines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def show_json(value: Any) -> None:
    """Write a value for machines."""
    click.echo(in_json(value))


def note(text: str) -> None:
    """Tell a person something that is not part of the output."""
    console(stderr=True).print(Text(f"cfn-trigger: {text}", style="yellow"))


def region() -> str:
    """Give the region of the environment, for what depends on one."""
    own = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return own or "us-east-1"


def text_of(source: str) -> str:
    """Read a file, or standard input for `-`; raises UsageError where there is no text."""
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: is no text in UTF-8") from error


def template_argument(command: Command) -> Command:
    """Give a command its TEMPLATE."""
    return click.argument("source", metavar="TEMPLATE")(command)


def json_option(command: Command) -> Command:
    """Give a command its `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Output for machines.")(command)


def parameter_options(command: Command) -> Command:
    """Give a command `--parameter` and `--parameters-file`."""
    pair = click.option(
        "--parameter", "pairs", metavar="K=V", multiple=True, help="The value of a parameter."
    )
    file = click.option(
        "--parameters-file",
        "parameters_file",
        metavar="FILE",
        help="Values of parameters: a list as CloudFormation's, a map, or K=V lines.",
    )
    return pair(file(command))
