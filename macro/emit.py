"""The resources a template gets: the provider with its rights, and the triggers in full.

Knows CloudFormation's resource types, through troposphere; it is the only module that does.
Refuses to decide anything: what to make and in which order is settled before it is called.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troposphere import AWSObject, GetAtt, Join, Ref, awslambda, iam, logs

from macro.cloudformation import as_map
from macro.encode import chosen, is_dynamic
from macro.model import ABSENT, TRIGGER_TYPE, Edge, Handler, Json, Settings, Trigger
from macro.ordering import depends_on
from macro.references import mentions

PROVIDER: Final = "TriggerProvider"
"""The provider's logical id. It never changes: CloudFormation refuses a changed ServiceToken."""

ROLE: Final = f"{PROVIDER}Role"
LOG_GROUP: Final = f"{PROVIDER}LogGroup"
INVOKE_CONFIG: Final = f"{PROVIDER}InvokeConfig"
HAND_OVER: Final = f"{PROVIDER}HandOver"
INVOKE: Final = f"{PROVIDER}Invoke"
CONDITION: Final = f"{PROVIDER}Condition"
"""The condition of what triggers share, where it is made of several."""

EDGES: Final = "TriggerEdges"
"""The metadata key of edges that a DependsOn cannot say."""

SOURCE: Final = Path(__file__).parent.parent.joinpath("trigger_provider", "index.py").read_text()
MARGIN: Final = 60
"""Seconds beyond a trigger's Timeout for the provider's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is settled about a template: what to build, and in which order.

    `defined` are the author's resources, without the shorthand in their metadata, and the
    `functions` of triggers. `fingerprints` and `reads` (the attributes that the template reads)
    are by logical id.
    """

    defined: Mapping[str, Json]
    triggers: tuple[Trigger, ...]
    edges: tuple[Edge, ...]
    fingerprints: Mapping[str, Json]
    reads: Mapping[str, tuple[str, ...]]
    settings: Settings


def functions(trigger: Trigger, settings: Settings) -> dict[str, Json]:
    """Build the function that is defined with a trigger, and what it needs; nothing for others.

    It has a log group without a name (Lambda would leave one behind otherwise) and, unless the
    author gave one, a role that may write to it; `Policies` adds statements to that role.
    """
    if trigger.function is None:
        return {}
    name, role = f"{trigger.logical_id}Function", f"{trigger.logical_id}Role"
    group = f"{trigger.logical_id}LogGroup"
    properties = {key: value for key, value in trigger.function.items() if key != "Policies"}
    logging = properties.get("LoggingConfig", {})
    writes_elsewhere = not isinstance(logging, dict) or is_dynamic(logging) or "LogGroup" in logging
    made: dict[str, Json] = {}
    if not writes_elsewhere:
        properties["LoggingConfig"] = {"LogGroup": {"Ref": group}, **logging}
        made[group] = _log_group(None, settings).to_dict()
    if "Role" not in properties:
        properties["Role"] = {"Fn::GetAtt": [role, "Arn"]}
        target = _group_arn(logging) if writes_elsewhere else GetAtt(group, "Arn")
        built = _role(None, "Runs a handler of this stack", target, settings)
        if "VpcConfig" in properties:
            built.Policies.append(_join_vpc())
        if statements := trigger.function.get("Policies"):
            document = {"Version": "2012-10-17", "Statement": statements}
            built.Policies.append(iam.Policy(PolicyName="Handler", PolicyDocument=document))
        made[role] = built.to_dict()
    made[name] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    condition = trigger.attributes.get("Condition", "")
    return {logical_id: _under(resource, condition) for logical_id, resource in made.items()}


def _group_arn(logging: Json) -> Json:
    """Say the ARN of the log group that the author chose, whatever gives its name."""
    if not isinstance(logging, dict) or "LogGroup" not in logging:
        return "*"
    arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}:*"
    return {"Fn::Sub": [arn, {"Name": logging["LogGroup"]}]}


def support(trigger: Trigger, settings: Settings) -> Iterator[Edge]:
    """Yield what a trigger waits for in any case: its handler, and the provider's rights."""
    firsts = [INVOKE_CONFIG]
    if not mentions(trigger.handler.arn).conditions:  # of a choice, what is chosen is waited for
        firsts = [*trigger.handler.functions, *firsts]
    if not settings.provider_role:
        firsts += [*policies(trigger.handler), HAND_OVER]
    if trigger.failure_destination is not ABSENT:
        firsts.append(_destination_id(trigger))
    for first in firsts:
        yield Edge(waiting=trigger.logical_id, first=first, why=f"{trigger.place}.Handler")


def made(triggers: Iterable[Trigger], settings: Settings) -> tuple[str, ...]:
    """Name the resources that are made for triggers: an author must not have taken the names."""
    names = [LOG_GROUP, PROVIDER, INVOKE_CONFIG]
    if not settings.provider_role:
        names += [ROLE, HAND_OVER]
    rights: dict[str, None] = {}
    for trigger in triggers:
        names += [trigger.logical_id] if trigger.is_metadata else []
        names += functions(trigger, settings)
        names += [] if trigger.failure_destination is ABSENT else [_destination_id(trigger)]
        rights |= dict.fromkeys(policies(trigger.handler))
    return (*names, *(() if settings.provider_role else rights))


def template(fragment: Mapping[str, Json], plan: Plan) -> dict[str, Json]:
    """Build the template: the author's, in its order, and what was made for it at the end."""
    resources = dict(plan.defined)
    conditions = dict(as_map(fragment.get("Conditions")))
    for trigger in plan.triggers:
        resources[trigger.logical_id] = _trigger(trigger, plan)
        if trigger.failure_destination is not ABSENT:
            name, function = _destination_id(trigger), trigger.handler.functions[0]
            both = (trigger.attributes.get("Condition"), resources[function].get("Condition"))
            resources[name] = _under(_destination(trigger), _both(both, name, conditions))
    resources |= _under_conditions(plan, resources, conditions)
    for name, edges in _by_waiting(plan.edges).items():
        resources[name] = _waiting(resources[name], edges, resources)
    expanded = dict(fragment) | {"Resources": resources}
    if conditions:
        expanded["Conditions"] = conditions
    return expanded


def _under_conditions(
    plan: Plan, resources: Mapping[str, Json], conditions: dict[str, Json]
) -> dict[str, Json]:
    """Build what triggers share, under their condition; new conditions are added to the others."""
    names = [str(trigger.attributes.get("Condition", "")) for trigger in plan.triggers]
    shared = _either(names, CONDITION, conditions)
    made = {name: _under(resource, shared) for name, resource in _provider(plan.settings).items()}
    if plan.settings.provider_role:
        return made
    for name, (function, policy) in _rights(plan.triggers).items():
        # A policy names its function, which may be made in fewer cases than the provider.
        own = as_map(resources.get(function)).get("Condition")
        implied = own in names
        condition = _both((None if implied else shared, own), name, conditions)
        made[name] = _under(policy, condition)
    return made


def _under(resource: Json, condition: str) -> Json:
    return resource | ({"Condition": condition} if condition else {})


def _both(pair: tuple[Json, Json], name: str, conditions: dict[str, Json]) -> str:
    """Name the condition under which two hold, for a resource of ours; none if both always do."""
    distinct = [str(one) for one in dict.fromkeys(pair) if one]
    if not distinct:
        return ""
    if len(distinct) == 1:
        return distinct[0]
    conditions[condition_id(name)] = {"Fn::And": [{"Condition": one} for one in distinct]}
    return condition_id(name)


def condition_id(name: str) -> str:
    """Name the condition of a resource of ours that needs two others, each under its own."""
    return f"{name}Condition"


def _either(names: list[str], name: str, conditions: dict[str, Json]) -> str:
    """Name the condition under which one of several holds; none if one of them always does.

    `Fn::Or` takes 2 to 10 conditions and is nested beyond.
    """
    distinct = list(dict.fromkeys(names))
    if "" in distinct:
        return ""
    if len(distinct) == 1:
        return distinct[0]
    either: list[Json] = [{"Condition": one} for one in distinct]
    while len(either) > 1:
        groups = [either[i : i + 10] for i in range(0, len(either), 10)]
        either = [{"Fn::Or": group} if len(group) > 1 else group[0] for group in groups]
    conditions[name] = either[0]
    return name


# ---- the provider, one per stack


def _provider(settings: Settings) -> dict[str, Json]:
    function = awslambda.Function(
        PROVIDER,
        Description="Runs the triggers of this stack (cfn-trigger)",
        Runtime=settings.runtime,
        Handler="index.handler",
        Architectures=[settings.architecture],
        MemorySize=settings.memory_size,
        Timeout=900,
        RecursiveLoop="Allow",
        Role=settings.provider_role or GetAtt(ROLE, "Arn"),
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref(LOG_GROUP)),
        Environment=awslambda.Environment(Variables={"URL_SUFFIX": Ref("AWS::URLSuffix")}),
        Code=awslambda.Code(ZipFile=SOURCE),
    )
    if settings.subnet_ids:
        function.VpcConfig = awslambda.VPCConfig(
            SubnetIds=list(settings.subnet_ids),
            SecurityGroupIds=list(settings.security_group_ids),
        )
    # A crashed provider must not run a handler twice, nor a late event a migration.
    invoke_config = awslambda.EventInvokeConfig(
        INVOKE_CONFIG,
        FunctionName=Ref(PROVIDER),
        Qualifier="$LATEST",
        MaximumRetryAttempts=0,
        MaximumEventAgeInSeconds=3600,
    )
    group = _log_group(LOG_GROUP, settings)
    built = [group, *_provider_rights(settings), function, invoke_config]
    return {resource.title: resource.to_dict() for resource in built}


def _provider_rights(settings: Settings) -> Iterator[AWSObject]:
    if settings.provider_role:
        return
    role = _role(ROLE, "Runs the triggers of this stack", GetAtt(LOG_GROUP, "Arn"), settings)
    see = _policy("cloudformation:DescribeStacks", Resource=Ref("AWS::StackId"))
    role.Policies.append(iam.Policy(PolicyName="SeeRollback", PolicyDocument=see))
    if settings.subnet_ids:
        role.Policies.append(_join_vpc())
    yield role
    # A policy of its own: a role that names the function that needs the role is a cycle.
    yield iam.PolicyType(
        HAND_OVER,
        PolicyName=HAND_OVER,
        Roles=[Ref(ROLE)],
        PolicyDocument=_policy("lambda:InvokeFunction", Resource=GetAtt(PROVIDER, "Arn")),
    )


# What Lambda needs to join a VPC, less the actions that have no part in it: the managed policy
# AWSLambdaVPCAccessExecutionRole without its logs.
_NETWORK_INTERFACES: Final = (
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
)  # fmt: skip


def _join_vpc() -> iam.Policy:
    document = _policy(*_NETWORK_INTERFACES, Resource="*")
    return iam.Policy(PolicyName="JoinVpc", PolicyDocument=document)


def _log_group(name: str | None, settings: Settings) -> AWSObject:
    group = logs.LogGroup(name, RetentionInDays=settings.log_retention_in_days)
    if settings.kms_key_arn:
        group.KmsKeyId = settings.kms_key_arn
    return group


def _role(name: str | None, description: str, group: Json, settings: Settings) -> AWSObject:
    """Build a role for a function that may write to a log group (its ARN), and make none."""
    write = _policy("logs:CreateLogStream", "logs:PutLogEvents", Resource=group)
    lambda_only = _policy("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    role = iam.Role(
        name,
        Description=description,
        AssumeRolePolicyDocument=lambda_only,
        Policies=[iam.Policy(PolicyName="WriteLogs", PolicyDocument=write)],
    )
    if settings.permissions_boundary:
        role.PermissionsBoundary = settings.permissions_boundary
    if settings.role_path:
        role.Path = settings.role_path
    return role


def _rights(triggers: Iterable[Trigger]) -> dict[str, tuple[str, Json]]:
    """Build a policy per handler: one for all would make every trigger wait for every handler.

    By logical id: the function of the template that it is about, if it is one, and the policy.
    """
    found: dict[str, tuple[str, Json]] = {}
    for trigger in triggers:
        for name, (function, arn) in policies(trigger.handler).items():
            built = iam.PolicyType(
                None,
                PolicyName=name,  # equal names on one role overwrite each other
                Roles=[Ref(ROLE)],
                PolicyDocument=_policy(
                    "lambda:InvokeFunction",
                    "lambda:GetFunctionConfiguration",
                    Resource=[arn, f"{arn}:*" if isinstance(arn, str) else Join(":", [arn, "*"])],
                ),
            )
            found[name] = (function, built.to_dict())
    return found


def policies(handler: Handler) -> dict[str, tuple[str, Json]]:
    """Name the policies that invoking a handler takes, each with its function and the ARN.

    A choice between handlers is one policy: a branch of it may be no function of the template.
    """
    if handler.functions and not mentions(handler.arn).conditions:
        return {
            _policy_id(name): (name, {"Fn::GetAtt": [name, "Arn"]}) for name in handler.functions
        }
    arn = handler.arn
    if isinstance(arn, str) and arn.startswith("arn:"):
        arn = ":".join(arn.split(":")[:7])  # an alias or version counts as its function
    return {INVOKE + _hash(json.dumps(arn, sort_keys=True)): ("", arn)}


def _policy_id(function: str) -> str:
    """Name the policy of a function; IAM takes 128 characters, and one name is taken by us."""
    name = INVOKE + function
    is_fine = len(name) <= _LONGEST_POLICY_NAME and name.isascii() and name.isalnum()
    return name if is_fine and name != INVOKE_CONFIG else INVOKE + _hash(function)


_LONGEST_POLICY_NAME: Final = 128


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _policy(*actions: str, **more: Json) -> dict[str, Json]:
    allowed = list(actions) if len(actions) > 1 else actions[0]
    statement = {"Effect": "Allow", "Action": allowed, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


# ---- the triggers


def _trigger(trigger: Trigger, plan: Plan) -> dict[str, Json]:
    properties = {
        "ServiceToken": {"Fn::GetAtt": [PROVIDER, "Arn"]},
        "ServiceTimeout": trigger.timeout + MARGIN,
        "HandlerArn": trigger.handler.arn,
        **dict(chosen(trigger, plan.reads[trigger.logical_id])),
        "Fingerprint": plan.fingerprints[trigger.logical_id],
    }
    return {"Type": TRIGGER_TYPE, "Properties": properties, **trigger.attributes}


def _destination_id(trigger: Trigger) -> str:
    return f"{trigger.logical_id}Destination"


def _destination(trigger: Trigger) -> dict[str, Json]:
    """Build the configuration that sends an event whose retries are spent to its destination."""
    (function,) = trigger.handler.functions
    config = awslambda.EventInvokeConfig(
        None,
        FunctionName=Ref(function),
        Qualifier="$LATEST",
    ).to_dict()
    # By hand: troposphere takes no intrinsic function that is a plain map.
    destination = {"OnFailure": {"Destination": trigger.failure_destination}}
    config["Properties"]["DestinationConfig"] = destination
    return dict(config)


# ---- order


def _by_waiting(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.waiting, []).append(edge.first)
    return found


def _waiting(
    resource: Mapping[str, Json], firsts: Iterable[str], resources: Mapping[str, Json]
) -> dict[str, Json]:
    """Add edges to a resource: a DependsOn, or a Ref in Metadata where that may not exist."""
    found = mentions(resource.get("Properties")).references
    known = {reference.name for reference in found if not reference.branches}
    written = resource.get("DependsOn")
    listed = list(written) if isinstance(written, list) else [written] if written else []
    perhaps: list[Json] = []
    for first in firsts:
        condition = resources[first].get("Condition")
        if first in known or first in depends_on(resource):
            continue
        # What triggers share is there whenever one of them is.
        if condition and condition not in (resource.get("Condition"), CONDITION):
            perhaps.append({"Fn::If": [condition, {"Ref": first}, {"Ref": "AWS::NoValue"}]})
        else:
            listed.append(first)
    changed = dict(resource)
    if listed not in ([], written, [written]):
        changed["DependsOn"] = listed
    if perhaps:
        changed["Metadata"] = {**as_map(resource.get("Metadata")), EDGES: perhaps}
    return changed
