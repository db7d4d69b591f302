"""Triggers that may take hours: a relay of custom resources, whose last has the author's id.

Knows that CloudFormation waits an hour for a custom resource, and how many of them a Timeout needs.
Each part of a trigger answers before its hour is over with what is known of the run, and the next
goes on from there. Refuses to know how a part is written (`emit`), and what the provider does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
"""

import math
from typing import Final

from macro.model import Trigger
from macro.names import part_id

HOUR: Final = 3600
"""Seconds that CloudFormation waits at most for a custom resource."""
MARGIN: Final = 60
"""Seconds beyond a trigger's Timeout for the provider's own answer."""
_PER_PART: Final = 2600
"""Seconds for which a part surely runs its trigger.

A part starts nothing that could outlast it, and an attempt may take a quarter of an hour.
"""


def part_ids(trigger: Trigger) -> tuple[str, ...]:
    """Return the logical ids of the parts before the trigger itself; none if an hour is enough."""
    more = math.ceil(max(0, trigger.timeout - (HOUR - MARGIN)) / _PER_PART)
    return tuple(part_id(trigger.logical_id, number) for number in range(1, more + 1))


def first_id(trigger: Trigger) -> str:
    """Return the logical id of what runs first, and so waits for what the trigger waits for."""
    return next(iter(part_ids(trigger)), trigger.logical_id)


def service_timeout(trigger: Trigger) -> int:
    """Return how many seconds CloudFormation is to wait for a trigger, or for a part of it."""
    return min(trigger.timeout + MARGIN, HOUR)
