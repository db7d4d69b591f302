"""The rules for names and docstrings in CONTRIBUTING.md hold for all code that is shipped."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
FOLDERS: Final = (
    "macro", "trigger_provider", "trigger_handler", "cfn_trigger", "examples", "benchmarks",
    "docs", "package",
)  # fmt: skip
GENERATED: Final = ROOT / "trigger_provider" / "embedded.py"
BUILT: Final = {".aws-sam", "build"}
MODULES: Final = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != GENERATED and BUILT.isdisjoint(path.parts)
]

FIT_EVERYTHING: Final = frozenset({"told", "said", "found", "made", "given", "own", "one"})
"""Words that are names only within a few lines, which an argument or a function never is."""

CONVERSATION: Final = frozenset({"Give", "Say", "Tell", "Name"})
"""How no docstring starts: what a function does is return, yield, raise, format or list."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the names of functions, classes and arguments, with their lines."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield node.lineno, name.strip("_")


def docstrings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of functions, with their lines."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield node.lineno, text


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_name_says_what_it_holds(path: Path) -> None:
    module = ast.parse(path.read_text())

    assert [(line, name) for line, name in names(module) if name in FIT_EVERYTHING] == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_docstring_says_what_a_function_does(path: Path) -> None:
    module = ast.parse(path.read_text())

    assert [
        (line, text) for line, text in docstrings(module) if text.split()[0] in CONVERSATION
    ] == []
