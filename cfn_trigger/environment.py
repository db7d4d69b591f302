"""What the process is given besides its command line: files, standard input, the region.

Refuses to know what any of them means.
"""

import os
import sys
from pathlib import Path
from typing import Final

from cfn_trigger.errors import UsageError

STANDARD_INPUT: Final = "-"


def region() -> str:
    """Return the region that the environment names, us-east-1 if it names none."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named or "us-east-1"


def read_text(source: str) -> str:
    """Read a file, or standard input for `-`; raises UsageError if it is not UTF-8 text."""
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source}: is not UTF-8 text") from error
