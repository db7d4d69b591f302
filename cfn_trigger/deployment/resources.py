"""What a resource of a stack is to someone who watches its triggers.

Knows which logical ids and types belong to triggers: the one place that maps a resource to the
trigger of which it is a part. Refuses to know what happens to a resource.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from macro.model import TRIGGER_TYPE
from macro.names import PROVIDER

Role = Literal["trigger", "undo", "plumbing", "nested stack", "other"]

_UNDO: Final = re.compile(r"(?P<trigger>.+)Undo[0-9a-f]{10}")
"""The logical id of what undoes a trigger's runs (`macro.names.undo_id`)."""

NESTED_STACK: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class TriggerPart:
    """A resource as a part of a trigger; only the last part gives the trigger's outcome."""

    trigger: str
    is_last: bool = True


def role_of(logical_id: str, type_: str) -> Role:
    """Return the role of a resource; plumbing is what the macro adds to run triggers."""
    if type_ == TRIGGER_TYPE:
        return "undo" if _UNDO.fullmatch(logical_id) else "trigger"
    if logical_id.startswith(PROVIDER):
        return "plumbing"
    return "nested stack" if type_ == NESTED_STACK else "other"


def trigger_part(logical_id: str) -> TriggerPart:
    """Return the trigger that a resource of the type Custom::Trigger is a part of."""
    undo = _UNDO.fullmatch(logical_id)
    return TriggerPart(f"{undo['trigger']} (undo)" if undo else logical_id)
