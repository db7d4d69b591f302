"""A limit on how many triggers run at once: edges that make some wait for others.

Knows lanes. Each trigger is in one lane, and waits for the one before it there, so that no more
triggers run at once than there are lanes. Refuses to know why the others wait (`ordering`).

Lanes give way to the order: they are filled level by level, the level of a trigger being the
longest chain of triggers before it, so each lane is a part of an order that already holds. Each
lane gets as many triggers of a level as any other, or one less. Which lane a trigger joins depends
on a hash of both names, so that a new trigger moves few others.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from macro.cloudformation import condition_of
from macro.model import Edge, Json, Trigger
from macro.ordering import Order, reachable
from macro.precedence import levels, triggers_before

_WHY: Final = "Transform.Parameters.MaxConcurrentTriggers"


def limited(
    order: Order, triggers: Iterable[Trigger], resources: Mapping[str, Json], limit: int | None
) -> Order:
    """Return an order in which at most `limit` triggers run at once; None is no limit.

    An edge that would close a cycle is left out. Only conditional references by the author that
    contradict each other can cause such an edge.
    """
    condition_by_id = {trigger.logical_id: condition_of(trigger.attributes) for trigger in triggers}
    if limit is None or len(condition_by_id) <= limit:
        return order
    before = triggers_before(order, frozenset(condition_by_id))
    condition_by_id |= {name: condition_of(resource) for name, resource in resources.items()}
    firm = {name: dict(firsts) for name, firsts in order.firm.items()}
    edges = []
    for lane in _lanes(before, limit):
        for number, name in enumerate(lane):
            certain = _certainly_before(name, firm, condition_by_id)
            for first in _awaited(name, lane[:number], condition_by_id):
                if first in certain or name in reachable([first], firm, order.conditional):
                    continue
                firm.setdefault(name, {})[first] = None
                edges.append(Edge(waiting=name, first=first, why=_WHY))
    return order._replace(edges=(*order.edges, *edges), firm=firm)


def _lanes(before: Mapping[str, frozenset[str]], number: int) -> list[list[str]]:
    """Distribute triggers over lanes, preferably behind a trigger that they wait for anyway."""
    level_by_name = levels(before)
    lanes: list[list[str]] = [[] for _ in range(number)]
    in_order = sorted(before, key=lambda name: (level_by_name[name], name))
    for _, names_of_level in itertools.groupby(in_order, key=level_by_name.__getitem__):
        names = list(names_of_level)
        most_per_lane = -(-len(names) // number)
        counts = [0] * number
        for name in names:
            at = min(
                (at for at in range(number) if counts[at] < most_per_lane),
                key=lambda at: (_extra_wait(before[name], lanes[at]), _hash(name, at)),
            )
            lanes[at].append(name)
            counts[at] += 1
    return lanes


def _extra_wait(before: frozenset[str], lane: list[str]) -> int:
    """Return 0 if the last trigger of a lane comes before anyway, 1 for an empty lane, or 2."""
    if not lane:
        return 1
    return 0 if lane[-1] in before else 2


def _hash(name: str, lane: int) -> bytes:
    return hashlib.sha256(f"{name} {lane}".encode()).digest()


def _awaited(name: str, lane: list[str], condition_by_id: Mapping[str, str]) -> Iterator[str]:
    """Yield what a trigger waits for in its lane: from the last back to one that is always there.

    A trigger under another condition may be missing; it then no longer separates its neighbors.
    """
    for first in reversed(lane):
        yield first
        if condition_by_id[first] in ("", condition_by_id[name]):
            return


def _certainly_before(
    name: str, firm: Mapping[str, Mapping[str, None]], condition_by_id: Mapping[str, str]
) -> set[str]:
    """Return what a resource waits for, whatever conditions hold."""
    always_there = {
        waiting: firsts
        for waiting, firsts in firm.items()
        if condition_by_id.get(waiting, "") in ("", condition_by_id[name])
    }
    return reachable([name], always_there)
