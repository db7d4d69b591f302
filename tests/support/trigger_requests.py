"""A template with one trigger, the stack that is deployed of it, and the request that follows."""

import json
from collections.abc import Mapping
from typing import Any

from cfn_trigger.deployment.stack import StackSnapshot
from cfn_trigger.invocation.request import (
    RunOptions,
    TriggerRequest,
    build_request,
)
from cfn_trigger.template import transforms
from cfn_trigger.template.source import parse_template
from macro.model import Json
from trigger_provider.request import RequestType

ARN = "arn:aws:lambda:us-east-1:123456789012:function:elsewhere"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
IDS = {"Check": "shop-Check-1", "Queue": "https://queue/1", "Live": f"{ARN}:live", "Run": "Run-1"}


def template(
    payload: Json = None, *, handler: Json = None, old: bool = False, **more: Json
) -> dict[str, Json]:
    """Write a template with one trigger; `old` is the one that is deployed."""
    properties = {"Handler": {"Ref": "Check"} if handler is None else handler, **more}
    properties |= {} if payload is None else {"Payload": payload}
    return {
        "Transform": "Trigger",
        "Parameters": {
            "Level": {"Type": "String", "Default": "low"},
            "Password": {"Type": "String", "NoEcho": True, "Default": "secret"},
            "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
            "Remote": {"Type": "String", "Default": ARN},
        },
        "Conditions": {"IsHigh": {"Fn::Equals": [{"Ref": "Level"}, "high"]}},
        "Resources": {
            "Check": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Role": ARN, "Handler": "index.handler", "Runtime": "python3.13"},
            },
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "Check"}, "Name": "live"},
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Run": {"Type": "Custom::Trigger", "Properties": properties},
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}} if old else {},
    }


def snapshot(deployed: Mapping[str, Json], physical_ids: Mapping[str, str] = IDS) -> StackSnapshot:
    expansion = transforms.process(
        parse_template(json.dumps(deployed), "deployed"), transforms.Context(values={})
    )
    return StackSnapshot(
        stack_id=STACK_ID,
        template=expansion.template,
        values={"Level": "mid", "Password": "****", "Image": "/image", "Remote": ARN},
        looked_up={"Image": "ami-1"},
        outputs={"Arn": "arn:aws:sqs:queue"},
        physical_ids=physical_ids,
    )


def options(request_type: RequestType = "Create", **more: Any) -> RunOptions:
    return RunOptions(trigger="Run", request_type=request_type, request_id="r-1", **more)


def build(
    written: Mapping[str, Json],
    run_options: RunOptions | None = None,
    deployed: Mapping[str, Json] | None = None,
    ids: Mapping[str, str] = IDS,
) -> TriggerRequest:
    author = parse_template(json.dumps(written), "template.yaml")
    stack = snapshot(deployed or template(old=True), ids)
    return build_request(author, stack, run_options or options())
