"""The macro's own stack, deployed from the packages that are installed here.

Knows its template and the code of its functions. Refuses to know where it is deployed. The template
is the project's template.yaml without what needs `sam build`: a test compares the two.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import macro
import trigger_handler
import trigger_provider
from cfn_trigger.deployment import aws
from cfn_trigger.errors import UsageError
from macro.model import Json

STACK: Final = "cfn-trigger"
BUCKET: Final = "cfn-trigger-packages"

_POLL_SECONDS: Final = 0.1


def template() -> dict[str, Json]:
    """Return the template: the macro, its function, and the library for handlers as a layer."""
    trust = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}
    basic = "policy/service-role/AWSLambdaBasicExecutionRole"
    return {
        "Description": "cfn-trigger, from the packages that are installed on this machine",
        "Resources": {
            "MacroFunction": _resource(
                "AWS::Lambda::Function",
                Handler="macro.handler.handler",
                Runtime="python3.13",
                MemorySize=512,
                Timeout=30,
                Role={"Fn::GetAtt": ["MacroFunctionRole", "Arn"]},
                Code=_package("macro.zip"),
                LoggingConfig={"LogGroup": {"Ref": "MacroLogGroup"}},
            ),
            "MacroFunctionRole": _resource(
                "AWS::IAM::Role",
                AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [statement]},
                ManagedPolicyArns=[{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:{basic}"}],
            ),
            "MacroLogGroup": _resource("AWS::Logs::LogGroup", RetentionInDays=30),
            "Macro": _resource(
                "AWS::CloudFormation::Macro",
                Name="Trigger",
                FunctionName={"Fn::GetAtt": ["MacroFunction", "Arn"]},
            ),
            "HandlerLayer": _resource(
                "AWS::Lambda::LayerVersion",
                LayerName="cfn-trigger-Trigger-handler",
                Content=_package("layer.zip"),
            ),
            "HandlerLayerArn": _resource(
                "AWS::SSM::Parameter",
                Name="/cfn-trigger/Trigger/handler-layer-arn",
                Type="String",
                Value={"Ref": "HandlerLayer"},
            ),
        },
        "Outputs": {
            "MacroName": {"Value": {"Ref": "Macro"}},
            "FunctionArn": {"Value": {"Fn::GetAtt": ["MacroFunction", "Arn"]}},
            "HandlerLayerArn": {"Value": {"Ref": "HandlerLayer"}},
            "HandlerLayerParameter": {"Value": {"Ref": "HandlerLayerArn"}},
        },
    }


def _resource(type_: str, **properties: Json) -> Json:
    return {"Type": type_, "Properties": properties}


def _package(key: str) -> Json:
    return {"S3Bucket": BUCKET, "S3Key": key}


def package(modules: Iterable[ModuleType], prefix: str = "") -> bytes:
    """Return a zip file with the source of packages, as they are installed.

    Their dependencies are left out: functions of the local cloud run in this Python.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for module in modules:
            (folder,) = map(Path, module.__path__)
            for path in sorted(folder.glob("*.py")):
                name = f"{prefix}{module.__name__}/{path.name}"
                archive.writestr(zipfile.ZipInfo(name), path.read_text())
    return content.getvalue()


def deploy(client: Callable[[str], Any], sleep: Callable[[float], None]) -> None:
    """Create the stack; `client` returns the client of a service.

    Raises UsageError if the stack cannot be created.
    """
    packages = {
        "macro.zip": package([macro, trigger_provider]),
        "layer.zip": package([trigger_handler], prefix="python/"),
    }
    with (
        aws.requesting(f"stack {STACK!r}"),
        closing(client("s3")) as s3,
        closing(client("cloudformation")) as cloudformation,
    ):
        s3.create_bucket(Bucket=BUCKET)
        for key, body in packages.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        cloudformation.create_stack(
            StackName=STACK, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
        )
        while (stack := _description(cloudformation))["StackStatus"] == "CREATE_IN_PROGRESS":
            sleep(_POLL_SECONDS)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        reason = stack.get("StackStatusReason")
        raise UsageError(f"stack {STACK!r}: is {stack['StackStatus']}: {reason}")


def _description(cloudformation: Any) -> Mapping[str, str]:
    stacks: list[Mapping[str, str]] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return stacks[0]
