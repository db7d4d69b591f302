"""Every promise on the page of guarantees is held by tests, which exist."""

import ast
import re
from functools import cache
from typing import Final

import pytest

from tests.docs.pages import ROOT

PAGE: Final = ROOT / "docs" / "guarantees.md"
TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS: Final = [
    line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| promise |")
]
TESTS: Final = sorted({found.groups() for row in ROWS for found in TEST.finditer(row)})


@cache
def functions(module: str) -> frozenset[str]:
    """Return the names of the functions that a module defines."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS)
def test_a_promise_says_what_it_rests_on_and_which_tests_hold_it(row: str) -> None:
    promise, rests_on, held_by = row.strip("| ").split(" | ")

    assert promise
    assert rests_on
    assert TEST.sub("", held_by).strip() == ""


@pytest.mark.parametrize(("module", "name"), TESTS)
def test_a_test_that_holds_a_promise_exists(module: str, name: str) -> None:
    assert name in functions(module)
