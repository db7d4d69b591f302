"""A deployed stack, read once.

Knows which requests a snapshot takes. Refuses to know what it is for.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cfn_trigger.deployment import aws
from cfn_trigger.errors import MissingError, UsageError
from cfn_trigger.template.source import Template, parse_template
from macro.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSnapshot:
    """A stack at one moment; all mappings are by name or logical id.

    `template` is the processed one. `values` are what the stack's parameters were set to, and
    `looked_up` the values of those that are names in Parameter Store. `statuses` and
    `physical_ids` are those of its resources; one that was deleted has no physical id.
    `status` is the stack's own.
    """

    stack_id: str
    template: Mapping[str, Json]
    values: Mapping[str, str]
    looked_up: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    physical_ids: Mapping[str, str] = field(default_factory=dict)
    status: str = ""

    @property
    def name(self) -> str:
        """The name of the stack."""
        return self.pseudo_parameters["AWS::StackName"]

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """The pseudo parameters whose values the stack's id contains."""
        return pseudo_parameters(self.stack_id)


def read_snapshot(name: str, client: Any) -> StackSnapshot:
    """Read a stack by its name or id, with one request for each part of it.

    Raises MissingError if it does not exist, UsageError if it cannot be read or never be updated.
    """
    try:
        with aws.requesting(f"stack {name!r}"):
            (description,) = client.describe_stacks(StackName=name)["Stacks"]
    except MissingError as error:
        raise _missing(name, client) from error
    match description["StackStatus"]:
        case "DELETE_COMPLETE":  # only its id finds it
            raise _missing(name, client)
        case "ROLLBACK_COMPLETE":
            problem = f"stack {name!r}: is ROLLBACK_COMPLETE, since its creation failed"
            raise UsageError(f"{problem}; delete it and deploy it again")
        case "REVIEW_IN_PROGRESS":  # a change set that was never executed
            return StackSnapshot(stack_id=description["StackId"], template={}, values={})
    with aws.requesting(f"stack {name!r}"):
        return _snapshot(description, client)


def _missing(name: str, client: Any) -> MissingError:
    problem = f"stack {name!r}: does not exist in {client.meta.region_name}"
    return MissingError(f"{problem}; deploy it first, or check the name and the region")


def _snapshot(description: Mapping[str, Any], client: Any) -> StackSnapshot:
    stack_id = description["StackId"]
    template = processed_template(stack_id, client)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    parameters = description.get("Parameters", [])
    return StackSnapshot(
        stack_id=stack_id,
        status=description["StackStatus"],
        template=template,
        values={p["ParameterKey"]: p.get("ParameterValue", "") for p in parameters},
        looked_up={
            p["ParameterKey"]: p["ResolvedValue"] for p in parameters if "ResolvedValue" in p
        },
        outputs={o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs", [])},
        statuses={r["LogicalResourceId"]: r["ResourceStatus"] for r in resources},
        physical_ids={
            r["LogicalResourceId"]: r["PhysicalResourceId"]
            for r in resources
            if r.get("PhysicalResourceId") and r["ResourceStatus"] != "DELETE_COMPLETE"
        },
    )


def processed_template(stack_id: str, client: Any) -> Mapping[str, Json]:
    """Read the template of a stack as its transforms have left it."""
    return _template(stack_id, client, stage="Processed").values


def original_template(stack_id: str, client: Any) -> Template:
    """Read the template of a stack as its author passed it."""
    with aws.requesting(f"stack {stack_id!r}"):
        return _template(stack_id, client, stage="Original")


def _template(stack_id: str, client: Any, *, stage: str) -> Template:
    return parsed_template(client.get_template(StackName=stack_id, TemplateStage=stage), stack_id)


def parsed_template(response: Mapping[str, Any], stack_id: str) -> Template:
    """Return the template in a response of GetTemplate."""
    body = response["TemplateBody"]
    text = body if isinstance(body, str) else json.dumps(body)  # boto3 parses a JSON template
    return parse_template(text, stack_id)


def parameter_store_values(names: Iterable[str], client: Any) -> dict[str, str]:
    """Look up names in Parameter Store, as a deployment will; denied ones are left out."""
    wanted = sorted(set(names))
    values: dict[str, str] = {}
    for batch in (wanted[at : at + 10] for at in range(0, len(wanted), 10)):  # ten at most
        with suppress(BotoCoreError, ClientError):
            response = client.get_parameters(Names=batch)
            values |= {entry["Name"]: entry["Value"] for entry in response["Parameters"]}
    return values


def pseudo_parameters(stack_id: str) -> dict[str, str]:
    """Return the pseudo parameters that follow from the ARN of a stack."""
    _, partition, _, region, account, resource = stack_id.split(":", 5)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::StackId": stack_id,
        "AWS::StackName": resource.split("/")[1],
        "AWS::URLSuffix": suffix,
    }
