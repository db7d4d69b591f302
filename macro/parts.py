"""The resources that the macro builds: functions, roles, policies, log groups.

Knows CloudFormation's resource types, through troposphere; it is the only module that does.
Refuses to know triggers, and what a template needs (`additions`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from troposphere import GetAtt, Ref, awslambda, iam

from macro.cloudformation import LOG_GROUP_TYPE, MANAGED_POLICY_TYPE, POLICY_TYPE
from macro.model import Json, Settings
from macro.permissions import policy, write_logs

Resource = dict[str, Json]
_WITHOUT_TAGS: Final = Settings()


def arn_of(logical_id: str) -> Json:
    """Return the ARN of a resource of the template."""
    return GetAtt(logical_id, "Arn")


def log_group(settings: Settings) -> Resource:
    """Build a log group without a name.

    By hand, since troposphere's module of logs would add a twentieth to a cold start.
    """
    key = {"KmsKeyId": settings.kms_key_arn} if settings.kms_key_arn else {}
    properties = {"RetentionInDays": settings.log_retention_in_days, **key}
    return {"Properties": with_tags(properties, settings), "Type": LOG_GROUP_TYPE}


def role(
    description: str, log_group_arn: Json, policies: dict[str, Json], settings: Settings
) -> Resource:
    """Build a role for a function that may write to a log group; `policies` are more, by name."""
    write = write_logs(log_group_arn)
    lambda_only = policy("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    built = iam.Role(
        None,
        Description=description,
        AssumeRolePolicyDocument=lambda_only,
        Policies=[
            iam.Policy(PolicyName=name, PolicyDocument=document)
            for name, document in {"WriteLogs": write, **policies}.items()
        ],
    )
    if settings.permissions_boundary:
        built.PermissionsBoundary = settings.permissions_boundary
    if settings.role_path:
        built.Path = settings.role_path
    return _built(built, settings)


def attached_policy(name: str, role: str, document: dict[str, Json]) -> Resource:
    """Build a policy of its own for a role of the template.

    By hand, since there may be hundreds of them, which troposphere would take most of the time
    for. Equal names on one role overwrite each other.
    """
    properties = {"PolicyName": name, "Roles": [{"Ref": role}], "PolicyDocument": document}
    return {"Properties": properties, "Type": POLICY_TYPE}


def managed_policy(role: str, document: dict[str, Json], settings: Settings) -> Resource:
    """Build a managed policy for a role of the template; CloudFormation chooses its name."""
    path = {"Path": settings.role_path} if settings.role_path else {}
    properties = {"Roles": [{"Ref": role}], "PolicyDocument": document, **path}
    return {"Properties": properties, "Type": MANAGED_POLICY_TYPE}


def function(settings: Settings, **properties: Any) -> Resource:
    """Build a function."""
    return _built(awslambda.Function(None, **properties), settings)


def logging_to(group: str) -> Json:
    """Build the logging configuration of a function with a log group of the template."""
    return awslambda.LoggingConfig(LogGroup=Ref(group))


def environment(**variables: Json) -> Json:
    """Build the environment of a function."""
    return awslambda.Environment(Variables=variables)


def inline_code(text: str) -> Json:
    """Build the code of a function from its text."""
    return awslambda.Code(ZipFile=text)


def vpc(subnet_ids: Iterable[str], security_group_ids: Iterable[str]) -> Json:
    """Build the network of a function."""
    return awslambda.VPCConfig(
        SubnetIds=list(subnet_ids), SecurityGroupIds=list(security_group_ids)
    )


def invoke_config(function: str, **properties: Json) -> Resource:
    """Build the configuration of asynchronous invocations of a function of the template."""
    return _built(
        awslambda.EventInvokeConfig(
            None, FunctionName=Ref(function), Qualifier="$LATEST", **properties
        )
    )


def with_tags(properties: Mapping[str, Json], settings: Settings) -> dict[str, Json]:
    """Return properties with the tags of the whole stack, after their existing tags.

    An existing tag keeps its value; a tag that a condition may choose counts as existing. Tags that
    only CloudFormation can resolve stay as they are.
    """
    tags = properties.get("Tags", [])
    if not settings.tags or not isinstance(tags, list):
        return dict(properties)
    known = set(_keys(tags))
    more = [{"Key": key, "Value": value} for key, value in settings.tags if key not in known]
    return {**properties, "Tags": [*tags, *more]}


def _keys(tags: Json) -> Iterator[str]:
    match tags:
        case {"Key": str(key)}:
            yield key
        case dict():
            yield from _keys(list(tags.values()))
        case list():
            for tag in tags:
                yield from _keys(tag)


def _built(resource: Any, settings: Settings = _WITHOUT_TAGS) -> Resource:
    built: Resource = resource.to_dict()
    if settings.tags:
        built["Properties"] = with_tags(built["Properties"], settings)
    return built
