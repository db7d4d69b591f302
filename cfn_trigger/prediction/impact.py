"""The impact of an update on resources, and on the values that depend on them.

Knows how values are compared, and what follows for a resource and its attributes. Refuses to know
where schemas come from (`resource_schema`), and triggers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from cfn_trigger.prediction.resource_schema import PropertyPath, ResourceSchema, resource_schema
from cfn_trigger.template.intrinsics import (
    KnownAtDeployment,
    LocalPath,
    PartialCall,
    Resolved,
    ResourceRef,
    Secret,
    StackConstant,
    StackState,
    Unknown,
    as_hashable,
    unknowns,
)
from macro.cloudformation import FUNCTION_TYPE, LAYER_TYPE, VERSION_TYPE, type_of
from macro.model import Json

# Theory of operation
#
# Two resolved values are compared across an update. The answer has three values: the same (no
# Difference), surely different, and perhaps different (`is_sure` is false, `why` says what is not
# known). Four cases decide it:
#
#   1. Maps and lists of equal length are compared item by item, so that a Difference has a path.
#   2. Equal expressions have different values only if an unknown in them moves: a ResourceRef moves
#      with its resource, a KnownAtDeployment may always move, a StackConstant or a kept Secret
#      never does. Where the expression holds an `Fn::If`, the unknown may not be used at all, so
#      the difference is not sure.
#      What is at a LocalPath may have changed although the path did not.
#   3. Unequal expressions with a value in them that is not known here may still mean the same.
#      So may a literal and a reference to a resource that exists on both sides: authors replace
#      a hard-coded name with a Ref.
#   4. All other unequal expressions surely differ.
#
# What a ResourceRef does follows from the impact on its resource, which follows from comparing the
# properties of that resource, which may hold references again. The recursion ends, since a
# resource that is being assessed counts as unchanged: only a cycle, which CloudFormation refuses,
# gets there.
#
# A property changes what happens to its resource by the resource's schema: a create-only property
# replaces it, a conditionally create-only one may, any other updates it. A change that is not sure
# turns "will" into "may". A type without a public schema may always be replaced.

PACKAGE: Final = "plan what `sam package` or `aws cloudformation package` writes"
"""What to do about a local path."""

_CONTENT_TYPES: Final = (LAYER_TYPE, VERSION_TYPE)
_NESTED_STACK: Final = "AWS::CloudFormation::Stack"
_RESPONDING: Final = ("Custom::", "AWS::CloudFormation::CustomResource", _NESTED_STACK)
"""Types whose attributes come from a response, which any update may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two values differ, surely or perhaps.

    `why` is the cause, where the two templates do not show it. `is_explained` is false for a
    hash that differs although nothing that it covers does; `has_sure_cause` is false for a hash if
    everything that it covers may be the same.
    """

    path: PropertyPath
    is_sure: bool = True
    why: str = ""
    is_explained: bool = True
    has_sure_cause: bool = True


class ResourceImpact(Enum):
    """What an update does to a resource that exists before and after it, in a phrase.

    The names are AWS CDK's.
    https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/cloudformation-diff/lib/diff/types.ts
    """

    NO_CHANGE = "is kept"
    MAY_UPDATE = "may be updated"
    WILL_UPDATE = "will be updated"
    MAY_REPLACE = "may be replaced"
    WILL_REPLACE = "will be replaced"


_SEVERITY: Final = {
    ResourceImpact.NO_CHANGE: 0,
    ResourceImpact.MAY_UPDATE: 1,
    ResourceImpact.WILL_UPDATE: 2,
    ResourceImpact.MAY_REPLACE: 3,
    ResourceImpact.WILL_REPLACE: 4,
}


def worst_impact(impacts: Iterable[ResourceImpact]) -> ResourceImpact:
    """Return the most severe impact; NO_CHANGE if there are none."""
    return max(impacts, key=_SEVERITY.__getitem__, default=ResourceImpact.NO_CHANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assessment:
    impact: ResourceImpact
    changes: tuple[Difference, ...] = ()


@dataclass(slots=True, kw_only=True)
class Update:
    """An update of a stack from one state to another. Each resource is assessed once."""

    old: StackState
    new: StackState
    region: str
    _assessments: dict[str, _Assessment] = field(default_factory=dict, init=False, repr=False)

    def impact(self, logical_id: str) -> ResourceImpact:
        """Return the impact on a resource."""
        return self._assessment(logical_id).impact

    def differences(
        self, old: Resolved, new: Resolved, path: PropertyPath = ()
    ) -> Iterator[Difference]:
        """Yield where two resolved values differ once the update is done."""
        match old, new:
            case dict(), dict():
                for name in dict.fromkeys([*old, *new]):
                    inner_path = (*path, str(name))
                    if name in old and name in new:
                        yield from self.differences(old[name], new[name], inner_path)
                    else:
                        yield Difference(path=inner_path)
            case list(), list() if len(old) == len(new):
                for index, (before, after) in enumerate(zip(old, new, strict=True)):
                    yield from self.differences(before, after, (*path, str(index)))
            case _ if as_hashable(old) == as_hashable(new):
                moves = sorted(self._moves(new), key=lambda move: not move.is_sure)
                if moves:
                    yield replace(moves[0], path=path)
            case _:
                yield self._between_expressions(old, new, path)

    def _between_expressions(self, old: Resolved, new: Resolved, path: PropertyPath) -> Difference:
        both = [*unknowns(old)], [*unknowns(new)]
        for unknown in (*both[0], *both[1]):
            match unknown:
                case Secret(name) if unknown.is_override or not all(unknown in x for x in both):
                    why = f"parameter {name!r} has NoEcho, so its deployed value is not known"
                case KnownAtDeployment(label):
                    why = f"{label} is looked up at deployment"
                case StackConstant(label):
                    why = f"{label} is not known here"
                case _ if local_path := self.local_path_behind(unknown):
                    why = f"{local_path!r} is a local path; {PACKAGE}"
                case PartialCall("Fn::If"):
                    why = "it depends on a condition that is not known here"
                case PartialCall(function):
                    why = f"{function} is not known here"
                case _:
                    continue
            return Difference(path=path, is_sure=False, why=why)
        if self._may_be_equal(old, new, self.old) or self._may_be_equal(new, old, self.new):
            why = "a reference and a literal may mean the same"
            return Difference(path=path, is_sure=False, why=why)
        return Difference(path=path)

    def local_path_behind(self, unknown: Unknown) -> str:
        """Return the local path that decides about a value in the new state; empty if none does.

        A layer and a version have ids that SAM makes of the address of their code.
        """
        match unknown:
            case LocalPath(path):
                return path
            case ResourceRef(name) if type_of(self.new.resources.get(name)) in _CONTENT_TYPES:
                parts = unknowns(self.new.properties(name))
                return next((path for part in parts if (path := self._code_path(part))), "")
        return ""

    def _code_path(self, unknown: Unknown) -> str:
        """Return the local path of code, or of the code of a function that is referred to."""
        match unknown:
            case ResourceRef(name) if type_of(self.new.resources.get(name)) == FUNCTION_TYPE:
                code = self.new.properties(name).get("Code")
                return code.path if isinstance(code, LocalPath) else ""
            case LocalPath(path):
                return path
        return ""

    @staticmethod
    def _may_be_equal(literal: Resolved, expression: Resolved, state: StackState) -> bool:
        """Return whether a literal may be the value of an expression with references in it.

        `state` is that of the literal, which cannot hold the id of a resource that it lacks.
        """
        names = [part.name for part in unknowns(expression) if isinstance(part, ResourceRef)]
        if not names or any(isinstance(part, ResourceRef) for part in unknowns(literal)):
            return False
        return all(state.exists(name) is not False for name in names)

    def _moves(self, value: Resolved) -> Iterator[Difference]:
        """Yield why an unchanged expression may have another value after the update."""
        parts = tuple(unknowns(value))
        is_used = not any(_is_choice(part) for part in parts)
        for part in parts:
            match part:
                case ResourceRef(name, attribute):
                    for move in self._reference_moves(name, attribute):
                        yield replace(move, is_sure=move.is_sure and is_used)
                case KnownAtDeployment(label):
                    why = f"{label} is looked up at deployment"
                    yield Difference(path=(), is_sure=False, why=why)
                case LocalPath(path):
                    why = f"{path!r} is a local path; {PACKAGE}"
                    yield Difference(path=(), is_sure=False, why=why)

    def _reference_moves(self, name: str, attribute: str) -> Iterator[Difference]:
        assessment = self._assessment(name)
        resource_type = type_of(self.new.resources.get(name))
        schema = resource_schema(resource_type, self.region)
        why = f"{name!r} {assessment.impact.value}"
        match assessment.impact:
            case ResourceImpact.NO_CHANGE:
                return
            case ResourceImpact.WILL_REPLACE:
                is_stable = schema is not None and attribute in schema.stable_attributes
                yield Difference(path=(), is_sure=not attribute or is_stable, why=why)
            case ResourceImpact.MAY_REPLACE:
                yield Difference(path=(), is_sure=False, why=why)
            case _ if resource_type.startswith(_RESPONDING):
                if attribute or resource_type != _NESTED_STACK:
                    yield Difference(
                        path=(), is_sure=False, why=f"{why}, which may change its response"
                    )
            case _ if attribute and schema is not None:
                name_of_attribute = attribute.partition(".")[0]
                changed = {change.path[0] for change in assessment.changes}
                is_set = name_of_attribute in schema.settable_attributes - changed
                if name_of_attribute not in schema.stable_attributes and not is_set:
                    why = f"{why}, which may change its {attribute}"
                    yield Difference(path=(), is_sure=False, why=why)

    def _assessment(self, logical_id: str) -> _Assessment:
        if logical_id not in self._assessments:
            self._assessments[logical_id] = _Assessment(impact=ResourceImpact.NO_CHANGE)
            self._assessments[logical_id] = self._assess(logical_id)
        return self._assessments[logical_id]

    def _assess(self, logical_id: str) -> _Assessment:
        old, new = self.old.resources.get(logical_id), self.new.resources.get(logical_id)
        if type_of(old) != type_of(new):
            change = Difference(path=("Type",))
            return _Assessment(impact=ResourceImpact.WILL_REPLACE, changes=(change,))
        changes = tuple(
            self.differences(self.old.properties(logical_id), self.new.properties(logical_id))
        )
        return _Assessment(impact=self._impact_of(changes, new), changes=changes)

    def _impact_of(self, changes: tuple[Difference, ...], resource: Json) -> ResourceImpact:
        resource_type = type_of(resource)
        if not changes:
            return ResourceImpact.NO_CHANGE
        if resource_type.startswith(_RESPONDING):
            return worst_impact(map(_update_by, changes))
        schema = resource_schema(resource_type, self.region)
        if schema is None:
            return ResourceImpact.MAY_REPLACE
        return worst_impact(_impact_by_schema(change, schema) for change in changes)


def _is_choice(unknown: Unknown) -> bool:
    return isinstance(unknown, PartialCall) and unknown.function == "Fn::If"


def _update_by(change: Difference) -> ResourceImpact:
    return ResourceImpact.WILL_UPDATE if change.is_sure else ResourceImpact.MAY_UPDATE


def _impact_by_schema(change: Difference, schema: ResourceSchema) -> ResourceImpact:
    path = tuple(step for step in change.path if not step.isdigit())
    if any(_is_within(path, other) for other in schema.replacing):
        return ResourceImpact.WILL_REPLACE if change.is_sure else ResourceImpact.MAY_REPLACE
    sometimes = schema.sometimes_replacing
    if any(_is_within(path, other) or _is_within(other, path) for other in sometimes):
        return ResourceImpact.MAY_REPLACE
    if any(_is_within(other, path) for other in schema.replacing):
        return ResourceImpact.MAY_REPLACE
    return _update_by(change)


def _is_within(path: PropertyPath, outer: PropertyPath) -> bool:
    return path[: len(outer)] == outer
