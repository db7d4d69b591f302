"""A layered graph as SVG: a column per level, boxes in it, and a line per edge with its label.

Knows coordinates, colors and SVG. Refuses to know what a box means, which way a line goes
(`routing`), and in which order boxes stand (`layout`). The same input gives the same bytes.

The attributes of the elements are the drawing in light colors, for programs that know no CSS. The
style adds a dark mode, and what happens under a pointer. Every rule of it names the drawing's
class, and nothing has an id, so that drawings can be inlined in HTML.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal
from xml.sax.saxutils import escape

from cfn_trigger.ordering.layout import Name, layout
from cfn_trigger.ordering.routing import (
    BOX_GAP,
    CLEAR,
    LINE_HEIGHT,
    NAME_SIZE,
    PADDING_X,
    PADDING_Y,
    SMALL_SIZE,
    Arrow,
    Box,
    Line,
    Stop,
    Text,
    caption_of,
    label_of,
    name_of,
    routes_of,
)

_MARGIN, _HEADER, _HEAD = 24, 26, 8
_CHANNEL, _CHANNEL_PER_LINE, _WIDEST_CHANNEL = 34, 3, 90
_SIGN, _BESIDE_SIGN, _ROW = 24, 8, 24


@dataclass(frozen=True, slots=True)
class _Colors:
    """The colors of a drawing; `main` ones are of what stands out."""

    paper: str
    ink: str
    muted: str
    box: str
    line: str
    main_box: str
    main_line: str
    main_text: str


_LIGHT: Final = _Colors(
    paper="#fff", ink="#1f2328", muted="#59636e", box="#f6f8fa", line="#818b98",
    main_box="#fbefff", main_line="#8250df", main_text="#6639ba",
)  # fmt: skip
_DARK: Final = _Colors(
    paper="#0d1117", ink="#f0f6fc", muted="#9198a1", box="#151b23", line="#656c76",
    main_box="#2b1d47", main_line="#ab7df8", main_text="#c297ff",
)  # fmt: skip
_FONT: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_CLASS: Final = "deployment-order"
_DARK_RULES: Final[Mapping[str, str]] = {
    ".paper": f"fill:{_DARK.paper}",
    ".name": f"fill:{_DARK.ink}",
    ".small": f"fill:{_DARK.muted}",
    ".box": f"fill:{_DARK.box};stroke:{_DARK.line}",
    ".line": f"stroke:{_DARK.line}",
    ".head": f"fill:{_DARK.line}",
    ".main .box": f"fill:{_DARK.main_box};stroke:{_DARK.main_line}",
    ".main .line": f"stroke:{_DARK.main_line}",
    ".main .head": f"fill:{_DARK.main_line}",
    ".main .small": f"fill:{_DARK.main_text}",
}
_DARK_STYLE: Final = "".join(f".{_CLASS} {name}{{{rule}}}" for name, rule in _DARK_RULES.items())
_STYLE: Final = (
    f".{_CLASS}{{max-width:100%;height:auto}}"
    f".{_CLASS} .edge:hover .line{{stroke-width:3}}"
    f"@media (prefers-color-scheme:dark){{{_DARK_STYLE}}}"
)
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What the drawing says about itself: its title and description, and what its signs mean."""

    title: str
    description: str
    highlighted: str
    dashed: str
    levels: str


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

    def column(self, stop: Stop) -> _Column:
        return self.columns[stop.point.column]

    def middle(self, stop: Stop) -> float:
        return self.middles[stop.point.name]

    def left(self, stop: Stop) -> float:
        """Return where something visible begins."""
        column = self.column(stop)
        is_at_right = stop.label and not stop.is_label_at_start
        return column.right - stop.width if is_at_right else column.left

    def right(self, stop: Stop) -> float:
        """Return where something visible ends; boxes of a column are equally wide."""
        return self.column(stop).right if stop.box else self.left(stop) + stop.width


def svg(boxes: Sequence[Box], arrows: Sequence[Arrow], legend: Legend) -> str:
    """Draw a graph. Every arrow leads to a later level."""
    stops, lines = routes_of(boxes, arrows)
    return _written(stops, lines, _grid(stops, lines), legend)


# ---- places


def _grid(stops: Sequence[Stop], lines: Sequence[Line]) -> _Grid:
    pairs = [
        (start.point.name, end.point.name) for line in lines for start, end in pairwise(line.stops)
    ]
    middles = layout([stop.point for stop in stops], pairs)
    by_name = {stop.point.name: stop for stop in stops}
    count = max((stop.point.column for stop in stops), default=-1) + 1
    widths = [0.0] * count
    bends_before = [0] * count
    for stop in stops:
        widths[stop.point.column] = max(widths[stop.point.column], stop.width)
    for start, end in pairs:
        if abs(middles[start] - middles[end]) > BOX_GAP:
            bends_before[by_name[end].point.column] += 1
    columns: list[_Column] = []
    left = float(_MARGIN)
    for width, bends in zip(widths, bends_before, strict=True):
        if columns:
            left = columns[-1].right + min(_CHANNEL + _CHANNEL_PER_LINE * bends, _WIDEST_CHANNEL)
        columns.append(_Column(round(left), round(width)))
    has_headers = any(stop.box and stop.box.level for stop in stops)
    top = _MARGIN + (_HEADER if has_headers else 0)
    return _Grid(
        columns=columns, middles={name: round(top + middle) for name, middle in middles.items()}
    )


# ---- text


def _written(stops: Sequence[Stop], lines: Sequence[Line], grid: _Grid, legend: Legend) -> str:
    bottom = max((grid.middle(stop) + stop.point.height / 2 for stop in stops), default=_MARGIN)
    right = grid.columns[-1].right if grid.columns else _MARGIN
    signs = _placed_signs(_signs(stops, lines, legend), right=right, top=bottom + 1.5 * _MARGIN)
    width = math.ceil(max([right, *(sign.right for sign in signs)])) + _MARGIN
    height = (signs[-1].middle if signs else bottom) + _MARGIN
    size = f'width="{width:g}" height="{height:g}"'
    name = f'xmlns="http://www.w3.org/2000/svg" class="{_CLASS}" role="img" font-family="{_FONT}"'
    return "\n".join(
        [
            f'<svg {name} {size} viewBox="0 0 {width:g} {height:g}">',
            f"<title>{_escaped(legend.title)}</title>",
            f"<desc>{_escaped(legend.description)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" {size} fill="{_LIGHT.paper}"/>',
            *_headers(stops, grid),
            *(_edge(line, grid) for line in lines),
            *(_box(stop.box, stop, grid) for stop in stops if stop.box),
            *(_label(stop, grid) for stop in stops if stop.label),
            *(_explained(sign) for sign in signs),
            "</svg>\n",
        ]
    )


def _headers(stops: Sequence[Stop], grid: _Grid) -> Iterator[str]:
    levels = {stop.box.level: grid.column(stop).left for stop in stops if stop.box}
    if len(levels) > 1:
        for level, left in sorted(levels.items()):
            yield _text(label_of(str(level + 1)), left, _MARGIN)


def _edge(line: Line, grid: _Grid) -> str:
    path = _path(line.stops, grid)
    dashes = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    stroke = _LIGHT.main_line if line.is_highlighted else _LIGHT.line
    kinds = ["edge", *(["main"] if line.is_highlighted else [])]
    kinds += ["dashed"] if line.is_dashed else []
    width = 2 if line.is_highlighted else 1.5
    return (
        f'<g class="{" ".join(kinds)}"><title>{_escaped(line.meaning)}</title>'
        f'<path d="{path}" fill="none" stroke-width="12" pointer-events="stroke"/>'
        f'<path class="line" d="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"'
        f"{dashes}/>{_head(line.stops[-1], stroke, grid)}</g>"
    )


def _head(end: Stop, color: str, grid: _Grid) -> str:
    """Draw the head of an arrow; a label or a gap has none."""
    if not end.box:
        return ""
    path = f"M{grid.left(end):g} {grid.middle(end):g}l-{_HEAD} -{_HEAD / 2:g}v{_HEAD}z"
    return f'<path class="head" d="{path}" fill="{color}"/>'


def _path(stops: Sequence[Stop], grid: _Grid) -> str:
    x, y = grid.right(stops[0]), grid.middle(stops[0])
    path = f"M{x:g} {y:g}"
    for before, stop in pairwise(stops):
        x = grid.column(before).right
        path += f"H{x:g}" if not before.box else ""
        left, end = grid.column(stop).left, grid.middle(stop)
        left -= _HEAD - 1 if stop.box else 0
        bend = (x + left) / 2
        path += f"C{bend:g} {y:g} {bend:g} {end:g} {left:g} {end:g}" if y != end else f"H{left:g}"
        path += f"H{grid.left(stop):g}" if stop.label else ""
        y = end
    return path


def _box(box: Box, stop: Stop, grid: _Grid) -> str:
    column, height = grid.column(stop), stop.point.height
    top = grid.middle(stop) - height / 2
    name, caption = name_of(box), caption_of(box)
    x = column.left + PADDING_X
    return (
        f"<g{_main(stop.is_highlighted)}>"
        f"{_rectangle(column.left, top, column.width, height, is_main=stop.is_highlighted)}"
        f"{_text(name, x, top + PADDING_Y)}"
        f"{_text(caption, x, top + PADDING_Y + name.height, is_main=stop.is_highlighted)}</g>"
    )


def _main(is_main: bool) -> str:  # noqa: FBT001 (the only parameter says what it is)
    return ' class="main"' if is_main else ""


def _rectangle(left: float, top: float, width: float, height: float, *, is_main: bool) -> str:
    fill = _LIGHT.main_box if is_main else _LIGHT.box
    stroke = _LIGHT.main_line if is_main else _LIGHT.line
    radius = min(12 if is_main else 5, height / 3)
    return (
        f'<rect class="box" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"'
        f' rx="{radius:g}" fill="{fill}" stroke="{stroke}"{_thick(is_main)}/>'
    )


def _thick(is_main: bool) -> str:  # noqa: FBT001 (the only parameter says what it is)
    return ' stroke-width="2"' if is_main else ""


def _label(stop: Stop, grid: _Grid) -> str:
    top = grid.middle(stop) - stop.point.height / 2
    left = grid.left(stop) + CLEAR
    text = _text(label_of(stop.label), left, top, is_main=stop.is_highlighted)
    return f"<g{_main(stop.is_highlighted)}>{text}</g>"


def _text(text: Text, x: float, top: float, *, is_main: bool = False) -> str:
    """Write a text in lines. Selected, copied or searched, it is one word again."""
    step = LINE_HEIGHT[text.size]
    y = top + step - text.size * 0.3
    first, *others = (_escaped(line) for line in text.lines)
    spans = "".join(f'<tspan x="{x:g}" dy="{step}">{line}</tspan>' for line in others)
    if text.size == NAME_SIZE:
        look = f'class="name" font-size="{NAME_SIZE}" font-weight="600" fill="{_LIGHT.ink}"'
    else:
        color = _LIGHT.main_text if is_main else _LIGHT.muted
        look = f'class="small" font-size="{SMALL_SIZE}" fill="{color}"'
    return f'<text x="{x:g}" y="{y:g}" {look}>{first}{spans}</text>'


# ---- the legend


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """A sign of a drawing, what it means, and where both stand."""

    kind: Literal["trigger", "dashes", "numbers"]
    meaning: str
    left: float = 0
    middle: float = 0

    @property
    def width(self) -> float:
        return _SIGN + _BESIDE_SIGN + label_of(self.meaning).width

    @property
    def right(self) -> float:
        return self.left + self.width


def _signs(stops: Sequence[Stop], lines: Sequence[Line], legend: Legend) -> Iterator[_Sign]:
    """Yield the signs that a drawing has."""
    if any(stop.box and stop.is_highlighted for stop in stops):
        yield _Sign(kind="trigger", meaning=legend.highlighted)
    if any(line.is_dashed for line in lines):
        yield _Sign(kind="dashes", meaning=legend.dashed)
    if any(stop.box and stop.box.level for stop in stops):
        yield _Sign(kind="numbers", meaning=legend.levels)


def _placed_signs(signs: Iterable[_Sign], *, right: float, top: float) -> list[_Sign]:
    """Return signs in rows that are as wide as the drawing, if they can be."""
    placed: list[_Sign] = []
    left, middle = float(_MARGIN), top
    for sign in signs:
        if placed and left + sign.width > right:
            left, middle = _MARGIN, middle + _ROW
        placed.append(replace(sign, left=left, middle=middle))
        left += sign.width + _MARGIN
    return placed


def _explained(sign: _Sign) -> str:
    left, middle = sign.left, sign.middle
    top = middle - LINE_HEIGHT[SMALL_SIZE] / 2
    match sign.kind:
        case "trigger":
            box = _rectangle(left + 1, middle - 6, _SIGN - 2, 12, is_main=True)
            shape = f"<g{_main(True)}>{box}</g>"  # noqa: FBT003 (it is the main one)
        case "dashes":
            look = f'fill="none" stroke="{_LIGHT.line}" stroke-width="1.5" stroke-dasharray="5 4"'
            shape = f'<path class="line" d="M{left:g} {middle:g}h{_SIGN}" {look}/>'
        case "numbers":
            shape = _text(label_of("1 2"), left, top)
    return shape + _text(label_of(sign.meaning), left + _SIGN + _BESIDE_SIGN, top)


def _escaped(text: str) -> str:
    return escape(_NOT_IN_XML.sub("\ufffd", text))
