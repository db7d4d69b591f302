"""Errors that end a command: in words on standard error, or in the format for a program.

Knows how an error is printed. Refuses to know exit codes.
"""

import json
from typing import Any

import click

from cfn_trigger.errors import TemplateProblems, UsageError, parse_message
from cfn_trigger.terminal import console, diagnostics, reports


def show(error: BaseException, message: str, *, form: str, exit_code: int) -> None:
    """Print an error; `message` is what a person reads, without the notes of the error.

    `form` is text, json, sarif or github.
    """
    notes: list[str] = getattr(error, "__notes__", [])
    match form:
        case "json":
            click.echo(json.dumps(_as_object(error, message, notes), ensure_ascii=False))
        case "sarif":
            console.show_json(reports.sarif([], {}, exit_code=exit_code, failure=message))
        case _:
            if form == "github":
                click.echo(reports.github_command("error", message, {"title": "cfn-trigger"}))
            _show_in_words(error, message, notes)


def _show_in_words(error: BaseException, message: str, notes: list[str]) -> None:
    match error:
        case click.ClickException():
            error.show()
        case TemplateProblems():
            problems = diagnostics.rendered(error.diagnostics, error.texts)
            console.console(stderr=True).print(problems)
            notes = [*filter(None, [error.hint]), *notes]
        case UsageError() | OSError() | click.Abort():
            click.echo(f"cfn-trigger: {message}", err=True)
        case _:
            click.echo(message, err=True)
    for note in notes:
        click.echo(f"cfn-trigger: {note}", err=True)


def _as_object(error: BaseException, message: str, notes: list[str]) -> dict[str, Any]:
    """Return an object: place, message, remedy, notes; of a template also all its problems."""
    if isinstance(error, TemplateProblems) and error.diagnostics:
        first = error.diagnostics[0]
        problem, _, remedy = first.message.partition("; ")
        return {
            "place": f"{first.file}:{first.span.line}:{first.span.column}",
            "message": problem,
            "remedy": remedy or error.hint,
            "notes": notes,
            "problems": [diagnostic.as_json() for diagnostic in error.diagnostics],
        }
    parts = parse_message(message)
    return {
        "place": parts.place, "message": parts.problem, "remedy": parts.remedy, "notes": notes,
    }  # fmt: skip
