"""The expanded template: the author's resources, the triggers in full, and what is added for them.

Knows how each is written. Refuses to decide anything: what to add, and in which order, is decided
before (`additions`, `ordering`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from macro import parts, permissions, undo
from macro.additions import InvokePolicy
from macro.cloudformation import as_map, condition_of, depends_on, is_durable, section
from macro.define import under
from macro.embedding import TEXT
from macro.encode import non_defaults, skeleton
from macro.model import ABSENT, TRIGGER_TYPE, Edge, Json, Settings, Trigger
from macro.names import (
    CONDITION,
    EDGES,
    HAND_OVER,
    INVOKE_CONFIG,
    LOG_GROUP,
    PROVIDER,
    ROLE,
    RUN,
    RUN_ID,
    destination_id,
    undo_id,
)
from macro.reading import Reading
from macro.relay import first_id, part_ids, service_timeout


def template(reading: Reading, fingerprints: Mapping[str, Json]) -> dict[str, Json]:
    """Build the template: the author's in its order, followed by the additions.

    `fingerprints` are by the logical id of their trigger.
    """
    resources = dict(reading.resources)
    additions = reading.additions
    final_ids = undo.logical_ids(reading.triggers, fingerprints)
    for trigger in reading.triggers:
        name = trigger.logical_id
        written = _trigger(trigger, reading, fingerprints[name])
        if trigger.on_rollback:
            written["Properties"]["UndoneBy"] = final_ids[undo_id(name)]
        resources |= _relay(trigger, written)
        if trigger.failure_destination is not ABSENT:
            resources[destination_id(name)] = _destination(trigger)
    undone = {trigger.logical_id: trigger for trigger in reading.triggers}
    for each in reading.undos:
        undo_resource = _undo(each, undone[each.undoes])
        undo_resource["Properties"] |= _durable(each, reading.resources)
        resources[final_ids[each.logical_id]] = undo_resource
    resources |= _provider(reading.settings)
    resources |= _policies(reading)
    for name, condition in additions.condition_of.items():
        resources[name] = under(condition, resources[name])
    first_ids = {trigger.logical_id: first_id(trigger) for trigger in reading.triggers}
    for name, firsts in _awaited(reading.order.edges, final_ids).items():
        place, implied = first_ids.get(name, name), {*_repeated(fingerprints.get(name))}
        missing = [first for first in firsts if first not in implied]
        resources[place] = _waiting(resources[place], missing, resources)
    expanded = dict(reading.fragment) | {"Resources": resources}
    if conditions := {**section(reading.fragment, "Conditions"), **additions.conditions}:
        expanded["Conditions"] = conditions
    return expanded


# ---- the provider, one per stack


def _provider(settings: Settings) -> dict[str, Json]:
    network = (
        {"VpcConfig": parts.vpc(settings.subnet_ids, settings.security_group_ids)}
        if settings.subnet_ids
        else {}
    )
    function = parts.function(
        settings,
        Description="Runs the triggers of this stack (cfn-trigger)",
        Runtime=settings.runtime,
        Handler="index.handler",
        Architectures=[settings.architecture],
        MemorySize=settings.memory_size,
        Timeout=900,
        RecursiveLoop="Allow",
        Role=settings.provider_role or parts.arn_of(ROLE),
        LoggingConfig=parts.logging_to(LOG_GROUP),
        Environment=parts.environment(URL_SUFFIX={"Ref": "AWS::URLSuffix"}),
        Code=parts.inline_code(TEXT),
        **network,
    )
    # A crashed provider must not run a handler twice, and a late event must not run a migration.
    invoke_config = parts.invoke_config(
        PROVIDER, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=3600
    )
    return {
        LOG_GROUP: parts.log_group(settings),
        **dict(_provider_permissions(settings)),
        PROVIDER: function,
        INVOKE_CONFIG: invoke_config,
    }


def _provider_permissions(settings: Settings) -> Iterator[tuple[str, Json]]:
    if settings.provider_role:
        return
    policies = {"SeeRollback": permissions.see_stack()}
    if settings.subnet_ids:
        policies["JoinVpc"] = permissions.join_vpc()
    description = "Runs the triggers of this stack"
    yield ROLE, parts.role(description, parts.arn_of(LOG_GROUP), policies, settings)
    # A separate policy, since a role that refers to the function that uses it would be a cycle.
    itself = permissions.hand_over(PROVIDER)
    yield HAND_OVER, parts.attached_policy(HAND_OVER, ROLE, itself)


def permissions_of_provider(reading: Reading) -> dict[str, Json]:
    """Build the provider's role and policies alone, which is all that IAM's quotas are about."""
    return {**dict(_provider_permissions(reading.settings)), **_policies(reading)}


def _policies(reading: Reading) -> dict[str, Json]:
    settings = reading.settings
    return {it.logical_id: _policy(it, settings) for it in reading.additions.policies}


def _policy(policy: InvokePolicy, settings: Settings) -> Json:
    document = permissions.invoke(*policy.arns, is_durable=policy.is_durable)
    if policy.is_managed:
        return parts.managed_policy(ROLE, document, settings)
    return parts.attached_policy(policy.logical_id, ROLE, document)


# ---- the triggers


def _trigger(trigger: Trigger, reading: Reading, fingerprint: Json) -> dict[str, Json]:
    reads = reading.survey.attributes_read(trigger.logical_id)
    properties = {
        "ServiceToken": {"Fn::GetAtt": [PROVIDER, "Arn"]},
        "ServiceTimeout": service_timeout(trigger),
        "HandlerArn": trigger.handler.arn,
        **dict(non_defaults(trigger, reads)),
        "Fingerprint": fingerprint,
        **_durable(trigger, reading.resources),
    }
    return {"Type": TRIGGER_TYPE, "Properties": properties, **trigger.attributes}


def _durable(trigger: Trigger, resources: Mapping[str, Json]) -> dict[str, Json]:
    """Return a property if a Delete may find a durable execution that nobody has stopped yet."""
    is_any_durable = any(is_durable(resources[name]) for name in trigger.handler.functions)
    return {"Durable": True} if is_any_durable else {}


def _relay(trigger: Trigger, trigger_resource: Mapping[str, Json]) -> dict[str, Json]:
    """Build the parts of a trigger, each of which waits for the part before it, and the trigger.

    The first part waits for what the trigger would wait for. Its fingerprint is enough to run the
    trigger; the trigger repeats the fingerprint for those who read it.
    """
    names = (*part_ids(trigger), trigger.logical_id)
    resources: dict[str, Json] = {}
    for previous, name in zip(("", *names), names, strict=False):
        resource, properties = dict(trigger_resource), dict(trigger_resource["Properties"])
        if previous:
            properties["Previous"] = {"Fn::GetAtt": [previous, RUN]}
            resource.pop("DependsOn", None)
        if name != trigger.logical_id:
            properties["PartOf"] = trigger.logical_id
            resource = {key: resource[key] for key in _OF_PARTS if key in resource}
            if previous:
                del properties["Fingerprint"]
        resources[name] = {**resource, "Properties": properties}
    return resources


_OF_PARTS: Final = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy")
"""What a part of a trigger takes over from the trigger's resource, besides its properties."""


def _undo(undo: Trigger, trigger: Trigger) -> dict[str, Json]:
    """Build the undo of a trigger, with what its handler receives about the run.

    CloudFormation does not mask the properties of a custom resource: NoEcho leaves the result out.
    """
    name = trigger.logical_id
    run: dict[str, Json] = {
        "RequestType": "Rollback",
        "LogicalResourceId": name,
        "PhysicalResourceId": {"Ref": name},
        "RunId": {"Fn::GetAtt": [name, RUN_ID]},
    }
    if trigger.payload is not ABSENT:
        run["Payload"] = trigger.payload
    if not trigger.no_echo:
        run["Result"] = {"Fn::GetAtt": [name, "Result"]}
    properties = {
        "ServiceToken": {"Fn::GetAtt": [PROVIDER, "Arn"]},
        "ServiceTimeout": service_timeout(undo),
        "HandlerArn": undo.handler.arn,
        **dict(non_defaults(undo, ())),
        "Undo": skeleton(run),
    }
    return {"Type": TRIGGER_TYPE, "Properties": properties, **undo.attributes}


def _destination(trigger: Trigger) -> dict[str, Json]:
    """Build the configuration that sends an event to its destination after the last retry."""
    (function,) = trigger.handler.functions
    config = parts.invoke_config(function)
    # Without troposphere, which does not accept an intrinsic function as a plain map.
    destination = {"OnFailure": {"Destination": trigger.failure_destination}}
    config["Properties"]["DestinationConfig"] = destination
    return config


# ---- order


def _awaited(edges: Iterable[Edge], final_ids: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what each resource waits for, with final ids in place of preliminary ones."""
    firsts: dict[str, list[str]] = {}
    for waiting, first, _, _ in edges:
        awaited = firsts.setdefault(final_ids.get(waiting, waiting), [])
        awaited.append(final_ids.get(first, first))
    return firsts


def _repeated(fingerprint: Json) -> Iterator[str]:
    """Yield the resources that a trigger waits for because its fingerprint refers to them.

    For what the trigger refers to anywhere else, `ordering` has added no edge.
    """
    for reference in as_map(as_map(fingerprint).get("References")).values():
        match reference:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
                yield name


def _waiting(
    resource: Mapping[str, Json], firsts: Iterable[str], resources: Mapping[str, Json]
) -> dict[str, Json]:
    """Add what a resource waits for: a DependsOn, or a Ref in Metadata to what may not exist."""
    authors = resource.get("DependsOn")
    listed = list(authors) if isinstance(authors, list) else [authors] if authors else []
    conditional: list[Json] = []
    awaited_already = depends_on(resource)
    for first in firsts:
        condition = condition_of(resources[first])
        if first in awaited_already:
            continue
        # What triggers share exists if any of them does.
        if condition and condition not in (resource.get("Condition"), CONDITION):
            conditional.append({"Fn::If": [condition, {"Ref": first}, {"Ref": "AWS::NoValue"}]})
        else:
            listed.append(first)
    changed = dict(resource)
    if listed not in ([], authors, [authors]):
        changed["DependsOn"] = listed
    if conditional:
        changed["Metadata"] = {**as_map(resource.get("Metadata")), EDGES: conditional}
    return changed
