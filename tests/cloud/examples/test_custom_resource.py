"""examples/custom-resource: an object that is created, updated, replaced and deleted."""

import json
from typing import Any

from tests.cloud.examples.example import deploy, replaced, text
from tests.support.stacks import Stack
from tests.support.waiting import QUICKLY

TEMPLATE = text("custom-resource")
# What comes after the object cannot be made: the deployment is taken back.
FAILING = replaced(
    TEMPLATE,
    "  Objects:\n",
    """  More:
    Type: Custom::Trigger
    DependsOn: Settings
    Properties:
      Handler: !Ref Objects
      Payload: {}

  Objects:
""",
)


def objects(stack: Stack) -> dict[str, Any]:
    """Read what is in the bucket, by name."""
    s3, bucket = stack.clients.boto("s3"), stack.outputs()["Bucket"]
    names = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {
        name: json.loads(s3.get_object(Bucket=bucket, Key=name)["Body"].read()) for name in names
    }


def set_parameters(stack: Stack, **values: str) -> None:
    """Update the stack's parameters and nothing else: its template is not even read again."""
    cloudformation = stack.clients.boto("cloudformation")
    kept = {"HandlerLayer", "Key", "Theme"} - values.keys()
    cloudformation.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            *({"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)),
            *({"ParameterKey": name, "ParameterValue": value} for name, value in values.items()),
        ],
    )
    waiter = cloudformation.get_waiter("stack_update_complete")
    waiter.wait(StackName=stack.name, WaiterConfig=QUICKLY)


def test_an_object_is_created_updated_rolled_back_replaced_and_deleted(stack: Stack) -> None:
    created = deploy(stack, TEMPLATE)

    assert created.exit_code == 0, created.stderr
    assert objects(stack) == {"settings.json": {"Theme": "light", "ItemsPerPage": 20}}
    bucket = stack.outputs()["Bucket"]
    assert stack.outputs() == {
        "Bucket": bucket,
        "Object": f"s3://{bucket}/settings.json",
        "Bytes": "38",
    }

    set_parameters(stack, Theme="dark")

    assert objects(stack) == {"settings.json": {"Theme": "dark", "ItemsPerPage": 20}}

    failed = deploy(stack, FAILING, Theme="pink")

    assert failed.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert "KeyError" in stack.reason("More")
    assert objects(stack) == {"settings.json": {"Theme": "dark", "ItemsPerPage": 20}}

    set_parameters(stack, Key="site.json")

    assert objects(stack) == {"site.json": {"Theme": "dark", "ItemsPerPage": 20}}
    assert stack.outputs()["Object"] == f"s3://{bucket}/site.json"

    stack.delete()

    names = [one["Name"] for one in stack.clients.boto("s3").list_buckets()["Buckets"]]
    assert bucket not in names
    assert [line for line in stack.log("Objects") if line.endswith(".json")] == [
        "Create settings.json",
        "Update settings.json",
        "Update settings.json",
        "Update settings.json",
        "Update site.json",
        "Delete settings.json",
        "Delete site.json",
    ]
