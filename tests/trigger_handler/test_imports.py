"""What the library for handlers needs: nothing that a handler would have to install."""

import ast
import sys

from tests.support.command_line import ROOT


def imported_packages() -> set[str]:
    nodes = [
        node
        for path in (ROOT / "trigger_handler").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_the_library_imports_only_the_standard_library() -> None:
    assert imported_packages() <= {"trigger_handler", *sys.stdlib_module_names}
