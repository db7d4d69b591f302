"""What CloudFormation says of a deployed stack.

Knows boto3, and how what goes wrong with it is said. Endpoint, profile and region are those that
the AWS tools use: environment and configuration files.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from cfn_trigger.errors import MissingError, ThrottledError, UsageError
from cfn_trigger.template.source import parsed
from macro.model import Json

_THROTTLED: Final = re.compile("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A stack as it stands.

    `template` is the processed one, `values` what its parameters were given, `looked_up` what
    those that name one of the parameter store stood for. `statuses` are those of its resources.
    """

    stack_id: str
    template: Mapping[str, Json]
    values: Mapping[str, str]
    looked_up: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)


def connected(service: str = "cloudformation") -> Any:
    """Give the client of a service; raises UsageError without a region."""
    try:
        make: Any = boto3.Session().client
        return make(service)
    except NoRegionError as error:
        raise UsageError("no AWS region; set AWS_REGION, as for `aws`") from error
    except BotoCoreError as error:
        raise UsageError(f"{error}") from error


@contextmanager
def asking(about: str) -> Iterator[None]:
    """Say in a line why AWS gives no answer; raises ThrottledError, MissingError or UsageError."""
    try:
        yield
    except NoCredentialsError as error:
        said = "no AWS credentials; set AWS_PROFILE, or the keys, as for `aws`"
        raise UsageError(said) from error
    except ClientError as error:
        told: Any = error.response["Error"]
        code, said = told.get("Code", ""), told.get("Message", "")
        if _THROTTLED.search(code):
            raise ThrottledError(f"{about}: {said or code}") from error
        is_missing = "does not exist" in said or "NotFound" in code
        raise (MissingError if is_missing else UsageError)(f"{about}: {said or code}") from error
    except BotoCoreError as error:
        raise UsageError(f"{about}: {error}") from error


def read(name: str, client: Any) -> Deployed:
    """Read a stack; raises UsageError where there is none, or none that may be read."""
    try:
        with asking(f"stack {name!r}"):
            return _read(name, client)
    except MissingError as error:
        remedy = "leave --deployed-stack out to plan a first deployment"
        raise UsageError(f"no stack {name!r} in {client.meta.region_name}; {remedy}") from error
    except ThrottledError as error:
        raise UsageError(str(error)) from error


def _read(name: str, client: Any) -> Deployed:
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS":  # a change set that was never executed
        return Deployed(stack_id=stack["StackId"], template={}, values={})
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        said = f"stack {name!r} is ROLLBACK_COMPLETE, since it could not be created"
        raise UsageError(f"{said}; delete it, and leave --deployed-stack out")
    template = processed(stack["StackId"], client)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"])
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    declared = stack.get("Parameters", [])
    return Deployed(
        stack_id=stack["StackId"],
        template=template,
        values={one["ParameterKey"]: one.get("ParameterValue", "") for one in declared},
        looked_up={
            one["ParameterKey"]: one["ResolvedValue"] for one in declared if "ResolvedValue" in one
        },
        statuses={one["LogicalResourceId"]: one["ResourceStatus"] for one in resources},
    )


def processed(stack_id: str, client: Any) -> Mapping[str, Json]:
    """Read the template of a stack as its transforms have left it."""
    given = client.get_template(StackName=stack_id, TemplateStage="Processed")
    body = given["TemplateBody"]  # boto3 has read it if it was JSON
    return parsed(body if isinstance(body, str) else json.dumps(body), stack_id).values


def stored(names: Iterable[str], client: Any) -> dict[str, str]:
    """Look names up in the parameter store, as a deployment will; those that may be read."""
    asked = sorted(set(names))
    found: dict[str, str] = {}
    for some in (asked[at : at + 10] for at in range(0, len(asked), 10)):  # it takes ten at a time
        with suppress(BotoCoreError, ClientError):  # what may not be read stays unknown
            answer = client.get_parameters(Names=some)
            found |= {one["Name"]: one["Value"] for one in answer["Parameters"]}
    return found


def pseudo_parameters(stack_id: str) -> dict[str, str]:
    """Give the pseudo parameters that the ARN of a stack tells."""
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
