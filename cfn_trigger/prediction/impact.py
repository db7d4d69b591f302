"""What becomes of resources in an update: kept, updated, replaced; and which values that changes.

Knows which properties replace a resource, by the schemas that cfn-lint carries. Refuses to know
triggers. Where a type's behaviour cannot be known, it says so: a difference is sure or it is not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from cfn_trigger.template.intrinsics import (
    AtDeployment,
    Call,
    Constant,
    Live,
    Resolved,
    Secret,
    Side,
    frozen,
    opens,
)
from macro.cloudformation import type_of
from macro.model import Json

Path = tuple[str, ...]

_NESTED: Final = "AWS::CloudFormation::Stack"
_ANSWERING: Final = ("Custom::", "AWS::CloudFormation::CustomResource", _NESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two values differ, surely or perhaps, and why if no template says so."""

    path: Path
    is_sure: bool = True
    why: str = ""


class Fate(Enum):
    """What an update does to a resource that is there before and after it."""

    KEPT = "is kept"
    UPDATED = "will be updated"
    PERHAPS_UPDATED = "may be updated"
    PERHAPS_REPLACED = "may be replaced"
    REPLACED = "will be replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What replaces a resource of a type, and which of its attributes outlive an update."""

    replacing: tuple[Path, ...]
    perhaps: tuple[Path, ...]
    lasting: frozenset[str]
    settable: frozenset[str]


def schema(kind: str, region: str) -> Schema | None:
    """Look a type up; nothing for one that nobody describes."""
    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    except ResourceNotFoundError:
        return None
    replacing = tuple(_paths(found.get("createOnlyProperties")))
    identifiers = [found.get("primaryIdentifier"), *(found.get("additionalIdentifiers") or [])]
    named = {path[0] for listed in identifiers for path in _paths(listed)}
    own = kind.rpartition("::")[2]
    read_only = {path[0] for path in _paths(found.get("readOnlyProperties"))}
    return Schema(
        replacing=replacing,
        perhaps=tuple(_paths(found.get("conditionalCreateOnlyProperties"))),
        lasting=frozenset(
            {*named, *(path[0] for path in replacing), "Arn", "Id", f"{own}Id", f"{own}Arn"}
        ),
        settable=frozenset(found.get("properties", {})) - read_only,
    )


def _paths(pointers: Iterable[str] | None) -> Iterator[Path]:
    for pointer in pointers or ():
        steps = pointer.removeprefix("/properties/").split("/")
        yield tuple(step for step in steps if step not in ("*", "items", "properties"))


@dataclass(slots=True, kw_only=True)
class Update:
    """An update of a stack from one side to another; what was found out is remembered."""

    old: Side
    new: Side
    region: str
    found: dict[str, tuple[Fate, tuple[Difference, ...]]] = field(default_factory=dict)

    def fate(self, logical_id: str) -> Fate:
        """Say what becomes of a resource."""
        return self._found(logical_id)[0]

    def changes(self, logical_id: str) -> tuple[Difference, ...]:
        """Say in which properties a resource differs."""
        return self._found(logical_id)[1]

    def differences(self, old: Resolved, new: Resolved, path: Path = ()) -> Iterator[Difference]:
        """Yield where two resolved values differ once the update is done."""
        match old, new:
            case dict(), dict():
                for name in dict.fromkeys([*old, *new]):
                    inner = (*path, str(name))
                    if name in old and name in new:
                        yield from self.differences(old[name], new[name], inner)
                    else:
                        yield Difference(path=inner)
            case list(), list() if len(old) == len(new):
                for at, (one, other) in enumerate(zip(old, new, strict=True)):
                    yield from self.differences(one, other, (*path, str(at)))
            case _ if frozen(old) == frozen(new):
                moved = tuple(self._moved(new))
                if sure := [one for one in moved if one.is_sure]:
                    yield replace(sure[0], path=path)
                elif moved:
                    yield replace(moved[0], path=path)
            case _:
                yield from self._unlike(old, new, path)

    def _unlike(self, old: Resolved, new: Resolved, path: Path) -> Iterator[Difference]:
        for atom in (*opens(old), *opens(new)):
            match atom:
                case Secret(name, True):
                    said = f"parameter {name!r} has NoEcho, so its deployed value is not known"
                case AtDeployment(said):
                    said = f"{said} is looked up at deployment"
                case Constant(said):
                    said = f"{said} is not known here"
                case Call():
                    said = "it depends on a condition that is not known here"
                case _:
                    continue
            yield Difference(path=path, is_sure=False, why=said)
            return
        if self._may_mean_the_same(old, new, self.new) or self._may_mean_the_same(
            new, old, self.old
        ):
            said = "a reference and a literal may mean the same"
            yield Difference(path=path, is_sure=False, why=said)
        else:
            yield Difference(path=path)

    def _may_mean_the_same(self, literal: Resolved, reference: Resolved, there: Side) -> bool:
        """Tell whether a literal may say what a reference to an old resource gives."""
        names = [atom.name for atom in opens(reference) if isinstance(atom, Live)]
        if not names or any(isinstance(atom, Live) for atom in opens(literal)):
            return False
        other = self.old if there is self.new else self.new
        return all(other.exists(name) is not False for name in names)

    def _moved(self, value: Resolved) -> Iterator[Difference]:
        """Yield why a value that is written alike may be another afterwards."""
        atoms = tuple(opens(value))
        may_be_unused = any(isinstance(atom, Call) for atom in atoms)
        for atom in atoms:
            match atom:
                case Live(name, attribute):
                    for found in self._live(name, attribute):
                        yield replace(found, is_sure=found.is_sure and not may_be_unused)
                case AtDeployment(said):
                    yield Difference(
                        path=(), is_sure=False, why=f"{said} is looked up at deployment"
                    )

    def _live(self, name: str, attribute: str) -> Iterator[Difference]:
        fate = self.fate(name)
        kind = type_of(self.new.resources.get(name))
        known = schema(kind, self.region)
        said = f"{name!r} {fate.value}"
        match fate:
            case Fate.KEPT:
                return
            case Fate.REPLACED:
                is_sure = not attribute or (known is not None and attribute in known.lasting)
                yield Difference(path=(), is_sure=is_sure, why=said)
            case Fate.PERHAPS_REPLACED:
                yield Difference(path=(), is_sure=False, why=said)
            case Fate.UPDATED | Fate.PERHAPS_UPDATED if kind.startswith(_ANSWERING):
                if attribute or kind != _NESTED:
                    yield Difference(path=(), is_sure=False, why=f"{said}, and answers anew")
            case Fate.UPDATED | Fate.PERHAPS_UPDATED if attribute and known is not None:
                first = attribute.partition(".")[0]
                touched = {change.path[0] for change in self.changes(name)}
                is_set = first in known.settable and first not in touched
                if first not in known.lasting and not is_set:
                    told = f"{said}, which may change its {attribute}"
                    yield Difference(path=(), is_sure=False, why=told)

    def _found(self, logical_id: str) -> tuple[Fate, tuple[Difference, ...]]:
        if logical_id not in self.found:
            # What refers to itself, in a cycle that CloudFormation will refuse, is kept.
            self.found[logical_id] = (Fate.KEPT, ())
            self.found[logical_id] = self._judged(logical_id)
        return self.found[logical_id]

    def _judged(self, logical_id: str) -> tuple[Fate, tuple[Difference, ...]]:
        old, new = self.old.resources.get(logical_id), self.new.resources.get(logical_id)
        if type_of(old) != type_of(new):
            return Fate.REPLACED, (Difference(path=("Type",)),)
        changed = tuple(
            self.differences(self.old.properties(logical_id), self.new.properties(logical_id))
        )
        if not changed:
            return Fate.KEPT, ()
        return self._by_schema(new, changed), changed

    def _by_schema(self, resource: Json, changed: tuple[Difference, ...]) -> Fate:
        kind = type_of(resource)
        if kind.startswith(_ANSWERING):
            sure = any(one.is_sure for one in changed)
            return Fate.UPDATED if sure else Fate.PERHAPS_UPDATED
        known = schema(kind, self.region)
        if known is None:
            return Fate.PERHAPS_REPLACED
        return max((_weight(one, known) for one in changed), key=list(Fate).index)


def _weight(change: Difference, known: Schema) -> Fate:
    path = tuple(step for step in change.path if not step.isdigit())
    if any(path[: len(one)] == one for one in known.replacing):
        return Fate.REPLACED if change.is_sure else Fate.PERHAPS_REPLACED
    if any(path[: len(one)] == one or one[: len(path)] == path for one in known.perhaps):
        return Fate.PERHAPS_REPLACED
    if any(one[: len(path)] == path for one in known.replacing):
        return Fate.PERHAPS_REPLACED
    return Fate.UPDATED if change.is_sure else Fate.PERHAPS_UPDATED
