"""Which resource waits for which: the template's own order, and the edges that triggers add.

Knows selectors, edges and cycles. Refuses to know how an edge is written into a template, and what
makes a resource usable (`needs`). Edges are added in a fixed order, each against all that came
before it:

1. those of the template, of the provider and of what the author named: they must hold, and a cycle
   is a problem;
2. what a handler needs in order to run;
3. what makes usable what the author named, and what the handler's environment and the trigger's
   payload refer to;
4. what a pattern selected, and what makes that usable.

An edge of the last three that would close a cycle gives way.
"""

import fnmatch
import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from macro.additions import Additions
from macro.canonical import Canon
from macro.cloudformation import LOOP, Resources, depends_on, properties_of
from macro.errors import EXPAND_LOOPS, Problem, Selecting, nearest
from macro.model import ABSENT, NOTHING, Edge, Json, Trigger
from macro.needs import Need, Needs
from macro.references import Survey, mentions
from macro.sam_names import types_of, written_names

Side = Literal["ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange"]

SIDES: Final[tuple[Side, ...]] = ("ExecuteAfter", "ExecuteBefore", "ExecuteOnResourceChange")


class Order(NamedTuple):
    """The edges to add to a template, in order, and the problems that prevented others.

    `watched` are the resources that each trigger's ExecuteOnResourceChange selects. `firm` is what
    each resource waits for, with these edges, and `conditional` what it may wait for besides.
    """

    edges: tuple[Edge, ...] = ()
    watched: Mapping[str, tuple[str, ...]] = NOTHING
    problems: tuple[Problem, ...] = ()
    firm: Mapping[str, Mapping[str, None]] = NOTHING
    conditional: Mapping[str, Mapping[str, None]] = NOTHING


class _Selection(NamedTuple):
    """What one property of one trigger selects: by name, and by pattern.

    `specific` is what it selects by a name or by a pattern other than `*`.
    """

    trigger: str
    place: str
    side: Side
    named: tuple[str, ...]
    matched: tuple[str, ...]
    specific: frozenset[str]

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(sorted(self.named + self.matched))

    def edges_with(self, others: Iterable[str]) -> Iterator[tuple[Edge, str]]:
        """Yield an edge to or from each resource, with that resource."""
        return ((edge, other) for other in others for edge in self.edges([other]))

    def edges(self, others: Iterable[str]) -> Iterator[Edge]:
        return self.edges_of(Need(other, "") for other in others)

    def edges_of(self, needs: Iterable[Need]) -> Iterator[Edge]:
        why = f"{self.place}.{self.side}"
        for other, companion in needs:
            first, waiting = (other, self.trigger)
            if self.side == "ExecuteBefore":
                first, waiting = self.trigger, other
            yield Edge(waiting=waiting, first=first, why=why, companion=companion)


def order(
    resources: Resources,
    survey: Survey,
    triggers: Iterable[Trigger],
    additions: Additions,
    canon: Canon,
) -> Order:
    """Order triggers among the resources of a template.

    No selector matches what is added; the result holds the edges of `additions` too, each once. A
    cycle is a problem if an added edge closes it. A cycle that the template already has, or through
    the branches of an `Fn::If`, is left to CloudFormation, since it may not exist at deployment.
    """
    by_id = sorted(triggers, key=lambda trigger: trigger.logical_id)
    hidden = {*additions.ids} - {it.logical_id for it in by_id if not it.undoes}
    hidden |= resources.of_type("").keys()  # an Fn::Transform or Fn::ForEach has no type
    loop = next((name for name in resources if str(name).startswith(LOOP)), "")
    candidates = _Candidates.among(resources.without(hidden), loop)
    selections, problems = _selections(by_id, candidates)
    needs = Needs(resources, canon)
    ordering = [each for each in selections if each.side != "ExecuteOnResourceChange"]

    graph = _Graph.of(resources, survey)
    added = ((edge, edge.first) for edge in additions.edges)
    named = (pair for selection in ordering for pair in selection.edges_with(selection.named))
    for edge, selected in itertools.chain(added, named):
        if path := graph.path(edge.first, edge.waiting):
            problems.append(_cycle(edge, selected, path, candidates))
        else:
            graph.add(edge)
    for trigger_id, edges in _yielding_edges(by_id, ordering, resources, needs):
        graph.add_where_possible(trigger_id, edges)
    return Order(
        edges=tuple(graph.added),
        watched=_watched(selections, needs),
        problems=tuple(problems),
        firm=graph.firm,
        conditional=graph.maybe,
    )


def _watched(selections: Iterable["_Selection"], needs: Needs) -> dict[str, tuple[str, ...]]:
    return {
        selection.trigger: tuple(sorted({*selection.all, *needs.parts_of(selection.all)}))
        for selection in selections
        if selection.side == "ExecuteOnResourceChange"
    }


def _yielding_edges(
    triggers: list[Trigger],
    selections: list["_Selection"],
    resources: Mapping[str, Json],
    needs: Needs,
) -> Iterator[tuple[str, Iterable[Edge]]]:
    """Yield the edges of triggers that give way to cycles, those that take precedence first."""
    specific = {(each.trigger, each.side): each.specific for each in selections}
    for trigger in triggers:
        yield trigger.logical_id, _needs_of_handler(trigger, needs)
    for selection in selections if needs.has_companions else ():
        edges = selection.edges_of(_companions(selection.named, selection.side, needs))
        yield selection.trigger, _unopposed(edges, selection, specific)
    for trigger in triggers if needs.has_companions else ():
        edges = _needs_of_what_it_mentions(trigger, resources, needs)
        opposed = specific[trigger.logical_id, "ExecuteBefore"]
        yield trigger.logical_id, [edge for edge in edges if edge.first not in opposed]
    for selection in selections:
        if selection.matched:
            yield selection.trigger, selection.edges(selection.matched)
            edges = selection.edges_of(_companions(selection.matched, selection.side, needs))
            yield selection.trigger, _unopposed(edges, selection, specific)


def _selections(
    triggers: list[Trigger], candidates: "_Candidates"
) -> tuple[list["_Selection"], list[Problem]]:
    selections: list[_Selection] = []
    problems: list[Problem] = []
    for trigger in triggers:
        for side in SIDES:
            selection, unknown = _select(trigger, side, candidates, triggers)
            problems.extend(unknown)
            selections.append(selection)
    return selections, problems


def _cycle(edge: Edge, selected: str, path: list[str], candidates: "_Candidates") -> Problem:
    round_trip = " -> ".join(map(candidates.name_of, [edge.waiting, *path]))
    message = f"closes a cycle: {round_trip}; remove one of these dependencies"
    return Problem(edge.why, message, (Selecting(candidates.name_of(selected)),))


def _select(
    trigger: Trigger, side: Side, candidates: "_Candidates", triggers: Iterable[Trigger]
) -> tuple[_Selection, list[Problem]]:
    selectors = selectors_of(trigger, side)
    place = f"{trigger.place}.{side}"
    named: dict[str, None] = {}
    matched: dict[str, None] = {}
    specific: set[str] = set()
    problems = []
    for selector in selectors:
        if meant := candidates.named(selector):
            named |= dict.fromkeys(meant)
        elif not is_pattern(selector):
            in_a_loop = f"; in a loop, write !Sub {selector!r}" if "${" in selector else ""
            hint = in_a_loop or nearest(selector, candidates.names) or candidates.loop_hint
            message = f"no resource {selector!r} in the template{hint}"
            problems.append(Problem(place, message, (Selecting(selector),)))
        elif matches := candidates.matching(selector, without=trigger.logical_id):
            everywhere = set(_everywhere(side, triggers)) if selector == "*" else set()
            matched |= dict.fromkeys(other for other in matches if other not in everywhere)
            specific |= set(matches if selector != "*" else ())
        else:
            hint = nearest(selector, candidates.types) if "::" in selector else ""
            hint = hint or candidates.loop_hint
            message = f"{selector!r} matches no resource{hint}"
            problems.append(Problem(place, message, (Selecting(selector),)))
    others = tuple(other for other in matched if other not in named)
    selection = _Selection(
        trigger=trigger.logical_id,
        place=trigger.place,
        side=side,
        named=tuple(named),
        matched=others,
        specific=frozenset(specific.union(named)),
    )
    return selection, problems


def _everywhere(side: Side, triggers: Iterable[Trigger]) -> Iterator[str]:
    """Yield the triggers with the same `*`: they don't wait for each other."""
    for trigger in triggers:
        if "*" in selectors_of(trigger, side):
            yield trigger.logical_id


def selectors_of(trigger: Trigger, side: Side) -> tuple[str, ...]:
    """Return the selectors in one property of a trigger."""
    match side:
        case "ExecuteAfter":
            return trigger.execute_after
        case "ExecuteBefore":
            return trigger.execute_before
        case "ExecuteOnResourceChange":
            return trigger.execute_on_resource_change


def is_pattern(selector: str) -> bool:
    """Whether a selector may select several resources: a glob, or a type."""
    return "::" in selector or any(sign in selector for sign in "*?[")


class _Candidates(NamedTuple):
    """The resources that a selector may select, and the author's names for those that SAM made."""

    resources: Resources
    ids_by_name: Mapping[str, tuple[str, ...]]
    names_by_id: Mapping[str, tuple[str, ...]]
    loop: str = ""
    """A loop that is not expanded yet, if there is one."""

    @classmethod
    def among(cls, resources: Resources, loop: str = "") -> "_Candidates":
        ids_by_name = written_names(resources)
        names_by_id: dict[str, tuple[str, ...]] = {}
        for name, ids in ids_by_name.items():
            for logical_id in ids:
                names_by_id[logical_id] = (*names_by_id.get(logical_id, ()), name)
        return cls(resources, ids_by_name, names_by_id, loop)

    @property
    def loop_hint(self) -> str:
        """What to do if a loop may create what a selector selects."""
        return f" before {self.loop} is expanded; {EXPAND_LOOPS}" if self.loop else ""

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


def _companions(selected: Iterable[str], side: Side, needs: Needs) -> Iterator[Need]:
    """Yield the companions of selected resources.

    A resource that waits for a trigger does not delay what it shares with others.
    """
    return needs.of_resources(selected, with_uses=side == "ExecuteAfter")


def _unopposed(
    edges: Iterable[Edge],
    selection: _Selection,
    specific: Mapping[tuple[str, Side], frozenset[str]],
) -> Iterator[Edge]:
    """Leave out what the same trigger selects on its other side, except by `*`."""
    opposite: Side = "ExecuteBefore" if selection.side == "ExecuteAfter" else "ExecuteAfter"
    opposed = specific[selection.trigger, opposite]
    return (edge for edge in edges if opposed.isdisjoint((edge.waiting, edge.first)))


def _needs_of_handler(trigger: Trigger, needs: Needs) -> Iterator[Edge]:
    """Yield what a handler needs in order to run, although nothing makes it wait for that."""
    for function in trigger.handler.functions:
        for first, companion in needs.of_handler(function):
            yield Edge(
                waiting=trigger.logical_id,
                first=first,
                why=f"{trigger.place}.Handler",
                companion=companion,
            )


def _needs_of_what_it_mentions(
    trigger: Trigger, resources: Mapping[str, Json], needs: Needs
) -> Iterator[Edge]:
    """Yield the companions of what the handler's environment and the payload refer to."""
    environments = [
        properties_of(resources.get(function)).get("Environment")
        for function in trigger.handler.functions
    ]
    payload = None if trigger.payload is ABSENT else trigger.payload
    for name, value in (("Handler", environments), ("Payload", payload)):
        mentioned = dict.fromkeys(reference.name for reference in mentions(value).references)
        for first, companion in needs.of_resources(mentioned):
            yield Edge(
                waiting=trigger.logical_id,
                first=first,
                why=f"{trigger.place}.{name}",
                companion=companion,
            )


class _Graph:
    """The dependencies so far; only `order` uses and changes them."""

    def __init__(self) -> None:
        self.firm: dict[str, dict[str, None]] = {}
        self.maybe: dict[str, dict[str, None]] = {}
        self.backwards: dict[str, dict[str, None]] = {}
        self.added: dict[Edge, None] = {}

    @classmethod
    def of(cls, resources: Mapping[str, Json], survey: Survey) -> "_Graph":
        """Start from what the template says: references, and DependsOn."""
        graph = cls()
        for logical_id, mentioned in survey.resources.items():
            for first, _, branches in mentioned.references:
                if first in resources and first != logical_id:
                    waits = graph.maybe if branches else graph.firm
                    waits.setdefault(logical_id, {})[first] = None
                    graph.backwards.setdefault(first, {})[logical_id] = None
            for first in depends_on(resources[logical_id]):
                graph._wait(logical_id, first)
        return graph

    def add(self, edge: Edge) -> None:
        known = self.firm.get(edge.waiting, {})
        if edge.first not in known:
            self._wait(edge.waiting, edge.first)
            self.added[edge] = None

    def add_where_possible(self, trigger: str, edges: Iterable[Edge]) -> None:
        """Add edges from or to a trigger, without those that would close a cycle so far.

        Edges that all start, or all end, at the trigger can close no cycle among themselves.
        """
        for waiting, group in itertools.groupby(edges, key=lambda edge: edge.waiting == trigger):
            against = self.waiting_for(trigger) if waiting else self.waited_for(trigger)
            for edge in group:
                if (edge.first if waiting else edge.waiting) not in against:
                    self.add(edge)

    def path(self, start: str, goal: str) -> list[str]:
        """Return the shortest path along firm dependencies; empty if there is none."""
        if start != goal and not (start in self.firm and goal in self.backwards):
            return []
        previous: dict[str, str] = {start: ""}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            if node == goal:
                path = [node]
                while previous[path[-1]]:
                    path.append(previous[path[-1]])
                return path[::-1]
            for first in self.firm.get(node, ()):
                if first not in previous:
                    previous[first] = node
                    queue.append(first)
        return []

    def waited_for(self, start: str) -> set[str]:
        """Return a resource and everything that it waits for, even conditionally."""
        return reachable([start], self.firm, self.maybe)

    def waiting_for(self, start: str) -> set[str]:
        """Return a resource and everything that waits for it, even conditionally."""
        return reachable([start], self.backwards)

    def _wait(self, waiting: str, first: str) -> None:
        self.firm.setdefault(waiting, {})[first] = None
        self.backwards.setdefault(first, {})[waiting] = None


def reachable(starts: Iterable[str], *edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes that can be reached along edges of any kind, including the starts."""
    stack = list(starts)
    seen = set(stack)
    while stack:
        node = stack.pop()
        for ends in edges:
            for end in ends.get(node, ()):
                if end not in seen:
                    seen.add(end)
                    stack.append(end)
    return seen
