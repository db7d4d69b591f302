"""The order of a stack at a terminal: a tree for each trigger, and the levels.

Knows the layout. Refuses to know how an order comes about (`ordering`).
"""

from collections.abc import Iterable

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from cfn_trigger.ordering import formats
from cfn_trigger.ordering.levels import Neighbors, Resource, StackOrder


def rendered(order: StackOrder) -> Group:
    """Render an order for a terminal: a tree for each trigger, then the levels."""
    trees = [part for trigger in order.triggers for part in (_tree(trigger, order), Text(""))]
    return Group(*trees, *_levels(order))


def _tree(trigger: Resource, order: StackOrder) -> Tree:
    name = Text(trigger.name, style="bold cyan")
    name.append(f"  runs {', '.join(trigger.runs) or 'a function outside the template'}")
    root = Tree(name, guide_style="dim")
    _branch(root, "after", order.before(trigger.name))
    _branch(root, "before", order.after(trigger.name))
    return root


def _branch(root: Tree, side: str, neighbors: Neighbors) -> None:
    if not neighbors.direct:
        return
    more = f"  and {neighbors.indirect} more indirectly" if neighbors.indirect else ""
    branch = root.add(Text(side, style="bold").append(more, style="dim"))
    labels = {name: formats.label(each) for name, each in neighbors.direct.items()}
    for label in dict.fromkeys(labels.values()):
        names = ", ".join(name for name in labels if labels[name] == label)
        branch.add(Text(f"{label}: ", style="dim").append(names, style="default"))


def _levels(order: StackOrder) -> Iterable[Text]:
    yield Text("Levels: each is created in parallel, after those above", style="bold")
    width = len(str(len(order.levels)))
    for number, level in enumerate(order.levels, 1):
        names = [
            Text(resource.name, style="bold cyan" if resource.is_trigger else "")
            for resource in level
        ]
        yield Text(f"{number:>{width}}  ", style="dim").append(Text(", ").join(names))
