"""A layered graph as SVG: a column per level, boxes in it, a curve per edge.

Knows coordinates. Refuses to know what a box means. Boxes of a column are sorted by the middle of
what leads to them, which untangles most crossings and keeps the same input the same picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

CHARACTER, LINE = 7.4, 16
PADDING, GAP, CHANNEL, MARGIN = 10, 14, 90, 20
BOX: Final = 2 * LINE + PADDING
SWEEPS: Final = 4
STYLE: Final = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}"
    ".type,.why{fill:#59636e;font-size:10px}"
    "rect{fill:#fff;stroke:#8c959f}"
    ".main rect{fill:#ddf4ff;stroke:#0969da;stroke-width:2}"
    "path{fill:none;stroke:#8c959f}"
    "path.main{stroke:#0969da}"
    "rect.paper{stroke:none}"
)
MARKER: Final = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#8c959f"/></marker></defs>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box: its name, a line below it, its column, and whether it stands out."""

    name: str
    below: str
    level: int
    is_main: bool
    is_seen: bool = True
    """False: a gap in a column, through which a curve passes on its way to a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A curve from one box to another, with a word."""

    start: str
    end: str
    word: str
    is_main: bool
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    box: Box
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def svg(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Draw a graph; levels count from 0."""
    levels = {box.name: box.level for box in boxes}
    long = [_through_gaps(arrow, levels) for arrow in arrows]
    gaps = [
        Box(name=name, below="", level=level, is_main=False, is_seen=False)
        for arrow in long
        for level, name in enumerate(arrow.through, levels[arrow.start] + 1)
    ]
    columns = _sorted([*boxes, *gaps], long)
    placed = {one.box.name: one for one in _placed(columns)}
    width = max((one.x + one.width for one in placed.values()), default=0) + MARGIN
    height = max((one.y + one.height for one in placed.values()), default=0) + MARGIN
    size = f'width="{width:g}" height="{height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {height:g}">'
    parts = [
        head,
        f"<style>{STYLE}</style>",
        MARKER,
        f'<rect class="paper" {size}/>',
        *(_curve(arrow, placed) for arrow in long),
        *(_drawn(one) for one in placed.values() if one.box.is_seen),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _through_gaps(arrow: Arrow, levels: Mapping[str, int]) -> Arrow:
    passed = range(levels[arrow.start] + 1, levels[arrow.end])
    through = tuple(f"{arrow.start} {arrow.end} {level}" for level in passed)
    return replace(arrow, through=through)


def _sorted(boxes: Iterable[Box], arrows: Sequence[Arrow]) -> list[list[Box]]:
    columns: list[list[Box]] = []
    for box in boxes:
        columns += [[] for _ in range(box.level + 1 - len(columns))]
        columns[box.level].append(box)
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for arrow in arrows:
        for one, other in pairwise((arrow.start, *arrow.through, arrow.end)):
            before.setdefault(other, []).append(one)
            after.setdefault(one, []).append(other)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            rank = {box.name: at / len(one) for one in columns for at, box in enumerate(one)}
            near = before if sweep % 2 == 0 else after
            column.sort(key=lambda box: _middle(box.name, near, rank))
    return columns


def _middle(name: str, near: Mapping[str, Sequence[str]], rank: Mapping[str, float]) -> float:
    neighbors = near.get(name) or [name]
    return sum(rank[one] for one in neighbors) / len(neighbors)


def _placed(columns: Sequence[Sequence[Box]]) -> Iterable[_Placed]:
    tallest = max((_height(column) for column in columns), default=0)
    x = float(MARGIN)
    for column in columns:
        seen = [max(len(box.name), len(box.below)) for box in column if box.is_seen]
        width = CHARACTER * max(seen, default=0) + 2 * PADDING
        y = MARGIN + (tallest - _height(column)) / 2
        for box in column:
            height = BOX if box.is_seen else 0
            yield _Placed(box=box, x=x, y=y, width=width, height=height)
            y += height + GAP
        x += width + CHANNEL


def _height(column: Iterable[Box]) -> float:
    return sum((BOX if box.is_seen else 0) + GAP for box in column)


def _drawn(one: _Placed) -> str:
    kind = ' class="main"' if one.box.is_main else ""
    left, first = one.x + PADDING, one.y + LINE + 2
    return (
        f"<g{kind}><title>{escape(one.box.name)}</title>"
        f'<rect x="{one.x:g}" y="{one.y:g}" width="{one.width:g}" height="{one.height:g}" rx="4"/>'
        f'<text x="{left:g}" y="{first:g}">{escape(one.box.name)}</text>'
        f'<text class="type" x="{left:g}" y="{first + LINE:g}">{escape(one.box.below)}</text></g>'
    )


def _curve(arrow: Arrow, placed: Mapping[str, _Placed]) -> str:
    kind = ' class="main"' if arrow.is_main else ""
    stops = [placed[name] for name in (arrow.start, *arrow.through, arrow.end)]
    path = f"M{stops[0].x + stops[0].width:g} {stops[0].middle:g}"
    for one, other in pairwise(stops):
        bend = (one.x + one.width + other.x) / 2
        path += f"C{bend:g} {one.middle:g} {bend:g} {other.middle:g} {other.x:g} {other.middle:g}"
        if not other.box.is_seen:
            path += f"H{other.x + other.width:g}"
    line = f'<path{kind} d="{path}" marker-end="url(#end)"/>'
    if not arrow.word:
        return line
    where = f'x="{stops[-1].x - 8:g}" y="{stops[-1].middle - 4:g}" text-anchor="end"'
    return f'{line}<text class="why" {where}>{escape(arrow.word)}</text>'
