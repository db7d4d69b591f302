"""What a resource of a stack is to someone who watches its triggers.

Knows which logical ids and types belong to triggers: the one place that maps a resource to the
trigger of which it is a part. Refuses to know what happens to a resource.
"""

from dataclasses import dataclass
from typing import Final, Literal

from macro.model import TRIGGER_TYPE
from macro.names import PROVIDER

Role = Literal["trigger", "plumbing", "nested stack", "other"]

NESTED_STACK: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class TriggerPart:
    """A resource as a part of a trigger; only the last part gives the trigger's outcome."""

    trigger: str
    is_last: bool = True


def role_of(logical_id: str, type_: str) -> Role:
    """Return the role of a resource; plumbing is what the macro adds to run triggers."""
    if type_ == TRIGGER_TYPE:
        return "trigger"
    if logical_id.startswith(PROVIDER):
        return "plumbing"
    return "nested stack" if type_ == NESTED_STACK else "other"


def trigger_part(logical_id: str) -> TriggerPart:
    """Return the trigger that a resource of the type Custom::Trigger is a part of."""
    return TriggerPart(logical_id)
