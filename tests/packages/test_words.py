"""The rules for names and docstrings in CONTRIBUTING.md hold for all code, tests included."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
FOLDERS: Final = (
    "macro", "trigger_provider", "trigger_handler", "cfn_trigger", "examples", "benchmarks",
    "docs", "tests",
)  # fmt: skip
GENERATED: Final = {ROOT / "trigger_provider" / f"{form}.py" for form in ("embedded", "compressed")}
BUILT: Final = {".aws-sam", "build"}
MODULES: Final = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path not in GENERATED and BUILT.isdisjoint(path.parts)
]

FIT_EVERYTHING: Final = frozenset({"told", "said", "found", "made", "given", "own", "one"})
"""Words that are names only within a few lines, which an argument or a function never is."""

A_FEW_LINES: Final = 3

CONVERSATION: Final = frozenset({"Give", "Say", "Tell", "Name"})
"""How no docstring starts: what a function does is return, yield, raise, format or list."""

Named: TypeAlias = tuple[int, str]
"""A line and a name."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names(module: ast.Module) -> Iterator[Named]:
    """Yield the names of functions, classes, arguments, fields and variables of longer scopes."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield node.lineno, name.strip("_")
        if isinstance(node, ast.ClassDef):
            yield from fields(node)
        if isinstance(node, ast.FunctionDef | ast.Module):
            yield from variables(node)


def fields(class_: ast.ClassDef) -> Iterator[Named]:
    for statement in class_.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield statement.lineno, name.strip("_")


def variables(scope: ast.FunctionDef | ast.Module) -> Iterator[Named]:
    """Yield the variables of a scope that are used over more than a few lines."""
    lines: dict[str, set[int]] = defaultdict(set)
    bound: set[str] = set()
    nodes = list(ast.iter_child_nodes(scope))
    while nodes:
        match node := nodes.pop():
            case ast.FunctionDef() | ast.ClassDef():
                continue
            case ast.Name(id=name):
                lines[name].add(node.lineno)
                bound |= {name} if isinstance(node.ctx, ast.Store) else set()
            case ast.MatchAs(name=str(name)):
                lines[name].add(node.lineno)
                bound.add(name)
        nodes += ast.iter_child_nodes(node)
    for name in bound:
        if max(lines[name]) - min(lines[name]) >= A_FEW_LINES:
            yield min(lines[name]), name.strip("_")


def docstrings(module: ast.Module) -> Iterator[Named]:
    """Yield the docstrings of functions, with their lines."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield node.lineno, text


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_name_says_what_it_holds(path: Path) -> None:
    module = ast.parse(path.read_text())

    assert sorted((line, name) for line, name in names(module) if name in FIT_EVERYTHING) == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_docstring_says_what_a_function_does(path: Path) -> None:
    module = ast.parse(path.read_text())

    assert [
        (line, text) for line, text in docstrings(module) if text.split()[0] in CONVERSATION
    ] == []
