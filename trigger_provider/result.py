"""What a handler's answer means: done, not done yet, or failed.

Knows the words of a result, the setting Expect, and the error payloads of Lambda's runtimes.
Refuses to know how the answer came, and what follows from it.
"""

import json
import re
from typing import Any, Final

from trigger_provider.request import ABSENT, Outcome, Request
from trigger_provider.text import as_text, truncate

QUOTED: Final = 300
"""Bytes of a value that a message quotes: two of them and a path leave room for the rest."""

FRAMES: Final = 3
"""Innermost frames of a failure that are told: the line that raised, and who called it."""


def judge(request: Request, result: Any) -> Outcome:
    """Read a result: done, not done yet, or failed by its own word or by Expect."""
    words = result if isinstance(result, dict) else {}
    match words.get("Status"):
        case "IN_PROGRESS":
            return pending(words)
        case "FAILED" | "FAILURE":
            return Outcome("failed", "Failed", str(words.get("Reason") or "no Reason was given"))
    lacks = "" if request.expect is ABSENT else difference(request.expect, result, "result")
    if lacks:
        return Outcome("failed", "Expect", lacks, is_unexpected=True)
    return Outcome("done", result=result)


def pending(result: dict[str, Any]) -> Outcome:
    """Read a result that says IN_PROGRESS."""
    after = result.get("RetryAfter")
    if after is not None and not re.fullmatch(r"\d+(\.\d*)?", str(after)):
        return Outcome("failed", "BadResult", "RetryAfter is not a number of seconds")
    message = as_text(result.get("Progress") or result.get("Reason") or "")
    return Outcome("pending", message=message, result=result)


def difference(expected: Any, actual: Any, path: str) -> str:
    """Return the first thing that a result lacks of what is expected, empty if it has it all."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        parts = ((v, actual.get(k, ABSENT), f"{path}.{k}") for k, v in expected.items())
        return next(filter(None, (difference(*part) for part in parts)), "")
    if equal(expected, actual):
        return ""
    got = "absent" if actual is ABSENT else truncate(as_text(actual), QUOTED)
    return f"{path} is {got}, expected {truncate(as_text(expected), QUOTED)}"


def equal(left: Any, right: Any) -> bool:
    """Compare as JSON does: Python alone takes true for 1."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def function_error(payload: bytes, log: str = "") -> Outcome:
    """Read the error payload of any runtime; none of its fields is sure to be there."""
    try:
        error = dict(json.loads(payload))
    except (ValueError, TypeError):
        error = {"errorMessage": payload.decode(errors="replace")}
    spellings = (error.get(key) for key in ("errorMessage", "Message", "message"))
    message = str(next(filter(None, spellings), "no message"))
    frames = innermost_frames(error.get("stackTrace") or error.get("trace"), message)
    kind = str(error.get("errorType") or "Error")
    return Outcome("failed", kind, message, frames, log)


def innermost_frames(trace: Any, message: str) -> tuple[str, ...]:
    """Return the frames nearest to the failure, the innermost first; the message is no frame."""
    lines = trace.splitlines() if isinstance(trace, str) else trace
    lines = [str(line) for line in lines] if isinstance(lines, list) else []
    frames = [" ".join(line.split()).removeprefix("at ") for line in lines if message not in line]
    if any('File "' in frame for frame in frames):
        frames.reverse()  # Python alone puts the innermost frame last
    return tuple(frames[:FRAMES])
