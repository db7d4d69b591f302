"""Errors that end a command: in words on standard error, or as one JSON object.

Knows how an error is printed. Refuses to know exit codes.
"""

import json
from typing import Any

import click

from cfn_trigger.errors import TemplateProblems, UsageError, parse_message
from cfn_trigger.terminal import console, diagnostics


def show(error: BaseException, message: str, *, as_json: bool) -> None:
    """Print an error; `message` is what a person reads, without the notes of the error."""
    notes: list[str] = getattr(error, "__notes__", [])
    if as_json:
        click.echo(json.dumps(_as_object(error, message, notes), ensure_ascii=False))
        return
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
