"""`cfn-trigger`: which subcommands there are, and how any of them fails.

A subcommand is a module with a `command`; it is imported when it is called, so that `--help` is
quick. This is the one place that prints an error and maps it to an exit code: a person gets a line
that says what to do, never a traceback.
"""

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from cfn_trigger.errors import TemplateProblems, UsageError

SUBCOMMANDS: Final[Mapping[str, str]] = {
    "expand": "Print a template as the macro expands it.",
    "check": "List every problem in templates, with its line.",
    "plan": "Predict which triggers a deployment will run, and why.",
    "graph": "Show what runs before and after each trigger.",
    "init": "Configure cfn-lint and editors for the shorthand.",
    "run": "Run a trigger's handler now, with the event it would receive.",
    "watch": "Follow a deployment: resources, triggers, and what handlers print.",
    "local": "Run a local cloud that has the macro.",
}
"""Name and short help of every module that holds a `command`."""

_TRACEBACK: Final = "CFN_TRIGGER_TRACEBACK"

_TEMPLATE_PROBLEMS: Final = 1
_USAGE: Final = 2
_INTERNAL: Final = 3
_INTERRUPTED: Final = 128 + signal.SIGINT


class _Subcommands(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module: Any = importlib.import_module(f"cfn_trigger.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        # What a shell starts in the background, and some CI systems everything, ignores Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's ways to end
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
        except TemplateProblems as problems:
            _show(problems)
            sys.exit(_TEMPLATE_PROBLEMS)
        except UsageError as error:
            _fail(f"cfn-trigger: {error.message}", _USAGE)
        except OSError as error:
            _fail(f"cfn-trigger: {error.filename or 'files'}: {error.strerror}", _USAGE)
        except Exception as error:
            if os.environ.get(_TRACEBACK):
                raise
            failure = f"cfn-trigger failed: {type(error).__name__}: {error}"
            _fail(f"{failure}; please report it, {_TRACEBACK}=1 shows where", _INTERNAL)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


def _show(problems: TemplateProblems) -> None:
    # rich takes a while to import, and `--help` does without it
    from cfn_trigger.terminal import console, diagnostics  # noqa: PLC0415

    output = console.console(stderr=True)
    output.print(diagnostics.rendered(problems.diagnostics, problems.texts))
    if problems.hint:
        click.echo(f"cfn-trigger: {problems.hint}", err=True)


@click.group(cls=_Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cfn-trigger", message="%(prog)s %(version)s")
def main() -> None:
    """Check, expand and plan templates with triggers, and follow their deployments.

    Exit codes: 0 success; 1 the template has problems, or something failed; 2 the command line is
    wrong; 130 interrupted by Ctrl-C.
    """


if __name__ == "__main__":
    main()
