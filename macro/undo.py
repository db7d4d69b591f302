"""Undos: the resources that undo a trigger's run when CloudFormation rolls it back.

Knows that CloudFormation deletes a resource of a deployment that failed with that resource's own
properties, after those that wait for it, and before those that it waits for. So an undo is created
after its trigger, and everything that waits for the trigger waits for it. Refuses to know how one
is written (`emit`), and what the provider does with it.

An undo has a new logical id whenever its trigger has changed, since only what is new in a
deployment is deleted in its rollback. Settings count too: an undo that is updated forgets the run
that a failed deployment has kept. The trigger has that id among its properties: so it is updated
whenever its undo is new, and says whether it ran. Without that, the undo of a failed deployment
would be new, refer to a run of the last good one, and undo it.

A rollback restores functions before it deletes anything. So what undoes is a version of its
function, published in the deployment that failed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from macro.cloudformation import VERSION_TYPE, condition_of
from macro.encode import non_defaults
from macro.fingerprint import Content, published_digest
from macro.model import NOTHING, Edge, Handler, Json, OnRollback, Trigger
from macro.names import undo_id, version_id
from macro.ordering import Order, reachable
from macro.versions import follows_its_function

_DIGITS = 10


class Undos(NamedTuple):
    """The undos of a template's triggers, each in the form of a trigger with a preliminary id.

    `definitions` are the versions that they publish, by the undo that is the first to need each.
    """

    triggers: tuple[Trigger, ...] = ()
    definitions: Mapping[str, Mapping[str, Json]] = NOTHING


def undos(triggers: Iterable[Trigger], content: Content) -> Undos:
    """Return the undos of those triggers that have an OnRollback."""
    undo_triggers: list[Trigger] = []
    definitions: dict[str, dict[str, Json]] = {}
    published: dict[str, Json] = {}
    for trigger in triggers:
        if trigger.on_rollback is None:
            continue
        handler, version = _published(trigger.on_rollback.handler, content)
        undo = _undo(trigger, trigger.on_rollback, handler)
        undo_triggers.append(undo)
        definitions[undo.logical_id] = {
            name: resource for name, resource in version.items() if name not in published
        }
        published |= version
    return Undos(triggers=tuple(undo_triggers), definitions=definitions)


def _undo(trigger: Trigger, on_rollback: OnRollback, handler: Handler) -> Trigger:
    condition = condition_of(trigger.attributes)
    return Trigger(
        logical_id=undo_id(trigger.logical_id),
        handler=handler,
        place=f"{trigger.place}.OnRollback",
        attributes={"Condition": condition} if condition else {},
        payload=on_rollback.payload,
        timeout=on_rollback.timeout,
        retry=on_rollback.retry,
        no_echo=trigger.no_echo,
        undoes=trigger.logical_id,
    )


# ---- which code undoes


def _published(handler: Handler, content: Content) -> tuple[Handler, dict[str, Json]]:
    """Return the handler with a version in place of a function of the template, and that version.

    Lambda publishes the same code only once. So a version that the template has already is used if
    it follows its function; next to any other, none can be published.
    """
    function = handler.functions[0] if len(handler.functions) == 1 else ""
    if handler.arn != {"Fn::GetAtt": [function, "Arn"]}:
        return handler, {}
    known = versions_of(function, content)
    if not known:
        name = version_id(function, published_digest(function, content)[:_DIGITS])
        condition = condition_of(content.resources[function])
        version = {"Type": VERSION_TYPE, "Properties": {"FunctionName": {"Ref": function}}}
        known = {name: version | ({"Condition": condition} if condition else {})}
        return _of_version(name, function), known
    (name, *others), resources = known, content.resources
    follows = follows_its_function(name, resources[name])
    is_there = condition_of(resources[name]) in ("", condition_of(resources[function]))
    return (_of_version(name, function) if follows and is_there and not others else handler), {}


def _of_version(name: str, function: str) -> Handler:
    return Handler(arn={"Ref": name}, functions=(function,), qualified=(name,))


def versions_of(function: str, content: Content) -> dict[str, Json]:
    """Return the versions of a function that a template has, by logical id."""
    return {
        name: resource
        for name, resource in content.resources.of_type(VERSION_TYPE).items()
        if function in content.functions.meant_by({"Ref": name}).functions
    }


# ---- in which order


def with_undos(order: Order, undos: tuple[Trigger, ...]) -> Order:
    """Return an order in which what waits for a trigger waits for its undo too.

    What the undo itself waits for cannot, and so is left out. What watches a trigger waits for it
    by a live reference, which its fingerprint is yet to get.
    """
    if not undos:
        return order
    firm = {name: dict(firsts) for name, firsts in order.firm.items()}
    why = {(edge.waiting, edge.first): edge for edge in order.edges}
    added: list[Edge] = []
    for undo in sorted(undos, key=lambda undo: undo.logical_id):
        before = reachable([undo.logical_id], firm, order.conditional)
        waiting = {
            name: None
            for waits in (firm, order.conditional, order.watched)
            for name, firsts in waits.items()
            if undo.undoes in firsts and name not in before
        }
        for name in waiting:
            edge = Edge(waiting=name, first=undo.undoes, why=undo.place)
            edge = why.get((name, undo.undoes), edge)
            added.append(edge._replace(first=undo.logical_id))
            firm.setdefault(name, {})[undo.logical_id] = None
    return order._replace(edges=(*order.edges, *added), firm=firm)


# ---- under which logical id


def logical_ids(triggers: Iterable[Trigger], fingerprints: Mapping[str, Json]) -> dict[str, str]:
    """Return the logical ids of undos by their preliminary ones.

    Each is new whenever its trigger has changed; `fingerprints` are by trigger.
    """
    return {
        undo_id(trigger.logical_id): undo_id(
            trigger.logical_id, _digest(trigger, fingerprints[trigger.logical_id])
        )
        for trigger in triggers
        if trigger.on_rollback
    }


def _digest(trigger: Trigger, fingerprint: Json) -> str:
    content = (trigger.handler.arn, dict(non_defaults(trigger, ())), fingerprint)
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
