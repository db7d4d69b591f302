"""The forms of an order that other programs read: JSON, Mermaid, Graphviz and SVG.

Knows these languages. Refuses to know how an order comes about, and terminals. Drawings leave out
the dependencies that others imply, and label those of triggers.
"""

import re
from collections.abc import Container
from dataclasses import asdict
from typing import Final

from cfn_trigger.ordering.levels import Dependency, Resource, StackOrder, transitive_reduction
from cfn_trigger.ordering.routing import Arrow, Box
from cfn_trigger.ordering.svg import Legend, svg
from macro.model import Json


def as_json(order: StackOrder) -> dict[str, Json]:
    """Return `levels`, `resources` and `waits`, the dependencies; levels count from 1."""
    return {
        "levels": [[resource.name for resource in level] for level in order.levels],
        "resources": [
            {
                **asdict(resource),
                "level": resource.level + 1,
                "runs": list(resource.runs),
                "undone_by": list(resource.undone_by),
            }
            for resource in order.resources
        ],
        "waits": [asdict(dependency) for dependency in order.dependencies],
    }


_MERMAIDS_WORDS: Final = frozenset(
    (
        "call", "class", "classdef", "click", "default", "direction", "end", "flowchart", "graph",
        "href", "interpolate", "linkstyle", "style", "subgraph",
    )
)  # fmt: skip
"""Words that are not names in a flowchart, in lower case."""


def mermaid(order: StackOrder, *, with_reasons: bool = False) -> str:
    """Format an order as a Mermaid flowchart.

    https://mermaid.js.org/syntax/flowchart.html
    """
    lines = ["flowchart LR"]
    for resource in order.resources:
        left, right = ("([", "])") if resource.is_trigger else ("[", "]")
        lines.append(f'  {_node(resource.name)}{left}"{_shown(resource.name)}"{right}')
    triggers = _triggers(order)
    for dependency in transitive_reduction(order):
        arrow = "-.->" if dependency.conditional else "-->"
        is_labeled = with_reasons or _is_of(triggers, dependency)
        text = f"|{_quoted(label(dependency))}|" if is_labeled else ""
        lines.append(f"  {_node(dependency.first)} {arrow}{text} {_node(dependency.waiting)}")
    if names := [_node(trigger.name) for trigger in order.triggers]:
        lines += [f"  classDef trigger {_TRIGGER_STYLE}", f"  class {','.join(names)} trigger"]
    return "\n".join(lines) + "\n"


_TRIGGER_STYLE: Final = "fill:#fbefff,stroke:#8250df,stroke-width:2px,color:#1f2328"


def _node(name: str) -> str:
    """Return a node's id: no logical id has an underscore, so nothing else has this one."""
    if _is_plain(name):
        return name
    return f"{_NOT_IN_AN_ID.sub('_', name)}_"


def _quoted(text: str) -> str:
    """Quote text that Mermaid could parse as something else."""
    return text if all(map(_is_plain, _BETWEEN_WORDS.split(text))) else f'"{_shown(text)}"'


def _is_plain(word: str) -> bool:
    is_id = bool(word) and _NOT_IN_AN_ID.search(word) is None
    return is_id and word.lower() not in _MERMAIDS_WORDS


def _shown(text: str) -> str:
    return text.replace('"', "#quot;") or " "


_NOT_IN_AN_ID: Final = re.compile("[^A-Za-z0-9]")
_BETWEEN_WORDS: Final = re.compile(",? ")


def dot(order: StackOrder, *, with_reasons: bool = False) -> str:
    """Format an order in the language of Graphviz.

    https://graphviz.org/doc/info/lang.html
    """
    lines = ["digraph order {", "  rankdir=LR;", '  node [shape=box, fontname="monospace"];']
    for resource in order.resources:
        style = f", {_DOT_TRIGGER}" if resource.is_trigger else ""
        text = f"{_string(resource.name)[:-1]}\\n{_string(resource.kind)[1:]}"
        lines.append(f"  {_string(resource.name)} [label={text}{style}];")
    triggers = _triggers(order)
    for dependency in transitive_reduction(order):
        is_labeled = with_reasons or _is_of(triggers, dependency)
        text = f"label={_string(label(dependency))}" if is_labeled else ""
        style = "style=dashed" if dependency.conditional else ""
        attributes = ", ".join(filter(None, (text, style)))
        edge = f"{_string(dependency.first)} -> {_string(dependency.waiting)}"
        lines.append(f"  {edge}{f' [{attributes}]' if attributes else ''};")
    return "\n".join([*lines, "}"]) + "\n"


def _string(text: str) -> str:
    """Write a string in the language of Graphviz."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_DOT_TRIGGER: Final = 'style="bold,rounded,filled", color="#8250df", fillcolor="#fbefff"'


def drawing(order: StackOrder, *, with_reasons: bool = False) -> str:
    """Draw an order as SVG, a column for each level."""
    boxes = [
        Box(
            name=resource.name,
            caption=runs(resource) if resource.is_trigger else resource.kind,
            level=resource.level,
            is_highlighted=resource.is_trigger,
        )
        for resource in order.resources
    ]
    triggers = _triggers(order)
    arrows = [
        _arrow(dependency, triggers, with_reasons=with_reasons)
        for dependency in transitive_reduction(order)
    ]
    return svg(boxes, arrows, _legend(order))


def _arrow(dependency: Dependency, triggers: Container[str], *, with_reasons: bool) -> Arrow:
    is_of_a_trigger = _is_of(triggers, dependency)
    return Arrow(
        start=dependency.first,
        end=dependency.waiting,
        label=dependency.property_name if is_of_a_trigger or with_reasons else "",
        meaning=meaning(dependency),
        is_highlighted=is_of_a_trigger,
        is_dashed=dependency.conditional,
        is_label_at_start=dependency.property_name == "ExecuteBefore",
    )


def _legend(order: StackOrder) -> Legend:
    levels = [
        f"Level {number}: {', '.join(resource.name for resource in level)}."
        for number, level in enumerate(order.levels, 1)
    ]
    triggers = [f"{trigger.name} {runs(trigger)}." for trigger in order.triggers]
    dependencies = [f"{meaning(each)}." for each in transitive_reduction(order)]
    return Legend(
        title=f"Deployment order of {_count(len(order.resources), 'resource')}"
        f" in {_count(len(order.levels), 'level')}, with {_count(len(order.triggers), 'trigger')}",
        description="\n".join([*levels, *triggers, *dependencies]),
        highlighted="trigger",
        dashed="only if a condition holds",
        levels="what has the same number is created in parallel",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def runs(trigger: Resource) -> str:
    """Return what a trigger runs, and what undoes that."""
    undo = f", undone by {', '.join(trigger.undone_by)}" if trigger.undone_by else ""
    return f"runs {', '.join(trigger.runs) or 'a function outside the template'}{undo}"


def meaning(dependency: Dependency) -> str:
    """Return a dependency as a clause: `Run waits for Orders: ExecuteAfter`."""
    return f"{dependency.waiting} waits for {dependency.first}: {label(dependency)}"


def label(dependency: Dependency) -> str:
    """Return the property that a dependency comes from, and whether a condition decides it.

    What comes along with what the property names has its reason: `Handler, policy of Role`.
    """
    reasons = filter(None, (dependency.property_name, dependency.companion))
    condition = " (if its condition holds)" if dependency.conditional else ""
    return ", ".join(reasons) + condition


def _triggers(order: StackOrder) -> frozenset[str]:
    return frozenset(trigger.name for trigger in order.triggers)


def _is_of(triggers: Container[str], dependency: Dependency) -> bool:
    is_beside_one = dependency.first in triggers or dependency.waiting in triggers
    return is_beside_one or dependency.is_requested
