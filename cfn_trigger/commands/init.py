"""`cfn-trigger init`: teaches cfn-lint, `sam validate --lint` and VS Code the shorthand."""

from pathlib import Path

import click

from cfn_trigger import environment
from cfn_trigger.lint import configuration
from cfn_trigger.terminal import console, options


@options.command("cfn-trigger init", "cfn-trigger init --vscode", "cfn-trigger init . --json")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--vscode/--no-vscode",
    "with_editor",
    default=None,
    help="Whether to configure VS Code too.  [default: only if FOLDER contains .vscode]",
)
@options.json_option
def command(folder: str, *, with_editor: bool | None, as_json: bool) -> None:
    """Configure cfn-lint and editors for the shorthand, in FOLDER (default: the current one).

    Existing settings stay. No file contains a path of this machine, so commit them all.
    """
    project = Path(folder)
    changes = [configuration.configured(_existing(project / configuration.FILE))]
    if (project / configuration.EDITOR_FOLDER).is_dir() if with_editor is None else with_editor:
        names = (configuration.EDITOR_SETTINGS, configuration.EDITOR_SCHEMA)
        settings, schema = (_existing(project / name) for name in names)
        changes += configuration.files_of_editor(settings, schema)
    for change in changes:
        if change.status != "unchanged":
            path = project / change.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(change.text, encoding="utf-8", newline="")
    if as_json:
        console.show_json([change.as_json() for change in changes])
    else:
        for change in changes:
            console.show(f"{project / change.file}: {change.status}")


def _existing(path: Path) -> str | None:
    return environment.read_text(str(path)) if path.exists() else None
