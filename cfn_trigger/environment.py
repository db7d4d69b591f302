"""What the process has besides its command line: files, standard input, variables, the clock.

Refuses to know what any of them is for. What reads the clock or sleeps takes these functions as a
value, so that a test can replace them by virtual time.
"""

import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cfn_trigger.errors import UsageError

STANDARD_INPUT: Final = "-"


def variable(name: str) -> str | None:
    """Return a variable of the environment; None if it is not set, or empty."""
    return os.environ.get(name) or None


BYTE_ORDER_MARK: Final = "\ufeff"


def read_text(source: str, *, keeps_mark: bool = False) -> str:
    """Read a file, or standard input for `-`; raises UsageError if it is not UTF-8 text.

    A byte order mark is left out, unless it is to be kept.
    """
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        return data.decode("utf-8" if keeps_mark else "utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: is not UTF-8 text") from error


def now() -> datetime:
    """Return the time of this machine's clock, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 the one place with a clock


def is_interactive() -> bool:
    """Whether someone can be asked: standard input is a terminal."""
    return sys.stdin.isatty()


def sleep(seconds: float) -> None:
    """Sleep."""
    threading.Event().wait(seconds)
