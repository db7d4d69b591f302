"""The vocabulary of the cloud tests: a stack that is deployed, inspected and deleted.

Knows how an author deploys and what CloudFormation shows of it. Refuses to know triggers, but for
the functions they run: `function` makes one, with a role, from the text of its code.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from cfn_trigger.deployment.reasons import unwrapped
from tests.support import templates
from tests.support.clients import Clients, Outcome
from tests.support.waiting import QUICKLY

Json = Any
BASIC = "policy/service-role/AWSLambdaBasicExecutionRole"
LAMBDA = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
}
RAISING = """
    def handler(event, context):
        print("about to fail")
        raise LookupError("no such table")
"""
POLLED = """
    def handler(event, context):
        done = (event.get("EventState") or 0) + 1
        print("table", done)
        if done == 2:
            return {"Tables": done}
        return {"Status": "IN_PROGRESS", "EventState": done, "RetryAfter": 1, "Progress": "1 of 2"}
"""
LAMBDA_LINES = ("START ", "END ", "REPORT ", "INIT_START ")


def function(name: str, code: str, **more: Json) -> dict[str, Json]:
    """Return the resources of a Python function: the function and its role."""
    managed = [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:" + BASIC}]
    trust = {"Version": "2012-10-17", "Statement": [LAMBDA]}
    properties = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Timeout": 30,
        "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
        "Code": {"ZipFile": dedent(code)},
    }
    return {
        name: {"Type": "AWS::Lambda::Function", "Properties": properties | more},
        f"{name}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": managed},
        },
    }


def trigger(handler: str, **properties: Json) -> dict[str, Json]:
    """Return a trigger of a handler in the same template."""
    return templates.trigger(templates.ref(handler), **properties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One stack of a test."""

    name: str
    clients: Clients
    folder: Path

    def deploy(self, resources: Mapping[str, Json], **sections: Json) -> Outcome:
        """Deploy a template with triggers, by `sam deploy`."""
        template = {"Transform": "Trigger", "Resources": dict(resources), **sections}
        return self.deploy_text(json.dumps(template))

    def deploy_text(self, template: str, *more: str) -> Outcome:
        """Deploy a template as it is written, by `sam deploy`."""
        (self.folder / "template.yaml").write_text(template)
        return self.clients.sam(
            *("deploy", "--stack-name", self.name, "--template-file", "template.yaml"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),  # for nested stacks
            *("--resolve-s3", "--no-progressbar"),
            *more,
            cwd=self.folder,
        )

    def deploy_with_aws(self, template: str) -> Outcome:
        """Deploy a template as it is written, by `aws cloudformation deploy`, which waits 30 s."""
        (self.folder / "template.yaml").write_text(template)
        return self.clients.aws(
            *("cloudformation", "deploy", "--stack-name", self.name),
            *("--template-file", "template.yaml", "--capabilities", "CAPABILITY_IAM"),
            cwd=self.folder,
        )

    def status(self) -> str:
        """Return the stack's status."""
        return str(self._described()["StackStatus"])

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs."""
        return {one["OutputKey"]: one["OutputValue"] for one in self._described()["Outputs"]}

    def events(self) -> list[tuple[str, str, str]]:
        """List logical id, status and reason of what happened, the oldest first."""
        cloudformation = self.clients.boto("cloudformation")
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            (
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
            )
            for event in reversed(events)
        ]

    def reason(self, logical_id: str) -> str:
        """Return the reason of a resource's last failure, as its provider gave it."""
        failed = [
            why for name, status, why in self.events() if name == logical_id and "FAILED" in status
        ]
        return unwrapped(failed[-1])

    def physical_id(self, logical_id: str) -> str:
        """Return a resource's physical id."""
        resource = self.clients.boto("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def log(self, function: str) -> list[str]:
        """List what a function of the stack has printed so far, even if it is gone."""
        logs = self.clients.boto("logs")
        prefix = f"/aws/lambda/{self.name}-{function}-"
        groups = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        return [line for group in groups for line in _lines(logs, group["logGroupName"])]

    def delete(self) -> None:
        """Delete the stack and wait until it is gone."""
        cloudformation = self.clients.boto("cloudformation")
        cloudformation.delete_stack(StackName=self.name)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=self.name, WaiterConfig=QUICKLY)

    def _described(self) -> dict[str, Any]:
        stacks = self.clients.boto("cloudformation").describe_stacks(StackName=self.name)
        (stack,) = stacks["Stacks"]
        return dict(stack)


def _lines(logs: Any, group: str) -> Iterator[str]:
    for event in logs.filter_log_events(logGroupName=group)["events"]:
        for line in event["message"].splitlines():
            if not line.startswith(LAMBDA_LINES):
                yield line
