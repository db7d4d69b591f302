"""A layered graph as SVG: a column per level, boxes in it, a curve per edge.

Knows coordinates. Refuses to know what a box means. The same input gives the same picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

CHARACTER_WIDTH, LINE_HEIGHT = 7.4, 16
PADDING, GAP, CHANNEL, MARGIN = 10, 14, 90, 20
BOX_HEIGHT: Final = 2 * LINE_HEIGHT + PADDING
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
    """A box: its name, a line below the name, its column from 0, and whether it stands out.

    One that is not visible is a gap in its column, through which an arrow passes.
    """

    name: str
    caption: str
    level: int
    is_highlighted: bool
    is_visible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A curve from one box to another, past the boxes between them, with a label at its end."""

    start: str
    end: str
    label: str
    is_highlighted: bool
    through: tuple[str, ...] = ()

    @property
    def stops(self) -> tuple[str, ...]:
        """The boxes and gaps along the arrow."""
        return (self.start, *self.through, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placement:
    box: Box
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def svg(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Draw a graph. Every arrow leads to a later column."""
    levels = {box.name: box.level for box in boxes}
    routed = [_through_gaps(arrow, levels) for arrow in arrows]
    gaps = [
        Box(name=name, caption="", level=level, is_highlighted=False, is_visible=False)
        for arrow in routed
        for level, name in enumerate(arrow.through, levels[arrow.start] + 1)
    ]
    columns = _columns([*boxes, *gaps], routed)
    placements = {placement.box.name: placement for placement in _placements(columns)}
    width = max((placement.right for placement in placements.values()), default=0) + MARGIN
    height = max((placement.bottom for placement in placements.values()), default=0) + MARGIN
    size = f'width="{width:g}" height="{height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {height:g}">',
        f"<style>{STYLE}</style>",
        MARKER,
        f'<rect class="paper" {size}/>',
        *(_curve(arrow, placements) for arrow in routed),
        *(_rectangle(placement) for placement in placements.values() if placement.box.is_visible),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _through_gaps(arrow: Arrow, levels: Mapping[str, int]) -> Arrow:
    between = range(levels[arrow.start] + 1, levels[arrow.end])
    return replace(arrow, through=tuple(f"{arrow.start} {arrow.end} {level}" for level in between))


def _columns(boxes: Iterable[Box], arrows: Sequence[Arrow]) -> list[list[Box]]:
    """Return the boxes by level, each column sorted by the barycenter of its neighbors.

    Sweeps alternate between the neighbors on the left and those on the right (Sugiyama's method).
    """
    columns: list[list[Box]] = []
    for box in boxes:
        columns += [[] for _ in range(box.level + 1 - len(columns))]
        columns[box.level].append(box)
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for arrow in arrows:
        for start, end in pairwise(arrow.stops):
            left.setdefault(end, []).append(start)
            right.setdefault(start, []).append(end)
    for sweep in range(SWEEPS):
        neighbors = left if sweep % 2 == 0 else right
        for column in columns if sweep % 2 == 0 else reversed(columns):
            rank = {box.name: at / len(boxes) for boxes in columns for at, box in enumerate(boxes)}
            column.sort(key=lambda box: _barycenter(box.name, neighbors, rank))
    return columns


def _barycenter(
    name: str, neighbors: Mapping[str, Sequence[str]], rank: Mapping[str, float]
) -> float:
    names = neighbors.get(name) or [name]
    return sum(rank[neighbor] for neighbor in names) / len(names)


def _placements(columns: Sequence[Sequence[Box]]) -> Iterable[_Placement]:
    tallest = max((_height(column) for column in columns), default=0)
    x = float(MARGIN)
    for column in columns:
        lengths = [max(len(box.name), len(box.caption)) for box in column if box.is_visible]
        width = CHARACTER_WIDTH * max(lengths, default=0) + 2 * PADDING
        y = MARGIN + (tallest - _height(column)) / 2
        for box in column:
            height = BOX_HEIGHT if box.is_visible else 0
            yield _Placement(box=box, x=x, y=y, width=width, height=height)
            y += height + GAP
        x += width + CHANNEL


def _height(column: Iterable[Box]) -> float:
    return sum((BOX_HEIGHT if box.is_visible else 0) + GAP for box in column)


def _rectangle(at: _Placement) -> str:
    kind = ' class="main"' if at.box.is_highlighted else ""
    left, baseline = at.x + PADDING, at.y + LINE_HEIGHT + 2
    return (
        f"<g{kind}><title>{escape(at.box.name)}</title>"
        f'<rect x="{at.x:g}" y="{at.y:g}" width="{at.width:g}" height="{at.height:g}" rx="4"/>'
        f'<text x="{left:g}" y="{baseline:g}">{escape(at.box.name)}</text>'
        f'<text class="type" x="{left:g}" y="{baseline + LINE_HEIGHT:g}">'
        f"{escape(at.box.caption)}</text></g>"
    )


def _curve(arrow: Arrow, placements: Mapping[str, _Placement]) -> str:
    kind = ' class="main"' if arrow.is_highlighted else ""
    stops = [placements[name] for name in arrow.stops]
    path = f"M{stops[0].right:g} {stops[0].middle:g}"
    for start, end in pairwise(stops):
        bend = (start.right + end.x) / 2
        path += f"C{bend:g} {start.middle:g} {bend:g} {end.middle:g} {end.x:g} {end.middle:g}"
        if not end.box.is_visible:
            path += f"H{end.right:g}"
    line = f'<path{kind} d="{path}" marker-end="url(#end)"/>'
    if not arrow.label:
        return line
    position = f'x="{stops[-1].x - 8:g}" y="{stops[-1].middle - 4:g}" text-anchor="end"'
    return f'{line}<text class="why" {position}>{escape(arrow.label)}</text>'
