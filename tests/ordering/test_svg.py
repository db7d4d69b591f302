"""A layered graph as SVG."""

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

from cfn_trigger.ordering.svg import Arrow, Box, svg


def test_a_picture_has_a_box_for_each_resource_and_a_curve_for_each_dependency() -> None:
    boxes = [
        Box(name=name, caption="<T>", level=at, is_highlighted=at == 1)
        for at, name in enumerate("abc")
    ]
    arrows = [
        Arrow(start=start, end=end, label="w&w", is_highlighted=False)
        for start, end in (("a", "b"), ("b", "c"), ("a", "c"))
    ]

    root = ET.fromstring(svg(boxes, arrows))  # noqa: S314 (we wrote it)

    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("<T>") == 3
    assert texts.count("w&w") == 3
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    assert sum("marker-end" in path.attrib for path in paths) == 3


def test_a_curve_over_several_columns_does_not_cross_a_box() -> None:
    boxes = [
        Box(name=name, caption="", level=at, is_highlighted=False) for at, name in enumerate("abc")
    ]
    arrows = [Arrow(start=a, end=b, label="", is_highlighted=False) for a, b in pairwise("abc")]

    picture = svg(boxes, [*arrows, Arrow(start="a", end="c", label="", is_highlighted=False)])

    (long,) = (line for line in picture.splitlines() if "marker-end" in line and "H" in line)
    gap = float(re.findall(r" ([\d.]+)H", long)[0])
    tops = {
        float(y) for y in re.findall(r'<g><title>b</title><rect x="[\d.]+" y="([\d.]+)"', picture)
    }
    (top,) = tops
    assert not top < gap < top + 42


def test_an_empty_graph_is_an_empty_picture() -> None:
    assert ET.fromstring(svg([], [])).tag.endswith("svg")  # noqa: S314 (we wrote it)
