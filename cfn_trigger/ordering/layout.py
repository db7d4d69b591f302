"""Where the points of a layered graph lie: the order within each column, and the heights.

Knows columns, links between neighboring columns, and crossings. Refuses to know what a point is,
and how wide a column is. The same graph always gets the same layout.

The order within a column comes from sweeps that put each point at the barycenter of its neighbors
(Sugiyama's method, https://doi.org/10.1109/TSMC.1981.4308636), each followed by exchanges of
neighbors that cross less when exchanged; the order with the fewest crossings is kept. The heights
are those nearest to where the linked points are, in the sense of least squares, at which no two
points of a column are too close: an isotonic regression for each column.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Name: TypeAlias = tuple[str, ...]
"""What identifies a point."""
Link: TypeAlias = tuple[Name, Name]
"""A point, and one in the next column."""

_SWEEPS: Final = 12
_EXCHANGES: Final = 4
_ALIGNMENTS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point: its column from 0, and how much room it takes, in pixels.

    `gap` is the room above and below it, and `stiffness` how much it wants to be at the height of
    what it is linked with: lines pass points without a height as straight as they can.
    """

    name: Name
    column: int
    height: float
    gap: float
    stiffness: float = 1


@dataclass(frozen=True, slots=True)
class _Links:
    left: Mapping[Name, Sequence[Name]]
    right: Mapping[Name, Sequence[Name]]

    def has(self, name: Name) -> bool:
        """Whether a point is linked with another one."""
        return name in self.left or name in self.right


def layout(points: Sequence[Point], links: Iterable[Link]) -> dict[Name, float]:
    """Return the height of the middle of each point; the top of the highest point is at 0."""
    neighbors = _linked(links)
    linked = [point for point in points if neighbors.has(point.name)]
    isolated = [point for point in points if not neighbors.has(point.name)]
    columns = _ordered(_columns(linked), neighbors)
    middles = _middles(columns, neighbors)
    top = min((middles[point.name] - point.height / 2 for point in linked), default=0)
    middles = {name: middle - top for name, middle in middles.items()}
    return middles | _below(_columns(isolated), columns, middles)


def _columns(points: Iterable[Point]) -> list[list[Point]]:
    columns: list[list[Point]] = []
    for point in points:
        columns += [[] for _ in range(point.column + 1 - len(columns))]
        columns[point.column].append(point)
    return columns


def _linked(links: Iterable[Link]) -> _Links:
    left: dict[Name, list[Name]] = {}
    right: dict[Name, list[Name]] = {}
    for start, end in links:
        right.setdefault(start, []).append(end)
        left.setdefault(end, []).append(start)
    return _Links(left=left, right=right)


# ---- the order in a column


def _ordered(columns: Sequence[list[Point]], links: _Links) -> Sequence[list[Point]]:
    """Return the columns in an order with few crossings."""
    best, fewest = columns, crossings(columns, links.right)
    current = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        is_forward = sweep % 2 == 0
        for at in range(len(current)) if is_forward else reversed(range(len(current))):
            neighbor = at - 1 if is_forward else at + 1
            if 0 <= neighbor < len(current):
                side = links.left if is_forward else links.right
                current[at] = _at_barycenters(current[at], _ranks([current[neighbor]]), side)
        _exchange(current, links)
        count = crossings(current, links.right)
        if count < fewest:
            best, fewest = [list(column) for column in current], count
    return best


def _ranks(columns: Iterable[Sequence[Point]]) -> dict[Name, float]:
    return {
        point.name: (at + 0.5) / len(column)
        for column in columns
        for at, point in enumerate(column)
    }


def _at_barycenters(
    column: Sequence[Point], neighbors: Mapping[Name, float], links: Mapping[Name, Sequence[Name]]
) -> list[Point]:
    """Sort a column by the mean rank of what each point is linked with in the column next to it."""
    ranks = _ranks([column])

    def barycenter(point: Point) -> float:
        linked = [neighbors[name] for name in links.get(point.name, ())]
        return sum(linked) / len(linked) if linked else ranks[point.name]

    return sorted(column, key=barycenter)


def _exchange(columns: Sequence[list[Point]], links: _Links) -> None:
    """Exchange neighbors in each column as long as that removes crossings."""
    ranks = _ranks(columns)
    for _ in range(_EXCHANGES):
        changed = False
        for column in columns:
            for at in range(len(column) - 1):
                upper, lower = column[at].name, column[at + 1].name
                if _gain(upper, lower, links, ranks) > 0:
                    column[at], column[at + 1] = column[at + 1], column[at]
                    ranks[upper], ranks[lower] = ranks[lower], ranks[upper]
                    changed = True
        if not changed:
            return


def _gain(upper: Name, lower: Name, links: _Links, ranks: Mapping[Name, float]) -> int:
    """Return how many crossings an exchange of two neighbors removes."""
    gain = 0
    for side in (links.left, links.right):
        uppers = [ranks[name] for name in side.get(upper, ())]
        lowers = [ranks[name] for name in side.get(lower, ())]
        gain += sum((above > below) - (above < below) for above in uppers for below in lowers)
    return gain


def crossings(columns: Sequence[Sequence[Point]], right: Mapping[Name, Sequence[Name]]) -> int:
    """Count the pairs of links that cross."""
    ranks = {point.name: at for column in columns for at, point in enumerate(column)}
    count = 0
    for column in columns:
        ends: list[int] = []
        for point in column:
            linked = [ranks[name] for name in right.get(point.name, ())]
            count += sum(len(ends) - bisect_right(ends, end) for end in linked)
            for end in linked:
                insort(ends, end)
    return count


# ---- heights


def _middles(columns: Sequence[Sequence[Point]], links: _Links) -> dict[Name, float]:
    """Return heights that make links short and straight, starting with centered columns."""
    offsets = [_offsets(column) for column in columns]
    middles = {
        point.name: offset - (column_offsets[-1] / 2)
        for column, column_offsets in zip(columns, offsets, strict=True)
        for point, offset in zip(column, column_offsets, strict=True)
    }
    stiffness = {point.name: point.stiffness for column in columns for point in column}
    both = {name: [*links.left.get(name, ()), *links.right.get(name, ())] for name in middles}
    passes = [(links.left, True), (links.right, False)] * _ALIGNMENTS
    for side, is_forward in [*passes, (both, True), (both, False), (links.left, True)]:
        for at in range(len(columns)) if is_forward else reversed(range(len(columns))):
            wishes = [_wish(point.name, side, middles, stiffness) for point in columns[at]]
            separated = _separated(wishes, offsets[at])
            middles |= dict(zip((point.name for point in columns[at]), separated, strict=True))
    return middles


def _offsets(column: Sequence[Point]) -> list[float]:
    """Return how far below the middle of the first point the middles are, packed closely."""
    offsets: list[float] = []
    for at, point in enumerate(column):
        if at == 0:
            offsets.append(0)
        else:
            above = column[at - 1]
            distance = (above.height + point.height) / 2 + max(above.gap, point.gap)
            offsets.append(offsets[-1] + distance)
    return offsets


def _wish(
    name: Name,
    links: Mapping[Name, Sequence[Name]],
    middles: Mapping[Name, float],
    stiffness: Mapping[Name, float],
) -> tuple[float, float]:
    """Return the height at which a point wants to be, and how much."""
    weights = [
        (middles[other], stiffness[name] * stiffness[other]) for other in links.get(name, ())
    ]
    total = sum(weight for _, weight in weights)
    if not total:
        return middles[name], 0.01  # it gives way to everything
    return sum(middle * weight for middle, weight in weights) / total, total


def _separated(wishes: Sequence[tuple[float, float]], offsets: Sequence[float]) -> list[float]:
    """Return the heights nearest to wishes whose distances are at least those of the offsets.

    Pool adjacent violators: what would be too close forms a block, which lies at the mean wish.
    """
    blocks: list[tuple[float, float, int]] = []
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        block = (wish - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, total, count = blocks.pop()
            weights = total + block[1]
            block = ((mean * total + block[0] * block[1]) / weights, weights, count + block[2])
        blocks.append(block)
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _below(
    isolated: Sequence[Sequence[Point]],
    columns: Sequence[Sequence[Point]],
    middles: Mapping[Name, float],
) -> dict[Name, float]:
    """Return heights of points without links: below what else is in their columns."""
    below: dict[Name, float] = {}
    for number, column in enumerate(isolated):
        above = columns[number][-1:] if number < len(columns) else []
        offsets = _offsets([*above, *column])[len(above) :]
        start = middles[above[0].name] if above else column[0].height / 2 if column else 0
        below |= {point.name: start + at for point, at in zip(column, offsets, strict=True)}
    return below
