"""When a trigger must run again: one entry per cause, so that a change set shows why.

Knows what an entry covers. Refuses to know which properties make a new version (`versions`), what
is secret (`secrecy`), and how the provider compares fingerprints. The bytes are a contract: the
same template and parameters give the same entries whatever the key order, since a changed entry
runs a migration again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from macro.canonical import Canon
from macro.cloudformation import (
    ALIAS_TYPE,
    LAYER_TYPE,
    VERSION_TYPE,
    Resources,
    as_map,
    condition_of,
    is_secret,
    properties_of,
    section,
    type_of,
)
from macro.functions import Functions
from macro.model import ABSENT, NOTHING, Deployment, Json, Trigger
from macro.references import Branches, Mentions, Reference, conditions_within, mentions
from macro.secrecy import is_secret_attribute
from macro.versions import (
    ENTRIES,
    served_by,
    served_by_alias,
    served_by_version,
    serves_latest,
    versions_within,
)


class Content(NamedTuple):
    """The parts of a template that a value's meaning can depend on."""

    resources: Resources
    parameters: Mapping[str, Json]
    conditions: Mapping[str, Json]
    mappings: Mapping[str, Json]
    functions: Functions
    deployment: Deployment
    watched_digests: dict[str, str]
    """The hashes of watched resources that were computed so far."""

    @classmethod
    def of(
        cls, fragment: Mapping[str, Json], resources: Resources, deployment: Deployment
    ) -> "Content":
        """Take the parts of a fragment, whose resources are read without the shorthand."""
        return cls(
            resources=resources,
            parameters=section(fragment, "Parameters"),
            conditions=section(fragment, "Conditions"),
            mappings=section(fragment, "Mappings"),
            functions=Functions(Canon.of(fragment, resources, deployment)),
            deployment=deployment,
            watched_digests={},
        )

    def parameter(self, name: str) -> Json:
        """Return a parameter's value; ABSENT if it is a secret, or does not exist."""
        declared = self.parameters.get(name)
        if not isinstance(declared, dict) or is_secret(declared):
            return ABSENT
        return self.deployment.parameters.get(name, declared.get("Default", ABSENT))


def fingerprint(
    trigger: Trigger,
    content: Content,
    *,
    watched: Iterable[str] = (),
    repeated: Mapping[str, Json] = NOTHING,
) -> dict[str, Json]:
    """Fingerprint a trigger: an entry that differs from the last deployment's runs it again.

    Hashes are 16 hexadecimal digits. `References` repeats what the handler refers to, for
    CloudFormation to resolve at deployment, and the `repeated` references of what is watched.
    `watched` are the ids of ExecuteOnResourceChange.
    """
    entries: dict[str, Json] = {}
    referenced: dict[str, Json] = {}
    if trigger.execute_on_handler_change:
        served = served_by(trigger.handler.arn, content.functions)
        for logical_id in served:
            suffix = "" if len(served) == 1 else f".{logical_id}"
            within = branches_of(logical_id, trigger, content)
            for name, part in sorted(_parts(logical_id, content).items()):
                mentioned = mentions(part)
                entries[f"{name}{suffix}"] = _digest(part, mentioned, content)
                live = live_references(mentioned, content, within=within)
                referenced |= {key: value for _, key, value in live}
    if trigger.payload is not ABSENT:
        entries["Payload"] = _digest(trigger.payload, mentions(trigger.payload), content)
    referenced |= repeated
    if referenced:
        entries["References"] = dict(sorted(referenced.items()))
    for logical_id in watched:
        entries[f"Resources.{logical_id}"] = _watched_digest(logical_id, content)
    if trigger.execute_on_every_deployment:
        entries["Deployment"] = content.deployment.request_id
    return entries


def published_digest(function: str, content: Content) -> str:
    """Return a hash of what makes a new version of a function, of 16 hexadecimal digits."""
    parts = _function_parts(function, content)
    return _digest(parts, mentions(parts), content)


def _watched_digest(logical_id: str, content: Content) -> str:
    if logical_id not in content.watched_digests:
        definition = watched_definition(logical_id, content)
        content.watched_digests[logical_id] = _digest(definition, mentions(definition), content)
    return content.watched_digests[logical_id]


def watched_definition(logical_id: str, content: Content) -> Json:
    """Return what counts in a resource that a trigger watches: all but its Metadata."""
    definition = as_map(content.resources.get(logical_id))
    return {name: part for name, part in definition.items() if name != "Metadata"}


def branches_of(logical_id: str, trigger: Trigger, content: Content) -> Branches:
    """Return the condition of a resource, if the trigger may exist without it."""
    condition = condition_of(content.resources.get(logical_id))
    return () if condition in ("", trigger.attributes.get("Condition")) else ((condition, True),)


def _parts(logical_id: str, content: Content) -> dict[str, Json]:
    """Split the definition of a function, an alias or a version by cause."""
    resource = as_map(content.resources.get(logical_id))
    kind = type_of(resource)
    if kind == VERSION_TYPE:
        return {"Version": {logical_id: served_by_version(resource)}}
    if kind != ALIAS_TYPE:
        return _function_parts(logical_id, content)
    served = served_by_alias(resource)
    versions = versions_within(served, content.resources)
    published = {name: served_by_version(content.resources[name]) for name in versions}
    parts: dict[str, Json] = {"Alias": {"Serves": served, "Versions": published}}
    if serves_latest(resource, content.functions):
        for function in content.functions.meant_by({"Ref": logical_id}).functions:
            parts |= _function_parts(function, content)
    return parts


def _function_parts(function: str, content: Content) -> dict[str, Json]:
    """Split what makes a new version of a function by cause."""
    parts: dict[str, Json] = {}
    for name, value in properties_of(content.resources.get(function)).items():
        if (entry := ENTRIES.get(name)) == "Configuration":
            parts.setdefault(entry, {})[name] = value
        elif entry:
            parts[entry] = value
    if "Layers" in parts:
        parts["Layers"] = [parts["Layers"], _layers(parts["Layers"], content)]
    return parts


def _layers(value: Json, content: Content) -> dict[str, Json]:
    """Return the content of the layers that the template itself creates."""
    names = sorted({reference.name for reference in mentions(value).references})
    resources = {name: as_map(content.resources.get(name)) for name in names}
    return {
        name: resource.get("Properties")
        for name, resource in resources.items()
        if type_of(resource) == LAYER_TYPE
    }


def _digest(value: Json, mentioned: Mentions, content: Content) -> str:
    """Hash a value with everything its meaning depends on, except secrets."""
    return hashlib.sha256(
        _CANONICAL.encode(_folded(value, mentioned, content)).encode()
    ).hexdigest()[:16]


_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)


def _folded(value: Json, mentioned: Mentions, content: Content) -> Json:
    conditions = _conditions(mentioned, content) if mentioned.conditions else {}
    mappings, references = mentioned.mappings, mentioned.references
    if conditions:
        of_conditions = mentions(list(conditions.values()))
        mappings += of_conditions.mappings
        references += of_conditions.references
    parameters = {
        each.name: content.parameter(each.name)
        for each in references
        if each.name in content.parameters
    }
    return {
        "Value": value,
        "Conditions": conditions,
        "Mappings": {name: content.mappings.get(name) for name in mappings},
        "Parameters": {name: known for name, known in parameters.items() if known is not ABSENT},
    }


def _conditions(mentioned: Mentions, content: Content) -> dict[str, Json]:
    """Return the definitions of conditions, and of those that they refer to."""
    conditions: dict[str, Json] = {}
    waiting = list(mentioned.conditions)
    while waiting:
        name = waiting.pop()
        if name not in conditions:
            conditions[name] = content.conditions.get(name)
            waiting.extend(conditions_within(conditions[name]))
    return conditions


def live_references(
    mentioned: Mentions, content: Content, *, within: Branches = ()
) -> Iterator[tuple[Reference, str, Json]]:
    """Yield the references that CloudFormation resolves again in each deployment.

    Each has a name that tells it apart, and keeps the `Fn::If` that it stands under. What decides a
    condition is repeated too, since its value may change without a new template.
    """
    for reference in (*mentioned.references, *_parameters_of_conditions(mentioned, content)):
        if not _is_repeatable(reference, content):
            continue
        attribute = "" if _may_be_secret(reference, content) else reference.attribute
        value: Json = {"Ref": reference.name}
        if attribute:
            value = {"Fn::GetAtt": [reference.name, attribute]}
        branches = (*within, *reference.branches)
        sides = [f"{'' if taken else '!'}{name}" for name, taken in branches]
        name = ".".join(filter(None, (reference.name, attribute)))
        yield reference, " ".join([name, *sides]), _within(branches, value)


def _parameters_of_conditions(mentioned: Mentions, content: Content) -> Iterator[Reference]:
    if not mentioned.conditions:
        return
    conditions = list(_conditions(mentioned, content).values())
    for reference in mentions(conditions).references:
        if reference.name in content.parameters:
            yield Reference(reference.name)


def _is_repeatable(reference: Reference, content: Content) -> bool:
    parameter = content.parameters.get(reference.name)
    if isinstance(parameter, dict):
        return not is_secret(parameter)
    return reference.name in content.resources


def _may_be_secret(reference: Reference, content: Content) -> bool:
    """Return whether an attribute may be a secret, or is not known by name."""
    if reference.attribute in ("", "*"):
        return reference.attribute == "*"
    owner = content.resources.get(reference.name)
    return is_secret_attribute(type_of(owner), reference.attribute)


def _within(branches: tuple[tuple[str, bool], ...], value: Json) -> Json:
    for condition, taken in reversed(branches):
        nothing = {"Ref": "AWS::NoValue"}
        value = {"Fn::If": [condition, *((value, nothing) if taken else (nothing, value))]}
    return value
