"""Paragraphs with a hanging indent, for terminals of any width.

Knows words and widths. Refuses to know what a paragraph says. Nothing is cut: a word that is wider
than the terminal stays whole, so that it can be copied.
"""

from collections.abc import Iterator

from rich.text import Text


def hanging(text: Text, *, first: Text, others: Text, width: int) -> Iterator[Text]:
    """Yield the lines of a text: one begins with `first`, the others with `others`."""
    line, is_empty = first.copy(), True
    for word in text.split(" "):
        if not is_empty and line.cell_len + 1 + word.cell_len > width:
            yield line
            line, is_empty = others.copy(), True
        line.append_text(word if is_empty else Text(" ").append_text(word))
        is_empty = False
    yield line
