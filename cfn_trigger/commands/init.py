"""`cfn-trigger init`: teaches cfn-lint, and with it `sam validate --lint`, the shorthand."""

from pathlib import Path

import click

from cfn_trigger import environment
from cfn_trigger.lint import configuration
from cfn_trigger.terminal import console, options


@options.command("cfn-trigger init", "cfn-trigger init . --json")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@options.json_option
def command(folder: str, *, as_json: bool) -> None:
    """Configure cfn-lint and editors for the shorthand, in FOLDER (default: the current one).

    Existing settings stay.
    """
    project = Path(folder)
    path = project / configuration.FILE
    existing = environment.read_text(str(path)) if path.exists() else None
    change = configuration.configured(existing)
    if change.status != "unchanged":
        path.write_text(change.text)
    if as_json:
        console.show_json([change.as_json()])
    else:
        console.show(f"{path}: {change.status}")
        console.show(f"an editor's schema for templates: {configuration.EDITOR_SCHEMA}")
