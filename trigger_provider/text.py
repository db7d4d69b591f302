"""JSON as text, and how many bytes of an answer it takes.

Knows that CloudFormation counts an answer in bytes of UTF-8. Refuses to know what is written.
"""

import json
from typing import Any

as_json = json.JSONEncoder(ensure_ascii=False).encode


def as_text(item: Any) -> str:
    """Return a string as it is, and anything else as JSON."""
    return item if isinstance(item, str) else as_json(item)


def encoded(item: Any) -> bytes:
    """Return JSON in UTF-8; half of a surrogate pair, which has none, becomes a question mark."""
    return as_json(item).encode(errors="replace")


def size(item: Any) -> int:
    """Return the bytes of an item's JSON."""
    return len(encoded(item))


def truncate(text: str, room: int) -> str:
    """Shorten a text to so many bytes of JSON, not counting the quotes."""
    if size(text) - 2 <= room:
        return text
    text = text[:room]
    while size(text) > room - 1:
        # No character takes more than six bytes of JSON: never more is cut off than has to be.
        text = text[: -1 - (size(text) - room) // 6]
    return text + "…"
