"""Predictions for whole projects, compared with what their deployment then does.

A project lives through changes of its files. After each, the plan of its template is compared with
the triggers that the deployment of the same files runs.
"""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run
from tests.support.stacks import Json, Stack, function
from tests.support.templates import get, of_type, ref, sub, trigger
from tests.support.waiting import QUICKLY

RUN, STAY, OPEN = "will run", "will not run", "unknown until deployment"
HANDLER = """
import json
def handler(event, context):
    print(json.dumps(event))
    return {"Rows": 3}
"""


def planned(stack: Stack, template: Path, *more: str) -> dict[str, str]:
    """Return the verdict on each trigger."""
    arguments = ("plan", str(template), "--deployed-stack", stack.name, "--json", *more)
    outcome = run(*arguments, **stack.clients.environment())
    assert (outcome.exit_code, outcome.stderr) == (0, ""), outcome
    return {each["trigger"]: each["verdict"] for each in json.loads(outcome.stdout)["triggers"]}


def runs(stack: Stack, *functions: str) -> Counter[str]:
    """Count the runs of each trigger so far."""
    return Counter(
        json.loads(line)["LogicalResourceId"]
        for function in functions
        for line in stack.log(function)
        if line.startswith("{")
    )


# ---- SAM, with code at local paths

OF_SAM: Json = {
    "Transform": ["AWS::Serverless-2016-10-31", "Trigger"],
    "Resources": {
        "Migrate": of_type(
            "AWS::Serverless::Function", Runtime="python3.11", Handler="index.handler",
            CodeUri="./migrate", Layers=[ref("Shared")],
        ) | {"Metadata": {"Trigger": {}}},
        "Serve": of_type(
            "AWS::Serverless::Function", Runtime="python3.11", Handler="index.handler",
            CodeUri="./serve", AutoPublishAlias="live",
        ),
        "Shared": of_type("AWS::Serverless::LayerVersion", ContentUri="./shared"),
        "Warm": trigger("Serve.Alias"),
        "Check": trigger(
            "Migrate", ExecuteOnHandlerChange=False, ExecuteOnResourceChange=["Serve"]
        ),
    },
}  # fmt: skip
NAMES = ("MigrateTrigger", "Warm", "Check")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a project's files, and the verdicts before and after `sam build`."""

    edit: Callable[[Path], object]
    source: tuple[str, str, str]
    built: tuple[str, str, str]


def appended(*path: str) -> Callable[[Path], object]:
    def append(folder: Path) -> None:
        file = folder.joinpath(*path)
        file.write_text(f"{file.read_text()}\n# changed\n")

    return append


def edited(name: str, **properties: Json) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        template: Any = json.loads((folder / "template.json").read_text())
        template["Resources"][name]["Properties"] |= properties
        (folder / "template.json").write_text(json.dumps(template))

    return edit


CHANGES = {
    "nothing": Change(edit=lambda _: None, source=(STAY, STAY, STAY), built=(STAY, STAY, STAY)),
    "code": Change(
        edit=appended("migrate", "index.py"), source=(OPEN, STAY, STAY), built=(RUN, STAY, STAY)
    ),
    "code behind an alias": Change(
        edit=appended("serve", "index.py"), source=(STAY, OPEN, OPEN), built=(STAY, RUN, RUN)
    ),
    "a layer": Change(
        edit=appended("shared", "lib.py"), source=(OPEN, STAY, STAY), built=(RUN, STAY, STAY)
    ),
    "a setting": Change(
        edit=edited("Warm", Timeout=600), source=(STAY, STAY, STAY), built=(STAY, STAY, STAY)
    ),
    "the memory of a function": Change(
        edit=edited("Migrate", MemorySize=256),
        source=(RUN, STAY, STAY),
        built=(RUN, STAY, STAY),
    ),
}


@pytest.mark.long
def test_a_sam_project_is_predicted_before_and_after_it_is_built(stack: Stack) -> None:
    folder = stack.folder
    for name in ("migrate", "serve"):
        (folder / name).mkdir()
        (folder / name / "index.py").write_text(HANDLER)
    (folder / "shared").mkdir()
    (folder / "shared" / "lib.py").write_text("VALUE = 1\n")
    (folder / "template.json").write_text(json.dumps(OF_SAM))
    source, built = folder / "template.json", folder / ".aws-sam" / "build" / "template.yaml"
    build(stack)
    deploy_build(stack)
    before = runs(stack, "Migrate", "Serve")
    assert before == Counter(NAMES)

    for name, change in CHANGES.items():
        change.edit(folder)
        predicted = planned(stack, source)
        assert (name, *map(predicted.get, NAMES)) == (name, *change.source)
        build(stack)
        predicted = planned(stack, built)
        assert (name, *map(predicted.get, NAMES)) == (name, *change.built)
        deploy_build(stack)
        after = runs(stack, "Migrate", "Serve")
        ran = {trigger for trigger, verdict in predicted.items() if verdict == RUN}
        assert (name, after - before) == (name, Counter(ran))
        before = after


def build(stack: Stack) -> None:
    outcome = stack.clients.sam("build", "-t", "template.json", cwd=stack.folder)
    assert outcome.exit_code == 0, outcome.stderr


def deploy_build(stack: Stack) -> None:
    outcome = stack.clients.sam(
        *("deploy", "--stack-name", stack.name, "--resolve-s3", "--no-progressbar"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        "--no-fail-on-empty-changeset",
        cwd=stack.folder,
    )
    assert outcome.exit_code == 0, outcome.stderr


# ---- nested stacks, whose templates are at local paths

CHILD: Json = {
    "Transform": "Trigger",
    "Parameters": {"Level": {"Type": "String"}, "Arn": {"Type": "String"}},
    "Resources": {
        **function("Seen", HANDLER),
        "Run": trigger("Seen", Payload={"LogicalResourceId": "Data.Run", "Level": ref("Level")}),
        "Own": trigger("Seen", Payload={"LogicalResourceId": "Data.Own", "Arn": ref("Arn")}),
    },
    "Outputs": {"Rows": {"Value": get("Run", "Rows")}},
}
OUTER: Json = {
    "Transform": "Trigger",
    "Parameters": {"Level": {"Type": "String", "Default": "low"}},
    "Resources": {
        **function("Outer", HANDLER),
        "Queue": of_type("AWS::SQS::Queue"),
        "Data": of_type(
            "AWS::CloudFormation::Stack", TemplateURL="child.json",
            Parameters={"Level": ref("Level"), "Arn": get("Queue")},
        ),
        "Reads": trigger(
            "Outer", Payload={"LogicalResourceId": "Reads", "Rows": get("Data", "Outputs.Rows")}
        ),
        "Plain": trigger("Outer", Payload={"LogicalResourceId": "Plain"}),
    },
}  # fmt: skip
EVERYTHING = ("Reads", "Plain", "Data.Run", "Data.Own")
NESTED: dict[str, tuple[tuple[str, ...], Callable[[Json], object], tuple[str, ...]]] = {
    "nothing": ((), lambda _: None, (OPEN, STAY, STAY, STAY)),
    "a parameter": (("Level=high",), lambda _: None, (OPEN, STAY, RUN, STAY)),
    "code of the outer stack": (
        (),
        lambda outer: replaced_code(outer, "Outer"),
        (RUN, RUN, STAY, STAY),
    ),
}


def replaced_code(template: Json, name: str) -> None:
    template["Resources"][name]["Properties"]["Code"]["ZipFile"] += "\n# changed"


def test_nested_stacks_are_predicted_with_the_stack_that_they_are_in(stack: Stack) -> None:
    template, outer = stack.folder / "template.yaml", json.loads(json.dumps(OUTER))
    (stack.folder / "child.json").write_text(json.dumps(CHILD))
    assert stack.deploy_text(json.dumps(outer)).exit_code == 0
    before = runs_of_nested(stack)
    assert before == Counter(EVERYTHING)

    for name, (pairs, edit, verdicts) in NESTED.items():
        edit(outer)
        template.write_text(json.dumps(outer))
        options = [option for pair in pairs for option in ("--parameter", pair)]
        predicted = planned(stack, template, *options)
        assert (name, *map(predicted.get, EVERYTHING)) == (name, *verdicts)
        passed = ("--parameter-overrides", *pairs) if pairs else ()
        stack.deploy_text(json.dumps(outer), *passed, "--no-fail-on-empty-changeset")
        after = runs_of_nested(stack)
        ran = {trigger for trigger, verdict in predicted.items() if verdict == RUN}
        unknown = {trigger for trigger, verdict in predicted.items() if verdict == OPEN}
        really = {trigger for trigger in after - before if trigger not in unknown}
        assert (name, really) == (name, ran)
        before = after


def runs_of_nested(stack: Stack) -> Counter[str]:
    """Count the runs of each trigger of a stack and the one in it."""
    inner = replace(stack, name=stack.physical_id("Data"))
    group = f"/aws/lambda/{inner.physical_id('Seen')}"
    events = stack.clients.boto("logs").filter_log_events(logGroupName=group)["events"]
    lines = [line for event in events for line in event["message"].splitlines()]
    seen = [json.loads(line) for line in lines if line.startswith("{")]
    return runs(stack, "Outer") + Counter(event["LogicalResourceId"] for event in seen)


# ---- what `cdk synth` writes


def asset(name: str) -> str:
    """Return the key of an asset in the bucket of `cdk bootstrap`."""
    return f"{hashlib.sha256(name.encode()).hexdigest()}.zip"


def of_cdk(code: str) -> Json:
    """Return a template as CDK writes it, with a trigger of CDK's own beside ours."""
    bucket = sub("cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}")
    version = f"MigrateCurrentVersion{hashlib.sha256(code.encode()).hexdigest()[:8]}"
    resources = function("Migrate", HANDLER) | function("Theirs", THEIRS)
    resources["Migrate"]["Properties"]["Code"] = {"S3Bucket": bucket, "S3Key": asset(code)}
    resources["Migrate"]["Metadata"] = {
        "aws:cdk:path": "Shop/Migrate/Resource", "aws:asset:path": f"asset.{code}",
        "aws:asset:is-bundled": False, "aws:asset:property": "Code",
    }  # fmt: skip
    theirs = of_type("Custom::Trigger", ServiceToken=get("Theirs"), HandlerArn=ref(version))
    bootstrap = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": BOOTSTRAP}
    check = {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], ref("BootstrapVersion")]}]}
    return {
        "Transform": "Trigger",
        "Parameters": {"BootstrapVersion": bootstrap},
        "Rules": {"CheckBootstrapVersion": {"Assertions": [{"Assert": check}]}},
        "Resources": {
            **resources,
            version: of_type("AWS::Lambda::Version", FunctionName=ref("Migrate"))
            | {"Metadata": {"aws:cdk:path": "Shop/Migrate/CurrentVersion/Resource"}},
            "Own": theirs | {"UpdateReplacePolicy": "Delete", "DeletionPolicy": "Delete"},
            "Run": trigger(get("Migrate")),
            "Served": trigger(ref(version)),
        },
    }


BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
THEIRS = """
import json, urllib.request
def handler(event, context):
    answer = {
        "Status": "SUCCESS", "PhysicalResourceId": "own", "StackId": event["StackId"],
        "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
    }
    data = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data, method="PUT"))
"""


def test_a_cdk_project_is_predicted_from_what_it_synthesizes(stack: Stack) -> None:
    s3, ssm = stack.clients.boto("s3"), stack.clients.boto("ssm")
    cloudformation = stack.clients.boto("cloudformation")
    account = stack.clients.boto("sts").get_caller_identity()["Account"]
    bucket = f"cdk-hnb659fds-assets-{account}-us-east-1"
    s3.create_bucket(Bucket=bucket)
    ssm.put_parameter(Name=BOOTSTRAP, Value="21", Type="String", Overwrite=True)
    for code in ("first", "second"):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("index.py", f"{HANDLER}\n# {code}")
        s3.put_object(Bucket=bucket, Key=asset(code), Body=data.getvalue())
    template = stack.folder / "Shop.template.json"
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    text = json.dumps(of_cdk("first"))
    cloudformation.create_stack(StackName=stack.name, TemplateBody=text, Capabilities=capabilities)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack.name, WaiterConfig=QUICKLY
    )
    before = runs(stack, "Migrate")
    assert before == Counter(("Run", "Served"))

    template.write_text(text)
    assert planned(stack, template) == {"Run": STAY, "Served": STAY}
    template.write_text(json.dumps(of_cdk("second")))
    assert planned(stack, template) == {"Run": RUN, "Served": RUN}
    cloudformation.update_stack(
        StackName=stack.name, TemplateBody=template.read_text(), Capabilities=capabilities
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=stack.name, WaiterConfig=QUICKLY
    )
    assert runs(stack, "Migrate") - before == Counter(("Run", "Served"))
    assert planned(stack, template) == {"Run": STAY, "Served": STAY}
