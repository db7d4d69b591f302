"""What makes a new version of a function, and which of its versions a handler runs.

Knows which properties Lambda keeps in a version, and what an alias or a version serves. Refuses to
know what follows from that (`fingerprint`, `risks`).
"""

import re
from collections.abc import Mapping
from typing import Final

from macro.cloudformation import VERSION_TYPE, properties_of, type_of
from macro.functions import LATEST, Functions
from macro.model import Json
from macro.references import mentions

ENTRIES: Final[Mapping[str, str]] = {
    "Architectures": "Configuration",
    "CapacityProviderConfig": "Configuration",  # on which instances it runs
    "Code": "Code",
    "DeadLetterConfig": "Configuration",
    "Description": "Configuration",
    "DurableConfig": "Configuration",  # how long an execution may take
    "Environment": "Environment",
    "EphemeralStorage": "Configuration",  # the size of /tmp
    "FileSystemConfigs": "Configuration",
    "FunctionName": "Configuration",
    "FunctionScalingConfig": "Configuration",  # Lambda keeps it for each version
    "Handler": "Configuration",
    "ImageConfig": "Configuration",
    "KmsKeyArn": "Configuration",
    "Layers": "Layers",
    "LoggingConfig": "Configuration",  # where its log is, which the provider reads
    "MemorySize": "Configuration",
    "PackageType": "Configuration",
    "PublishToLatestPublished": "Configuration",  # whether an update publishes a version
    "RecursiveLoop": "Configuration",  # whether a handler that invokes itself is stopped
    "Role": "Configuration",
    "Runtime": "Configuration",
    "RuntimeManagementConfig": "Configuration",  # which patch of the runtime it runs on
    "SnapStart": "Configuration",
    "Timeout": "Configuration",
    "TracingConfig": "Configuration",
    "VpcConfig": "Configuration",
}
"""The properties of a function that count, each with its entry in a fingerprint.

They are those that the AWS CDK calls locked to a version, so that `currentVersion` changes with
them: https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-lambda/lib/function-hash.ts
"""

NOT_COUNTED: Final[Mapping[str, str]] = {
    "CodeSigningConfigArn": "decides who may deploy code, not what runs",
    "ReservedConcurrentExecutions": "decides how many run at once, not what runs",
    "Tags": "describe the function",
    "TenancyConfig": "cannot change without replacing the function, whose ARN then differs",
}
"""The properties of a function that do not count, each with the reason."""

_OF_AN_ALIAS: Final = ("FunctionVersion", "RoutingConfig")
"""The properties of an alias that decide what it serves.

ProvisionedConcurrencyConfig and Description do not, and Name and FunctionName are in its ARN.
"""
_OF_A_VERSION: Final = ("CodeSha256", "Description", "RuntimePolicy")
"""The properties of a version that are part of what is published.

https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
"""
_HASH_AT_THE_END: Final = re.compile(r"[0-9a-f]{10,}$")
"""SAM and the AWS CDK give a version a new logical id whenever there is something to publish."""


def served_by(arn: Json, functions: Functions) -> tuple[str, ...]:
    """Return the logical ids of what a handler names: functions, aliases and versions.

    A function is among them where it runs as it is, not where it is behind an alias or a version.
    """
    meant = functions.meant_by(arn)
    return (*meant.unqualified, *meant.qualified)


def served_by_alias(alias: Json) -> dict[str, Json]:
    """Return what decides which versions an alias serves."""
    properties = properties_of(alias)
    return {name: properties[name] for name in _OF_AN_ALIAS if name in properties}


def served_by_version(version: Json) -> dict[str, Json]:
    """Return what decides which code a version has."""
    properties = properties_of(version)
    return {name: properties[name] for name in _OF_A_VERSION if name in properties}


def serves_latest(alias: Json, functions: Functions) -> bool:
    """Return whether an alias may serve its function as it is, which a parameter may say too."""
    texts = functions.canon.texts(properties_of(alias).get("FunctionVersion"))
    return any(text.parts == (LATEST,) for text in texts)


def versions_within(served: Json, resources: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the versions of the template that an alias serves."""
    names = sorted({reference.name for reference in mentions(served).references})
    return tuple(name for name in names if type_of(resources.get(name)) == VERSION_TYPE)


def follows_its_function(logical_id: str, version: Json) -> bool:
    """Return whether new code of a function makes a new version of what publishes this one.

    It does where the logical id ends with a hash, or where a property that replaces the version can
    change with the code: a hash of it, or a description that is not a literal.
    """
    properties = properties_of(version)
    is_described = isinstance(properties.get("Description"), dict)
    return "CodeSha256" in properties or is_described or bool(_HASH_AT_THE_END.search(logical_id))
