"""The resources a template gets: the provider with its rights, and the triggers in full.

Knows CloudFormation's resource types, through troposphere; it is the only module that does.
Refuses to decide anything: what to make and in which order is settled before it is called.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troposphere import GetAtt, Join, Ref, awslambda, iam, logs

from macro.graph import depends_on
from macro.model import ABSENT, TRIGGER_TYPE, Edge, Handler, Json, Retry, Trigger
from macro.references import mentions

PROVIDER: Final = "TriggerProvider"
"""The provider's logical id. It never changes: CloudFormation refuses a changed ServiceToken."""

ROLE: Final = f"{PROVIDER}Role"
LOG_GROUP: Final = f"{PROVIDER}LogGroup"
INVOKE_CONFIG: Final = f"{PROVIDER}InvokeConfig"
HAND_OVER: Final = f"{PROVIDER}HandOver"
INVOKE: Final = f"{PROVIDER}Invoke"
CONDITION: Final = f"{PROVIDER}Condition"

EDGES: Final = "TriggerEdges"
"""The metadata key of edges that a DependsOn cannot say."""

SOURCE: Final = Path(__file__).parent.parent.joinpath("trigger_provider", "index.py").read_text()
MARGIN: Final = 60
"""Seconds beyond a trigger's Timeout for the provider's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is settled about a template: what to build, and in which order.

    `fingerprints` and `reads` (the attributes that the template reads) are by logical id.
    """

    triggers: tuple[Trigger, ...]
    edges: tuple[Edge, ...]
    fingerprints: Mapping[str, Json]
    reads: Mapping[str, tuple[str, ...]]


def support(trigger: Trigger) -> Iterator[Edge]:
    """Yield what a trigger waits for in any case: its handler, and the provider's rights."""
    firsts = [*trigger.handler.functions, *_policies(trigger.handler), HAND_OVER, INVOKE_CONFIG]
    for first in firsts:
        yield Edge(waiting=trigger.logical_id, first=first, why=f"{trigger.logical_id}.Handler")


def made(triggers: Iterable[Trigger]) -> tuple[str, ...]:
    """Name the resources that are made for triggers, beside the triggers themselves."""
    policies = [name for trigger in triggers for name in _policies(trigger.handler)]
    return (LOG_GROUP, ROLE, PROVIDER, HAND_OVER, INVOKE_CONFIG, *dict.fromkeys(policies))


def template(fragment: Mapping[str, Json], plan: Plan) -> dict[str, Json]:
    """Build the template: the author's, in its order, and what was made for it at the end."""
    shared = _shared_condition(plan.triggers)
    resources: dict[str, Json] = dict(fragment["Resources"])
    for trigger in plan.triggers:
        resources[trigger.logical_id] = _trigger(trigger, plan)
    condition = shared if isinstance(shared, str) else CONDITION if shared else ""
    for name, resource in (_provider() | _rights(plan.triggers)).items():
        own = resources.get(name.removeprefix(INVOKE), {}).get("Condition") or condition
        resources[name] = resource | ({"Condition": own} if own else {})
    for name, edges in _by_waiting(plan.edges).items():
        resources[name] = _waiting(resources[name], edges, resources)
    expanded = dict(fragment) | {"Resources": resources}
    if condition == CONDITION:
        expanded["Conditions"] = {**fragment.get("Conditions", {}), CONDITION: shared}
    return expanded


# ---- the provider, one per stack


def _provider() -> dict[str, Json]:
    built = [
        logs.LogGroup(LOG_GROUP, RetentionInDays=30),
        iam.Role(
            ROLE,
            Description="Runs the triggers of this stack",
            AssumeRolePolicyDocument=_policy(
                "sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}
            ),
            Policies=[
                iam.Policy(
                    PolicyName="WriteLogs",
                    PolicyDocument=_policy(
                        "logs:CreateLogStream",
                        "logs:PutLogEvents",
                        Resource=GetAtt(LOG_GROUP, "Arn"),
                    ),
                ),
                iam.Policy(
                    PolicyName="SeeRollback",
                    PolicyDocument=_policy(
                        "cloudformation:DescribeStacks", Resource=Ref("AWS::StackId")
                    ),
                ),
            ],
        ),
        awslambda.Function(
            PROVIDER,
            Description="Runs the triggers of this stack (cfn-trigger)",
            Runtime="python3.13",
            Handler="index.handler",
            Architectures=["arm64"],
            MemorySize=512,
            Timeout=900,
            RecursiveLoop="Allow",
            Role=GetAtt(ROLE, "Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref(LOG_GROUP)),
            Environment=awslambda.Environment(Variables={"URL_SUFFIX": Ref("AWS::URLSuffix")}),
            Code=awslambda.Code(ZipFile=SOURCE),
        ),
        # A policy of its own: a role that names the function that needs the role is a cycle.
        iam.PolicyType(
            HAND_OVER,
            PolicyName=HAND_OVER,
            Roles=[Ref(ROLE)],
            PolicyDocument=_policy("lambda:InvokeFunction", Resource=GetAtt(PROVIDER, "Arn")),
        ),
        # A crashed provider must not run a handler twice, nor a late event a migration.
        awslambda.EventInvokeConfig(
            INVOKE_CONFIG,
            FunctionName=Ref(PROVIDER),
            Qualifier="$LATEST",
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=3600,
        ),
    ]
    return {resource.title: resource.to_dict() for resource in built}


def _rights(triggers: Iterable[Trigger]) -> dict[str, Json]:
    """Build a policy per handler: one for all would make every trigger wait for every handler."""
    arns = {name: arn for trigger in triggers for name, arn in _policies(trigger.handler).items()}
    built = (
        iam.PolicyType(
            name,
            PolicyName=name,  # equal names on one role overwrite each other
            Roles=[Ref(ROLE)],
            PolicyDocument=_policy(
                "lambda:InvokeFunction",
                "lambda:GetFunctionConfiguration",
                Resource=[arn, f"{arn}:*" if isinstance(arn, str) else Join(":", [arn, "*"])],
            ),
        )
        for name, arn in arns.items()
    )
    return {policy.title: policy.to_dict() for policy in built}


def _policies(handler: Handler) -> dict[str, Json]:
    """Name the policies that invoking a handler takes, each with the function's ARN."""
    if handler.functions:
        return {INVOKE + name: {"Fn::GetAtt": [name, "Arn"]} for name in handler.functions}
    arn = handler.arn
    if isinstance(arn, str):
        arn = ":".join(arn.split(":")[:7])  # an alias or version counts as its function
    digest = hashlib.sha256(json.dumps(arn, sort_keys=True).encode()).hexdigest()[:8]
    return {INVOKE + digest: arn}


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
        **dict(_settings(trigger, plan.reads.get(trigger.logical_id, ()))),
        "Fingerprint": plan.fingerprints[trigger.logical_id],
    }
    return {"Type": TRIGGER_TYPE, "Properties": properties, **trigger.attributes}


def _settings(trigger: Trigger, reads: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    """Yield what differs from the default, so that an upgrade of the macro runs nothing again."""
    plain = Trigger(logical_id="", handler=trigger.handler)
    for name in _SETTINGS:
        field = _field(name)
        if (value := getattr(trigger, field)) != getattr(plain, field):
            yield name, value
    on_rollback = (
        bool(reads) if trigger.execute_on_rollback is None else trigger.execute_on_rollback
    )
    if on_rollback:
        yield "ExecuteOnRollback", True
    if trigger.retry != Retry():
        yield "Retry", {_camel(k): v for k, v in dataclasses.asdict(trigger.retry).items()}
    if trigger.payload is not ABSENT:
        yield "Payload", skeleton(trigger.payload)
    if trigger.expect is not ABSENT:
        yield "Expect", skeleton(trigger.expect)
    if reads:
        yield "Attributes", list(reads)


_SETTINGS: Final = (
    "InvocationType", "Timeout", "ExecuteOnHandlerChange", "ExecuteOnDelete", "Enabled",
    "PollInterval", "OnFailure", "NoEcho",
)  # fmt: skip


def _field(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _camel(field: str) -> str:
    return field.title().replace("_", "")


def skeleton(value: Json) -> dict[str, Json]:
    """Split JSON into a text that keeps literal types, and what only CloudFormation can resolve.

    CloudFormation hands every scalar property to a custom resource as text. `Values` are
    `{Path, Value}`, the path from the outside in; an `AWS::NoValue` leaves a path without value.
    """
    values: list[Json] = []

    def literal(node: Json, path: tuple[str, ...]) -> Json:
        if _is_dynamic(node):
            values.append({"Path": list(path), "Value": node})
            return None
        if isinstance(node, dict):
            return {key: literal(item, (*path, str(key))) for key, item in node.items()}
        if isinstance(node, list):
            return [literal(item, (*path, str(index))) for index, item in enumerate(node)]
        return node

    text = json.dumps(literal(value, ()), sort_keys=True, ensure_ascii=False)
    return {"Skeleton": text, **({"Values": values} if values else {})}


def _is_dynamic(node: Json) -> bool:
    if isinstance(node, str):
        return "{{resolve:ssm:" in node
    if not isinstance(node, dict) or len(node) != 1:
        return False
    name = str(next(iter(node)))
    return name == "Ref" or name.startswith("Fn::")


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
    known = {reference.name for reference in mentions(resource.get("Properties")).references}
    listed = list(depends_on(resource))
    perhaps: list[Json] = []
    for first in firsts:
        condition = resources[first].get("Condition")
        if first in known or first in listed:
            continue
        if condition and condition != resource.get("Condition"):
            perhaps.append({"Fn::If": [condition, {"Ref": first}, {"Ref": "AWS::NoValue"}]})
        else:
            listed.append(first)
    changed = dict(resource)
    if listed != list(depends_on(resource)):
        changed["DependsOn"] = listed
    if perhaps:
        changed["Metadata"] = {**resource.get("Metadata", {}), EDGES: perhaps}
    return changed


def _shared_condition(triggers: Iterable[Trigger]) -> Json:
    """Give the condition of what is shared: none, one's name, or the `Fn::Or` of several.

    `Fn::Or` takes 2 to 10 conditions and is nested beyond.
    """
    names = [str(trigger.attributes.get("Condition", "")) for trigger in triggers]
    distinct = list(dict.fromkeys(names))
    if "" in distinct:
        return None
    if len(distinct) == 1:
        return distinct[0]
    either: list[Json] = [{"Condition": name} for name in distinct]
    while len(either) > 1:
        groups = [either[i : i + 10] for i in range(0, len(either), 10)]
        either = [{"Fn::Or": group} if len(group) > 1 else group[0] for group in groups]
    return either[0]
