"""Imports go in one direction, and only what talks to people knows how to print.

The linter can ban a name in the whole project, but not a direction between folders: this can.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.recordings import ROOT

ABOVE = ("main", "commands")
"""They may import everything."""

MAY_IMPORT = {
    "errors": (),
    "environment": ("errors",),
    "template": ("errors", "environment"),
    "deployment": ("errors", "environment", "template"),
    "prediction": ("errors", "environment", "template", "deployment"),
    "ordering": ("errors", "environment", "template", "deployment"),
    "lint": ("errors", "environment", "template", "deployment"),
    "invocation": ("errors", "environment", "template", "deployment"),
    "terminal": ("errors", "environment", "deployment"),
    "local_cloud": (),
}
"""The parts of cfn_trigger, each with those that it may import, in the order of the layers."""

PRINTING = {"click", "rich"}


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "cfn_trigger").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(str(module), names):
                yield from (f"{module}.{alias.name}" for alias in names)


def modules_of(part: str) -> list[Path]:
    folder = ROOT / "cfn_trigger"
    return [path for path in folder.rglob("*.py") if part_of(path) == part]


def test_every_part_has_its_place() -> None:
    parts = {part_of(path) for path in (ROOT / "cfn_trigger").rglob("*.py")}

    assert parts - {"__init__", "__main__"} == {*MAY_IMPORT, *ABOVE}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_those_below_it(part: str) -> None:
    allowed = {f"cfn_trigger.{name}" for name in (part, *MAY_IMPORT[part])}
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of(part)
        for name in imports(path)
        if name.startswith("cfn_trigger.")
        and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }

    assert found == set()


@pytest.mark.parametrize("part", [part for part in MAY_IMPORT if part != "terminal"])
def test_a_part_of_the_subject_does_not_know_how_to_print(part: str) -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of(part)
        for name in imports(path)
        if name.partition(".")[0] in PRINTING
    }

    assert found == set()


@pytest.mark.parametrize("package", ["macro", "trigger_provider", "trigger_handler"])
def test_what_runs_in_lambda_does_not_know_the_command(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name.partition(".")[0] in {"cfn_trigger", "boto3", "botocore", *PRINTING}
    }

    assert found == set()
