"""`cfn-trigger local`: a local cloud that has the macro, for templates with triggers.

Knows how the macro is deployed from what is installed here, by CloudFormation itself. Refuses to
know how the cloud is run (`local_cloud`). The stack is the one of the project's own template.yaml,
less what needs `sam build`: a test holds the two against each other.
"""

import importlib.util
import io
import json
import shlex
import signal
import sys
import threading
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import boto3
import click

import macro
import trigger_handler
import trigger_provider
from cfn_trigger.errors import UsageError
from cfn_trigger.local_cloud.cloud import Cloud, CloudError, running
from cfn_trigger.terminal import console, options
from macro.model import Json

STACK: Final = "cfn-trigger"
BUCKET: Final = "cfn-trigger-packages"
NEEDED: Final = ("ministack", "hypercorn", "trustme", "samtranslator")
"""What the local cloud is made of: the extra `cfn-trigger[local]`, and the SAM transform."""

WHERE: Final = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION")
WHO: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

Export = Mapping[str, str]


def template() -> dict[str, Json]:
    """Give the macro's own stack: its function, the macro, and the handlers' library as a layer."""
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
    """Zip the source of packages, as they are installed.

    What they import is not in it: functions of the local cloud run in this Python.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for module in modules:
            (folder,) = map(Path, module.__path__)
            for path in sorted(folder.glob("*.py")):
                name = f"{prefix}{module.__name__}/{path.name}"
                archive.writestr(zipfile.ZipInfo(name), path.read_text())
    return whole.getvalue()


def exports(cloud: Cloud) -> tuple[Export, Export]:
    """Give what points the AWS tools at a cloud: where it is, and who one is there.

    An empty session token takes the place of one that belongs to other keys.
    """
    known = {"AWS_SESSION_TOKEN": "", **cloud.environment}
    where, who = ({name: known[name] for name in names} for names in (WHERE, WHO))
    return where, who


def written(export: Export) -> str:
    """Write an export for a shell."""
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in export.items())


def deploy(cloud: Cloud) -> None:
    """Deploy the macro; raises CloudError if its stack is not made."""
    session = boto3.Session(
        aws_access_key_id=cloud.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=cloud.environment["AWS_REGION"],
    )

    def client(service: str) -> Any:
        make: Any = session.client
        return make(service, endpoint_url=cloud.endpoint)

    packages = {
        "macro.zip": package([macro, trigger_provider]),
        "layer.zip": package([trigger_handler], prefix="python/"),
    }
    with closing(client("s3")) as s3, closing(client("cloudformation")) as cloudformation:
        s3.create_bucket(Bucket=BUCKET)
        for key, body in packages.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        cloudformation.create_stack(
            StackName=STACK, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
        )
        while (status := _stack(cloudformation)["StackStatus"]) == "CREATE_IN_PROGRESS":
            threading.Event().wait(0.1)
        if status != "CREATE_COMPLETE":
            why = _stack(cloudformation).get("StackStatusReason")
            raise CloudError(f"the macro's stack is {status}: {why}")


def _stack(cloudformation: Any) -> Mapping[str, str]:
    stacks: list[Mapping[str, str]] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return stacks[0]


def all_installed(names: Iterable[str]) -> None:
    """Raise UsageError if a package of the extra is missing."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        remedy = "install it with: pip install 'cfn-trigger[local]'"
        raise UsageError(f"the local cloud needs {', '.join(missing)}; {remedy}")


@click.command()
@click.option(
    "--port", type=int, default=4566, show_default=True, help="On 127.0.0.1; 0 for a free one."
)
@options.json_option
def command(port: int, *, as_json: bool) -> None:
    """Run a local cloud that has the macro, until Ctrl-C.

    CloudFormation, Lambda, IAM and more, as one process on this machine. Paste the two lines that
    it prints into another terminal; there `aws`, `sam` and `cfn-trigger` then use it. It forgets
    everything when it ends.
    """
    all_installed(NEEDED)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(0))
    try:
        with running(port=port) as cloud:
            deploy(cloud)
            where, who = exports(cloud)
            if as_json:
                console.show_json({**where, **who})
            else:
                click.echo(f"{written(where)}\n{written(who)}")
            sys.stdout.flush()
            threading.Event().wait()
    except CloudError as error:
        raise UsageError(str(error)) from error
