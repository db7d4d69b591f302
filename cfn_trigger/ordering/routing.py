"""The way of each line of a drawing: which boxes, labels and gaps it meets, column by column.

Knows boxes, arrows, and how much room a text takes. Refuses to know coordinates and SVG.

Labels stand in columns of their own between the levels, on the lines that they belong to: lines
that have the same label at the same box meet there. A line passes a column only between what stands
in it, and bends only between columns. So nothing can lie on anything else.

Fonts differ between machines: each text gets the room of a wide monospaced font.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cfn_trigger.ordering.layout import Name, Point

NAME_SIZE, SMALL_SIZE = 13, 11
ADVANCE: Final = 0.62
"""Width of a character, relative to the size of the font: the widest monospaced fonts have 0.61."""
LINE_HEIGHT: Final = {NAME_SIZE: 17, SMALL_SIZE: 15}
PADDING_X, PADDING_Y, CLEAR, BOX_GAP = 12, 8, 6, 18

_WRAP_AT: Final = {NAME_SIZE: 28, SMALL_SIZE: 34}
_LABEL_GAP, _PASS_GAP = 8, 11
_STIFFNESS_OF_A_PASS, _STIFFNESS_OF_A_LABEL = 3, 2
_PART_OF_A_NAME: Final = re.compile(r"::[^:]*|[A-Z]+[a-z0-9]*|.[^A-Z:]*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box: its name, a line below the name, its level from 0, and whether it stands out."""

    name: str
    caption: str
    level: int
    is_highlighted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """An arrow from one box to another, which is in a later level.

    The label stands before the end, or after the start. What the arrow means in a sentence shows
    when a pointer rests on it.
    """

    start: str
    end: str
    label: str
    meaning: str
    is_highlighted: bool = False
    is_dashed: bool = False
    is_label_at_start: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is written in one or more lines, so that it is not too wide."""

    lines: tuple[str, ...]
    size: int

    @classmethod
    def wrapped(cls, text: str, size: int) -> "Text":
        """Return a name in lines, broken before a part of it that begins with a capital."""
        lines = [""]
        for part in _PART_OF_A_NAME.findall(text):
            if lines[-1] and len(lines[-1]) + len(part) > _WRAP_AT[size]:
                lines.append("")
            lines[-1] += part
        return cls(tuple(lines), size)

    @property
    def width(self) -> float:
        """The room that the widest line takes, in pixels."""
        return max(map(len, self.lines)) * ADVANCE * self.size

    @property
    def height(self) -> float:
        """The height of all lines, in pixels."""
        return len(self.lines) * LINE_HEIGHT[self.size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What a line meets in a column: a box, a label, or nothing but room to pass."""

    point: Point
    box: Box | None = None
    label: str = ""
    is_label_at_start: bool = False
    is_highlighted: bool = False

    @property
    def width(self) -> float:
        """The room that it takes in its column, in pixels; a gap takes none."""
        if self.box:
            texts = (name_of(self.box), caption_of(self.box))
            return max(text.width for text in texts) + 2 * PADDING_X
        return label_of(self.label).width + 2 * CLEAR if self.label else 0


@dataclass(slots=True)
class Line:
    """A line between two or more stops, and the arrows that it is a part of, which look alike."""

    stops: list[Stop]
    arrows: list[Arrow] = field(default_factory=list)

    @property
    def is_highlighted(self) -> bool:
        """Whether the line stands out."""
        return self.arrows[0].is_highlighted

    @property
    def is_dashed(self) -> bool:
        """Whether the line is dashed."""
        return self.arrows[0].is_dashed

    @property
    def meaning(self) -> str:
        """What its arrows mean, in a line each."""
        return "\n".join(dict.fromkeys(arrow.meaning for arrow in self.arrows))


def name_of(box: Box) -> Text:
    """Return the name of a box as it is written."""
    return Text.wrapped(box.name, NAME_SIZE)


def caption_of(box: Box) -> Text:
    """Return the line below the name of a box as it is written."""
    return Text.wrapped(box.caption, SMALL_SIZE)


def label_of(label: str) -> Text:
    """Return a label, or another short text, as it is written: on one line."""
    return Text((label,), SMALL_SIZE)


def routes_of(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[list[Stop], list[Line]]:
    """Return all that a drawing shows: the stops, and the lines between them."""
    numbers = _column_numbers(boxes, arrows)
    placed = {box.name: _stop_of(box, numbers[box.level, False]) for box in boxes}
    routes = [_route(arrow, placed, numbers) for arrow in arrows]
    stops = {stop.point.name: stop for stop in placed.values()}
    stops |= {stop.point.name: stop for route in routes for stop in route}
    return [*stops.values()], _lines(routes, arrows)


def _column_numbers(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[tuple[int, bool], int]:
    """Return the number of each column: that of a level, and that of the labels after it, if any.

    The keys are a level, and whether the column has the labels after it.
    """
    levels = {box.name: box.level for box in boxes}
    columns = {(box.level, False) for box in boxes}
    columns |= {(_level_before_label(arrow, levels), True) for arrow in arrows if arrow.label}
    return {column: number for number, column in enumerate(sorted(columns))}


def _level_before_label(arrow: Arrow, levels: Mapping[str, int]) -> int:
    return levels[arrow.start] if arrow.is_label_at_start else levels[arrow.end] - 1


def _stop_of(box: Box, column: int) -> Stop:
    height = name_of(box).height + caption_of(box).height + 2 * PADDING_Y
    point = Point(name=("box", box.name), column=column, height=height, gap=BOX_GAP)
    return Stop(point=point, box=box, is_highlighted=box.is_highlighted)


def _route(
    arrow: Arrow, placed: Mapping[str, Stop], numbers: Mapping[tuple[int, bool], int]
) -> list[Stop]:
    """Return the stops of an arrow: one in every column from its start to its end.

    Arrows from the same box share the stops that they pass, until they part.
    """
    start, end = placed[arrow.start], placed[arrow.end]
    levels = {name: stop.box.level for name, stop in placed.items() if stop.box}
    at_label = numbers[_level_before_label(arrow, levels), True] if arrow.label else None
    kind = (str(arrow.is_dashed), str(arrow.is_highlighted))
    stops, origin = [start], start.point.name
    for column in range(start.point.column + 1, end.point.column):
        if column == at_label:
            stops.append(_label_stop(arrow, column, kind))
            origin = stops[-1].point.name if arrow.is_label_at_start else origin
        else:
            name = ("pass", *origin, *kind, str(column))
            stops.append(Stop(point=_pass(name, column)))
    return [*stops, end]


def _label_stop(arrow: Arrow, column: int, kind: tuple[str, ...]) -> Stop:
    owner = arrow.start if arrow.is_label_at_start else arrow.end
    point = Point(
        name=("label", owner, arrow.label, str(arrow.is_label_at_start), *kind),
        column=column,
        height=LINE_HEIGHT[SMALL_SIZE],
        gap=_LABEL_GAP,
        stiffness=_STIFFNESS_OF_A_LABEL,
    )
    return Stop(
        point=point,
        label=arrow.label,
        is_label_at_start=arrow.is_label_at_start,
        is_highlighted=arrow.is_highlighted,
    )


def _pass(name: Name, column: int) -> Point:
    return Point(name=name, column=column, height=0, gap=_PASS_GAP, stiffness=_STIFFNESS_OF_A_PASS)


def _lines(routes: Sequence[Sequence[Stop]], arrows: Sequence[Arrow]) -> list[Line]:
    """Return the lines of which the arrows consist, each as long as it is part of the same ones."""
    parts: dict[tuple[Name, Name], Line] = {}
    for route, arrow in zip(routes, arrows, strict=True):
        for start, end in pairwise(route):
            names = start.point.name, end.point.name
            parts.setdefault(names, Line([start, end])).arrows.append(arrow)
    lines: list[Line] = []
    ends: dict[Name, Line] = {}
    for part in parts.values():
        start, end = part.stops
        before = ends.get(start.point.name)
        if before and before.arrows == part.arrows and not start.label:
            before.stops.append(end)
            ends[end.point.name] = before
        else:
            lines.append(part)
            ends[end.point.name] = part
    return lines
