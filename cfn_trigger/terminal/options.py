"""Arguments and options that several subcommands have in common.

Knows click. Refuses to know what the values mean.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def template_argument(command: Command) -> Command:
    """Add the argument TEMPLATE."""
    return click.argument("source", metavar="TEMPLATE")(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def macro_name_option(command: Command) -> Command:
    """Add `--macro-name`."""
    option = click.option(
        "--macro-name",
        metavar="NAME",
        default="Trigger",
        show_default=True,
        help="The name of the macro in the account, if it was deployed with another one.",
    )
    return option(command)


def parameter_options(command: Command) -> Command:
    """Add `--parameter` and `--parameters-file`."""
    pair = click.option(
        "--parameter", "pairs", metavar="K=V", multiple=True, help="Set the value of a parameter."
    )
    file = click.option(
        "--parameters-file",
        "parameters_file",
        metavar="FILE",
        help="A file of parameter values: CloudFormation's list, a map, or K=V lines.",
    )
    return pair(file(command))
