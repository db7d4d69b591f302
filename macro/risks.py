"""What is allowed and may still surprise: each risk is a function that yields it.

Knows what an author would want to be told. Refuses to stop a deployment: the macro logs a risk, and
linters and people's tools show it. A new risk is a new function in `RISKS`.
"""

from collections.abc import Callable, Iterator
from typing import Final

from macro.cloudformation import INVOKE_CONFIG_TYPE, properties_of, section, type_of
from macro.errors import Problem
from macro.model import ABSENT
from macro.reading import Reading
from macro.references import mentions

_DESTINATIONS: Final = ("DeadLetterConfig", "DeadLetterQueue", "EventInvokeConfig")
"""Where a function's properties, SAM's included, say what becomes of its failed events."""


def risks(reading: Reading) -> Iterator[Problem]:
    """Yield every risk of a template, in the form of a problem."""
    for risk in RISKS:
        yield from risk(reading)


def failures_that_nobody_sees(reading: Reading) -> Iterator[Problem]:
    """Report an asynchronous trigger whose failed event goes nowhere.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    function_globals = section(section(reading.fragment, "Globals"), "Function")
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
            properties = {**function_globals, **properties_of(reading.resources[function])}
            if function not in configured and properties.keys().isdisjoint(_DESTINATIONS):
                remedy = "give the trigger a FailureDestination or the function a dead-letter queue"
                unseen = (
                    f"a failure of {function!r} would go unnoticed, since Lambda drops the event"
                )
                yield Problem(f"{trigger.place}.InvocationType", f"{unseen}; {remedy}")


RISKS: Final[tuple[Callable[[Reading], Iterator[Problem]], ...]] = (failures_that_nobody_sees,)
