"""What is allowed and may still surprise: each risk is a function that yields it.

Knows what an author would want to be told. Refuses to stop a deployment: the macro logs a risk, and
linters and people's tools show it. A new risk is a new function in `RISKS`.
"""

import json
from collections.abc import Callable, Iterator
from typing import Final

from macro.cloudformation import INVOKE_CONFIG_TYPE, properties_of, type_of
from macro.errors import Problem
from macro.model import ABSENT
from macro.reading import Reading
from macro.references import mentions

_LONGEST_OLD: Final = 2000
"""Bytes that a client context has left beside what else describes an event, ids included."""


def risks(reading: Reading) -> Iterator[Problem]:
    """Yield every risk of a template, in the form of a problem."""
    for risk in RISKS:
        yield from risk(reading)


def failures_that_nobody_sees(reading: Reading) -> Iterator[Problem]:
    """Report an asynchronous trigger whose failed event goes nowhere.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    configured = {
        reference.name
        for resource in reading.resources.values()
        if type_of(resource) == INVOKE_CONFIG_TYPE
        for reference in mentions(properties_of(resource).get("FunctionName")).references
    }
    for trigger in reading.triggers:
        if trigger.invocation_type != "Event" or trigger.failure_destination is not ABSENT:
            continue
        for function in trigger.handler.functions:
            properties = properties_of(reading.resources[function])
            if function not in configured and "DeadLetterConfig" not in properties:
                remedy = "give the trigger a FailureDestination or the function a dead-letter queue"
                unseen = (
                    f"a failure of {function!r} would go unnoticed, since Lambda drops the event"
                )
                yield Problem(f"{trigger.place}.InvocationType", f"{unseen}; {remedy}")


def payloads_that_no_update_sees(reading: Reading) -> Iterator[Problem]:
    """Report a payload that is too long to be passed on as `Old` by the next update.

    Beside the new payload it travels in the client context, as JSON in a JSON text. A reference
    counts as it is written.
    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    for trigger in reading.triggers:
        if trigger.payload is ABSENT or trigger.invocation_type != "RequestResponse":
            continue
        needed = len(json.dumps(json.dumps(trigger.payload, ensure_ascii=False)))
        if needed > _LONGEST_OLD:
            unseen = (
                f"the next update's event has no Old, since {needed:,} bytes have no room there"
            )
            remedy = f"keep it under {_LONGEST_OLD:,} bytes if the handler reads Old"
            yield Problem(f"{trigger.place}.Payload", f"{unseen}; {remedy}")


RISKS: Final[tuple[Callable[[Reading], Iterator[Problem]], ...]] = (
    failures_that_nobody_sees,
    payloads_that_no_update_sees,
)
