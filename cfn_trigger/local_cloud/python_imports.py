"""What precedes the first AWS client of a Python function; this file runs in the function's worker.

The emulator counts how deep functions invoke each other, by a handler that it adds to botocore.
Importing botocore takes a worker three times as long as all else, and few functions need it.

Knows when a module is about to be imported. Refuses to know the emulator: its worker contains this
file's text (`runtimes`), which therefore imports only the standard library.
"""

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from typing import Any


class _Watch(MetaPathFinder):
    """Finds no module, but calls an action once, before a module of this name is imported."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._name = name
        self._actions = [action]

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> None:
        if fullname == self._name and self._actions:
            self._actions.pop()()


def before_import(name: str, action: Callable[[], None]) -> None:
    """Call the action once, before the module is imported; it must not import the module."""
    sys.meta_path.insert(0, _Watch(name, action))
