"""The companions of the resources in one template, which make them usable.

Knows how to find companions: by reference, and by equal names where nothing refers. Refuses to know
which types they have (`companions`) and what waits for them (`ordering`).
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from macro.canonical import NAMES, Canon, Parts, Text, is_arn, last_segment
from macro.cloudformation import (
    FUNCTION_TYPE,
    LOG_GROUP_TYPE,
    Resources,
    properties_of,
)
from macro.companions import COMPANIONS, USES, Companion, Use
from macro.model import Json
from macro.references import mentions

Key = str | Parts
"""The logical id of a resource in the template, or the name of any other resource."""

_Node = tuple[str, Key]
"""A type, and a resource of that type."""

_Row = TypeVar("_Row", Companion, Use)


def _by_type(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    grouped: dict[str, list[_Row]] = {}
    for row in rows:
        grouped.setdefault(row.type, []).append(row)
    return grouped


_COMPANIONS: Final = _by_type(COMPANIONS)
_USES: Final = _by_type(USES)


class Need(NamedTuple):
    """A resource that comes along with others, and its role for one of them."""

    logical_id: str
    companion: str


class Needs:
    """The companions in one template."""

    def __init__(self, resources: Resources, canon: Canon) -> None:
        self._resources = resources
        self._canon = canon
        self._named: dict[_Node, list[str]] = {}
        self._companions: dict[_Node, list[tuple[str, Companion]]] = {}
        self._log_groups: dict[Parts, list[tuple[Text, str]]] = {}
        for logical_id, resource in resources.of_type(*NAMES).items():
            kind = resources.types[logical_id]
            if NAMES[kind] in properties_of(resource):
                for text in canon.name(logical_id):
                    self._named.setdefault((kind, text.parts), []).append(logical_id)
        for logical_id in resources.of_type(LOG_GROUP_TYPE):
            for text in canon.name(logical_id):
                self._log_groups.setdefault(text.parts, []).append((text, logical_id))
        for logical_id, resource in resources.of_type(*_COMPANIONS).items():
            for companion in _COMPANIONS[resources.types[logical_id]]:
                values = _at(properties_of(resource), companion.by.split("."))
                for node in self._nodes(values, companion.of):
                    self._companions.setdefault(node, []).append((logical_id, companion))

    @property
    def has_companions(self) -> bool:
        """Whether anything comes along with anything, a log group with its function aside."""
        return bool(self._companions)

    def of_handler(self, function: str) -> Iterator[Need]:
        """Yield what lets a function run, write its log and reach other services.

        Lambda creates a missing log group itself, and then CloudFormation fails with
        AlreadyExists.
        """
        yield from self._along_with(self._used_by(function, _USES.get(FUNCTION_TYPE, ())))
        for group in dict.fromkeys(self._log_groups_of(function)):
            yield Need(group, f"log group of {function}")

    def of_resources(self, logical_ids: Iterable[str], *, with_uses: bool = True) -> Iterator[Need]:
        """Yield what makes resources usable, without the resources themselves.

        `with_uses` includes the companions of what they use.
        """
        yield from self._along_with(map(self._node, logical_ids), with_uses=with_uses)

    def parts_of(self, logical_ids: Iterable[str]) -> Iterator[str]:
        """Yield the parts of resources that are resources of their own: the stages of an API."""
        for name in logical_ids:
            for other, companion in self._companions.get(self._node(name), ()):
                if companion.is_part:
                    yield other

    def _node(self, logical_id: str) -> _Node:
        return self._type_of(logical_id), logical_id

    def _along_with(self, starts: Iterable[_Node], *, with_uses: bool = True) -> Iterator[Need]:
        """Yield the companions of some resources, of these companions, and of what they use."""
        waiting = list(starts) if self._companions else []
        seen = set(waiting)
        yielded = {key for _, key in waiting}
        while waiting:
            node = waiting.pop(0)
            following = list(self._used_by_node(node)) if with_uses else []
            for logical_id, companion in self._companions.get(node, ()):
                if logical_id not in yielded:
                    yielded.add(logical_id)
                    yield Need(logical_id, f"{companion.role} of {_shown(node)}")
                following.append((companion.type, logical_id))
            unseen = [other for other in dict.fromkeys(following) if other not in seen]
            seen.update(unseen)
            waiting += unseen

    def _used_by_node(self, node: _Node) -> Iterator[_Node]:
        kind, key = node
        if isinstance(key, str):
            yield from self._used_by(key, _USES.get(kind, ()))

    def _used_by(self, logical_id: str, uses: Iterable[Use]) -> Iterator[_Node]:
        properties = properties_of(self._resources.get(logical_id))
        for use in uses:
            yield from self._nodes(_at(properties, use.by.split(".")), use.of)

    def _nodes(self, values: Iterable[Json], kinds: tuple[str, ...]) -> Iterator[_Node]:
        """Yield the resources that values refer to, or name, of some types."""
        for item in itertools.chain.from_iterable(map(self._canon.items, values)):
            references = mentions(item).references
            referred = [(self._type_of(each.name), each.name) for each in references]
            if known := [node for node in referred if node[0] in kinds]:
                yield from known
                continue
            for text in self._canon.texts(item):
                names = (text.parts, last_segment(text.parts)) if is_arn(text) else (text.parts,)
                for node in itertools.product(kinds, names):
                    named = self._named.get(node, ())
                    yield from ((node[0], logical_id) for logical_id in named) if named else (node,)

    def _type_of(self, logical_id: str) -> str:
        return self._resources.types.get(logical_id, "")

    def _log_groups_of(self, function: str) -> Iterator[str]:
        """Yield the log groups that are called as the one that a function writes to."""
        if not self._log_groups:
            return
        properties = properties_of(self._resources.get(function))
        written = list(_at(properties, ["LoggingConfig", "LogGroup"]))
        referred = {reference.name for reference in mentions(written).references}
        default = {"Fn::Sub": ["/aws/lambda/${Name}", {"Name": {"Ref": function}}]}
        for name in [text for value in written or [default] for text in self._canon.texts(value)]:
            for text, group in self._log_groups.get(name.parts, ()):
                # The function waits anyway for what it refers to.
                if text.may_equal(name) and group not in referred:
                    yield group


def _at(value: Json, path: list[str]) -> Iterator[Json]:
    """Yield the values at a path, in every item of a list and every branch of an `Fn::If`."""
    match value:
        case _ if not path:
            yield value
        case list():
            for item in value:
                yield from _at(item, path)
        case {"Fn::If": [_, yes, no]}:
            yield from _at(yes, path)
            yield from _at(no, path)
        case dict() if path[0] in value:
            yield from _at(value[path[0]], path[1:])


def _shown(node: _Node) -> str:
    kind, key = node
    return key if isinstance(key, str) else f"its {kind.rpartition('::')[2]}"
