"""`cfn-trigger graph`: what runs before and after each trigger, and because of which property.

Knows the forms in which an order is shown. Refuses to know how it comes about (`orders`).
"""

from collections.abc import Mapping
from dataclasses import asdict

import click
from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from cfn_trigger import environment
from cfn_trigger.ordering.levels import Report, Waits, needed, report
from cfn_trigger.ordering.svg import Arrow, Box, svg
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.source import parsed
from cfn_trigger.terminal import console, options
from macro.model import Json


def tree(found: Report) -> Group:
    """Write an order for a terminal: a tree for each trigger, then the levels."""
    parts: list[Tree | Text] = []
    for trigger in (one for one in found.resources if one.is_trigger):
        head = Text(trigger.name, style="bold cyan")
        head.append(f"  runs {', '.join(trigger.runs) or 'a function outside the template'}")
        root = Tree(head, guide_style="dim")
        before = {w.first: w for w in found.waits if w.waiting == trigger.name}
        after = {w.waiting: w for w in found.waits if w.first == trigger.name}
        _branch(root, "after", before, _behind(before, found, forwards=False))
        _branch(root, "before", after, _behind(after, found, forwards=True))
        parts += [root, Text("")]
    parts.append(Text("Levels: each is made in parallel, after those above", style="bold"))
    width = len(str(len(found.levels)))
    for number, level in enumerate(found.levels, 1):
        line = Text(f"{number:>{width}}  ", style="dim")
        names = [Text(one.name, style="bold cyan" if one.is_trigger else "") for one in level]
        parts.append(line.append(Text(", ").join(names)))
    return Group(*parts)


def _branch(root: Tree, side: str, waits: Mapping[str, Waits], behind: int) -> None:
    if not waits:
        return
    more = f"  and {behind} more behind these" if behind else ""
    branch = root.add(Text(side, style="bold").append(more, style="dim"))
    reasons = dict.fromkeys(_word(one) for one in waits.values())
    for why in reasons:
        names = ", ".join(name for name, one in waits.items() if _word(one) == why)
        branch.add(Text(f"{why}: ", style="dim").append(names, style="default"))


def _word(one: Waits) -> str:
    """Say why one waits, in a word or two."""
    return one.why.rpartition(".")[2] + (" (if its condition holds)" if one.perhaps else "")


def _behind(direct: Mapping[str, Waits], found: Report, *, forwards: bool) -> int:
    ways: dict[str, list[str]] = {}
    for one in found.waits:
        start, end = (one.first, one.waiting) if forwards else (one.waiting, one.first)
        ways.setdefault(start, []).append(end)
    reached, stack = set(direct), list(direct)
    while stack:
        new = [there for there in ways.get(stack.pop(), ()) if there not in reached]
        reached.update(new)
        stack.extend(new)
    return len(reached) - len(direct)


def mermaid(found: Report) -> str:
    """Write an order as a Mermaid flowchart."""
    lines = ["flowchart LR"]
    for one in found.resources:
        left, right = ("([", "])") if one.is_trigger else ("[", "]")
        lines.append(f'  {one.name}{left}"{one.name}"{right}')
    for wait in needed(found):
        arrow = "-.->" if wait.perhaps else "-->"
        word = f"|{_word(wait)}|" if _is_about_a_trigger(wait, found) else ""
        lines.append(f"  {wait.first} {arrow}{word} {wait.waiting}")
    if triggers := [one.name for one in found.resources if one.is_trigger]:
        lines += ["  classDef trigger stroke-width:3px", f"  class {','.join(triggers)} trigger"]
    return "\n".join(lines) + "\n"


def dot(found: Report) -> str:
    """Write an order for Graphviz."""
    lines = ["digraph order {", "  rankdir=LR;", '  node [shape=box, fontname="monospace"];']
    for one in found.resources:
        style = ", style=bold, shape=ellipse" if one.is_trigger else ""
        lines.append(f'  "{one.name}" [label="{one.name}\\n{one.kind}"{style}];')
    for wait in needed(found):
        word = f'label="{_word(wait)}"' if _is_about_a_trigger(wait, found) else ""
        style = "style=dashed" if wait.perhaps else ""
        said = ", ".join(filter(None, (word, style)))
        lines.append(f'  "{wait.first}" -> "{wait.waiting}"{f" [{said}]" if said else ""};')
    return "\n".join([*lines, "}"]) + "\n"


def picture(found: Report) -> str:
    """Draw an order as SVG."""
    boxes = [
        Box(name=one.name, below=one.kind, level=one.level, is_main=one.is_trigger)
        for one in found.resources
    ]
    arrows = [
        Arrow(
            start=wait.first,
            end=wait.waiting,
            word=_word(wait) if _is_about_a_trigger(wait, found) else "",
            is_main=_is_about_a_trigger(wait, found),
        )
        for wait in needed(found)
    ]
    return svg(boxes, arrows)


def _is_about_a_trigger(wait: Waits, found: Report) -> bool:
    triggers = {one.name for one in found.resources if one.is_trigger}
    return wait.waiting in triggers or wait.first in triggers


def in_json(found: Report) -> dict[str, Json]:
    """Give an order for machines; levels count from 1."""
    return {
        "levels": [[one.name for one in level] for level in found.levels],
        "resources": [
            {**asdict(one), "level": one.level + 1, "runs": list(one.runs)}
            for one in found.resources
        ],
        "waits": [asdict(one) for one in found.waits],
    }


@click.command()
@options.template_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "svg"]),
    default="text",
    show_default=True,
)
@options.parameter_options
@options.json_option
def command(
    source: str, form: str, pairs: tuple[str, ...], parameters_file: str | None, *, as_json: bool
) -> None:
    """Show what runs before and after each trigger, and because of which property.

    Drawings leave out what other lines imply.
    """
    template = parsed(environment.read_text(source), source)
    values = parameters.settled_for(template, pairs, parameters_file)
    found = report(template, transforms.Setting(values=values, region=environment.region()))
    match form:
        case _ if as_json:
            console.show_json(in_json(found))
        case "mermaid":
            click.echo(mermaid(found), nl=False)
        case "dot":
            click.echo(dot(found), nl=False)
        case "svg":
            click.echo(picture(found), nl=False)
        case _:
            console.show(tree(found))
