"""The name of the macro in the author's account, for rules that cfn-lint runs.

Knows that a command may pass it, and that a project's settings may have it. Refuses to know what it
is compared with.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from cfn_trigger.errors import UsageError
from cfn_trigger.settings import read_settings
from macro.model import TRANSFORM

_PASSED: Final[ContextVar[str]] = ContextVar("macro_name", default="")


@contextmanager
def passed(name: str) -> Iterator[None]:
    """Use this name for what is linted meanwhile; cfn-lint has no way to pass it to rules."""
    token = _PASSED.set(name)
    try:
        yield
    finally:
        _PASSED.reset(token)


def macro_name(file: str | None) -> str:
    """Return the name that was passed, or that of the settings of a template's project."""
    if name := _PASSED.get():
        return name
    try:
        setting = read_settings(Path(file).parent if file else Path()).get("macro-name")
    except UsageError:
        return TRANSFORM
    return str(setting.value) if setting else TRANSFORM
