"""What a stack is made of: triggers, other resources, and each as the stack has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from tests.support.aws.custom_resources import Properties


class GetAtt(NamedTuple):
    """`!GetAtt` in a property: an attribute that another trigger's answer has."""

    logical_id: str
    attribute: str


def references(value: Any) -> Iterator[GetAtt]:
    """Yield every reference in a value."""
    match value:
        case GetAtt():
            yield value
        case Mapping():
            for item in value.values():
                yield from references(item)
        case list() | tuple():
            for item in value:
                yield from references(item)


def resolved(value: Any, attributes: Mapping[str, Mapping[str, str]]) -> Any:
    """Return a value with its references replaced by what they mean now."""
    match value:
        case GetAtt(logical_id, attribute):
            return attributes[logical_id][attribute]
        case Mapping():
            return {key: resolved(item, attributes) for key, item in value.items()}
        case list() | tuple():
            return [resolved(item, attributes) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger as the macro emits it; `read` are the attributes that the template reads."""

    properties: Properties
    after: tuple[str, ...] = ()

    @property
    def waits_for(self) -> frozenset[str]:
        """What is provisioned first: by DependsOn, or because it is referred to."""
        return frozenset(self.after) | {each.logical_id for each in references(self.properties)}

    @property
    def content(self) -> Any:
        """What an update compares; an order alone updates nothing."""
        return self.properties

    @property
    def read(self) -> tuple[str, ...]:
        """The attributes that the template reads; the macro sends their names to parts too."""
        is_part = "PartOf" in self.properties
        return () if is_part else tuple(self.properties.get("Attributes", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Any other resource: how long its operation takes, and whether it fails.

    `fails_rolling_back`: so does taking this version back, which leaves UPDATE_ROLLBACK_FAILED.
    """

    version: str = "1"
    seconds: float = 1.0
    fails: bool = False
    fails_rolling_back: bool = False
    after: tuple[str, ...] = ()

    @property
    def waits_for(self) -> frozenset[str]:
        """What is provisioned first."""
        return frozenset(self.after)

    @property
    def content(self) -> Any:
        """What an update compares; an order alone updates nothing."""
        return replace(self, after=())


Resource = Trigger | Other
Template = Mapping[str, Resource]


def trigger(*, after: tuple[str, ...] = (), **properties: Any) -> Trigger:
    """Return a trigger with these properties."""
    return Trigger(properties=properties, after=after)


def relay(name: str, parts: int, **properties: Any) -> dict[str, Resource]:
    """Return a trigger of hours as the macro emits it: parts, and the trigger after the last."""
    names = (*(f"{name}Part{number}" for number in range(1, parts + 1)), name)
    template: dict[str, Resource] = {}
    for previous, each in zip(("", *names), names, strict=False):
        of_part: dict[str, Any] = {} if each == name else {"PartOf": name}
        if previous:
            of_part |= {"Previous": GetAtt(previous, "Run")}
        whole = properties | of_part
        if previous and each != name:
            whole.pop("Fingerprint", None)
        template[each] = trigger(**whole)
    return template


@dataclass(slots=True)
class Provisioned:
    """A resource as the stack has it."""

    definition: Resource
    physical_id: str = ""
    status: str = "CREATE_COMPLETE"
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A physical id that is to be deleted once an operation has ended."""

    logical_id: str
    definition: Resource
    physical_id: str


def dependency_order(definitions: Mapping[str, Resource]) -> list[str]:
    """Return logical ids in an order in which each comes after what it waits for."""
    graph = {name: each.waits_for & definitions.keys() for name, each in definitions.items()}
    return [*TopologicalSorter(graph).static_order()]


def type_of(resource: Resource) -> str:
    """Return the resource's type."""
    return "Custom::Trigger" if isinstance(resource, Trigger) else "AWS::SQS::Queue"
