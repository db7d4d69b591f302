"""What a stack is made of: triggers, other resources, and each as the stack has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.aws.custom_resources import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger as the macro emits it; `read` are the attributes that the template reads."""

    properties: Properties
    after: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """The attributes that the template reads; the macro sends their names along."""
        return tuple(self.properties.get("Attributes", ()))


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


Resource = Trigger | Other
Template = Mapping[str, Resource]


def trigger(*, after: tuple[str, ...] = (), **properties: Any) -> Trigger:
    """Return a trigger with these properties."""
    return Trigger(properties=properties, after=after)


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


def type_of(resource: Resource) -> str:
    """Return the resource's type."""
    return "Custom::Trigger" if isinstance(resource, Trigger) else "AWS::SQS::Queue"
