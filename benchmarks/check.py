"""The cost of `cfn-trigger check`, relative to plain cfn-lint of the same template's expansion.

`python -m benchmarks.check` prints the ratio of the CPU times of both commands in one run: times
on a shared machine mean little. RESULTS.md in this folder records the results.

CloudFormation allows 500 resources. Of a larger template `check` reports that too, and lints no
expansion; it shows here how the cost grows.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from macro import emit
from macro.expand import read
from macro.model import TRANSFORM, Deployment

SIZES: Final = (450, 6_000)
RUNS: Final = 3
_OF_A_GROUP: Final = 6


def template(resources: int) -> dict[str, Any]:
    """Return a template without problems: queues, topics, functions with environments, triggers."""
    return {"Transform": TRANSFORM, "Resources": dict(_resources(resources // _OF_A_GROUP))}


def _resources(groups: int) -> Iterator[tuple[str, Any]]:
    yield (
        "Role",
        {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            },
        },
    )
    for index in range(groups):
        for part in ("Orders", "Returns", "Invoices"):
            timeout = {"VisibilityTimeout": 30, "MessageRetentionPeriod": 86_400}
            yield f"{part}{index}", {"Type": "AWS::SQS::Queue", "Properties": timeout}
        yield f"News{index}", {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "News"}}
        yield f"Load{index}", _function(index)
        if index % 10 == 0:
            yield f"Run{index}", _trigger(index)


def _function(index: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): return {}\n"},
            "Environment": {"Variables": {"ORDERS": {"Ref": f"Orders{index}"}}},
        },
    }


def _trigger(index: int) -> dict[str, Any]:
    return {
        "Type": "Custom::Trigger",
        "Properties": {
            "Handler": {"Ref": f"Load{index}"},
            "ExecuteAfter": [f"Returns{index}"],
            "ExecuteBefore": [f"Invoices{index}"],
            "Payload": {"Topic": {"Ref": f"News{index}"}},
        },
    }


def expansion(written: dict[str, Any]) -> Any:
    """Return an expansion however large it is; `expand` refuses one beyond the quotas."""
    fragment = {"Resources": written["Resources"]}
    reading = read(fragment, Deployment())
    emitted = emit.template(reading, {trigger.logical_id: {} for trigger in reading.triggers})
    return json.loads(json.dumps(emitted))


def seconds(*command: str | Path) -> float:
    """Return the CPU time of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(sizes: list[int], runs: int = RUNS) -> None:
    """Print the CPU times and their ratio for each size."""
    programs = Path(sys.executable).parent
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            written, expanded = Path(folder) / "template.yaml", Path(folder) / "expansion.yaml"
            values = template(size)
            written.write_text(yaml.safe_dump(values, sort_keys=False))
            expanded.write_text(yaml.safe_dump(expansion(values), sort_keys=False))
            both = [
                (
                    seconds(sys.executable, "-m", "cfn_trigger", "check", written),
                    seconds(programs / "cfn-lint", expanded),
                )
                for _ in range(runs)
            ]
        check, plain = (statistics.median(times) for times in zip(*both, strict=True))
        line = f"{len(values['Resources'])} resources: check {check:.1f} s, cfn-lint {plain:.1f} s"
        sys.stdout.write(f"{line}, ratio {check / plain:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
