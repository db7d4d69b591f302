"""What an SVG drawing shows, measured: the boxes, the texts and the lines, with their places.

Knows the elements that our drawings consist of, and how wide a text can become. Refuses to know
how they are placed. Coordinates are pixels.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

_SVG: Final = "{http://www.w3.org/2000/svg}"
_ADVANCE: Final = 0.61
"""The width of a character of a wide monospaced font, relative to its size."""
_ASCENT, _DESCENT, _STEPS = 0.78, 0.22, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle, and the text in it, if it is of one."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def meets(self, other: "Area") -> bool:
        """Whether two rectangles have more than a border in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Area") -> bool:
        """Whether a rectangle lies within this one."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line, as points along it; what shows when a pointer rests on it; whether it is dashed."""

    points: tuple[tuple[float, float], ...]
    title: str
    is_dashed: bool

    def enters(self, area: Area) -> bool:
        """Whether the line is inside a rectangle, and not only at its border."""
        return any(
            area.left < x < area.right and area.top < y < area.bottom for x, y in self.points
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawing: its whole area, and what it shows. Texts of several lines are one area."""

    area: Area
    title: str
    description: str
    boxes: tuple[Area, ...]
    texts: tuple[Area, ...]
    lines: tuple[Line, ...]


def measured(text: str) -> Drawing:
    """Measure a drawing."""
    root = ET.fromstring(text)  # noqa: S314 (we wrote it)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    elements = [*_placed(root, 0, 0)]
    return Drawing(
        area=Area(left=0, top=0, right=width, bottom=height),
        title=root.findtext(f"{_SVG}title", ""),
        description=root.findtext(f"{_SVG}desc", ""),
        boxes=tuple(
            _rectangle(node, x, y) for node, x, y in elements if node.attrib.get("class") == "box"
        ),
        texts=tuple(_text(node, x, y) for node, x, y in elements if node.tag == f"{_SVG}text"),
        lines=tuple(
            _line(node) for node, _, _ in elements if "edge" in node.attrib.get("class", "").split()
        ),
    )


def _placed(node: ET.Element, x: float, y: float) -> Iterator[tuple[ET.Element, float, float]]:
    """Yield the elements, each with how far it is moved."""
    moved = re.fullmatch(r"translate\((\S+) (\S+)\)", node.attrib.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    yield node, x, y
    for child in node:
        yield from _placed(child, x, y)


def _rectangle(node: ET.Element, x: float, y: float) -> Area:
    left, top, width, height = (float(node.attrib[name]) for name in ("x", "y", "width", "height"))
    return Area(left=x + left, top=y + top, right=x + left + width, bottom=y + top + height)


def _text(node: ET.Element, x: float, y: float) -> Area:
    size = float(node.attrib["font-size"])
    rows = [node.text or "", *(span.text or "" for span in node)]
    height = sum(float(span.attrib["dy"]) for span in node)
    width = max(map(len, rows)) * size * _ADVANCE
    left, baseline = x + float(node.attrib["x"]), y + float(node.attrib["y"])
    if node.attrib.get("text-anchor") == "middle":
        left -= width / 2
    return Area(
        left=left,
        top=baseline - _ASCENT * size,
        right=left + width,
        bottom=baseline + height + _DESCENT * size,
        text="".join(rows),
    )


def _line(node: ET.Element) -> Line:
    paths = [path.attrib["d"] for path in node if path.attrib.get("class") == "line"]
    return Line(
        points=tuple(_points(paths[0])),
        title=node.findtext(f"{_SVG}title", ""),
        is_dashed="dashed" in node.attrib["class"].split(),
    )


def _points(path: str) -> Iterator[tuple[float, float]]:
    x = y = 0.0
    for command, arguments in re.findall(r"([MHC])([^MHC]*)", path):
        numbers = [float(number) for number in arguments.split()]
        match command:
            case "M":
                x, y = numbers
                yield x, y
            case "H":
                yield from ((x + (numbers[0] - x) * at / _STEPS, y) for at in range(_STEPS + 1))
                x = numbers[0]
            case _:
                yield from _curve([(x, y), *zip(numbers[::2], numbers[1::2], strict=True)])
                x, y = numbers[-2:]


def _curve(points: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield points along a Bézier curve, by de Casteljau's construction."""
    for at in range(_STEPS + 1):
        share = at / _STEPS
        control = points
        while len(control) > 1:
            control = [
                (ax + (bx - ax) * share, ay + (by - ay) * share)
                for (ax, ay), (bx, by) in pairwise(control)
            ]
        yield control[0]
