"""Where the points of a layered graph lie."""

from collections.abc import Mapping
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from cfn_trigger.ordering.layout import Link, Name, Point, layout


def point(name: str, column: int, height: float = 40) -> Point:
    return Point(name=(name,), column=column, height=height, gap=10)


def laid_out(points: list[Point], *pairs: str) -> dict[str, float]:
    links: list[Link] = [((pair[0],), (pair[1],)) for pair in pairs]
    return {name: middle for (name,), middle in layout(points, links).items()}


def test_a_chain_is_straight() -> None:
    middles = laid_out([point("a", 0), point("b", 1, 0), point("c", 2)], "ab", "bc")

    assert set(middles.values()) == {20}


def test_a_point_is_at_the_mean_of_what_it_is_linked_with() -> None:
    middles = laid_out([point("a", 0), point("b", 0), point("c", 1)], "ac", "bc")

    assert middles["c"] == (middles["a"] + middles["b"]) / 2


def test_links_that_need_not_cross_do_not() -> None:
    points = [point("a", 0), point("b", 0), point("c", 1), point("d", 1)]

    middles = laid_out(points, "ad", "bc")

    assert (middles["a"] < middles["b"]) == (middles["d"] < middles["c"])


def test_a_point_without_links_lies_below_the_others_of_its_column() -> None:
    points = [point("x", 0), point("a", 0), point("b", 0), point("c", 1)]

    middles = laid_out(points, "ac", "bc")

    assert middles["x"] == max(middles["a"], middles["b"]) + 50


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Point], list[Link]]:
    points = [
        Point(
            name=(str(number),),
            column=draw(st.integers(0, 3)),
            height=draw(st.integers(0, 60)),
            gap=draw(st.integers(1, 20)),
            stiffness=draw(st.integers(1, 4)),
        )
        for number in range(draw(st.integers(0, 12)))
    ]
    pairs = [
        (start.name, end.name)
        for start in points
        for end in points
        if end.column == start.column + 1
    ]
    return points, draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []


@given(graphs())
def test_points_of_a_column_are_apart(graph: tuple[list[Point], list[Link]]) -> None:
    points, links = graph

    middles = layout(points, links)

    for column in range(4):
        stacked = sorted(
            (each for each in points if each.column == column), key=lambda each: middles[each.name]
        )
        for upper, lower in pairwise(stacked):
            distance = middles[lower.name] - middles[upper.name]
            needed = (upper.height + lower.height) / 2 + max(upper.gap, lower.gap)
            assert distance >= needed - 1e-6


@given(graphs())
def test_links_cross_at_most_as_often_as_in_the_order_of_the_points(
    graph: tuple[list[Point], list[Link]],
) -> None:
    points, links = graph
    order = {each.name: float(at) for at, each in enumerate(points)}

    assert crossings(links, layout(points, links), points) <= crossings(links, order, points)


def crossings(links: list[Link], middles: Mapping[Name, float], points: list[Point]) -> int:
    columns = {each.name: each.column for each in points}
    return sum(
        columns[a] == columns[c] and (middles[a] - middles[c]) * (middles[b] - middles[d]) < 0
        for (a, b), (c, d) in combinations(links, 2)
    )


@given(graphs())
def test_every_point_has_a_height_and_the_highest_is_at_the_top(
    graph: tuple[list[Point], list[Link]],
) -> None:
    points, links = graph

    middles = layout(points, links)

    assert set(middles) == {each.name for each in points}
    tops = [middles[each.name] - each.height / 2 for each in points]
    assert min(tops, default=0) == 0 or abs(min(tops)) < 1e-6
