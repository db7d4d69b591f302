"""JSON as text, and how many bytes of an answer it takes.

Knows that CloudFormation counts an answer in bytes of UTF-8. Refuses to know what is written.
"""

import json
import sys
from contextlib import suppress
from typing import Any, Final

sys.set_int_max_str_digits(99_999)  # JSON has no limit; Python's is 4,300 digits

JSON: Final = json.JSONEncoder(ensure_ascii=False)
STRICT: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
as_json = JSON.encode


def as_map(item: Any) -> dict[str, Any]:
    """Return a JSON object as it is, and an empty one instead of anything else."""
    return item if isinstance(item, dict) else {}


def map_of(text: bytes) -> dict[str, Any]:
    """Return the JSON object that a text is, an empty one if it is none."""
    with suppress(ValueError, RecursionError):
        return as_map(json.loads(text))
    return {}


def as_text(item: Any) -> str:
    """Return a string as it is, and anything else as JSON."""
    return item if isinstance(item, str) else as_json(item)


def encoded(item: Any) -> bytes:
    """Return JSON in UTF-8; a lone surrogate, which UTF-8 lacks, becomes a question mark.

    So that it is JSON to others than Python, NaN and Infinity become texts.
    """
    try:
        text = STRICT.encode(item)
    except ValueError:
        text = as_json(json.loads(as_json(item), parse_constant=str))
    return text.encode(errors="replace")


def size(item: Any) -> int:
    """Return the bytes of an item's JSON."""
    return len(encoded(item))


def beginning(item: Any, most: int) -> str:
    """Return an item as text, or the first characters of one that has more than `most`, and more.

    A result of 6 MB is not written as a whole to see that it is long.
    """
    if isinstance(item, str):
        return item
    text = ""
    with suppress(RecursionError):  # a value that is nested so deeply is long
        for chunk in JSON.iterencode(item):
            text += chunk
            if len(text) > most:
                return text
        return text
    return text.ljust(most + 1)


def fitting(item: Any, room: int) -> str | None:
    """Return an item as text, None if it has more than `room` bytes of JSON within its quotes."""
    text = beginning(item, room)
    return text if len(text) <= room and size(text) - 2 <= room else None


def truncate(text: str, room: int) -> str:
    """Shorten a text to a number of bytes of JSON, not counting the quotes."""
    if fitting(text, room) is not None:
        return text
    room -= 3  # the bytes of the ellipsis
    if room < 0:
        return ""
    text = text[:room]
    while (excess := size(text) - 2 - room) > 0:
        # No character takes more than six bytes of JSON: never more is cut off than has to be.
        text = text[: -1 - (excess - 1) // 6]
    return text + "…"


def truncate_start(text: str, room: int) -> str:
    """Shorten a text as `truncate` does, but keep its end."""
    return truncate(text[::-1], room)[::-1]
