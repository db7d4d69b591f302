"""What is allowed and may still surprise: each risk is a function that yields it.

Knows what an author would want to be told. Refuses to stop a deployment: the macro logs a risk, and
linters and people's tools show it. A new risk is a new function in `RISKS`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from macro import parse
from macro.cloudformation import as_map, type_of
from macro.errors import Problem
from macro.model import ABSENT, Deployment, Json, Trigger
from macro.references import mentions

_DESTINATIONS: Final = ("DeadLetterConfig", "DeadLetterQueue", "EventInvokeConfig")
"""What of a function's properties, SAM's included, says where its failed events go."""


def risks(fragment: Mapping[str, Json], deployment: Deployment) -> Iterator[Problem]:
    """Yield every risk of a fragment, said as a problem is."""
    triggers, _ = parse.triggers(fragment, deployment)
    for risk in RISKS:
        yield from risk(fragment, triggers)


def failures_that_nobody_sees(
    fragment: Mapping[str, Json], triggers: tuple[Trigger, ...]
) -> Iterator[Problem]:
    """Tell of an asynchronous trigger whose failed event goes nowhere.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    resources = as_map(fragment.get("Resources"))
    shared = as_map(as_map(fragment.get("Globals")).get("Function"))
    configured = {
        reference.name
        for resource in resources.values()
        if type_of(resource) == "AWS::Lambda::EventInvokeConfig"
        for reference in mentions(_properties(resource).get("FunctionName")).references
    }
    for trigger in triggers:
        if trigger.invocation_type != "Event" or trigger.failure_destination is not ABSENT:
            continue
        for function in trigger.handler.functions:
            said = {**shared, **_properties(resources.get(function)), **(trigger.function or {})}
            if function not in configured and not any(name in said for name in _DESTINATIONS):
                remedy = "give the trigger a FailureDestination or the function a dead-letter queue"
                seen = f"nobody will see that {function!r} failed: Lambda drops the event"
                yield Problem(f"{trigger.place}.InvocationType", f"{seen}; {remedy}")


def _properties(resource: Json) -> Mapping[str, Json]:
    return as_map(as_map(resource).get("Properties"))


RISKS: Final[tuple[Callable[[Mapping[str, Json], tuple[Trigger, ...]], Iterator[Problem]], ...]] = (
    failures_that_nobody_sees,
)
