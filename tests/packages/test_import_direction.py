"""Imports go in one direction, and only what talks to people knows how to print.

The linter can ban a name in the whole project, but not a direction between folders: this can.
"""

import ast
import sys
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
    "terminal": ("errors", "deployment", "prediction", "ordering", "invocation"),
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


def test_a_command_renders_nothing_itself() -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of("commands")
        for name in imports(path)
        if name.partition(".")[0] == "rich"
    }

    assert found == set()


ELSEWHERE = {
    "macro": {"trigger_provider", "trigger_handler", "cfn_trigger", "boto3", "botocore"},
    "trigger_provider": {"macro", "trigger_handler", "cfn_trigger", "boto3", "botocore"},
    "trigger_handler": {"macro", "trigger_provider", "cfn_trigger", "boto3", "botocore"},
}


@pytest.mark.parametrize("package", ELSEWHERE)
def test_a_package_that_runs_in_lambda_knows_neither_the_others_nor_an_sdk(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name.partition(".")[0] in ELSEWHERE[package] | PRINTING
    }

    assert found == set()


def test_the_library_for_handlers_imports_the_standard_library_alone() -> None:
    names = {
        name.partition(".")[0]
        for path in (ROOT / "trigger_handler").rglob("*.py")
        for name in imports(path)
    }

    assert names <= {"trigger_handler", *sys.stdlib_module_names}
