"""A changed template as text that keeps what its author wrote: only what changed is written anew.

Knows which parts of a text have to change for a template to have other values. Refuses to know why
something changed. What did not change keeps every character: comments, order, quotes, blank lines,
anchors, line ends. A comment next to something that is gone keeps its place, on a line of its own.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yaml import YAMLError

from cfn_trigger.errors import TemplateProblems
from cfn_trigger.template import writing
from cfn_trigger.template.source import Template, parse_template
from cfn_trigger.template.syntax import Comment, Node, read_comments, read_tree
from macro.model import Json

_INDENTED_LINE: Final = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_EMPTY_LINE: Final = re.compile(r"\n[ \t]*\r?\n")
_COMMENT_LINE: Final = re.compile(r"(?:[ \t]*\r?\n)*([ \t]*)#[^\r\n]*(?:\r?\n|\Z)")


class _CannotEdit(Exception):  # noqa: N818 (not an error: what contains it is written anew)
    """A part has to be written anew as a whole."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A text with its comments; whether each alias is written out, because values differ."""

    text: str
    comments: Sequence[Comment]
    has_aliases: bool

    def comments_in(self, start: int, end: int) -> list[Comment]:
        return [each for each in self.comments if start <= each.start < end]

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Return the start of the next line, or the end of the text."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def is_indented(self, at: int) -> bool:
        """Whether there is only white space before a place in its line."""
        return not self.text[self.line_start(at) : at].strip()

    def after_comment(self, at: int) -> int:
        """Return the end of a line's content, if nothing but a comment is after a place in it."""
        if self.text[at - 1 : at] == "\n":  # after a block that keeps its line breaks
            return at - 1
        rest = _REST_OF_LINE.match(self.text, at)
        if rest is None:
            raise _CannotEdit
        return rest.end()


def rewritten(template: Template, values: Mapping[str, Json]) -> str:
    """Write values as near as possible to the text of the template that they come from."""

    def read(text: str) -> Json:
        return parse_template(text, template.name).values

    return rewritten_text(template.text, template.values, values, read=read)


def rewritten_text(
    text: str, old: Mapping[str, Json], new: Mapping[str, Json], *, read: Callable[[str], Json]
) -> str:
    """Write a new map as near as possible to the text of an old one, which `read` reads again."""
    if old == new:
        return text
    if _is_json(text):
        return _with_line_ends_of(text, _as_json(text, old, new))
    for has_aliases in (True, False):
        edited = _edited(text, old, new, has_aliases=has_aliases)
        if edited is not None and _reads_as(edited, new, read):
            return edited
    return _with_line_ends_of(text, _written_anew(text, new))


def _with_line_ends_of(text: str, new: str) -> str:
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _reads_as(text: str, values: Mapping[str, Json], read: Callable[[str], Json]) -> bool:
    try:
        return bool(read(text) == values)
    except (YAMLError, TemplateProblems):
        return False


# ---- JSON


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _as_json(text: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    """Write JSON with the author's order, indentation and escapes."""
    indent = _INDENTED_LINE.search(text)
    written = json.dumps(
        _in_order(old, new),
        indent=indent[0] if indent else None,
        separators=None if indent or re.search(r'"\s*:\s', text) else (",", ":"),
        ensure_ascii=text.isascii(),
    )
    return written + ("\n" if text.endswith("\n") else "")


def _in_order(old: Json, new: Json) -> Json:
    """Return a value with its keys in the order of an older one; new keys are the last."""
    match old, new:
        case dict(), dict():
            keys = [*(key for key in old if key in new), *(key for key in new if key not in old)]
            return {key: _in_order(old.get(key), new[key]) for key in keys}
        case list(), list() if len(old) == len(new):
            return [_in_order(*pair) for pair in zip(old, new, strict=True)]
    return new


# ---- YAML


def _edited(
    text: str, old: Mapping[str, Json], new: Mapping[str, Json], *, has_aliases: bool
) -> str | None:
    """Edit a text; None if that is not possible. Aliases may be wrong, unless they are left out."""
    try:
        source = _Source(text=text, comments=read_comments(text), has_aliases=has_aliases)
        return _apply([*_edits(read_tree(text), old, new, source)], text)
    except (YAMLError, _CannotEdit, ValueError):
        return None


def _apply(edits: Sequence[_Edit], text: str) -> str:
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += [text[at : edit.start], _with_line_ends_of(text, edit.text)]
        at = edit.end
    return "".join([*parts, text[at:]])


def _written_anew(text: str, values: Mapping[str, Json]) -> str:
    """Write a template as a whole, below the author's comments."""
    comments = [each.text for each in read_comments(text)]
    return "\n".join([*comments, writing.as_yaml(dict(values))])


def _edits(node: Node, old: Json, new: Json, source: _Source) -> Iterator[_Edit]:
    """Yield what has to change in a node; raises _CannotEdit if it has to be written anew."""
    match old, new:
        case dict(), dict() if node.is_map and node.is_plain_block:
            yield from _edits_of_map(node, old, new, source)
        case list(), list() if node.is_sequence and node.is_plain_block:
            yield from _edits_of_sequence(node, old, new, source)
        case list(), list() if node.is_sequence and not node.tag:
            yield _line_edit(node, writing.flow_sequence(new), source)
        case str() | int() | float() | None, str() | int() | float() | None:
            if node.tag or node.style in ("|", ">", "*"):
                raise _CannotEdit
            yield _line_edit(node, writing.scalar(new, quote=node.style), source)
        case _:
            raise _CannotEdit


def _line_edit(node: Node, written: str | None, source: _Source) -> _Edit:
    """Return the edit of a node that is on one line, and stays there."""
    before = source.text[node.start : node.end]
    if written is None or "\n" in before or not before or node.anchor:
        raise _CannotEdit
    return _Edit(node.start, node.end, written)


def _differs(node: Node, old: Json, new: Json, source: _Source) -> bool:
    if not source.has_aliases and node.has_alias():
        return True
    return json.dumps(old, default=str) != json.dumps(new, default=str)


def _edits_of_map(
    node: Node, old: Mapping[str, Json], new: Mapping[str, Json], source: _Source
) -> Iterator[_Edit]:
    has_merge_key = any(key.text == "<<" for key, _ in node.entries)
    if has_merge_key or not new or len(node.entries) != len(old):
        raise _CannotEdit
    entries = dict(zip(old, node.entries, strict=True))
    for name, (key, value) in entries.items():
        if name not in new:
            yield _removal(key.start, max(key.end, value.end), source)
        elif _differs(value, old[name], new[name], source):
            yield from _edits_of_entry((key, value), old[name], new[name], source)
    added = {name: value for name, value in new.items() if name not in old}
    if added:
        space = [""] if _is_spaced(node, source) else []
        lines = [line for item in added.items() for line in (*space, *writing.entry_lines(*item))]
        yield _insertion(node, node.items[-2].column, lines, source)


def _is_spaced(node: Node, source: _Source) -> bool:
    """Whether there is an empty line between the last two entries of a map."""
    keys = [key for key, _ in node.entries][-2:]
    return len(keys) > 1 and _EMPTY_LINE.search(source.text, keys[0].end, keys[1].start) is not None


def _edits_of_entry(
    entry: tuple[Node, Node], old: Json, new: Json, source: _Source
) -> Iterator[_Edit]:
    """Yield the edits of a value, or the entry written anew."""
    key, value = entry
    try:
        yield from [*_edits(value, old, new, source)]
    except _CannotEdit:
        written_key = source.text[key.start : key.end]
        first, *others = writing.entry_lines("key", new)
        lines = [written_key + first.removeprefix("key"), *others]
        yield _replacement(key, max(key.end, value.end), lines, source)


def _edits_of_sequence(
    node: Node, old: Sequence[Json], new: Sequence[Json], source: _Source
) -> Iterator[_Edit]:
    kept = _kept(old, new)
    if len(old) == len(new):
        for item, before, after in zip(node.items, old, new, strict=True):
            if _differs(item, before, after, source):
                yield from _edits_of_item(item, before, after, source)
        return
    if not kept or new[: len(kept)] != [old[at] for at in kept]:
        raise _CannotEdit
    for at, item in enumerate(node.items):
        if at not in kept:
            dash = source.text.rfind("-", 0, item.start)
            yield _removal(dash, item.end, source)
    if added := new[len(kept) :]:
        dash = source.text.rfind("-", 0, node.items[-1].start)
        column = dash - source.line_start(dash)
        lines = [line for item in added for line in _item_lines(item)]
        yield _insertion(node, column, lines, source)


def _kept(old: Sequence[Json], new: Sequence[Json]) -> list[int]:
    """Return which old items are the first of the new ones, in their order."""
    kept: list[int] = []
    for at, item in enumerate(old):
        if len(kept) < len(new) and item == new[len(kept)]:
            kept.append(at)
    return kept


def _item_lines(value: Json) -> list[str]:
    first, *others = writing.value_lines(value)
    return [f"- {first}", *others]


def _edits_of_item(item: Node, old: Json, new: Json, source: _Source) -> Iterator[_Edit]:
    try:
        yield from [*_edits(item, old, new, source)]
    except _CannotEdit:
        lines = [line.removeprefix("  ") for line in _item_lines(new)]
        lines[0] = lines[0].removeprefix("- ")
        yield _replacement(item, item.end, lines, source)


def _removal(start: int, end: int, source: _Source) -> _Edit:
    """Return the edit that removes lines, but not their comments."""
    if not source.is_indented(start):
        raise _CannotEdit
    source.after_comment(end)
    line_start, line_end = source.line_start(start), source.line_end(end)
    margin = source.text[line_start:start]
    comments = source.comments_in(line_start, line_end)
    return _Edit(line_start, line_end, "".join(f"{margin}{each.text}\n" for each in comments))


def _replacement(first: Node, end: int, lines: Sequence[str], source: _Source) -> _Edit:
    """Return the edit that writes what begins at a node anew, with the comments in it.

    A comment in its first line stays there. The others are before it.
    """
    content_end = source.after_comment(end)
    first_line_end = source.line_end(first.start)
    margin = " " * first.column
    above: list[str] = []
    trailing = ""
    for comment in source.comments_in(first.start, content_end):
        if comment.start < first_line_end and not trailing:
            trailing = f"  {comment.text}"
        else:
            above.append(f"{comment.text}\n{margin}")
    head, *others = lines
    rest = "".join(f"\n{margin}{line}" if line else "\n" for line in others)
    return _Edit(first.start, content_end, f"{''.join(above)}{head}{trailing}{rest}")


def _insertion(node: Node, column: int, lines: Sequence[str], source: _Source) -> _Edit:
    """Return the edit that adds lines after a node, and after the comments that belong to it."""
    end = source.line_end(source.after_comment(node.end))
    while comment := _COMMENT_LINE.match(source.text, end):
        if len(comment[1]) <= column:
            break
        end = comment.end()
    margin = " " * column
    added = "".join(f"{margin}{line}\n" if line else "\n" for line in lines)
    is_at_line = end == 0 or source.text[end - 1] == "\n"
    return _Edit(end, end, added if is_at_line else "\n" + added.removesuffix("\n"))
