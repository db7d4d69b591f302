"""What an expansion costs, over reading and writing the same template as JSON.

`python -m benchmarks.macro` prints ratios of medians from interleaved runs: absolute times of a
shared machine say little. The results are written down in RESULTS.md beside this file.
"""

import json
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from samtranslator.translator.transform import transform as sam_transform

from macro.expand import expand
from macro.model import Deployment

SIZES: Final = (50, 500, 5000)
RUNS: Final = 15


def template(resources: int, triggers: int) -> dict[str, Any]:
    """Make a template like real ones: tables, roles, functions with environments, triggers."""
    made: dict[str, Any] = {}
    for index in range((resources - triggers) // 3):
        made[f"Table{index}"] = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "Tags": [{"Key": "stack", "Value": {"Ref": "AWS::StackName"}}],
            },
        }
        made[f"Role{index}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole"}]},
                "Policies": [
                    {
                        "PolicyName": "Table",
                        "PolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["dynamodb:PutItem", "dynamodb:GetItem"],
                                    "Resource": {"Fn::GetAtt": [f"Table{index}", "Arn"]},
                                }
                            ]
                        },
                    }
                ],
            },
        }
        made[f"Function{index}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": [f"Role{index}", "Arn"]},
                "Code": {"S3Bucket": "code", "S3Key": {"Fn::Sub": "${AWS::Region}/code.zip"}},
                "Environment": {"Variables": {"TABLE": {"Ref": f"Table{index}"}}},
            },
        }
    for index in range(triggers):
        made[f"Trigger{index}"] = {
            "Type": "Custom::Trigger",
            "Properties": {
                "Handler": {"Ref": f"Function{index}"},
                "ExecuteAfter": [f"Table{index + 1}", f"Function{index + 2}"],
                "ExecuteBefore": [f"Table{index + triggers + 2}"],
                "Payload": {"Table": {"Ref": f"Table{index}"}, "Rows": 5},
            },
        }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": made}


def medians(*measured: Callable[[], object]) -> list[float]:
    """Time functions in turns, and give the median of each; seconds."""
    times: list[list[float]] = [[] for _ in measured]
    for _ in range(RUNS):
        for function, taken in zip(measured, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def lines() -> Iterator[str]:
    """Measure every size, with triggers and without."""
    yield "| resources | triggers | expand ÷ json | expand ÷ SAM | µs per resource |"
    yield "|---|---|---|---|---|"
    for resources in SIZES:
        for triggers in (0, resources // 10):
            fragment = template(resources, triggers)
            text = json.dumps(fragment)
            plain = {k: v for k, v in fragment["Resources"].items() if "Trigger" not in k}
            sam = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": plain})
            expanding, reading, translating = medians(
                lambda it=fragment: expand(it, Deployment()),  # type: ignore[misc]
                lambda it=text: json.dumps(json.loads(it)),  # type: ignore[misc]
                lambda it=sam: sam_transform(json.loads(it), {}, NO_POLICIES),  # type: ignore[misc]
            )
            ratios = f"{expanding / reading:.2f} | {expanding / translating:.3f}"
            yield f"| {resources} | {triggers} | {ratios} | {expanding / resources * 1e6:.1f} |"


class NoPolicies:
    """Stand for SAM's list of managed policies, which the templates here don't use."""

    def load(self) -> dict[str, str]:
        """Give none."""
        return {}


NO_POLICIES: Final = NoPolicies()

if __name__ == "__main__":
    logging.disable(logging.ERROR)  # the SAM translator's, about its own metrics
    for line in lines():
        print(line, flush=True)
