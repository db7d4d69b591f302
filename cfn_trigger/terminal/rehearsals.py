"""A rehearsal at a terminal: its verdict, and what CloudFormation would get.

Knows the layout. Refuses to know how a request is carried out.
"""

import json
from collections.abc import Iterable
from typing import Final

from cfn_trigger.deployment.reasons import reason_lines
from cfn_trigger.invocation.rehearsal import Rehearsal

_ALWAYS_THERE: Final = ("Result", "Error", "Truncated")
"""Attributes that the provider adds to every answer."""


def rendered(rehearsal: Rehearsal) -> Iterable[str]:
    """Render how a request ended; what happened on the way was shown as it happened."""
    yield f"{rehearsal.status} after {rehearsal.seconds:g} s"
    if rehearsal.reason:
        yield from (f"  {line}" for line in reason_lines(rehearsal.reason))
        return
    yield f"result: {json.dumps(rehearsal.result, ensure_ascii=False)}"
    if rehearsal.expect:
        yield f"Expect: {rehearsal.expect}"
    yield f"physical id: {rehearsal.physical_id}"
    attributes = {
        name: value for name, value in rehearsal.attributes.items() if name not in _ALWAYS_THERE
    }
    yield "attributes:" if attributes else "attributes: none"
    width = max(map(len, attributes), default=0)
    yield from (f"  {name:<{width}}  {value}" for name, value in attributes.items())
    if truncated := rehearsal.attributes.get("Truncated"):
        yield f"attributes left out, since a response has at most 4096 bytes: {truncated}"
