"""Wrap the function that MEASURED names, and return its cost instead of its result.

This module imports the function's module, so that happens during initialization, as in Lambda.
"""

import importlib
import os
import time
from pathlib import Path
from typing import Any

module, _, name = os.environ["MEASURED"].rpartition(".")
measured = getattr(importlib.import_module(module), name)
PAGE = os.sysconf("SC_PAGE_SIZE")


def handler(event: dict[str, Any], context: Any) -> dict[str, float]:
    """Return the time of entry, the CPU time until the function returned, and the resident memory.

    The time of entry is that of `time.monotonic`, which all processes of a machine share.
    """
    entered = time.monotonic()
    before = time.process_time()
    measured(event, context)
    spent = time.process_time() - before
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"entered": entered, "cpu_ms": spent * 1e3, "rss_mb": pages * PAGE / 1e6}
