"""The names and types that an author wrote, in a template that SAM has transformed.

Knows how SAM names the resources that it generates, and how to recognize them. Refuses to know
selectors and handlers. If SAM does not mark its resources, a type of SAM selects all resources of
the type that it becomes.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from macro.cloudformation import (
    ALIAS_TYPE,
    FUNCTION_TYPE,
    LAYER_TYPE,
    SERVERLESS,
    VERSION_TYPE,
    Resources,
    as_map,
    properties_of,
    section,
    type_of,
)
from macro.model import Json

_HASHED: Final = re.compile(r"(?P<written>.+)[0-9a-f]{10}")
_CONNECTORS: Final = "aws:sam:connectors"
"""The metadata key of what a connector becomes; its keys are logical ids of connectors."""

_OWNERS: Final = {
    ALIAS_TYPE: ("Alias", "FunctionName", "Alias"),
    VERSION_TYPE: ("Version", "FunctionName", "Version"),
    "AWS::ApiGateway::Stage": ("Stage", "RestApiId", ""),
    "AWS::ApiGateway::Deployment": ("Deployment", "RestApiId", "Deployment"),
    "AWS::ApiGatewayV2::Stage": ("Stage", "ApiId", ""),
}
"""The author's name for a part that SAM generates for a resource, the part's property that refers
to the resource, and how the part's logical id continues that of the resource.

`Migrate.Alias` is the alias whose `FunctionName` is `!Ref Migrate`, called `MigrateAlias…`.
"""
_SUFFIXES: Final = {
    "AWS::ApiGateway::UsagePlan": ("UsagePlan", "UsagePlan"),
    "AWS::ApiGateway::UsagePlanKey": ("UsagePlanKey", "UsagePlanKey"),
    "AWS::ApiGateway::ApiKey": ("ApiKey", "ApiKey"),
    "AWS::SQS::Queue": ("DestinationQueue", r"EventInvokeConfigOn\w+Queue"),
    "AWS::SNS::Topic": ("DestinationTopic", r"EventInvokeConfigOn\w+Topic"),
}
"""The same for a part that is recognized by how its logical id continues that of the resource."""
_MAPPINGS: Final = {
    "AWS::ApiGateway::BasePathMapping": ("DomainName", "RestApiId", "DomainName"),
    "AWS::ApiGateway::BasePathMappingV2": ("DomainNameV2", "RestApiId", "DomainNameArn"),
    "AWS::ApiGatewayV2::ApiMapping": ("DomainName", "ApiId", "DomainName"),
}
"""The same for a part that a third resource links with the resource, by two properties."""
_EXPLAINING: Final = frozenset({LAYER_TYPE, *_OWNERS, *_SUFFIXES, *_MAPPINGS})
"""The types that may explain a name; metadata may too, whatever the type."""

_MARKED: Final = {
    FUNCTION_TYPE: "Function",
    "AWS::CloudFormation::Stack": "Application",
    "AWS::StepFunctions::StateMachine": "StateMachine",
    "AWS::AppSync::GraphQLApi": "GraphQLApi",
    "AWS::Lambda::CapacityProvider": "CapacityProvider",
    "AWS::Lambda::NetworkConnector": "NetworkConnector",
    "AWS::Lambda::MicrovmImage": "MicrovmImage",
}
"""The kinds of SAM resources by the type that they become, if SAM adds the tag `…:createdBy`."""
_UNMARKED: Final = {
    "AWS::ApiGateway::RestApi": "Api",
    "AWS::DynamoDB::Table": "SimpleTable",
}


def written_names(resources: Resources) -> dict[str, tuple[str, ...]]:
    """Return generated logical ids by the author's names: `{"Libs": ("Libs1f…",)}`.

    The names are those of layers and connectors, and of parts such as `Migrate.Alias`.
    """
    names: dict[str, tuple[str, ...]] = {}
    explaining = [
        (logical_id, resource)
        for (logical_id, resource), kind in zip(
            resources.items(), resources.types.values(), strict=True
        )
        if kind in _EXPLAINING or (isinstance(resource, dict) and "Metadata" in resource)
    ]
    for logical_id, resource in explaining:
        for name, meant in _names(logical_id, resource, resources):
            names[name] = (*names.get(name, ()), meant)
    return {name: tuple(sorted({*ids})) for name, ids in names.items() if name not in resources}


def types_of(logical_id: str, resource: Json) -> tuple[str, ...]:
    """Return the types that select a resource: its own, and that of SAM which it comes from."""
    resource_type = type_of(resource)
    kind = _kind(logical_id, resource, resource_type)
    return (resource_type, SERVERLESS + kind) if kind else (resource_type,)


def _names(
    logical_id: str, resource: Json, resources: Mapping[str, Json]
) -> Iterator[tuple[str, str]]:
    """Yield the author's names that a resource explains, with the logical ids that they mean."""
    resource_type = type_of(resource)
    for connector in section(section(resource, "Metadata"), _CONNECTORS):
        yield connector, logical_id
    if resource_type == LAYER_TYPE and (hashed := _HASHED.fullmatch(logical_id)):
        yield hashed["written"], logical_id
    elif resource_type in _OWNERS:
        part, reference, continued_by = _OWNERS[resource_type]
        owner = _referred(resource, reference)
        if owner and logical_id.startswith(owner + continued_by):
            yield f"{owner}.{part}", logical_id
    elif resource_type in _SUFFIXES:
        part, suffix = _SUFFIXES[resource_type]
        continued = re.fullmatch(f"(.+?){suffix}", logical_id)
        if continued and continued[1] in resources:
            yield f"{continued[1]}.{part}", logical_id
    elif resource_type in _MAPPINGS:
        part, reference, other = _MAPPINGS[resource_type]
        owner, domain = _referred(resource, reference), _referred(resource, other)
        if owner and domain in resources:
            yield f"{owner}.{part}", domain


def _referred(resource: Json, name: str) -> str:
    """Return what a property of a resource refers to; empty if it is not a Ref."""
    referred = as_map(properties_of(resource).get(name)).get("Ref")
    return referred if isinstance(referred, str) else ""


def _kind(logical_id: str, resource: Json, resource_type: str) -> str:
    """Return the kind of SAM resource that a resource comes from; empty if there is none."""
    if resource_type in _MARKED:
        return _MARKED[resource_type] if _is_marked(properties_of(resource).get("Tags")) else ""
    if resource_type == LAYER_TYPE:
        return "LayerVersion" if _HASHED.fullmatch(logical_id) else ""
    if resource_type == "AWS::ApiGatewayV2::Api":
        is_websocket = properties_of(resource).get("ProtocolType") == "WEBSOCKET"
        return "WebSocketApi" if is_websocket else "HttpApi"
    if section(section(resource, "Metadata"), _CONNECTORS):
        return "Connector"
    return _UNMARKED.get(resource_type, "")


def _is_marked(tags: Json) -> bool:
    return any(
        str(as_map(tag).get("Key")).endswith(":createdBy") and as_map(tag).get("Value") == "SAM"
        for tag in (tags if isinstance(tags, list) else ())
    )
