"""`cfn-trigger`: which subcommands there are, and how any of them fails.

A subcommand is a module with a `command`; it is imported when it is called, so that `--help` is
quick. This is the one place that prints an error and maps it to an exit code: a person gets a line
that says what to do, never a traceback.
"""

import difflib
import importlib
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise, takewhile
from typing import Any, Final

import click

from cfn_trigger.errors import TemplateProblems, UsageError

SUBCOMMANDS: Final[Mapping[str, str]] = {
    "expand": "Print a template as the macro expands it.",
    "check": "List every problem in templates, with its line.",
    "plan": "Predict which triggers a deployment will run, and why.",
    "graph": "Show what runs before and after each trigger.",
    "new": "Write a project to start from.",
    "init": "Configure cfn-lint and editors for the shorthand.",
    "run": "Run a trigger's handler now, with the event it would receive.",
    "watch": "Follow a deployment: resources, triggers, and what handlers print.",
    "local": "Run a local cloud that has the macro.",
    "install": "Install the macro in the account of the current credentials.",
    "upgrade": "Upgrade the macro, and show what that changes for stacks.",
    "uninstall": "Remove the macro, and show which stacks still use it.",
}
"""Name and short help of every module that holds a `command`."""

EXAMPLES: Final = (
    "cfn-trigger check template.yaml",
    "cfn-trigger plan template.yaml --deployed-stack shop",
    "cfn-trigger watch shop",
)

_TRACEBACK: Final = "CFN_TRIGGER_TRACEBACK"

_PROBLEMS: Final = 1
_USAGE: Final = 2
_INTERNAL: Final = 3
_INTERRUPTED: Final = 128 + signal.SIGINT

_EXPECTED: Final = (click.ClickException, click.Abort, TemplateProblems, UsageError, OSError)
_DETAILED: Final = "--detailed-exitcode"
_FORMS: Final = re.compile(r"--format=(json|sarif|github)|--(json)")


class _Subcommands(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module: Any = importlib.import_module(f"cfn_trigger.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            for name in difflib.get_close_matches(args[0], SUBCOMMANDS, n=1):
                error.message += f" Did you mean {name!r}?"
            raise

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))
        with formatter.section("Examples"):
            for example in EXAMPLES:
                formatter.write(f"  {example}\n")

    def main(  # type: ignore[override] # standalone_mode is passed by name
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line, print what went wrong, and exit."""
        arguments = sys.argv[1:] if args is None else list(args)
        run: Callable[[], Any] = partial(
            super().main, arguments, prog_name, standalone_mode=False, **extra
        )
        if not standalone_mode:
            return run()
        _print_in_any_locale()
        try:
            code = run()
        except _EXPECTED as error:
            code = _code_of(error, arguments)
        except Exception as error:
            if os.environ.get(_TRACEBACK):
                raise
            code = _code_of(error, arguments)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        # A process that a shell starts in the background, or a CI system at all, may ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)


def _print_in_any_locale() -> None:
    """Print UTF-8 to files and pipes, and escape what the encoding of a terminal lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_chosen = sys.stdout.isatty() or "PYTHONIOENCODING" in os.environ
        encoding = sys.stdout.encoding if is_chosen else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def _form(arguments: Sequence[str]) -> str:
    """Return the format that a command line asks for, even if it is wrong otherwise."""
    options = list(takewhile(lambda argument: argument != "--", arguments))
    pairs = [f"{name}={value}" for name, value in pairwise(options)]
    matches = filter(None, map(_FORMS.fullmatch, (*options, *pairs)))
    return next((match[1] or match[2] for match in matches), "text")


def _code_of(error: Exception, arguments: Sequence[str]) -> int:
    """Print an error; return the exit code that the command line asks for."""
    code = _report(error, form=_form(arguments))
    return _PROBLEMS if _DETAILED in arguments and code != _INTERRUPTED else code


def _report(error: Exception, *, form: str) -> int:
    """Print an error; return the exit code."""
    # rich takes a while to import, and `--help` does without it
    from cfn_trigger.terminal import failures  # noqa: PLC0415

    match error:
        case click.ClickException():
            message, code = error.format_message(), error.exit_code
        case click.Abort():
            is_interrupted = isinstance(error.__context__, KeyboardInterrupt)
            message, code = "aborted", _INTERRUPTED if is_interrupted else _PROBLEMS
        case TemplateProblems():
            message, code = str(error), _PROBLEMS
        case UsageError():
            message, code = error.message, _USAGE
        case OSError():
            message, code = f"{error.filename or 'files'}: {error.strerror}", _USAGE
        case _:
            failure = f"cfn-trigger failed: {type(error).__name__}: {error}"
            message, code = f"{failure}; please report it, {_TRACEBACK}=1 shows where", _INTERNAL
    failures.show(error, message, form=form, exit_code=code)
    return code


@click.group(cls=_Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cfn-trigger", message="%(prog)s %(version)s")
def main() -> None:
    """Check, expand and plan templates with triggers, and follow their deployments.

    Exit codes: 0 success; 1 the template has problems, or something failed; 2 the command line is
    wrong, or something that it refers to; 3 a bug; 130 interrupted by Ctrl-C.
    """


if __name__ == "__main__":
    main()
