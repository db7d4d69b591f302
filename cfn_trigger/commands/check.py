"""`cfn-trigger check`: every problem of templates, with lines in the author's source."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from cfn_trigger import environment
from cfn_trigger.errors import UsageError
from cfn_trigger.lint.cfn_lint import CfnLint
from cfn_trigger.lint.checked_file import CheckedFile, check_file, unreadable_file
from cfn_trigger.template import transforms
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import Template
from cfn_trigger.terminal import console, diagnostics, options, reports

_FORMATS: Final = ("text", "json", "sarif", "github")


@options.command(
    "cfn-trigger check template.yaml",
    "cfn-trigger check services/*/template.yaml --json",
    "cfn-trigger check template.yaml --format sarif > problems.sarif",
    alternatives=[("--json", "--format")],
)
@options.templates_argument
@options.parameter_options
@options.macro_name_option
@options.region_option
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="The format of problems and errors.",
)
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    overrides: Overrides,
    *,
    macro_name: str,
    region: str,
    form: str,
    as_json: bool,
) -> None:
    """List every problem in templates, with its line.

    Includes the findings of cfn-lint in each template and in its expansion. Files without
    triggers are skipped.
    """

    def context(template: Template) -> transforms.Context:
        values = overrides.values_of(template)
        return transforms.Context(values=values, region=region, macro_name=macro_name)

    texts: dict[str, str] = {}
    files: list[CheckedFile] = []
    linter = CfnLint(macro_name)
    for number, source in enumerate(dict.fromkeys(sources), 1):
        with console.progress(f"checking {source} ({number} of {len(sources)})"):
            try:
                texts[source] = environment.read_text(source)
            except UsageError as error:
                files.append(unreadable_file(source, error.message.removeprefix(f"{source}: ")))
                continue
            files.append(check_file(texts[source], source, context, linter, macro_name=macro_name))
    code = _exit_code(files)
    _show(files, texts, linter, form="json" if as_json else form, exit_code=code)
    ctx.exit(code)


def _exit_code(files: Sequence[CheckedFile]) -> int:
    """Return 2 if a file cannot be read, 1 if there are problems other than information."""
    if any(file.status == "unreadable" for file in files):
        return 2
    diagnostics = (diagnostic for file in files for diagnostic in file.diagnostics)
    return 1 if any(diagnostic.level != "info" for diagnostic in diagnostics) else 0


def _show(
    files: Sequence[CheckedFile],
    texts: Mapping[str, str],
    linter: CfnLint,
    *,
    form: str,
    exit_code: int,
) -> None:
    problems = [diagnostic for file in files for diagnostic in file.diagnostics]
    match form:
        case "json":
            console.show_json([diagnostic.as_json() for diagnostic in problems])
        case "sarif":
            console.show_json(reports.sarif(problems, linter.rules(), exit_code=exit_code))
        case "github":
            for line in reports.github(problems):
                click.echo(line)
            click.echo(_summary(files))
        case _:
            if in_texts := [diagnostic for diagnostic in problems if diagnostic.file in texts]:
                console.show(diagnostics.rendered(in_texts, texts))
            for diagnostic in problems:
                if diagnostic.file not in texts:
                    reason = diagnostic.message.removeprefix("cannot be read: ")
                    click.echo(f"cfn-trigger: {diagnostic.file}: {reason}", err=True)
            if texts:
                click.echo(_summary(files))


def _summary(files: Sequence[CheckedFile]) -> str:
    checked = sum(file.status == "checked" for file in files)
    problems = sum(len(file.diagnostics) for file in files)
    parts = [f"{checked} template{'' if checked == 1 else 's'} checked"]
    if skipped := sum(file.status == "skipped" for file in files):
        parts.append(f"{skipped} without triggers skipped")
    if unreadable := len(files) - checked - skipped:
        parts.append(f"{unreadable} not readable")
    parts.append(f"{problems or 'no'} problem{'' if problems == 1 else 's'}")
    return ", ".join(parts)
