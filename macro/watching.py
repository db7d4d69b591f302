"""The live references of what triggers watch: what CloudFormation resolves again in a deployment.

Knows that a reference is an order too: whoever refers to a resource waits for it. Refuses to
change an order that holds without it: a reference gives way where it would close a cycle.
"""

from collections.abc import Iterator

from macro.cloudformation import condition_of
from macro.fingerprint import Content, branches_of, live_references, watched_definition
from macro.model import Json, Trigger
from macro.ordering import reachable
from macro.reading import Reading
from macro.references import Branches, Mentions, Reference, mentions


def watched_references(reading: Reading, content: Content) -> dict[str, dict[str, Json]]:
    """Return, by trigger, the references to what it watches and to what that refers to.

    A watched resource that is replaced then runs the trigger, and so does one whose properties
    resolve to other values although the template is the same.
    """
    backwards = _waiting_by_first(reading) if any(reading.order.watched.values()) else {}
    live: _LiveReferences = {}
    return {
        trigger.logical_id: _references(trigger, reading, content, backwards, live)
        for trigger in sorted(reading.triggers, key=lambda trigger: trigger.logical_id)
    }


_LiveReferences = dict[tuple[str, Branches], tuple[tuple[Reference, str, Json], ...]]
"""What was computed so far, by watched resource and the branches that it stands under."""


def _references(
    trigger: Trigger,
    reading: Reading,
    content: Content,
    backwards: dict[str, dict[str, None]],
    live: _LiveReferences,
) -> dict[str, Json]:
    """Return the references of one trigger, and add it to what waits for the resources in them.

    Edges that all start at the trigger can close no cycle among themselves.
    """
    watched = reading.order.watched[trigger.logical_id]
    after = reachable([trigger.logical_id], backwards) if watched else set()
    references: dict[str, Json] = {}
    for logical_id in watched:
        within = branches_of(logical_id, trigger, content)
        if (logical_id, within) not in live:
            live[logical_id, within] = tuple(_live(logical_id, within, content))
        for reference, name, value in live[logical_id, within]:
            # Under a condition that excludes the trigger's, a branch could not be reached.
            is_doubtful = condition_of(trigger.attributes) and (within or reference.branches)
            if reference.name not in after and not is_doubtful:
                references[name] = value
                backwards.setdefault(reference.name, {})[trigger.logical_id] = None
    return references


def _live(
    logical_id: str, within: Branches, content: Content
) -> Iterator[tuple[Reference, str, Json]]:
    """Yield the references to a watched resource and to what it refers to."""
    itself = Mentions(references=(Reference(logical_id),))
    for mentioned in (itself, mentions(watched_definition(logical_id, content))):
        yield from live_references(mentioned, content, within=within)


def _waiting_by_first(reading: Reading) -> dict[str, dict[str, None]]:
    """Return what waits for each resource, also where only a branch of an `Fn::If` does.

    A policy that handlers share makes its triggers wait for all of these.
    """
    backwards: dict[str, dict[str, None]] = {}
    for waits in (reading.order.firm, reading.order.conditional):
        for waiting, firsts in waits.items():
            for first in firsts:
                backwards.setdefault(first, {})[waiting] = None
    for edge in reading.order.edges:
        backwards.setdefault(edge.first, {})[edge.waiting] = None
    for policy in reading.additions.policies:
        for reference in mentions(list(policy.arns)).references:
            backwards.setdefault(reference.name, {})[policy.logical_id] = None
    return backwards
