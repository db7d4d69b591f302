"""The cost of an expansion, relative to reading and writing the same template as JSON.

`python -m benchmarks.macro` prints ratios of medians of interleaved runs, because absolute times on
a shared machine mean little. RESULTS.md in this folder records the results.

CloudFormation limits the number of resources and the size of policies. The macro refuses templates
beyond these limits in its last stage, after the same work; here they show how the cost grows.
"""

import gc
import json
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from samtranslator.translator.transform import transform as sam_transform

from macro.cloudformation import MOST_MANAGED_POLICIES, MOST_RESOURCES
from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment

SIZES: Final = (50, 500, 5000)
RUNS: Final = 15


def template(resources: int, triggers: int) -> dict[str, Any]:
    """Return a realistic template: tables, roles, functions with environments, triggers."""
    resources_by_id: dict[str, Any] = {}
    for index in range((resources - triggers) // 3):
        resources_by_id[f"Table{index}"] = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "Tags": [{"Key": "stack", "Value": {"Ref": "AWS::StackName"}}],
            },
        }
        resources_by_id[f"Role{index}"] = {
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
        resources_by_id[f"Function{index}"] = {
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
        resources_by_id[f"Trigger{index}"] = {
            "Type": "Custom::Trigger",
            "Properties": {
                "Handler": {"Ref": f"Function{index}"},
                "ExecuteAfter": [f"Table{index + 1}", f"Function{index + 2}"],
                "ExecuteBefore": [f"Table{index + triggers + 2}"],
                "Payload": {"Table": {"Ref": f"Table{index}"}, "Rows": 5},
            },
        }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources_by_id}


def expand_any_size(fragment: dict[str, Any]) -> None:
    """Expand a template, even if it is too large; raise if it has any other problem."""
    try:
        expand(fragment, Deployment())
    except TemplateError as error:
        limits = (f"allows {MOST_RESOURCES};", f"holds {MOST_MANAGED_POLICIES};")
        if not all(any(limit in it.message for limit in limits) for it in error.problems):
            raise


def medians(*measured: Callable[[], object]) -> list[float]:
    """Run functions in turns, and return the median CPU time of each in seconds."""
    times: list[list[float]] = [[] for _ in measured]
    for _ in range(RUNS):
        for function, taken in zip(measured, times, strict=True):
            gc.collect()  # no function pays for another's garbage
            start = time.process_time()
            function()
            taken.append(time.process_time() - start)
    return [statistics.median(taken) for taken in times]


def lines() -> Iterator[str]:
    """Yield the tables: every size, with and without triggers, and the targets."""
    yield "| resources | triggers | expand ÷ json | expand ÷ SAM | µs per resource |"
    yield "|---|---|---|---|---|"
    over_json: dict[tuple[int, bool], float] = {}
    per_resource: dict[int, float] = {}
    for resources in SIZES:
        for triggers in (0, resources // 10):
            fragment = template(resources, triggers)
            text = json.dumps(fragment)
            plain = {k: v for k, v in fragment["Resources"].items() if "Trigger" not in k}
            sam = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": plain})
            expanding, reading = medians(
                lambda it=fragment: expand_any_size(it),  # type: ignore[misc]
                lambda it=text: json.dumps(json.loads(it)),  # type: ignore[misc]
            )
            # separate, since SAM would leave a cold cache for the other two, in our favor
            besides, translating = medians(
                lambda it=fragment: expand_any_size(it),  # type: ignore[misc]
                lambda it=sam: sam_transform(json.loads(it), {}, NO_POLICIES),  # type: ignore[misc]
            )
            ratios = f"{expanding / reading:.2f} | {besides / translating:.3f}"
            yield f"| {resources} | {triggers} | {ratios} | {expanding / resources * 1e6:.1f} |"
            over_json[resources, triggers > 0] = expanding / reading
            per_resource[resources] = expanding / resources
    growth = max(per_resource[size] for size in SIZES[1:]) / per_resource[SIZES[0]]
    without = max(ratio for (_, triggered), ratio in over_json.items() if not triggered)
    yield ""
    yield "| | measured | target |"
    yield "|---|---|---|"
    yield f"| 500 resources with 50 triggers, over json | {over_json[500, True]:.2f} | ≤ 4 |"
    yield f"| most time per resource, over that of 50 resources | {growth:.2f} | ≤ 1.2 |"
    yield f"| without triggers, over json | {without:.2f} | ≤ 0.2 |"


class NoPolicies:
    """SAM's list of managed policies, empty because these templates use none."""

    def load(self) -> dict[str, str]:
        """Return no policies."""
        return {}


NO_POLICIES: Final = NoPolicies()

if __name__ == "__main__":
    logging.disable(logging.ERROR)  # the SAM translator logs about its own metrics
    gc.freeze()  # excludes what SAM imports, which the macro does not have in memory
    for line in lines():
        print(line, flush=True)
