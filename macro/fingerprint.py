"""When a trigger must run again: one entry per cause, so that a change set shows why.

Knows which properties of a function make a new version of it. Refuses to know how the provider
compares fingerprints. The bytes are a contract: the same template and parameters give the same
entries whatever the key order, since a changed entry runs a migration again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from macro.cloudformation import (
    LAYER_TYPE,
    as_map,
    is_secret,
    properties_of,
    section,
    type_of,
)
from macro.model import ABSENT, Deployment, Json, Trigger
from macro.references import Mentions, Reference, conditions_within, mentions

CONFIGURATION: Final = frozenset({
    "Architectures", "DeadLetterConfig", "Description", "FileSystemConfigs", "FunctionName",
    "Handler", "ImageConfig", "KmsKeyArn", "MemorySize", "PackageType", "Role", "Runtime",
    "SnapStart", "Timeout", "TracingConfig", "VpcConfig",
})  # fmt: skip
"""What makes a new version beside code, environment and layers: AWS CDK's list (`currentVersion`).

Tags, ReservedConcurrentExecutions, DependsOn and Metadata are no causes.
"""

_OWN_ENTRY: Final = ("Code", "Environment", "Layers")
_SECRETIVE: Final = (
    "Custom::", "AWS::CloudFormation::", "AWS::IAM::AccessKey",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The parts of a template that a value's meaning can depend on."""

    resources: Mapping[str, Json]
    parameters: Mapping[str, Json]
    conditions: Mapping[str, Json]
    mappings: Mapping[str, Json]
    deployment: Deployment

    @classmethod
    def of(
        cls, fragment: Mapping[str, Json], resources: Mapping[str, Json], deployment: Deployment
    ) -> "Content":
        """Take the parts of a fragment, whose resources are read without the shorthand."""
        return cls(
            resources=resources,
            parameters=section(fragment, "Parameters"),
            conditions=section(fragment, "Conditions"),
            mappings=section(fragment, "Mappings"),
            deployment=deployment,
        )

    def parameter(self, name: str) -> Json:
        """Return a parameter's value; ABSENT for a secret, or where there is no such parameter."""
        declared = self.parameters.get(name)
        if not isinstance(declared, dict) or is_secret(declared):
            return ABSENT
        return self.deployment.parameters.get(name, declared.get("Default", ABSENT))


def fingerprint(
    trigger: Trigger, content: Content, *, watched: Iterable[str] = ()
) -> dict[str, Json]:
    """Fingerprint a trigger: an entry that differs from the last deployment's runs it again.

    Hashes are 16 hexadecimal digits. `References` repeats what the handler refers to, for
    CloudFormation to resolve at deployment. `watched` are the ids of ExecuteOnResourceChange.
    """
    entries: dict[str, Json] = {}
    referenced: dict[str, Json] = {}
    if trigger.execute_on_handler_change:
        for function in trigger.handler.functions:
            condition = as_map(content.resources.get(function)).get("Condition")
            shared = condition in (None, trigger.attributes.get("Condition"))
            within = () if shared else ((str(condition), True),)
            for name, part in sorted(_function_parts(function, content).items()):
                mentioned = mentions(part)
                entries[_entry(name, function, trigger)] = _digest(part, mentioned, content)
                referenced |= dict(_live(mentioned, content, within=within))
    if trigger.payload is not ABSENT:
        entries["Payload"] = _digest(trigger.payload, mentions(trigger.payload), content)
    if referenced:
        entries["References"] = dict(sorted(referenced.items()))
    for logical_id in watched:
        definition = as_map(content.resources.get(logical_id))
        meant = {name: part for name, part in definition.items() if name != "Metadata"}
        entries[f"Resources.{logical_id}"] = _digest(meant, mentions(meant), content)
    if trigger.execute_on_every_deployment:
        entries["Deployment"] = content.deployment.request_id
    return entries


def _entry(name: str, function: str, trigger: Trigger) -> str:
    return name if len(trigger.handler.functions) == 1 else f"{name}.{function}"


def _function_parts(function: str, content: Content) -> dict[str, Json]:
    """Split what makes a new version of a function by cause."""
    properties = properties_of(content.resources.get(function))
    parts = {name: properties[name] for name in _OWN_ENTRY if name in properties}
    configuration = {name: what for name, what in properties.items() if name in CONFIGURATION}
    if "Layers" in parts:
        parts["Layers"] = [parts["Layers"], _layers(parts["Layers"], content)]
    return parts | ({"Configuration": configuration} if configuration else {})


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
    conditions: dict[str, Json] = {}
    waiting = list(mentioned.conditions)
    while waiting:
        name = waiting.pop()
        if name not in conditions:
            conditions[name] = content.conditions.get(name)
            waiting.extend(conditions_within(conditions[name]))
    of_conditions = mentions(list(conditions.values())) if conditions else Mentions()
    mappings = {*mentioned.mappings, *of_conditions.mappings}
    names = {reference.name for reference in (*mentioned.references, *of_conditions.references)}
    parameters = {name: content.parameter(name) for name in names}
    return {
        "Value": value,
        "Conditions": conditions,
        "Mappings": {name: content.mappings.get(name) for name in mappings},
        "Parameters": {name: known for name, known in parameters.items() if known is not ABSENT},
    }


def _live(
    mentioned: Mentions, content: Content, *, within: tuple[tuple[str, bool], ...]
) -> Iterator[tuple[str, Json]]:
    """Repeat references, each within its own `Fn::If`, under names that tell them apart."""
    for reference in mentioned.references:
        attribute = "" if _is_secretive(reference, content) else reference.attribute
        if _is_repeatable(reference, content):
            value: Json = {"Ref": reference.name}
            if attribute:
                value = {"Fn::GetAtt": [reference.name, attribute]}
            branches = (*within, *reference.branches)
            sides = [f"{'' if taken else '!'}{name}" for name, taken in branches]
            name = ".".join(filter(None, (reference.name, attribute)))
            yield " ".join([name, *sides]), _within(branches, value)


def _is_repeatable(reference: Reference, content: Content) -> bool:
    parameter = content.parameters.get(reference.name)
    if isinstance(parameter, dict):
        return not is_secret(parameter)
    return reference.name in content.resources


def _is_secretive(reference: Reference, content: Content) -> bool:
    """Return whether an attribute may be a secret, or is not known by name."""
    what = type_of(content.resources.get(reference.name))
    return reference.attribute == "*" or what.startswith(_SECRETIVE)


def _within(branches: tuple[tuple[str, bool], ...], value: Json) -> Json:
    for condition, taken in reversed(branches):
        nothing = {"Ref": "AWS::NoValue"}
        value = {"Fn::If": [condition, *((value, nothing) if taken else (nothing, value))]}
    return value
