"""A rehearsal at a terminal: its verdict, and what CloudFormation would get.

Knows the layout. Refuses to know how a request is carried out.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cfn_trigger.deployment.reasons import reason_lines
from cfn_trigger.invocation.rehearsal import Rehearsal
from cfn_trigger.invocation.request import TriggerRequest
from trigger_provider.request import ABSENT, InvocationType

_ALWAYS_THERE: Final = ("Result", "Error", "Truncated")
"""Attributes that the provider adds to every answer."""


_LONGEST_PAYLOAD: Final = 2000
"""Characters of a payload in a question."""

_WITHOUT_RESULT: Final[Mapping[InvocationType, str]] = {
    "Event": "handed over to Lambda, which does not return the result",
    "DryRun": "the handler may be invoked; nothing ran",
}


def question(trigger_request: TriggerRequest) -> Iterable[str]:
    """List what will be invoked, and with what."""
    request, function = trigger_request.request, trigger_request.function
    _, _, _, region, account, stack = request.event["StackId"].split(":", 5)
    name = function.rpartition(":function:")[2]
    where = function.split(":") if function.startswith("arn:") else ["", "", "", region, account]
    yield f"{request.name} of stack {stack.split('/')[1]!r}:"
    label = f" ({trigger_request.label})" if trigger_request.label != name else ""
    yield f"  function  {name}{label}"
    yield f"  account   {where[4]}"
    yield f"  region    {where[3]}"
    type_ = request.invocation_type
    yield f"  request   {request.kind}{'' if type_ == 'RequestResponse' else f', {type_}'}"
    yield f"  payload   {_payload(request.payload)}"


def _payload(payload: Any) -> str:
    if payload is ABSENT:
        return "the description of the request"
    text = json.dumps(payload, ensure_ascii=False)
    if len(text) <= _LONGEST_PAYLOAD:
        return text
    return f"{text[:_LONGEST_PAYLOAD]}… ({len(text)} characters)"


def rendered(rehearsal: Rehearsal) -> Iterable[str]:
    """Render how a request ended; what happened on the way was shown as it happened."""
    yield f"{rehearsal.status} after {rehearsal.seconds:g} s"
    if rehearsal.reason:
        yield from (f"  {line}" for line in reason_lines(rehearsal.reason))
        return
    if explanation := _WITHOUT_RESULT.get(rehearsal.invocation_type):
        yield explanation
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
