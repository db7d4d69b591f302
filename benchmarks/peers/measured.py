"""Wrap the function that MEASURED names, and return what it cost instead of its result.

The function's module is imported with this one, so during initialisation, as Lambda would.
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
    """Give when it was entered, the CPU time until its return, and the resident memory.

    The entry is on the clock of `time.monotonic`, which all processes of a machine share.
    """
    entered = time.monotonic()
    before = time.process_time()
    measured(event, context)
    spent = time.process_time() - before
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"entered": entered, "cpu_ms": spent * 1e3, "rss_mb": pages * PAGE / 1e6}
