"""What an expansion adds to a template, decided and not yet built.

Knows which resources a template with these triggers needs, what they are called, under which
conditions they exist and what every trigger waits for. Refuses to know what such a resource looks
like (`define`, `emit`), and so needs no troposphere.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from macro.cloudformation import condition_of, is_durable
from macro.model import ABSENT, NOTHING, Edge, Json, Settings, Trigger
from macro.names import (
    CONDITION,
    HAND_OVER,
    INVOKE_CONFIG,
    LOG_GROUP,
    PROVIDER,
    ROLE,
    condition_id,
    destination_id,
    hashed_policy_id,
    policy_id,
)
from macro.references import mentions
from macro.relay import part_ids

_MOST_OPERANDS: Final = 10
"""The most operands of an `Fn::Or`."""


class InvokePolicy(NamedTuple):
    """The provider's permission to invoke a handler, or several that share a managed policy.

    `functions` are the functions of the template that it is about; all have the same condition.
    `is_durable`: a handler is a durable function, or may be, outside the template.
    """

    logical_id: str
    arns: tuple[Json, ...]
    functions: tuple[str, ...] = ()
    is_managed: bool = False
    is_durable: bool = False


class Additions(NamedTuple):
    """What is added to a template for its triggers.

    `ids` are the logical ids of all added resources, in order; an id that would be added twice is
    listed twice. `created_for` names the first trigger that needs each. `conditions` are new
    conditions by name, `condition_of` the condition of each added resource that has one. `edges`
    hold what every trigger waits for in any case. `needs` are what all of this follows from.
    """

    ids: tuple[str, ...] = ()
    created_for: Mapping[str, str] = NOTHING
    policies: tuple[InvokePolicy, ...] = ()
    conditions: Mapping[str, Json] = NOTHING
    condition_of: Mapping[str, str] = NOTHING
    edges: tuple[Edge, ...] = ()
    needs: "tuple[_Needs, ...]" = ()


def additions(
    triggers: tuple[Trigger, ...],
    settings: Settings,
    definitions: Mapping[str, Mapping[str, Json]],
    resources: Mapping[str, Json],
) -> Additions:
    """Decide what triggers add to a template, undos among them.

    `definitions` are the resources that each trigger defines, by its logical id; `resources` are
    these and the author's.
    """
    needs = tuple(_needs(trigger, settings, definitions, resources) for trigger in triggers)
    edges = tuple(edge for need in needs for edge in _edges(need, settings))
    return _additions(needs, edges, settings, resources)


def with_shared_policies(
    added: Additions,
    shared: Mapping[str, InvokePolicy],
    settings: Settings,
    resources: Mapping[str, Json],
) -> Additions:
    """Return additions in which policies stand for those of one handler each.

    `shared` are these policies by the logical ids of those (`grouping`).
    """
    needs = tuple(_sharing(need, shared) for need in added.needs)
    return _additions(needs, edges_with(shared, added.edges), settings, resources)


def edges_with(shared: Mapping[str, InvokePolicy], edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return edges to shared policies in place of those to policies of one handler, each once."""
    return tuple(
        dict.fromkeys(
            edge._replace(first=shared[edge.first].logical_id) if edge.first in shared else edge
            for edge in edges
        )
    )


def _additions(
    needs: "tuple[_Needs, ...]",
    edges: tuple[Edge, ...],
    settings: Settings,
    resources: Mapping[str, Json],
) -> Additions:
    triggers = [need.trigger for need in needs]
    shared = tuple(_shared_ids(settings))
    policies = {policy.logical_id: policy for need in needs for policy in need.policies}
    conditions: dict[str, Json] = {}
    return Additions(
        ids=(*shared, *(name for need in needs for name in need.ids), *policies),
        created_for=_created_for(shared, needs),
        policies=tuple(policies.values()),
        condition_of=_conditions(triggers, shared, policies.values(), resources, conditions),
        conditions=conditions,
        edges=edges,
        needs=needs,
    )


# ---- which


def _shared_ids(settings: Settings) -> Iterator[str]:
    """Yield the ids of what all triggers of a stack share."""
    yield from (LOG_GROUP, PROVIDER, INVOKE_CONFIG)
    if not settings.provider_role:
        yield from (ROLE, HAND_OVER)


class _Needs(NamedTuple):
    """What one trigger needs: resources of its own, and policies that it may share with others."""

    trigger: Trigger
    ids: tuple[str, ...]
    policies: tuple[InvokePolicy, ...]
    handlers: tuple[str, ...]


def _needs(
    trigger: Trigger,
    settings: Settings,
    definitions: Mapping[str, Mapping[str, Json]],
    resources: Mapping[str, Json],
) -> _Needs:
    handler = trigger.handler
    # A function that a condition chooses may not exist; a reference waits for it if it does.
    handlers = () if mentions(handler.arn).conditions else handler.functions
    itself = (trigger.logical_id,) if trigger.is_metadata or trigger.undoes else ()
    has_destination = trigger.failure_destination is not ABSENT
    destination = (destination_id(trigger.logical_id),) if has_destination else ()
    return _Needs(
        trigger=trigger,
        ids=(*part_ids(trigger), *itself, *definitions.get(trigger.logical_id, ()), *destination),
        policies=() if settings.provider_role else _policies(handler.arn, handlers, resources),
        handlers=handlers,
    )


def _sharing(need: _Needs, shared: Mapping[str, InvokePolicy]) -> _Needs:
    policies = [shared.get(policy.logical_id, policy) for policy in need.policies]
    distinct = {policy.logical_id: policy for policy in policies}
    return need._replace(policies=tuple(distinct.values()))


def _policies(
    arn: Json, functions: tuple[str, ...], resources: Mapping[str, Json]
) -> tuple[InvokePolicy, ...]:
    """Return a policy per handler: one for all would make every trigger wait for every handler.

    A choice between handlers is one policy: a branch may not be a function of the template.
    """
    if functions:
        return tuple(
            InvokePolicy(
                logical_id=policy_id(name),
                arns=({"Fn::GetAtt": [name, "Arn"]},),
                functions=(name,),
                is_durable=is_durable(resources.get(name)),
            )
            for name in functions
        )
    if isinstance(arn, str) and arn.startswith("arn:"):
        arn = ":".join(arn.split(":")[:7])  # an alias or version counts as its function
    name = hashed_policy_id(json.dumps(arn, sort_keys=True))
    return (InvokePolicy(logical_id=name, arns=(arn,), is_durable=True),)


def _created_for(shared: Iterable[str], needs: Iterable[_Needs]) -> dict[str, str]:
    created_for: dict[str, str] = {}
    for need in needs:
        names = (*need.ids, *(policy.logical_id for policy in need.policies))
        for name in names if created_for else (*shared, *names):
            created_for.setdefault(name, need.trigger.undoes or need.trigger.logical_id)
    return created_for


# ---- in which order


def _edges(need: _Needs, settings: Settings) -> Iterator[Edge]:
    """Yield what a trigger waits for in any case: its handler, and the provider's permissions."""
    trigger = need.trigger
    firsts = [*need.handlers, *trigger.handler.qualified, INVOKE_CONFIG]
    if not settings.provider_role:
        firsts += [*(policy.logical_id for policy in need.policies), HAND_OVER]
    if trigger.failure_destination is not ABSENT:
        firsts.append(destination_id(trigger.logical_id))
    why = f"{trigger.place}.Handler"
    for first in firsts:
        yield Edge(waiting=trigger.logical_id, first=first, why=why)


# ---- under which conditions


def _conditions(
    triggers: Iterable[Trigger],
    shared_ids: tuple[str, ...],
    policies: Iterable[InvokePolicy],
    resources: Mapping[str, Json],
    conditions: dict[str, Json],
) -> dict[str, str]:
    """Return the condition of each added resource that has one; new ones go into `conditions`."""
    condition_by_id: dict[str, str] = {}
    for trigger in triggers:
        if trigger.failure_destination is not ABSENT and trigger.handler.functions:
            name = destination_id(trigger.logical_id)
            function = trigger.handler.functions[0]
            both = (condition_of(trigger.attributes), condition_of(resources.get(function)))
            condition_by_id[name] = _both(both, name, conditions)
    trigger_conditions = [condition_of(trigger.attributes) for trigger in triggers]
    shared = _either(trigger_conditions, CONDITION, conditions)
    condition_by_id |= dict.fromkeys(shared_ids, shared)
    for policy in policies:
        # A policy names its functions, which may exist in fewer cases than the provider.
        condition = condition_of(resources.get(policy.functions[0])) if policy.functions else ""
        both = ("" if condition and condition in trigger_conditions else shared, condition)
        condition_by_id[policy.logical_id] = _both(both, policy.logical_id, conditions)
    return {name: condition for name, condition in condition_by_id.items() if condition}


def _both(pair: tuple[str, str], resource: str, conditions: dict[str, Json]) -> str:
    """Return the condition under which two hold; empty if both always do."""
    distinct = [name for name in dict.fromkeys(pair) if name]
    if len(distinct) < len(pair):
        return "".join(distinct)
    both = condition_id(resource)
    conditions[both] = {"Fn::And": [{"Condition": name} for name in distinct]}
    return both


def _either(names: list[str], new_name: str, conditions: dict[str, Json]) -> str:
    """Return the condition under which one of several holds; empty if one of them always does.

    `Fn::Or` accepts 2 to 10 conditions; more are nested.
    """
    distinct = list(dict.fromkeys(names))
    if not distinct or "" in distinct:
        return ""
    if len(distinct) == 1:
        return distinct[0]
    operands: list[Json] = [{"Condition": name} for name in distinct]
    while len(operands) > 1:
        groups = [
            operands[at : at + _MOST_OPERANDS] for at in range(0, len(operands), _MOST_OPERANDS)
        ]
        operands = [{"Fn::Or": group} if len(group) > 1 else group[0] for group in groups]
    conditions[new_name] = operands[0]
    return new_name
