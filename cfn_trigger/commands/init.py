"""`cfn-trigger init`: teaches cfn-lint, and with it `sam validate --lint`, the shorthand.

Knows which file of a project says so, and that what is there is the author's. Refuses to know what
the file says: `lint` does.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import click

from cfn_trigger import environment
from cfn_trigger.errors import UsageError
from cfn_trigger.lint import configuration
from cfn_trigger.terminal import console, options

FILE: Final = ".cfnlintrc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one file: its text, and what that is to the one that was there."""

    file: str
    did: Literal["written", "extended", "left as it is"]
    text: str


def step(existing: str | None, project: Path) -> Step:
    """Say what the configuration of a project becomes; raises UsageError for one that cannot."""
    if existing is None:
        return Step(file=FILE, did="written", text=configuration.text(project))
    try:
        text = configuration.merged(existing, project)
    except configuration.ConflictError as error:
        raise UsageError(f"{FILE}: {error}") from error
    return Step(file=FILE, did="left as it is" if text == existing else "extended", text=text)


@click.command()
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@options.json_option
def command(folder: str, *, as_json: bool) -> None:
    """Teach cfn-lint and editors the shorthand, in FOLDER (default: this one).

    What a file says already is kept.
    """
    project = Path(folder)
    path = project / FILE
    done = step(environment.read_text(str(path)) if path.exists() else None, project)
    if done.did != "left as it is":
        path.write_text(done.text)
    if as_json:
        console.show_json([asdict(done)])
    else:
        console.show(f"{path}: {done.did}")
        schema = configuration.SPEC.with_name("template.yaml.schema.json")
        console.show(f"an editor's schema for templates: {schema}")
