"""`cfn-trigger check`: every problem of templates, with lines in the author's source."""

from collections.abc import Sequence

import click

from cfn_trigger import environment
from cfn_trigger.lint.cfn_lint import CfnLint
from cfn_trigger.lint.checked_file import CheckedFile, check_file
from cfn_trigger.template import transforms
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import Template
from cfn_trigger.terminal import console, diagnostics, options


@options.command(
    "cfn-trigger check template.yaml",
    "cfn-trigger check services/*/template.yaml --json",
)
@options.templates_argument
@options.parameter_options
@options.region_option
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    overrides: Overrides,
    *,
    region: str,
    as_json: bool,
) -> None:
    """List every problem in templates, with its line.

    Includes the findings of cfn-lint in each template and in its expansion. Files without
    triggers are skipped.
    """

    def context(template: Template) -> transforms.Context:
        return transforms.Context(values=overrides.values_of(template), region=region)

    texts = {source: environment.read_text(source) for source in sources}
    linter = CfnLint()
    files = [check_file(text, name, context, linter) for name, text in texts.items()]
    problems = [diagnostic for file in files for diagnostic in file.diagnostics]
    if as_json:
        console.show_json([diagnostic.as_json() for diagnostic in problems])
    else:
        if problems:
            console.show(diagnostics.rendered(problems, texts))
        console.show(_summary(files))
    ctx.exit(1 if any(diagnostic.level != "info" for diagnostic in problems) else 0)


def _summary(files: Sequence[CheckedFile]) -> str:
    checked = sum(file.status == "checked" for file in files)
    problems = sum(len(file.diagnostics) for file in files)
    parts = [f"{checked} template{'' if checked == 1 else 's'} checked"]
    if skipped := len(files) - checked:
        parts.append(f"{skipped} without triggers skipped")
    parts.append(f"{problems or 'no'} problem{'' if problems == 1 else 's'}")
    return ", ".join(parts)
