"""The order of a stack: which resources depend on which, through which property.

Knows the dependencies in an expanded template, and asks the macro which property of a trigger
asked for one. Refuses to know how an order is shown. Resources that the macro creates are left
out: what depends on one of them depends on what it depends on.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from cfn_trigger import catalog
from cfn_trigger.errors import Diagnostic, TemplateProblems
from cfn_trigger.template import transforms
from cfn_trigger.template.source import Template
from cfn_trigger.template.triggers import functions_of, undo_of, undoing_functions
from macro.cloudformation import as_map, depends_on, properties_of, section, type_of
from macro.errors import nearest
from macro.model import TRIGGER_TYPE, Edge, Json
from macro.names import undo_id
from macro.ordering import reachable
from macro.references import survey

# Theory of operation
#
# CloudFormation creates a resource once everything that it depends on is complete. It depends on
# what its DependsOn lists and on what its properties refer to. A reference in a branch of an
# `Fn::If` counts only in the deployments that use the branch, so one resource depends on another
# surely, conditionally, or not at all:
#
#   - of several dependencies of one resource on the same other, a sure one makes the pair sure;
#   - a chain through a resource that is left out is sure if both of its parts are;
#   - a cycle of sure dependencies can never be created, and is a problem of the template; a
#     conditional dependency that would close a cycle is dropped, since CloudFormation accepts the
#     template only if its branches are never used together;
#   - a level counts conditional dependencies as if they held: it is the latest that may be needed.


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One resource waits for another, because of a property; `conditional` if a branch decides.

    `companion` says what one of them is to what a trigger's property names: `instance of Orders`.
    """

    waiting: str
    first: str
    why: str
    companion: str = ""
    conditional: bool = False

    @property
    def property_name(self) -> str:
        """The name of the property, without its place."""
        return self.why.rpartition(".")[2]

    @property
    def is_requested(self) -> bool:
        """Whether a trigger's property asked for it: only those have a place."""
        return "." in self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource: its logical id, its type and its level from 0.

    A trigger `runs` functions, and a rollback has its runs undone by others.
    """

    name: str
    kind: str
    level: int
    runs: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()

    @property
    def is_trigger(self) -> bool:
        """Whether it is a trigger."""
        return self.kind == TRIGGER_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbors:
    """The direct dependencies on one side of a resource, by name; how many more are indirect."""

    direct: Mapping[str, Dependency]
    indirect: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOrder:
    """The resources of a stack in document order, and their dependencies.

    Resources of one level are created in parallel; all that they depend on is in earlier levels.
    """

    resources: tuple[Resource, ...]
    dependencies: tuple[Dependency, ...]

    @property
    def levels(self) -> tuple[tuple[Resource, ...], ...]:
        """The resources by level."""
        count = max((resource.level for resource in self.resources), default=-1) + 1
        return tuple(
            tuple(resource for resource in self.resources if resource.level == level)
            for level in range(count)
        )

    @property
    def triggers(self) -> tuple[Resource, ...]:
        """The triggers, in document order."""
        return tuple(resource for resource in self.resources if resource.is_trigger)

    def before(self, name: str) -> Neighbors:
        """Return what a resource depends on."""
        direct = {each.first: each for each in self.dependencies if each.waiting == name}
        edges = adjacency((each.waiting, each.first) for each in self.dependencies)
        return Neighbors(direct=direct, indirect=len(reachable(direct, edges)) - len(direct))

    def after(self, name: str) -> Neighbors:
        """Return what depends on a resource."""
        direct = {each.waiting: each for each in self.dependencies if each.first == name}
        edges = adjacency((each.first, each.waiting) for each in self.dependencies)
        return Neighbors(direct=direct, indirect=len(reachable(direct, edges)) - len(direct))


def stack_order(template: Template, context: transforms.Context) -> StackOrder:
    """Return the order of a template; raises TemplateProblems if it has none."""
    processed = transforms.process(template, context)
    resources = section(processed.template, "Resources")
    if unknown := [*_unknown_names(resources, template)]:
        raise TemplateProblems(unknown, {template.name: template.text})
    reading = processed.reading
    trigger_ids = {trigger.logical_id for trigger in reading.triggers}
    undos = {undo_id(name): undo_of(name, processed.template) for name in trigger_ids}
    hidden = {undos.get(name, name) for name in reading.additions.ids} - trigger_ids
    edges = [edge._replace(first=undos.get(edge.first, edge.first)) for edge in reading.order.edges]
    dependencies = _bridged(_dependencies(resources, edges), hidden)
    acyclic = _acyclic(dependencies, template)
    levels = _levels([name for name in resources if name not in hidden], acyclic)
    ordered = tuple(
        Resource(
            name=name,
            kind=type_of(resources[name]),
            level=level,
            runs=functions_of(name, processed.template) if name in trigger_ids else (),
            undone_by=undoing_functions(name, processed.template),
        )
        for name, level in levels.items()
    )
    return StackOrder(resources=ordered, dependencies=tuple(acyclic))


def _unknown_names(resources: Mapping[str, Json], template: Template) -> Iterator[Diagnostic]:
    """Yield the names in a DependsOn that no resource has."""
    for name, resource in resources.items():
        for position, first in enumerate(depends_on(resource)):
            if first not in resources:
                hint = nearest(first, resources)
                yield Diagnostic(
                    file=template.name,
                    span=template.span(("Resources", name, "DependsOn", position)),
                    rule=catalog.COMPLETE.id,
                    message=f"{name}.DependsOn: no resource {first!r} in the template{hint}",
                )


def _dependencies(resources: Mapping[str, Json], edges: Iterable[Edge]) -> list[Dependency]:
    """Return the dependencies of an expanded template, one for each pair, sure ones first.

    `edges` are those that the macro knows.
    """
    added = {
        (edge.waiting, edge.first): Dependency(
            waiting=edge.waiting, first=edge.first, why=edge.why, companion=edge.companion
        )
        for edge in edges
    }
    pairs: dict[tuple[str, str], Dependency] = {}
    for waiting, resource in resources.items():
        for first in depends_on(resource):
            pair = waiting, first
            pairs[pair] = added.get(pair) or Dependency(
                waiting=waiting, first=first, why="DependsOn"
            )
    for waiting, mentioned in survey({"Resources": resources}).resources.items():
        for reference in sorted(mentioned.references, key=lambda mention: bool(mention.branches)):
            first = reference.name.partition(".")[0]
            if first in resources and first != waiting and (waiting, first) not in pairs:
                dependency = added.get((waiting, first)) or Dependency(
                    waiting=waiting,
                    first=first,
                    why=_referring_property(resources[waiting], first),
                )
                pairs[waiting, first] = replace(dependency, conditional=bool(reference.branches))
    return sorted(pairs.values(), key=lambda dependency: dependency.conditional)


def _referring_property(resource: Json, first: str) -> str:
    """Return the property of a resource that refers to another one."""
    properties = properties_of(resource)
    if type_of(resource) == TRIGGER_TYPE:
        properties = _as_written(properties)
    for name, mentioned in survey({"Resources": properties}).resources.items():
        if any(reference.name.partition(".")[0] == first for reference in mentioned.references):
            return name
    return "Metadata"


def _as_written(properties: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what an expanded trigger refers to, by the properties that its author knows."""
    others = dict(properties)
    fingerprint = dict(as_map(others.pop("Fingerprint", {})))
    references = as_map(fingerprint.pop("References", {}))
    watched = [name for name in references if f"Resources.{name}" in fingerprint]
    handler = [references[name] for name in references if name not in watched]
    return {
        "Handler": [others.pop("HandlerArn", ""), *handler, fingerprint],
        "ExecuteOnResourceChange": [references[name] for name in watched],
        **others,
    }


def _bridged(dependencies: Iterable[Dependency], hidden: Iterable[str]) -> list[Dependency]:
    """Leave resources out: what depends on one of them depends on what it depends on."""
    pairs = {(each.waiting, each.first): each for each in dependencies}
    for name in sorted(hidden):
        outgoing = [each for each in pairs.values() if each.waiting == name]
        incoming = [each for each in pairs.values() if each.first == name]
        pairs = {pair: each for pair, each in pairs.items() if name not in pair}
        for into, out in itertools.product(incoming, outgoing):
            bridge = Dependency(
                waiting=into.waiting,
                first=out.first,
                why=into.why,
                companion=into.companion,
                conditional=into.conditional or out.conditional,
            )
            known = pairs.get((bridge.waiting, bridge.first))
            is_surer = known is None or (known.conditional and not bridge.conditional)
            if is_surer and bridge.waiting != bridge.first:
                pairs[bridge.waiting, bridge.first] = bridge
    return list(pairs.values())


def _acyclic(dependencies: Iterable[Dependency], template: Template) -> list[Dependency]:
    """Drop conditional dependencies that close a cycle; raises TemplateProblems for a sure one."""
    firsts: dict[str, list[str]] = {}
    kept: list[Dependency] = []
    for dependency in sorted(dependencies, key=lambda each: each.conditional):
        if dependency.waiting in reachable([dependency.first], firsts):
            if not dependency.conditional:
                problem = _cycle(dependency, template)
                raise TemplateProblems([problem], {template.name: template.text})
            continue
        firsts.setdefault(dependency.waiting, []).append(dependency.first)
        kept.append(dependency)
    return kept


def _cycle(closing: Dependency, template: Template) -> Diagnostic:
    name = closing.waiting
    message = f"{name}: closes a cycle with {closing.first!r}, which CloudFormation refuses"
    span = template.span(("Resources", name))
    return Diagnostic(file=template.name, span=span, rule=catalog.ACYCLIC.id, message=message)


def _levels(names: Iterable[str], dependencies: Iterable[Dependency]) -> dict[str, int]:
    """Return the level of each resource: the one after the last of those that it depends on."""
    edges = adjacency((each.waiting, each.first) for each in dependencies)
    firsts = {name: edges.get(name, []) for name in names}
    levels: dict[str, int] = {}
    for name in TopologicalSorter(firsts).static_order():
        levels[name] = max((levels[first] + 1 for first in firsts[name]), default=0)
    return {name: levels[name] for name in firsts}


def adjacency(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the ends of edges by their starts."""
    ends: dict[str, list[str]] = {}
    for start, end in edges:
        ends.setdefault(start, []).append(end)
    return ends


def transitive_reduction(order: StackOrder) -> tuple[Dependency, ...]:
    """Return the dependencies that no others imply: fewer lines with the same meaning.

    Only unconditional dependencies imply an unconditional one.
    """
    every = adjacency((edge.waiting, edge.first) for edge in order.dependencies)
    sure = adjacency(
        (edge.waiting, edge.first) for edge in order.dependencies if not edge.conditional
    )

    def is_implied(dependency: Dependency) -> bool:
        firsts = every if dependency.conditional else sure
        others = [first for first in firsts[dependency.waiting] if first != dependency.first]
        return dependency.first in reachable(others, firsts)

    return tuple(edge for edge in order.dependencies if not is_implied(edge))
