"""Which triggers come before which, in the order of a whole template.

Knows reachability among what resources wait for. Refuses to know where an edge comes from
(`ordering`) and what follows from it (`concurrency`, `grouping`).
"""

from collections.abc import Iterable, Mapping

from macro.ordering import Order, reachable


def triggers_before(order: Order, names: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return the triggers of these names that come before each of them, even conditionally."""
    return {
        name: frozenset(reachable([name], order.firm, order.conditional) & names - {name})
        for name in names
    }


def levels(before: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """Return the level of each trigger: the length of the longest chain of triggers before it."""
    level_by_name: dict[str, int] = {}
    for name in sorted(before, key=lambda it: (len(before[it]), it)):
        level_by_name[name] = level(before[name], level_by_name)
    return level_by_name


def level(before: Iterable[str], known: Mapping[str, int]) -> int:
    """Return the length of the longest chain of some triggers with all that come before them."""
    return max((known.get(name, -1) + 1 for name in before), default=0)
