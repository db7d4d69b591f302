"""The syntax of a template in YAML: where each node and each comment begins and ends in its text.

Knows YAML's events and tokens, as PyYAML reads them. Refuses to know what a node means. Places are
offsets of characters in the text. libyaml, which reads templates elsewhere, accepts tabs between
tokens, and PyYAML does not: here a tab counts as a space.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.tokens import ScalarToken, Token

_COMMENT: Final = re.compile(r"#[^\r\n]*")
_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]+(#[^\r\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value as it is written, with its tag and anchor, without the comments after it.

    `items` are those of a sequence, and the keys and values of a map in turn. `style` is the quote
    or the sign of a block for a scalar, and `*` for an alias.
    """

    start: int
    end: int
    column: int
    items: tuple["Node", ...] = ()
    is_map: bool = False
    is_sequence: bool = False
    is_flow: bool = False
    tag: str = ""
    anchor: str = ""
    style: str = ""
    text: str = ""

    @property
    def entries(self) -> tuple[tuple["Node", "Node"], ...]:
        """The keys of a map with their values."""
        return tuple(zip(self.items[::2], self.items[1::2], strict=True))

    @property
    def is_plain_block(self) -> bool:
        """Whether it is a map or sequence, in a line for each item, and not a short form."""
        return (self.is_map or self.is_sequence) and not self.is_flow and not self.tag

    def has_alias(self) -> bool:
        """Whether it is an alias or contains one."""
        return self.style == "*" or any(item.has_alias() for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment, from its `#` to the end of its line."""

    start: int
    text: str


def read_tree(text: str) -> Node:
    """Return the root of the first document; raises yaml.YAMLError, and ValueError if it is empty.

    A text that ends in the middle of a node is an error of YAML too.
    """
    events = iter(yaml.parse(_with_spaces(text), Loader=yaml.SafeLoader))
    for event in events:
        if isinstance(event, DocumentStartEvent):
            return _read_node(next(events), events, text)
    raise ValueError("no document")


def _read_node(event: Event, events: Iterator[Event], text: str) -> Node:
    start, end = _span(event)
    column = start - text.rfind("\n", 0, start) - 1
    match event:
        case AliasEvent():
            return Node(start=start, end=end, column=column, style="*")
        case ScalarEvent():
            return Node(
                start=start,
                end=_end_of_scalar(start, end, text) if event.style in ("|", ">") else end,
                column=column,
                tag=event.tag or "",
                anchor=event.anchor or "",
                style=event.style or "",
                text=event.value,
            )
        case MappingStartEvent() | SequenceStartEvent():
            items, end_of_event = _read_items(events, text)
            return Node(
                start=start,
                end=end_of_event if event.flow_style or not items else items[-1].end,
                column=column,
                items=items,
                is_map=isinstance(event, MappingStartEvent),
                is_sequence=isinstance(event, SequenceStartEvent),
                is_flow=bool(event.flow_style),
                tag=event.tag or "",
                anchor=event.anchor or "",
            )
    raise TypeError(event)  # pragma: no cover (there are no other nodes)


def _read_items(events: Iterator[Event], text: str) -> tuple[tuple[Node, ...], int]:
    """Return the items of a collection, and the end of its last event."""
    items: list[Node] = []
    for event in events:
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            return tuple(items), _span(event)[1]
        items.append(_read_node(event, events, text))
    raise ValueError("a collection has no end")  # pragma: no cover (PyYAML is the first to say so)


def _end_of_scalar(start: int, end: int, text: str) -> int:
    """Return where the text of a block ends, without the line breaks after it unless it has `+`."""
    written = text[start:end]
    return end if "+" in written.splitlines()[0] else start + len(written.rstrip())


def _with_spaces(text: str) -> str:
    return text.replace("\t", " ")


def _span(part: Event | Token) -> tuple[int, int]:
    if part.start_mark is None or part.end_mark is None:  # pragma: no cover (it is, from a text)
        raise ValueError("not read from a text")
    return part.start_mark.index, part.end_mark.index


def read_comments(text: str) -> tuple[Comment, ...]:
    """Return the comments of a text: what stands between its tokens, and is not white space."""
    comments: list[Comment] = []
    end = 0
    for token in yaml.scan(_with_spaces(text), Loader=yaml.SafeLoader):
        start, end_of_token = _span(token)
        gap = _COMMENT.finditer(text, end, max(end, start))
        comments += (Comment(start=each.start(), text=each[0]) for each in gap)
        if isinstance(token, ScalarToken):
            header = _HEADER.match(text, start)
            if token.style in ("|", ">") and header:
                comments.append(Comment(start=header.start(1), text=header[1]))
        end = max(end, end_of_token)
    return tuple(comments)
