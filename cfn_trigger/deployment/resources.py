"""What a resource of a stack is to someone who watches its triggers.

Knows which logical ids and types belong to triggers: the one place that maps a resource to the
trigger of which it is a part. Refuses to know what happens to a resource.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

from macro.cloudformation import properties_of, section
from macro.model import TRIGGER_TYPE, Json
from macro.names import PROVIDER

Role = Literal["trigger", "undo", "plumbing", "nested stack", "other"]

_UNDO: Final = re.compile(r"(?P<trigger>.+)Undo[0-9a-f]{10}")
"""The logical id of what undoes a trigger's runs (`macro.names.undo_id`)."""

_PART: Final = re.compile(r"(?P<trigger>.+)Part[1-9]\d*")
_PART_ID: Final = "part of "
"""The beginning of the physical id of a part of a trigger that has answered."""

NESTED_STACK: Final = "AWS::CloudFormation::Stack"


def role_of(logical_id: str, type_: str) -> Role:
    """Return the role of a resource; plumbing is what the macro adds to run triggers."""
    if type_ == TRIGGER_TYPE:
        return "undo" if _UNDO.fullmatch(logical_id) else "trigger"
    if logical_id.startswith(PROVIDER):
        return "plumbing"
    return "nested stack" if type_ == NESTED_STACK else "other"


def run_name(logical_id: str) -> str:
    """Return the name of what runs for a resource of the type Custom::Trigger."""
    undo = _UNDO.fullmatch(logical_id)
    return f"{undo['trigger']} (undo)" if undo else logical_id


def parts(template: Mapping[str, Json]) -> dict[str, str]:
    """Return the trigger that each part of a trigger is of, by the part's logical id.

    A trigger that may take hours is a relay of resources, of which the last has its logical id.
    """
    resources = section(template, "Resources")
    found = {name: properties_of(resource).get("PartOf") for name, resource in resources.items()}
    return {name: trigger for name, trigger in found.items() if isinstance(trigger, str)}


def answered_part_of(logical_id: str, physical_id: str) -> str:
    """Return the trigger of which a resource that has answered is a part; empty if of none."""
    part = _PART.fullmatch(logical_id)
    return part["trigger"] if part and physical_id.startswith(_PART_ID) else ""
