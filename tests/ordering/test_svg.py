"""Drawings of orders, measured: what a reader sees, and that nothing lies on anything else."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_trigger.ordering.formats import drawing, meaning
from cfn_trigger.ordering.levels import (
    Dependency,
    Resource,
    StackOrder,
    stack_order,
    transitive_reduction,
)
from cfn_trigger.template.source import parse_template
from cfn_trigger.template.transforms import Context
from tests.support.drawings import Area, Drawing, measured
from tests.support.golden_cases import EXAMPLES
from tests.support.orders import orders

TEMPLATES = sorted(EXAMPLES.rglob("template.yaml"))


def order_of(*dependencies: Dependency, **levels: int) -> StackOrder:
    resources = tuple(
        Resource(
            name=name,
            kind="Custom::Trigger" if name.startswith("Run") else "AWS::SQS::Queue",
            level=level,
            runs=("Migrate",) if name.startswith("Run") else (),
        )
        for name, level in levels.items()
    )
    return StackOrder(resources=resources, dependencies=dependencies)


def after(waiting: str, first: str, why: str = "ExecuteAfter") -> Dependency:
    return Dependency(waiting=waiting, first=first, why=why)


def collisions(shown: Drawing) -> list[object]:
    """List what lies on something else, or outside the drawing."""
    in_boxes = {text: box for text in shown.texts for box in shown.boxes if box.meets(text)}
    beside = [text for text in shown.texts if text not in in_boxes]
    things = [*shown.boxes, *beside]
    return [
        *(pair for pair in combinations(things, 2) if pair[0].meets(pair[1])),
        *(text for text, box in in_boxes.items() if not box.holds(text)),
        *(pair for pair in combinations(in_boxes, 2) if pair[0].meets(pair[1])),
        *((line, thing) for line in shown.lines for thing in things if line.enters(thing)),
        *(thing for thing in things if not shown.area.holds(thing)),
        *(line for line in shown.lines if not all(is_in(point, shown) for point in line.points)),
    ]


def is_in(point: tuple[float, float], shown: Drawing) -> bool:
    x, y = point
    return 0 <= x <= shown.area.right and 0 <= y <= shown.area.bottom


@pytest.mark.parametrize("with_reasons", [False, True])
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_nothing_lies_on_anything_else_in_the_drawing_of_an_example(
    path: object, *, with_reasons: bool
) -> None:
    template = parse_template(path.read_text(), path.name)  # type: ignore[attr-defined] # a Path
    order = stack_order(template, Context(values={}))

    assert collisions(measured(drawing(order, with_reasons=with_reasons))) == []


@given(orders(), st.booleans())
def test_nothing_lies_on_anything_else_in_any_drawing(
    order: StackOrder,
    with_reasons: bool,  # noqa: FBT001 (hypothesis passes it by position)
) -> None:
    assert collisions(measured(drawing(order, with_reasons=with_reasons))) == []


@given(orders())
def test_a_drawing_shows_every_resource_and_tells_every_drawn_dependency(order: StackOrder) -> None:
    shown = measured(drawing(order))

    texts = [text.text for text in shown.texts]
    assert {resource.name for resource in order.resources} <= set(texts)
    told = {line for shape in shown.lines for line in shape.title.split("\n")}
    assert told == {meaning(each) for each in transitive_reduction(order)} - (
        set() if order.dependencies else {""}
    )


@given(orders())
def test_a_drawing_has_the_same_bytes_each_time(order: StackOrder) -> None:
    assert drawing(order) == drawing(order)


def test_what_a_trigger_waits_for_through_one_property_shares_a_label() -> None:
    order = order_of(
        after("Run", "A"), after("Run", "B"), after("Run", "C", "Handler"), A=0, B=0, C=0, Run=1
    )

    texts = [text.text for text in measured(drawing(order)).texts]

    assert (texts.count("ExecuteAfter"), texts.count("Handler")) == (1, 1)


def test_what_waits_for_a_trigger_shares_a_label_after_it() -> None:
    order = order_of(
        after("A", "Run", "Run.ExecuteBefore"), after("B", "Run", "Run.ExecuteBefore"),
        Run=0, A=1, B=1,
    )  # fmt: skip

    shown = measured(drawing(order))

    (label,) = (text for text in shown.texts if text.text == "ExecuteBefore")
    (trigger, *others) = sorted(shown.boxes[:3], key=lambda box: box.left)
    assert trigger.right < label.left
    assert all(label.right < box.left for box in others)


def test_other_resources_have_labels_only_with_reasons() -> None:
    order = order_of(after("B", "A", "Role"), A=0, B=1)

    assert "Role" not in [text.text for text in measured(drawing(order)).texts]
    assert "Role" in [text.text for text in measured(drawing(order, with_reasons=True)).texts]


def test_a_conditional_dependency_is_dashed_and_explained() -> None:
    sure, maybe = (
        after("Run", "A"),
        Dependency(waiting="Run", first="B", why="Run.ExecuteAfter", conditional=True),
    )

    shown = measured(drawing(order_of(sure, maybe, A=0, B=0, Run=1)))

    assert {line.title for line in shown.lines if line.is_dashed} == {
        "Run waits for B: ExecuteAfter (if its condition holds)"
    }
    assert "only if a condition holds" in [text.text for text in shown.texts]
    unconditional = measured(drawing(order_of(sure, A=0, Run=1)))
    assert "only if a condition holds" not in [text.text for text in unconditional.texts]


def test_a_program_that_reads_aloud_has_the_whole_order() -> None:
    shown = measured(drawing(order_of(after("Run", "Queue"), Queue=0, Run=1)))

    assert shown.title == "Deployment order of 2 resources in 2 levels, with 1 trigger"
    assert shown.description == (
        "Level 1: Queue.\nLevel 2: Run.\nRun runs Migrate.\nRun waits for Queue: ExecuteAfter."
    )


def test_a_long_name_takes_several_lines_and_stays_one_word() -> None:
    name = "ServerlessRestApiDeployment47fc2d5f9d"

    picture = drawing(order_of(**{name: 0}))

    (text,) = (text for text in measured(picture).texts if text.text == name)
    assert f">{name}<" not in picture
    assert text.right - text.left < 28 * 8


def test_the_style_is_for_light_and_dark_and_names_nothing_outside_the_drawing() -> None:
    picture = drawing(order_of(Run=0))

    (style,) = re.findall("<style>(.*)</style>", picture)
    assert "@media (prefers-color-scheme:dark)" in style
    selectors = re.findall(r"(?:^|[{}])([^{}@]+)\{", style)
    assert all(
        part.startswith(".deployment-order") for each in selectors for part in each.split(",")
    )
    assert "http" not in picture.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert " id=" not in picture


def test_an_empty_order_is_an_empty_drawing() -> None:
    shown = measured(drawing(order_of()))

    assert (shown.boxes, shown.lines) == ((), ())
    assert shown.area.right > 0


def test_characters_that_xml_forbids_are_replaced() -> None:
    order = order_of(**{"A\x00<&": 0})

    assert "A\ufffd<&" in [text.text for text in measured(drawing(order)).texts]


def test_areas_that_only_touch_do_not_meet() -> None:
    left = Area(left=0, top=0, right=1, bottom=1)

    assert not left.meets(Area(left=1, top=0, right=2, bottom=1))
    assert left.meets(Area(left=0.5, top=0.5, right=2, bottom=2))


def test_a_program_without_css_draws_the_light_colors() -> None:
    picture = drawing(order_of(after("Run", "A"), A=0, Run=1))

    shapes = re.findall(r"<(?:rect|path|text) [^>]*>", picture)
    assert shapes
    assert all(" fill=" in shape for shape in shapes)
    assert all(" font-size=" in shape for shape in shapes if shape.startswith("<text"))
