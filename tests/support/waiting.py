"""Waiting for an event, however slow the machine is."""

import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 300
"""Seconds after which a test stops waiting for an event."""

QUICKLY: Final = {"Delay": 0.2, "MaxAttempts": 5 * PATIENCE}
"""The configuration of boto3 waiters for the local cloud, which is fast."""


def wait_until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Return once the condition holds; fail if it does not hold in time."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        pause.wait(0.01)
