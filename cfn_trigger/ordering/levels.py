"""The order of a stack: which resources wait for which, and because of which property.

Knows the edges of an expanded template, and asks the macro which of its properties asked for one.
Refuses to know how an order is shown. What is made for triggers is left out: what waits for it
waits for what it waits for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

from cfn_trigger.errors import Diagnostic, TemplateProblems
from cfn_trigger.template import transforms
from cfn_trigger.template.source import Template, section
from cfn_trigger.template.triggers import functions
from macro.cloudformation import as_map, depends_on, properties_of, type_of
from macro.model import TRIGGER_TYPE, Json
from macro.references import survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """One resource waits for another because of a property; `perhaps` if a condition decides."""

    waiting: str
    first: str
    why: str
    perhaps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource: its id and type, the level in which it is made, and what it runs if a trigger."""

    name: str
    kind: str
    level: int
    runs: tuple[str, ...] = ()

    @property
    def is_trigger(self) -> bool:
        """Tell triggers from other resources."""
        return self.kind == TRIGGER_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The order of a stack: resources in document order, and who waits for whom.

    What is of one level is made in parallel, after what it waits for, which is of earlier levels.
    """

    resources: tuple[Resource, ...]
    waits: tuple[Waits, ...]

    @property
    def levels(self) -> tuple[tuple[Resource, ...], ...]:
        """Give the resources by level."""
        count = max((one.level for one in self.resources), default=-1) + 1
        return tuple(tuple(r for r in self.resources if r.level == at) for at in range(count))


def report(template: Template, setting: transforms.Setting) -> Report:
    """Find the order of a template; raises TemplateProblems with its problems."""
    expansion = transforms.expanded(template, setting)
    resources = section(expansion.template, "Resources")
    reading = expansion.reading
    triggers = {trigger.logical_id for trigger in reading.triggers}
    hidden = {*reading.additions.ids} - triggers
    reasons = {(edge.waiting, edge.first): edge.why for edge in reading.order.edges}
    found = _without(hidden, list(_waits(resources, reasons)))
    acyclic = _acyclic(found, template)
    levels = _levels([name for name in resources if name not in hidden], acyclic)
    shown = tuple(
        Resource(
            name=name,
            kind=type_of(resources[name]),
            level=level,
            runs=_runs(resources[name], expansion) if name in triggers else (),
        )
        for name, level in levels.items()
    )
    return Report(resources=shown, waits=tuple(acyclic))


def _runs(trigger: Json, expansion: transforms.Expansion) -> tuple[str, ...]:
    return functions(expansion.template, properties_of(trigger).get("HandlerArn"))


def _waits(
    resources: Mapping[str, Json], reasons: Mapping[tuple[str, str], str]
) -> Iterator[Waits]:
    """Yield every wait of an expanded template once, the firm ones first."""
    seen = survey({"Resources": resources})
    found: dict[tuple[str, str], Waits] = {}
    for waiting, resource in resources.items():
        for first in depends_on(resource):
            why = reasons.get((waiting, first), "DependsOn")
            found.setdefault((waiting, first), Waits(waiting=waiting, first=first, why=why))
    for waiting, mentioned in seen.resources.items():
        by_branches = sorted(mentioned.references, key=lambda one: bool(one.branches))
        for reference in by_branches:
            first = reference.name.partition(".")[0]
            if first in resources and first != waiting and (waiting, first) not in found:
                found[waiting, first] = Waits(
                    waiting=waiting,
                    first=first,
                    why=reasons.get((waiting, first)) or _property(resources[waiting], first),
                    perhaps=bool(reference.branches),
                )
    yield from sorted(found.values(), key=lambda one: one.perhaps)


_SAID_AS: Final[Mapping[str, str]] = {"HandlerArn": "Handler", "Fingerprint": "Handler"}
"""What an author calls a property of a finished trigger."""


def _property(resource: Json, first: str) -> str:
    """Name the property that refers to another resource."""
    properties = as_map(as_map(resource).get("Properties"))
    parts = survey({"Resources": properties}).resources
    for name, mentioned in parts.items():
        if any(one.name.partition(".")[0] == first for one in mentioned.references):
            is_trigger = type_of(resource) == TRIGGER_TYPE
            return _SAID_AS.get(name, name) if is_trigger else name
    return "Metadata"


def _without(hidden: Iterable[str], waits: list[Waits]) -> list[Waits]:
    """Leave resources out: who waited for one waits for what it waited for."""
    for name in hidden:
        before = [one for one in waits if one.waiting == name]
        after = [one for one in waits if one.first == name]
        waits = [one for one in waits if name not in (one.waiting, one.first)]
        known = {(one.waiting, one.first) for one in waits}
        for one in after:
            for other in before:
                if (one.waiting, other.first) not in known and one.waiting != other.first:
                    known.add((one.waiting, other.first))
                    perhaps = one.perhaps or other.perhaps
                    waits.append(
                        Waits(waiting=one.waiting, first=other.first, why=one.why, perhaps=perhaps)
                    )
    return waits


def _acyclic(waits: Iterable[Waits], template: Template) -> list[Waits]:
    """Leave out what waits perhaps and would close a cycle; refuse a cycle of firm waits."""
    firsts: dict[str, set[str]] = {}
    kept: list[Waits] = []
    for one in sorted(waits, key=lambda one: one.perhaps):
        if _reaches(one.first, one.waiting, firsts):
            if not one.perhaps:
                raise TemplateProblems([_cycle(one, template)], {template.name: template.text})
            continue
        firsts.setdefault(one.waiting, set()).add(one.first)
        kept.append(one)
    return kept


def _cycle(one: Waits, template: Template) -> Diagnostic:
    said = f"{one.waiting}: closes a cycle with {one.first!r}, which CloudFormation refuses"
    place = template.span(("Resources", one.waiting))
    return Diagnostic(file=template.name, span=place, rule="template", message=said)


def _reaches(start: str, goal: str, ways: Mapping[str, Iterable[str]]) -> bool:
    stack, seen = [start], {start}
    while stack:
        here = stack.pop()
        if here == goal:
            return True
        new = [there for there in ways.get(here, ()) if there not in seen]
        seen.update(new)
        stack.extend(new)
    return False


def _levels(names: Iterable[str], waits: Iterable[Waits]) -> dict[str, int]:
    """Give each resource the level after the last of those that it waits for."""
    firsts: dict[str, list[str]] = {name: [] for name in names}
    for one in waits:
        firsts[one.waiting].append(one.first)
    levels: dict[str, int] = {}
    for name in TopologicalSorter(firsts).static_order():
        levels[name] = max((levels[first] + 1 for first in firsts[name]), default=0)
    return {name: levels[name] for name in firsts}


def needed(found: Report) -> tuple[Waits, ...]:
    """Leave out the waits that others imply: what is drawn says the same with fewer lines."""
    firsts: dict[str, set[str]] = {}
    for one in found.waits:
        firsts.setdefault(one.waiting, set()).add(one.first)
    return tuple(
        one
        for one in found.waits
        if not any(
            _reaches(other, one.first, firsts) for other in firsts[one.waiting] - {one.first}
        )
    )
