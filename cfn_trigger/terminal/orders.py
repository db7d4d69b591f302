"""The order of a stack at a terminal: a tree for each trigger, and the levels.

Knows the layout. Refuses to know how an order comes about (`ordering`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Group
from rich.text import Text

from cfn_trigger.ordering import formats
from cfn_trigger.ordering.levels import Dependency, Neighbors, Resource, StackOrder
from cfn_trigger.terminal.wrapping import hanging


def rendered(order: StackOrder, *, width: int, with_reasons: bool = False) -> Group:
    """Render an order in lines of a width: a tree for each trigger, then the levels.

    With reasons, each resource in a level has the properties through which it waits for others.
    """
    trees = [line for trigger in order.triggers for line in (*_tree(trigger, order, width), Text())]
    return Group(*trees, *_levels(order, width, with_reasons=with_reasons))


def _tree(trigger: Resource, order: StackOrder, width: int) -> Iterator[Text]:
    title = _named(trigger).append(f"  {formats.runs(trigger)}")
    yield from hanging(title, first=Text(), others=Text("  "), width=width)
    sides = {"after": order.before(trigger.name), "before": order.after(trigger.name)}
    shown = {side: neighbors for side, neighbors in sides.items() if neighbors.direct}
    for side, neighbors in shown.items():
        yield from _branch(side, neighbors, width, is_last=side == [*shown][-1])


def _branch(side: str, neighbors: Neighbors, width: int, *, is_last: bool) -> Iterator[Text]:
    corner, below = ("└── ", "    ") if is_last else ("├── ", "│   ")
    more = f"  and {neighbors.indirect} more indirectly" if neighbors.indirect else ""
    yield _guide(corner).append(side, style="bold").append(more, style="dim")
    groups = _by_label(neighbors.direct)
    for label, names in groups.items():
        is_last_group = label == [*groups][-1]
        yield from hanging(
            _listed(label, names),
            first=_guide(below + ("└── " if is_last_group else "├── ")),
            others=_guide(below + ("    " if is_last_group else "│   ") + "  "),
            width=width,
        )


def _guide(text: str) -> Text:
    return Text().append(text, style="dim")


def _by_label(dependencies: Mapping[str, Dependency]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, dependency in dependencies.items():
        groups.setdefault(formats.label(dependency), []).append(name)
    return groups


def _listed(label: str, names: Sequence[str]) -> Text:
    return Text().append(f"{label}: ", style="dim").append(", ".join(names))


def _levels(order: StackOrder, width: int, *, with_reasons: bool) -> Iterator[Text]:
    heading = Text().append("Levels: each is created in parallel, after those above", style="bold")
    yield from hanging(heading, first=Text(), others=Text("  "), width=width)
    digits = len(str(len(order.levels)))
    margin = Text(" " * (digits + 2))
    for number, level in enumerate(order.levels, 1):
        first = _guide(f"{number:>{digits}}  ")
        if with_reasons:
            yield from _with_reasons(level, order, width, first=first, others=margin)
        else:
            names = Text(", ").join(_named(resource) for resource in level)
            yield from hanging(names, first=first, others=margin, width=width)


def _with_reasons(
    level: Iterable[Resource], order: StackOrder, width: int, *, first: Text, others: Text
) -> Iterator[Text]:
    start = first
    for resource in level:
        yield start.copy().append_text(_named(resource))
        start = others
        for label, names in _by_label(order.before(resource.name).direct).items():
            indent = others.copy().append("  ")
            yield from hanging(
                _listed(label, names), first=indent, others=indent.copy().append("  "), width=width
            )


def _named(resource: Resource) -> Text:
    return Text().append(resource.name, style="bold cyan" if resource.is_trigger else "")
