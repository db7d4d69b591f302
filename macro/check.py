"""Problems of meaning: each rule is a function that yields what breaks it.

Knows what makes no sense although it is spelled well. Refuses to know spelling (`parse`) and order
(`graph`). A new rule is a new function in `RULES`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from macro.errors import Problem
from macro.model import ABSENT, Json, Trigger
from macro.references import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the rules look at: `made` are the logical ids that the expansion adds."""

    fragment: Mapping[str, Json]
    triggers: tuple[Trigger, ...]
    survey: Survey
    made: tuple[str, ...]


def problems(subject: Subject) -> Iterator[Problem]:
    """Yield every problem of meaning, rule by rule."""
    for rule in RULES:
        yield from rule(subject)


def made_ids_are_free(subject: Subject) -> Iterator[Problem]:
    """Refuse a logical id of ours that the author has taken."""
    for name in subject.made:
        if name in subject.fragment["Resources"]:
            yield Problem(name, "is the logical id of a resource made for triggers; rename yours")


def results_are_waited_for(subject: Subject) -> Iterator[Problem]:
    """Refuse to need a result of an invocation that gives none."""
    for trigger in subject.triggers:
        if trigger.invocation_type == "RequestResponse":
            continue
        reason = f"InvocationType {trigger.invocation_type} waits for no result"
        if trigger.expect is not ABSENT:
            yield Problem(f"{trigger.logical_id}.Expect", f"{reason}; use RequestResponse")
        for attribute in subject.survey.attributes_read(trigger.logical_id):
            place = f"{trigger.logical_id}.InvocationType"
            yield Problem(place, f"{reason}, yet {attribute!r} is read; use RequestResponse")


def conditional_handlers_have_conditional_triggers(subject: Subject) -> Iterator[Problem]:
    """Refuse a trigger that is always made, of a function that is not."""
    for trigger in subject.triggers:
        for function in trigger.handler.functions:
            condition = subject.fragment["Resources"][function].get("Condition")
            if condition and not trigger.attributes.get("Condition"):
                remedy = f"give the trigger Condition: {condition}"
                said = f"{function!r} exists only under {condition!r}; {remedy}"
                yield Problem(f"{trigger.logical_id}.Handler", said)


_SECRET: Final = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")


def secrets_stay_with_the_handler(subject: Subject) -> Iterator[Problem]:
    """Refuse a dynamic reference that CloudFormation resolves in no custom resource."""
    for trigger in subject.triggers:
        for name, value in (("Payload", trigger.payload), ("Expect", trigger.expect)):
            for kind in sorted(set(_secrets(value))):
                place = f"{trigger.logical_id}.{name}"
                said = f"CloudFormation resolves no {kind} reference here; read it in the handler"
                yield Problem(place, said)


def _secrets(value: Json) -> Iterator[str]:
    stack = [value]
    while stack:
        match stack.pop():
            case str(text):
                yield from _SECRET.findall(text)
            case dict(node):
                stack.extend(node.values())
            case list(items):
                stack.extend(items)


RULES: Final[tuple[Callable[[Subject], Iterator[Problem]], ...]] = (
    made_ids_are_free,
    results_are_waited_for,
    conditional_handlers_have_conditional_triggers,
    secrets_stay_with_the_handler,
)
