"""`cfn-trigger new`: a project to start from, with a trigger, its handler and a test.

Knows where the files of a starter are, and that they name one stack. Refuses to know what is in
them: they are real files in `starters`, which the linters check.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import click

from cfn_trigger.errors import UsageError
from cfn_trigger.terminal import console, options

_STACK: Final = "my-stack"
"""The name of the stack in the files of a starter."""
_STARTERS: Final = files("cfn_trigger") / "starters"
_NOT_IN_A_NAME: Final = re.compile("[^A-Za-z0-9]+")
_LONGEST_NAME: Final = 128
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


@options.command("cfn-trigger new shop", "cfn-trigger new shop --plain")
@click.argument("directory", type=click.Path(file_okay=False))
@click.option(
    "--sam/--plain",
    "with_sam",
    default=True,
    show_default=True,
    help="Write a template for the SAM CLI, or a plain CloudFormation template for the AWS CLI.",
)
@options.json_option
def command(directory: str, *, with_sam: bool, as_json: bool) -> None:
    """Write a project to start from into DIRECTORY.

    The project has a template with a trigger, its handler, a test for the handler, and a README
    with the next commands. Existing files are never overwritten.
    """
    if not directory:
        raise UsageError("DIRECTORY: is empty; pass the name of a directory, or . for this one")
    folder = Path(directory)
    texts = starter(stack_name(folder.resolve().name), with_sam=with_sam)
    for path in texts:
        if (folder / path).exists():
            raise UsageError(f"{folder / path}: exists already; choose another directory")
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("x", encoding="utf-8") as file:
            file.write(text)
    if as_json:
        console.show_json([{"file": str(folder / path), "status": "created"} for path in texts])
    else:
        for path in texts:
            console.show(f"{folder / path}: created")
        console.show(f"what to do next: {folder / 'README.md'}")


def starter(stack: str, *, with_sam: bool) -> Mapping[str, str]:
    """Return the text of each file of a project by its path, for a stack of this name."""
    sources = (_STARTERS / "common", _STARTERS / ("sam" if with_sam else "plain"))
    texts = {path: text for source in sources for path, text in _texts(source)}
    return {path: texts[path].replace(_STACK, stack) for path in sorted(texts)}


def _texts(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_file():
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
        elif entry.name != "__pycache__":
            yield from _texts(entry, f"{prefix}{entry.name}/")


def stack_name(text: str) -> str:
    """Return the name of a stack that is like a text: letters, digits and hyphens."""
    name = _NOT_IN_A_NAME.sub("-", text).strip("-")
    name = name if name[:1].isalpha() else f"stack-{name}".rstrip("-")
    return name[:_LONGEST_NAME].rstrip("-")
