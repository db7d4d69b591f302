"""A layered graph as SVG: a column per level, boxes in it, and a line per edge with its label.

Knows boxes, lines, texts and colors. Refuses to know what a box means, and in which order boxes
stand (`layout`). The same input gives the same bytes.

Labels lie in columns of their own between the levels, on the lines that they belong to: lines that
have the same label at the same box meet there. A line passes a column only between what stands in
it, and bends only between columns. So nothing can lie on anything else.

Fonts differ between machines: each text gets the room of a wide monospaced font. Arrow heads are
shapes, colors are written out, and every rule of the style names the drawing's class, so that
the drawing looks the same in a document, inlined in HTML, and in a program that knows little CSS.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from cfn_trigger.ordering.layout import Name, Point, layout

NAME_SIZE, SMALL_SIZE = 13, 11
ADVANCE: Final = 0.62
"""Width of a character, relative to the size of the font: the widest monospaced fonts have 0.61."""

_LINE_HEIGHT: Final = {NAME_SIZE: 17, SMALL_SIZE: 15}
_WRAP_AT: Final = {NAME_SIZE: 28, SMALL_SIZE: 34}
_PADDING_X, _PADDING_Y, _MARGIN, _HEADER = 12, 8, 24, 26
_BOX_GAP, _LABEL_GAP, _PASS_GAP = 18, 8, 11
_CHANNEL, _CHANNEL_PER_LINE, _WIDEST_CHANNEL = 34, 3, 90
_HEAD, _CLEAR, _SIGN_WIDTH = 8, 6, 32
_STIFFNESS_OF_A_PASS, _STIFFNESS_OF_A_LABEL = 3, 2

_COLORS: Final = (
    ".{c} .paper{{fill:{paper}}}"
    ".{c} text{{fill:{ink}}}"
    ".{c} .small{{fill:{muted}}}"
    ".{c} .box{{fill:{box};stroke:{line}}}"
    ".{c} .line{{stroke:{line}}}"
    ".{c} .head{{fill:{line}}}"
    ".{c} .main .box{{fill:{tint};stroke:{main}}}"
    ".{c} .main .line{{stroke:{main}}}"
    ".{c} .main .head{{fill:{main}}}"
    ".{c} .main .small,.{c} .main.small{{fill:{accent}}}"
)
_CLASS: Final = "deployment-order"
_LIGHT: Final = _COLORS.format(
    c=_CLASS, paper="#fff", ink="#1f2328", muted="#59636e", box="#f6f8fa", line="#818b98",
    tint="#fbefff", main="#8250df", accent="#6639ba",
)  # fmt: skip
_DARK: Final = _COLORS.format(
    c=_CLASS, paper="#0d1117", ink="#f0f6fc", muted="#9198a1", box="#151b23", line="#656c76",
    tint="#2b1d47", main="#ab7df8", accent="#c297ff",
)  # fmt: skip
_FONT: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_STYLE: Final = (
    f".{_CLASS}{{max-width:100%;height:auto}}"
    f".{_CLASS} text{{font:{NAME_SIZE}px {_FONT}}}"
    f".{_CLASS} .name{{font-weight:600}}"
    f".{_CLASS} .small{{font-size:{SMALL_SIZE}px}}"
    f".{_CLASS} .line{{fill:none;stroke-width:1.5}}"
    f".{_CLASS} .main .line{{stroke-width:2}}"
    f".{_CLASS} .main .box{{stroke-width:2}}"
    f".{_CLASS} .dashed .line{{stroke-dasharray:5 4}}"
    f".{_CLASS} .reach{{fill:none;stroke:none;stroke-width:12;pointer-events:stroke}}"
    f".{_CLASS} .edge:hover .line{{stroke-width:3}}"
    f"{_LIGHT}@media (prefers-color-scheme:dark){{{_DARK}}}"
)
_PART_OF_A_NAME: Final = re.compile(r"::[^:]*|[A-Z]+[a-z0-9]*|.[^A-Z:]*", re.DOTALL)
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What the drawing says about itself: its title and description, and what its signs mean."""

    title: str
    description: str
    highlighted: str
    dashed: str
    levels: str


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that is written in one or more lines, so that it is not too wide."""

    lines: tuple[str, ...]
    size: int

    @classmethod
    def wrapped(cls, text: str, size: int) -> "_Text":
        lines = [""]
        for part in _PART_OF_A_NAME.findall(text):
            if lines[-1] and len(lines[-1]) + len(part) > _WRAP_AT[size]:
                lines.append("")
            lines[-1] += part
        return cls(tuple(lines), size)

    @property
    def width(self) -> float:
        return max(map(len, self.lines)) * ADVANCE * self.size

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE_HEIGHT[self.size]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """What a line meets in a column: a box, a label, or nothing but room to pass."""

    point: Point
    box: Box | None = None
    label: str = ""
    is_label_at_start: bool = False

    @property
    def width(self) -> float:
        if self.box:
            texts = (_name_of(self.box), _caption_of(self.box))
            return max(text.width for text in texts) + 2 * _PADDING_X
        return _label_of(self.label).width + 2 * _CLEAR if self.label else 0


@dataclass(slots=True)
class _Line:
    """A line between two or more stops, and the arrows that it is a part of."""

    stops: list[_Stop]
    arrows: list[Arrow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Column:
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where columns and stops lie."""

    columns: Sequence[_Column]
    middles: Mapping[Name, float]

    def column(self, stop: _Stop) -> _Column:
        return self.columns[stop.point.column]

    def middle(self, stop: _Stop) -> float:
        return self.middles[stop.point.name]

    def left(self, stop: _Stop) -> float:
        """Return where something visible begins."""
        column = self.column(stop)
        is_at_right = stop.label and not stop.is_label_at_start
        return column.right - stop.width if is_at_right else column.left

    def right(self, stop: _Stop) -> float:
        """Return where something visible ends; boxes of a column are equally wide."""
        return self.column(stop).right if stop.box else self.left(stop) + stop.width


def _name_of(box: Box) -> _Text:
    return _Text.wrapped(box.name, NAME_SIZE)


def _caption_of(box: Box) -> _Text:
    return _Text.wrapped(box.caption, SMALL_SIZE)


def _label_of(label: str) -> _Text:
    return _Text((label,), SMALL_SIZE)


def svg(boxes: Sequence[Box], arrows: Sequence[Arrow], legend: Legend) -> str:
    """Draw a graph. Every arrow leads to a later level."""
    numbers = _column_numbers(boxes, arrows)
    placed = {box.name: _stop_of(box, numbers[box.level, False]) for box in boxes}
    routes = [_route(arrow, placed, numbers) for arrow in arrows]
    stops = {
        stop.point.name: stop
        for stop in [*placed.values(), *(stop for route in routes for stop in route)]
    }
    pairs = dict.fromkeys(pair for route in routes for pair in _names(route))
    lines = _lines(routes, arrows)
    grid = _grid(list(stops.values()), list(pairs))
    return _written(list(stops.values()), lines, grid, legend)


def _names(route: Sequence[_Stop]) -> Iterator[tuple[Name, Name]]:
    return pairwise(stop.point.name for stop in route)


# ---- routes


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


def _stop_of(box: Box, column: int) -> _Stop:
    height = _name_of(box).height + _caption_of(box).height + 2 * _PADDING_Y
    point = Point(name=("box", box.name), column=column, height=height, gap=_BOX_GAP)
    return _Stop(point=point, box=box)


def _route(
    arrow: Arrow, placed: Mapping[str, _Stop], numbers: Mapping[tuple[int, bool], int]
) -> list[_Stop]:
    """Return the stops of an arrow: in every column from its start to its end, one.

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
            stops.append(_Stop(point=_pass(name, column)))
    return [*stops, end]


def _label_stop(arrow: Arrow, column: int, kind: tuple[str, ...]) -> _Stop:
    owner = arrow.start if arrow.is_label_at_start else arrow.end
    point = Point(
        name=("label", owner, arrow.label, str(arrow.is_label_at_start), *kind),
        column=column,
        height=_LINE_HEIGHT[SMALL_SIZE],
        gap=_LABEL_GAP,
        stiffness=_STIFFNESS_OF_A_LABEL,
    )
    return _Stop(point=point, label=arrow.label, is_label_at_start=arrow.is_label_at_start)


def _pass(name: Name, column: int) -> Point:
    return Point(name=name, column=column, height=0, gap=_PASS_GAP, stiffness=_STIFFNESS_OF_A_PASS)


def _lines(routes: Sequence[Sequence[_Stop]], arrows: Sequence[Arrow]) -> list[_Line]:
    """Return the lines of which the arrows consist, each as long as it is part of the same ones."""
    parts: dict[tuple[Name, Name], _Line] = {}
    for route, arrow in zip(routes, arrows, strict=True):
        for names, stops in zip(_names(route), pairwise(route), strict=True):
            parts.setdefault(names, _Line(list(stops))).arrows.append(arrow)
    lines: list[_Line] = []
    ends: dict[Name, _Line] = {}
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


# ---- places


def _grid(stops: Sequence[_Stop], pairs: Sequence[tuple[Name, Name]]) -> _Grid:
    middles = layout([stop.point for stop in stops], pairs)
    by_name = {stop.point.name: stop for stop in stops}
    count = max((stop.point.column for stop in stops), default=-1) + 1
    widths = [0.0] * count
    passing = [0] * count
    for stop in stops:
        widths[stop.point.column] = max(widths[stop.point.column], stop.width)
    for start, end in pairs:
        if abs(middles[start] - middles[end]) > _BOX_GAP:
            passing[by_name[end].point.column] += 1
    columns: list[_Column] = []
    left = float(_MARGIN)
    for width, lines in zip(widths, passing, strict=True):
        if columns:
            left = columns[-1].right + min(_CHANNEL + _CHANNEL_PER_LINE * lines, _WIDEST_CHANNEL)
        columns.append(_Column(round(left), round(width)))
    has_headers = any(stop.box and stop.box.level for stop in stops)
    top = _MARGIN + (_HEADER if has_headers else 0)
    return _Grid(
        columns=columns, middles={name: round(top + middle) for name, middle in middles.items()}
    )


# ---- text


def _written(stops: Sequence[_Stop], lines: Sequence[_Line], grid: _Grid, legend: Legend) -> str:
    bottom = max((grid.middle(stop) + stop.point.height / 2 for stop in stops), default=_MARGIN)
    right = grid.columns[-1].right if grid.columns else _MARGIN
    signs, signs_right, height = _explained(
        _signs(lines, stops, legend), top=bottom + 1.5 * _MARGIN, right=right
    )
    width = math.ceil(max(right, signs_right)) + _MARGIN
    size = f'width="{width:g}" height="{height:g}"'
    name = f'xmlns="http://www.w3.org/2000/svg" class="{_CLASS}" role="img"'
    return "\n".join(
        [
            f'<svg {name} {size} viewBox="0 0 {width:g} {height:g}">',
            f"<title>{_escaped(legend.title)}</title>",
            f"<desc>{_escaped(legend.description)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" {size}/>',
            *_headers(stops, grid),
            *(_edge(line, grid) for line in lines),
            *(_box(stop.box, stop, grid) for stop in stops if stop.box),
            *(_label(stop, lines, grid) for stop in stops if stop.label),
            *signs,
            "</svg>\n",
        ]
    )


def _headers(stops: Sequence[_Stop], grid: _Grid) -> Iterator[str]:
    levels = {stop.box.level: grid.column(stop) for stop in stops if stop.box}
    if len(levels) == 1:
        return
    for level, column in sorted(levels.items()):
        middle = column.left + column.width / 2
        place = f'x="{middle:g}" y="{_MARGIN + 8}" text-anchor="middle"'
        yield f'<text class="small" {place}>{level + 1}</text>'


def _edge(line: _Line, grid: _Grid) -> str:
    arrow = line.arrows[0]
    last = line.stops[-1]
    kinds = ["edge", *(["main"] if arrow.is_highlighted else [])]
    kinds += ["dashed"] if arrow.is_dashed else []
    path = _path(line.stops, grid)
    meanings = "\n".join(dict.fromkeys(each.meaning for each in line.arrows))
    head = ""
    if last.box:
        x, y = grid.left(last), grid.middle(last)
        head = f'<path class="head" d="M{x:g} {y:g}l-{_HEAD} -{_HEAD / 2:g}v{_HEAD}z"/>'
    return (
        f'<g class="{" ".join(kinds)}"><title>{_escaped(meanings)}</title>'
        f'<path class="reach" d="{path}"/><path class="line" d="{path}"/>{head}</g>'
    )


def _path(stops: Sequence[_Stop], grid: _Grid) -> str:
    start = stops[0]
    x = grid.right(start)
    path = f"M{x:g} {grid.middle(start):g}"
    if x < grid.column(start).right:
        path += f"H{grid.column(start).right:g}"
    for before, stop in pairwise(stops):
        x, y = grid.column(before).right, grid.middle(before)
        left, end = grid.column(stop).left, grid.middle(stop)
        left -= _HEAD - 1 if stop.box else 0
        bend = (x + left) / 2
        path += f"C{bend:g} {y:g} {bend:g} {end:g} {left:g} {end:g}" if y != end else f"H{left:g}"
        if stop.label:
            path += f"H{grid.left(stop):g}"
        elif not stop.box and stop is not stops[-1]:
            path += f"H{grid.column(stop).right:g}"
    return path


def _box(box: Box, stop: _Stop, grid: _Grid) -> str:
    column, height = grid.column(stop), stop.point.height
    top = grid.middle(stop) - height / 2
    name, caption = _name_of(box), _caption_of(box)
    x = column.left + _PADDING_X
    kind, radius = (' class="main"', 12) if box.is_highlighted else ("", 5)
    return (
        f'<g{kind}><rect class="box" x="{column.left:g}" y="{top:g}"'
        f' width="{column.width:g}" height="{height:g}" rx="{radius}"/>'
        f"{_text(name, 'name', x, top + _PADDING_Y)}"
        f"{_text(caption, 'small', x, top + _PADDING_Y + name.height)}</g>"
    )


def _label(stop: _Stop, lines: Sequence[_Line], grid: _Grid) -> str:
    is_main = any(
        line.arrows[0].is_highlighted for line in lines for end in line.stops if end is stop
    )
    return _text(
        _label_of(stop.label),
        "main small" if is_main else "small",
        grid.left(stop) + _CLEAR,
        grid.middle(stop) - stop.point.height / 2,
    )


def _text(text: _Text, kind: str, x: float, top: float) -> str:
    """Write a text in lines. Selected, copied or searched, it is one word again."""
    step = _LINE_HEIGHT[text.size]
    y = top + step - text.size * 0.3
    first, *others = (_escaped(line) for line in text.lines)
    spans = "".join(f'<tspan x="{x:g}" dy="{step}">{line}</tspan>' for line in others)
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{first}{spans}</text>'


def _signs(
    lines: Sequence[_Line], stops: Sequence[_Stop], legend: Legend
) -> Iterator[tuple[str, str]]:
    """Yield the signs that the drawing has, each at the origin, and what they mean."""
    if any(stop.box and stop.box.is_highlighted for stop in stops):
        box = '<rect class="box" x="1" y="-6" width="22" height="12" rx="4"/>'
        yield f'<g class="main">{box}</g>', legend.highlighted
    if any(line.arrows[0].is_dashed for line in lines):
        yield '<g class="dashed"><path class="line" d="M0 0h24"/></g>', legend.dashed
    if any(stop.box and stop.box.level for stop in stops):
        yield '<text class="small" x="0" y="4">1 2</text>', legend.levels


def _explained(
    signs: Iterable[tuple[str, str]], *, top: float, right: float
) -> tuple[list[str], float, float]:
    """Return the signs with what they mean, in rows; and where they end, right and below."""
    x, y, farthest = float(_MARGIN), top, float(_MARGIN)
    written: list[str] = []
    for sign, meaning in signs:
        width = _SIGN_WIDTH + _label_of(meaning).width
        if written and x + width > right:
            x, y = _MARGIN, y + 24
        text = _text(_label_of(meaning), "small", _SIGN_WIDTH, -_LINE_HEIGHT[SMALL_SIZE] / 2)
        written.append(f'<g transform="translate({x:g} {y:g})">{sign}{text}</g>')
        farthest = max(farthest, x + width)
        x += width + _MARGIN
    return written, farthest, y + _MARGIN if written else top - _MARGIN / 2


def _escaped(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", text))
