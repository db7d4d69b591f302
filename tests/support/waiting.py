"""Waiting for an event, however slow the machine is."""

import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 300
"""Seconds after which what a test waits for is taken never to happen."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail where it never does."""
    end, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} s"
        pause.wait(0.02)
