"""The forms of an order that other programs read: JSON, Mermaid, Graphviz and SVG.

Knows these languages. Refuses to know how an order comes about, and terminals. Drawings leave out
the dependencies that others imply, and label those of triggers.
"""

from dataclasses import asdict

from cfn_trigger.ordering.levels import Dependency, StackOrder, transitive_reduction
from cfn_trigger.ordering.svg import Arrow, Box, svg
from macro.model import Json


def as_json(order: StackOrder) -> dict[str, Json]:
    """Return `levels`, `resources` and `waits`, the dependencies; levels count from 1."""
    return {
        "levels": [[resource.name for resource in level] for level in order.levels],
        "resources": [
            {**asdict(resource), "level": resource.level + 1, "runs": list(resource.runs)}
            for resource in order.resources
        ],
        "waits": [asdict(dependency) for dependency in order.dependencies],
    }


def mermaid(order: StackOrder) -> str:
    """Format an order as a Mermaid flowchart.

    https://mermaid.js.org/syntax/flowchart.html
    """
    lines = ["flowchart LR"]
    for resource in order.resources:
        left, right = ("([", "])") if resource.is_trigger else ("[", "]")
        lines.append(f'  {resource.name}{left}"{resource.name}"{right}')
    for dependency in transitive_reduction(order):
        arrow = "-.->" if dependency.conditional else "-->"
        text = f"|{_quoted(label(dependency))}|" if _is_of_a_trigger(dependency, order) else ""
        lines.append(f"  {dependency.first} {arrow}{text} {dependency.waiting}")
    if names := [trigger.name for trigger in order.triggers]:
        lines += ["  classDef trigger stroke-width:3px", f"  class {','.join(names)} trigger"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Quote text that Mermaid would parse as the brackets of a node."""
    return f'"{text}"' if "(" in text else text


def dot(order: StackOrder) -> str:
    """Format an order in the language of Graphviz.

    https://graphviz.org/doc/info/lang.html
    """
    lines = ["digraph order {", "  rankdir=LR;", '  node [shape=box, fontname="monospace"];']
    for resource in order.resources:
        style = ", style=bold, shape=ellipse" if resource.is_trigger else ""
        lines.append(f'  "{resource.name}" [label="{resource.name}\\n{resource.kind}"{style}];')
    for dependency in transitive_reduction(order):
        is_labeled = _is_of_a_trigger(dependency, order)
        text = f'label="{label(dependency)}"' if is_labeled else ""
        style = "style=dashed" if dependency.conditional else ""
        attributes = ", ".join(filter(None, (text, style)))
        edge = f'"{dependency.first}" -> "{dependency.waiting}"'
        lines.append(f"  {edge}{f' [{attributes}]' if attributes else ''};")
    return "\n".join([*lines, "}"]) + "\n"


def drawing(order: StackOrder) -> str:
    """Draw an order as SVG, a column for each level."""
    boxes = [
        Box(
            name=resource.name,
            caption=resource.kind,
            level=resource.level,
            is_highlighted=resource.is_trigger,
        )
        for resource in order.resources
    ]
    arrows = [
        Arrow(
            start=dependency.first,
            end=dependency.waiting,
            label=label(dependency) if _is_of_a_trigger(dependency, order) else "",
            is_highlighted=_is_of_a_trigger(dependency, order),
        )
        for dependency in transitive_reduction(order)
    ]
    return svg(boxes, arrows)


def label(dependency: Dependency) -> str:
    """Return the property that a dependency comes from, and whether a condition decides it.

    What comes along with what the property names has its reason: `Handler, policy of Role`.
    """
    reasons = filter(None, (dependency.why.rpartition(".")[2], dependency.companion))
    condition = " (if its condition holds)" if dependency.conditional else ""
    return ", ".join(reasons) + condition


def _is_of_a_trigger(dependency: Dependency, order: StackOrder) -> bool:
    names = {trigger.name for trigger in order.triggers}
    return not names.isdisjoint((dependency.waiting, dependency.first))
