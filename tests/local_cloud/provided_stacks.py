"""Stacks whose resource `Custom` is served by a provider that does what its properties say.

Knows how to deploy such stacks and what the provider was asked. `Fail` lists the request types that
fail, `Crash` those that raise, `Silent` those that are not answered, `Held` those that wait until
the bucket has an object `released`; `Id` is the physical id, `Reason` that of a failure, `Length`
that of an attribute.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.local_cloud.account import Account, Json, function
from tests.support.waiting import wait_until

CODE = """
import json, time, urllib.request
import boto3

def handler(event, context):
    properties, kind = event['ResourceProperties'], event['RequestType']
    stack = event['StackId'].split('/')[1]
    boto3.client('s3').put_object(
        Bucket='asked', Key=f'{stack}/{time.time_ns()}', Body=json.dumps(event))
    while kind in properties.get('Held', '') and not boto3.client('s3').list_objects_v2(
            Bucket='asked', Prefix='released').get('KeyCount'):
        time.sleep(0.05)
    if kind in properties.get('Crash', ''):
        raise ValueError('crashed')
    if kind in properties.get('Silent', ''):
        return
    failed = kind in properties.get('Fail', '')
    answer = {'Status': 'FAILED' if failed else 'SUCCESS',
              'PhysicalResourceId': properties.get('Id', 'the-id'),
              **{key: event[key] for key in ('StackId', 'RequestId', 'LogicalResourceId')}}
    if failed:
        answer['Reason'] = properties.get('Reason', 'no such table')
    else:
        answer['Data'] = {'Value': properties.get('Value', ''),
                          'Long': 'x' * int(properties.get('Length', 0))}
    put = urllib.request.Request(event['ResponseURL'], method='PUT', headers={'content-type': ''},
                                 data=json.dumps(answer).encode())
    urllib.request.urlopen(put)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedStacks:
    """Stacks of the account, and the ARN of the provider."""

    account: Account
    arn: str
    names: list[str] = field(default_factory=list)

    def custom(self, **properties: Any) -> Json:
        """Return the custom resource with these properties."""
        return {"Type": "Custom::Thing", "Properties": {"ServiceToken": self.arn, **properties}}

    def template(self, **properties: Any) -> Json:
        """Return a template of the custom resource alone."""
        return {"Resources": {"Custom": self.custom(**properties)}}

    def create(self, template: Json, **arguments: Any) -> str:
        """Create a stack and wait for its end, however it ends."""
        name = self.account.new_name()
        self.names.append(name)
        self.account.cloudformation.create_stack(
            StackName=name, **self._arguments(template), **arguments
        )
        self.settle(name)
        return name

    def update(self, name: str, template: Json, **arguments: Any) -> None:
        """Update a stack and wait for its end, however it ends."""
        self.account.cloudformation.update_stack(
            StackName=name, **self._arguments(template), **arguments
        )
        self.settle(name)

    def _arguments(self, template: Json) -> Json:
        capabilities = ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"]
        return {"TemplateBody": json.dumps(template), "Capabilities": capabilities}

    def settle(self, name: str) -> None:
        """Wait until nothing goes on in the stack."""
        wait_until(lambda: not self.status(name).endswith("_IN_PROGRESS"))

    def described(self, name: str) -> Json:
        """Return what DescribeStacks says of the stack."""
        (stack,) = self.account.cloudformation.describe_stacks(StackName=name)["Stacks"]
        return dict(stack)

    def status(self, name: str) -> str:
        """Return the stack's status."""
        return str(self.described(name)["StackStatus"])

    def resources(self, name: str) -> dict[str, str]:
        """Return the status of each resource."""
        found = self.account.cloudformation.describe_stack_resources(StackName=name)
        return {one["LogicalResourceId"]: one["ResourceStatus"] for one in found["StackResources"]}

    def raw_events(self, name: str) -> list[Json]:
        """Return the events as the API does, but the oldest first."""
        pages = self.account.cloudformation.get_paginator("describe_stack_events")
        events = [one for page in pages.paginate(StackName=name) for one in page["StackEvents"]]
        return events[::-1]

    def events(self, name: str) -> list[str]:
        """Return logical id, status and reason of the last operation's events, oldest first."""
        events = [
            (one["LogicalResourceId"], one["ResourceStatus"], one.get("ResourceStatusReason", ""))
            for one in self.raw_events(name)
        ]
        begun = [at for at, event in enumerate(events) if event[2] == "User Initiated"]
        return [
            " ".join(filter(None, event)).replace(name, "STACK") for event in events[begun[-1] :]
        ]

    def requests(self, name: str) -> list[Json]:
        """Return what the provider was asked for a stack."""
        s3 = self.account.clients.boto("s3")
        listed = s3.list_objects_v2(Bucket="asked", Prefix=f"{name}/").get("Contents", [])
        keys = sorted(one["Key"] for one in listed)
        return [json.loads(s3.get_object(Bucket="asked", Key=key)["Body"].read()) for key in keys]

    def asked(self, name: str) -> list[tuple[str, str, str]]:
        """Return request type, physical id and `Value` of each request for a stack."""
        return [
            (
                request["RequestType"],
                request.get("PhysicalResourceId", ""),
                request["ResourceProperties"].get("Value", ""),
            )
            for request in self.requests(name)
        ]


def provided_stacks(account: Account) -> ProvidedStacks:
    """Deploy the provider."""
    template = function(CODE, Timeout=30)
    template["Resources"]["Bucket"] = {
        "Type": "AWS::S3::Bucket", "Properties": {"BucketName": "asked"},
    }  # fmt: skip
    write = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "*"}
    template["Resources"]["Role"]["Properties"]["Policies"] = [
        {
            "PolicyName": "Ask",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [write]},
        }
    ]
    template["Outputs"] = {"Arn": {"Value": {"Fn::GetAtt": ["Function", "Arn"]}}}
    name = account.create(template, capabilities=["CAPABILITY_IAM"])
    (stack,) = account.cloudformation.describe_stacks(StackName=name)["Stacks"]
    return ProvidedStacks(account=account, arn=stack["Outputs"][0]["OutputValue"])
