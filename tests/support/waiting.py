"""Waiting for an event, however slow the machine is."""

import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 300
"""Seconds after which what a test waits for is taken never to happen."""

QUICKLY: Final = {"Delay": 0.2, "MaxAttempts": 5 * PATIENCE}
"""How a boto3 waiter waits for the local cloud, which is done in a moment."""


def wait_until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Return once the condition holds; fail where it does not within so many seconds."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        pause.wait(0.01)
