"""Who waits for whom: the template's own order, and the edges the triggers ask for.

Knows selectors, edges and cycles. Refuses to know how an edge is written into a template. Edges
are added in a fixed order, each against all that came before it: one that the author named must
hold or is a problem, one that a pattern selected gives way.
"""

import dataclasses
import fnmatch
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from macro.additions import Additions
from macro.cloudformation import (
    LOG_GROUP_TYPE,
    POLICY_TYPE,
    ROLE_TYPE,
    depends_on,
    properties_of,
    type_of,
)
from macro.errors import Problem, nearest
from macro.model import Edge, Json, Trigger
from macro.references import Survey
from macro.sam_names import types_of, written_names

_APIS: Final = frozenset({"AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"})
_STAGES: Final = frozenset(
    f"{service}::{kind}"
    for service in ("AWS::ApiGateway", "AWS::ApiGatewayV2")
    for kind in ("Deployment", "Stage")
)
_ATTACHED: Final = frozenset({POLICY_TYPE, "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"})

Side = Literal["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"]

_SIDES: Final[tuple[Side, ...]] = ("ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The edges to add to a template, in the order they were found, and what stood against more.

    `watched` are the resources that each trigger's ExecuteOnResourceChange selects. `firm` is what
    each resource waits for, with these edges, and `conditional` what it may wait for besides.
    """

    edges: tuple[Edge, ...] = ()
    watched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    firm: Mapping[str, Mapping[str, None]] = field(default_factory=dict)
    conditional: Mapping[str, Mapping[str, None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    """What one property of one trigger selects: by name, and by pattern."""

    trigger: str
    place: str
    side: Side
    named: tuple[str, ...]
    matched: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted(self.named + self.matched))

    def edges(self, others: Iterable[str]) -> Iterator[Edge]:
        why = f"{self.place}.{self.side}"
        for other in others:
            first, waiting = (other, self.trigger)
            if self.side == "ExecuteBefore":
                first, waiting = self.trigger, other
            yield Edge(waiting=waiting, first=first, why=why)


def order(
    resources: Mapping[str, Json],
    survey: Survey,
    triggers: Iterable[Trigger],
    additions: Additions,
) -> Order:
    """Order triggers among the resources of a template.

    No selector matches what is added; the result holds the edges of `additions` too, each once.
    A cycle is a problem if an edge of ours closes it. A cycle of the author's own, or through the
    branches of an `Fn::If`, is CloudFormation's to judge, since it may not exist at deployment.
    """
    by_id = sorted(triggers, key=lambda trigger: trigger.logical_id)
    hidden = {*additions.ids} - {trigger.logical_id for trigger in by_id}
    selectable = {
        name: resource
        for name, resource in resources.items()
        if name not in hidden and type_of(resource)  # a Fn::Transform or Fn::ForEach has none
    }
    candidates = _Candidates.among(selectable)
    selections, problems = _selections(by_id, candidates, survey)
    watched = {
        selection.trigger: selection.all
        for selection in selections
        if selection.side == "ExecuteOnResourceChange"
    }
    selections = [
        selection for selection in selections if selection.side != "ExecuteOnResourceChange"
    ]

    graph = _Graph.of(resources, survey)
    named = (edge for selection in selections for edge in selection.edges(selection.named))
    for edge in (*additions.edges, *named):
        if path := graph.path(edge.first, edge.waiting):
            problems.append(_cycle(edge, path, candidates))
        else:
            graph.add(edge)
    for edge in _permissions(by_id, resources, survey):
        if edge.waiting not in graph.waited_for(edge.first):
            graph.add(edge)
    for selection in selections:
        if not selection.matched:
            continue
        # Edges that all start, or all end, at the trigger can close no cycle among themselves.
        reach = graph.waiting_for if selection.side == "ExecuteAfter" else graph.waited_for
        against = reach(selection.trigger)
        for edge in selection.edges(other for other in selection.matched if other not in against):
            graph.add(edge)
    return Order(
        edges=tuple(graph.added),
        watched=watched,
        problems=tuple(problems),
        firm=graph.firm,
        conditional=graph.maybe,
    )


def _selections(
    triggers: list[Trigger], candidates: "_Candidates", survey: Survey
) -> tuple[list["_Selection"], list[Problem]]:
    selections: list[_Selection] = []
    problems: list[Problem] = []
    for trigger in triggers:
        for side in _SIDES:
            selection, unknown = _select(trigger, side, candidates, triggers)
            problems.extend(unknown)
            selections.append(_with_stages(selection, candidates.resources, survey))
    return selections, problems


def _cycle(edge: Edge, path: list[str], candidates: "_Candidates") -> Problem:
    round_trip = " -> ".join(map(candidates.name_of, [edge.waiting, *path]))
    return Problem(edge.why, f"closes a cycle: {round_trip}; remove one of these dependencies")


def _select(
    trigger: Trigger, side: Side, candidates: "_Candidates", triggers: Iterable[Trigger]
) -> tuple[_Selection, list[Problem]]:
    selectors = _selectors(trigger, side)
    place = f"{trigger.place}.{side}"
    named: dict[str, None] = {}
    matched: dict[str, None] = {}
    problems = []
    for selector in selectors:
        if meant := candidates.named(selector):
            named |= dict.fromkeys(meant)
        elif not _is_pattern(selector):
            hint = nearest(selector, candidates.names)
            problems.append(Problem(place, f"no resource {selector!r} in the template{hint}"))
        elif matches := candidates.matching(selector, without=trigger.logical_id):
            everywhere = set(_everywhere(side, triggers)) if selector == "*" else set()
            matched |= dict.fromkeys(other for other in matches if other not in everywhere)
        else:
            hint = nearest(selector, candidates.types) if "::" in selector else ""
            problems.append(Problem(place, f"{selector!r} matches no resource{hint}"))
    others = tuple(other for other in matched if other not in named)
    selection = _Selection(
        trigger=trigger.logical_id,
        place=trigger.place,
        side=side,
        named=tuple(named),
        matched=others,
    )
    return selection, problems


def _with_stages(
    selection: _Selection, resources: Mapping[str, Json], survey: Survey
) -> _Selection:
    """Select the deployments and stages of a selected API too: without them it answers nothing."""
    selected = {*selection.named, *selection.matched}
    apis = {name for name in selected if type_of(resources[name]) in _APIS}
    if not apis:
        return selection
    added = tuple(
        name
        for name, resource in resources.items()
        if type_of(resource) in _STAGES
        and name not in selected
        and not apis.isdisjoint(_mentioned(survey, name))
    )
    return dataclasses.replace(selection, matched=(*selection.matched, *added))


def _everywhere(side: Side, triggers: Iterable[Trigger]) -> Iterator[str]:
    """Yield the triggers with the same `*`: they don't wait for each other."""
    for trigger in triggers:
        if "*" in _selectors(trigger, side):
            yield trigger.logical_id


def _selectors(trigger: Trigger, side: Side) -> tuple[str, ...]:
    match side:
        case "ExecuteAfter":
            return trigger.execute_after
        case "ExecuteBefore":
            return trigger.execute_before
        case "ExecuteOnResourceChange":
            return trigger.execute_on_resource_change


def _is_pattern(selector: str) -> bool:
    return "::" in selector or any(sign in selector for sign in "*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """The resources that a selector may select, and the author's names for those that SAM made."""

    resources: Mapping[str, Json]
    ids_by_name: Mapping[str, tuple[str, ...]]
    names_by_id: Mapping[str, tuple[str, ...]]

    @classmethod
    def among(cls, resources: Mapping[str, Json]) -> "_Candidates":
        ids_by_name = written_names(resources)
        names_by_id: dict[str, tuple[str, ...]] = {}
        for name, ids in ids_by_name.items():
            for logical_id in ids:
                names_by_id[logical_id] = (*names_by_id.get(logical_id, ()), name)
        return cls(resources=resources, ids_by_name=ids_by_name, names_by_id=names_by_id)

    @property
    def names(self) -> set[str]:
        """The names that an author may write."""
        return {*map(self.name_of, self.resources), *self.ids_by_name}

    @property
    def types(self) -> set[str]:
        """The types that an author may write."""
        return {name for item in self.resources.items() for name in types_of(*item)} - {""}

    def name_of(self, logical_id: str) -> str:
        """Return what the author calls a resource."""
        return next(iter(self.names_by_id.get(logical_id, ())), logical_id)

    def named(self, name: str) -> tuple[str, ...]:
        """Return the logical ids that a name means; empty if nothing has that name."""
        return (name,) if name in self.resources else self.ids_by_name.get(name, ())

    def matching(self, glob: str, *, without: str) -> tuple[str, ...]:
        """List the logical ids of what a glob matches, by type or by name, in document order."""
        return tuple(
            logical_id
            for logical_id, resource in self.resources.items()
            if logical_id != without
            and any(
                fnmatch.fnmatchcase(text, glob)
                for text in (
                    types_of(logical_id, resource)
                    if "::" in glob
                    else (logical_id, *self.names_by_id.get(logical_id, ()))
                )
            )
        )


def _permissions(
    triggers: Iterable[Trigger], resources: Mapping[str, Json], survey: Survey
) -> Iterator[Edge]:
    """Yield what a handler needs in order to work, though nothing says that it waits for it.

    Its role may exist before the policies attached to it from outside, and Lambda makes a
    missing log group itself, after which CloudFormation fails with AlreadyExists.
    """
    attached: dict[str, list[str]] = {}
    kinds_sought = _ATTACHED | {LOG_GROUP_TYPE}
    sought = [name for name, resource in resources.items() if type_of(resource) in kinds_sought]
    by_name = dict(_names(resources)) if sought else {}
    for logical_id in sought:
        named = (by_name[text] for text in _texts(resources[logical_id]) if text in by_name)
        for name in dict.fromkeys((*_mentioned(survey, logical_id), *named)):
            attached.setdefault(name, []).append(logical_id)
    for trigger in triggers:
        for function in trigger.handler.functions:
            owners = [n for n in _mentioned(survey, function) if _is_role(resources.get(n))]
            for owner in [*owners, function]:
                kinds = _ATTACHED if owner != function else {LOG_GROUP_TYPE}
                for other in attached.get(owner, ()):
                    if type_of(resources[other]) in kinds:
                        why = f"{trigger.place}.Handler"
                        yield Edge(waiting=trigger.logical_id, first=other, why=why)


def _names(resources: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield what functions' log groups and roles are called, where that is written, with whose."""
    for logical_id, resource in resources.items():
        properties = properties_of(resource)
        if isinstance(name := properties.get("FunctionName"), str):
            yield f"/aws/lambda/{name}", logical_id
        if _is_role(resource) and isinstance(name := properties.get("RoleName"), str):
            yield name, logical_id


def _texts(resource: Json) -> Iterator[str]:
    """Yield the names a policy or a log group is written with."""
    properties = properties_of(resource)
    roles = properties.get("Roles")
    written = (properties.get("LogGroupName"), properties.get("RoleName"))
    for name in (*written, *(roles if isinstance(roles, list) else ())):
        if isinstance(name, str):
            yield name


def _is_role(resource: Json) -> bool:
    return type_of(resource) == ROLE_TYPE


def _mentioned(survey: Survey, logical_id: str) -> tuple[str, ...]:
    if logical_id not in survey.resources:
        return ()
    references = survey.resources[logical_id].references
    return tuple(dict.fromkeys(reference.name for reference in references))


@dataclass(slots=True)
class _Graph:
    """The waits so far; built up inside `order` and never seen outside it."""

    firm: dict[str, dict[str, None]] = field(default_factory=dict)
    maybe: dict[str, dict[str, None]] = field(default_factory=dict)
    backwards: dict[str, dict[str, None]] = field(default_factory=dict)
    added: dict[Edge, None] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Mapping[str, Json], survey: Survey) -> "_Graph":
        """Start from what the template says: references, and DependsOn."""
        graph = cls()
        for logical_id, mentions in survey.resources.items():
            for reference in mentions.references:
                first = reference.name
                if first in resources and first != logical_id:
                    graph._wait(logical_id, first, firm=not reference.branches)
            for first in depends_on(resources[logical_id]):
                graph._wait(logical_id, first, firm=True)
        return graph

    def add(self, edge: Edge) -> None:
        known = self.firm.get(edge.waiting, {})
        if edge.first not in known:
            self._wait(edge.waiting, edge.first, firm=True)
            self.added[edge] = None

    def path(self, start: str, goal: str) -> list[str]:
        """Find the shortest way along the firm waits; empty if there is none."""
        if start not in self.firm and start != goal:
            return []
        came: dict[str, str] = {start: ""}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            if here == goal:
                way = [here]
                while came[way[-1]]:
                    way.append(came[way[-1]])
                return way[::-1]
            for there in self.firm.get(here, ()):
                if there not in came:
                    came[there] = here
                    queue.append(there)
        return []

    def waited_for(self, start: str) -> set[str]:
        """Return everything that it waits for, even conditionally; itself included."""
        return reachable([start], self.firm, self.maybe)

    def waiting_for(self, start: str) -> set[str]:
        """Return everything that waits for it, even conditionally; itself included."""
        return reachable([start], self.backwards)

    def _wait(self, waiting: str, first: str, *, firm: bool) -> None:
        (self.firm if firm else self.maybe).setdefault(waiting, {})[first] = None
        self.backwards.setdefault(first, {})[waiting] = None


def reachable(starts: Iterable[str], *edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes that can be reached from some along edges of any kind, these included."""
    stack = list(starts)
    seen = set(stack)
    while stack:
        node = stack.pop()
        for ends in edges:
            unseen = [end for end in ends.get(node, ()) if end not in seen]
            seen.update(unseen)
            stack.extend(unseen)
    return seen
