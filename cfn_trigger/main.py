"""`cfn-trigger`: which subcommands there are, and nothing of what they do.

A subcommand is a module with a `command`; it is imported when it is called, so that `--help` is
quick. What goes wrong is said in a line, never in a traceback.
"""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

SUBCOMMANDS: Final[Mapping[str, str]] = {
    "expand": "Write the template without the shorthand, as the macro makes it.",
    "check": "Show every problem of templates, with its line.",
    "plan": "Say which triggers a deployment will run, and because of what.",
    "graph": "Show what runs before and after each trigger.",
    "init": "Teach cfn-lint and editors the shorthand, in this folder.",
    "run": "Run a trigger's handler now, with the event it would get.",
    "watch": "Follow a deployment: resources, triggers, and what handlers print.",
    "local": "Run a local cloud that has the macro.",
}
"""Name and short help of every module that holds a `command`."""

_TRACEBACK: Final = "CFN_TRIGGER_TRACEBACK"


class _Subcommands(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        found: click.Command = importlib.import_module(f"cfn_trigger.commands.{cmd_name}").command
        return found

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's own ways to end
        except OSError as error:
            click.echo(f"cfn-trigger: {error.filename or 'files'}: {error.strerror}", err=True)
            sys.exit(2)
        except Exception as error:
            if os.environ.get(_TRACEBACK):
                raise
            said = f"cfn-trigger failed: {type(error).__name__}: {error}"
            click.echo(f"{said}; please report it, {_TRACEBACK}=1 shows where", err=True)
            sys.exit(3)


@click.group(cls=_Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cfn-trigger", message="%(prog)s %(version)s")
def main() -> None:
    """Look at a template with triggers as the macro sees it, and at what it does when deployed.

    Exit codes: 0 fine, 1 problems of the template, or a failure, 2 problems of the command line.
    """


if __name__ == "__main__":
    main()
