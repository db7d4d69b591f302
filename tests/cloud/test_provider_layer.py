"""The provider in a layer: large templates in a request, and moving the code there and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from macro.embedding import IMPORT
from tests.cloud.conftest import ROOT, deployed
from tests.support.clients import Clients, Outcome
from tests.support.command_line import run
from tests.support.stacks import Stack, function, trigger

MACRO = "InLayer"
SEEN = """
    def handler(event, context):
        print(event["RequestType"])
        return {"Rows": 3}
"""
RESOURCES = {
    **function("Seen", SEEN),
    "Run": trigger("Seen", ExecuteOnDelete=True),
    "Table": {"Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": {"Fn::GetAtt": ["Run", "Rows"]},
    }},
}  # fmt: skip
OF_THE_AUTHOR = 44_000
"""Bytes: with the compressed provider, the template would not fit into a request."""


@pytest.fixture(scope="module")
def layered(macro: Outcome, package: Path, clients: Clients) -> Iterator[Stack]:
    """Return the stack of a second macro, which has the provider in a layer."""
    assert macro.exit_code == 0
    copy = Stack(name="cfn-trigger-in-layer", clients=clients, folder=ROOT)
    own = ("--parameter-overrides", f"MacroName={MACRO}", "ProviderCode=Layer")
    deployed(clients, package, "--stack-name", copy.name, *own)
    yield copy
    copy.delete()


@pytest.fixture
def stack(layered: Stack, clients: Clients, tmp_path: Path) -> Iterator[Stack]:
    """Return a stack that only this test uses."""
    assert layered.outputs()["MacroName"] == MACRO
    own = Stack(name=f"stack-{uuid4()}", clients=clients, folder=tmp_path)
    yield own
    own.delete()


def template(transform: str = MACRO, *, size: int = 0, **changed: Any) -> str:
    content = {"Transform": transform, "Resources": {**RESOURCES, **changed}}
    text = json.dumps(content, separators=(",", ":"))
    content["Metadata"] = {"Note": "x" * max(size - len(text), 0)}
    return json.dumps(content, separators=(",", ":"))


def provider(stack: Stack) -> tuple[str, list[str]]:
    """Return the code of a stack's provider in its template, and the provider's layers."""
    cloudformation = stack.clients.boto("cloudformation")
    response = cloudformation.get_template(StackName=stack.name, TemplateStage="Processed")
    body = response["TemplateBody"]
    content = json.loads(body) if isinstance(body, str) else body
    properties = content["Resources"]["TriggerProvider"]["Properties"]
    configuration = stack.clients.boto("lambda").get_function_configuration(
        FunctionName=stack.physical_id("TriggerProvider")
    )
    layers = [layer["Arn"] for layer in configuration.get("Layers", [])]
    assert properties.get("Layers", []) == layers
    return properties["Code"]["ZipFile"], layers


def test_a_large_template_that_is_passed_by_body_is_created_updated_and_deleted(
    stack: Stack, layered: Stack
) -> None:
    created = stack.deploy_with_aws(template(size=OF_THE_AUTHOR))
    assert created.exit_code == 0, created.stderr + str(stack.events())
    assert provider(stack) == (IMPORT, [layered.outputs()["ProviderLayerArn"]])

    changed = function("Seen", SEEN, MemorySize=256)["Seen"]
    updated = stack.deploy_with_aws(template(size=OF_THE_AUTHOR, Seen=changed))
    assert updated.exit_code == 0, updated.stderr + str(stack.events())

    stack.delete()
    assert stack.log("Seen") == ["Create", "Update", "Delete"]


def test_a_large_template_is_refused_without_the_layer(stack: Stack) -> None:
    outcome = stack.deploy_with_aws(template("Trigger", size=OF_THE_AUTHOR))

    assert outcome.exit_code != 0
    assert outcome.stderr.endswith("Reason: Transformation data limit exceeded\n")


def test_moving_the_code_into_a_layer_and_back_runs_no_trigger(stack: Stack) -> None:
    for transform in ("Trigger", MACRO, "Trigger"):
        outcome = stack.deploy_with_aws(template(transform))

        assert outcome.exit_code == 0, outcome.stderr + str(stack.events())
        _, layers = provider(stack)
        assert len(layers) == (transform == MACRO)
    assert stack.log("Seen") == ["Create"]


def test_plan_predicts_no_run_if_the_code_moves_into_a_layer(stack: Stack) -> None:
    assert stack.deploy_with_aws(template()).exit_code == 0
    arguments = ("--deployed-stack", stack.name, "--macro-name", MACRO, "--json")
    path = str(stack.folder / "template.yaml")

    plan = run("plan", path, *arguments, **stack.clients.cloud.environment)

    assert plan.exit_code == 0, plan.stdout
    predictions = json.loads(plan.stdout)["triggers"]
    assert [(it["trigger"], it["verdict"]) for it in predictions] == [("Run", "will not run")]


def test_a_stack_is_rolled_back_and_deleted_after_the_macro_is_gone(
    stack: Stack, package: Path, clients: Clients
) -> None:
    name = "Gone"
    gone = Stack(name="cfn-trigger-gone", clients=clients, folder=ROOT)
    own = ("--parameter-overrides", f"MacroName={name}", "ProviderCode=Layer")
    deployed(clients, package, "--stack-name", gone.name, *own)
    assert stack.deploy_with_aws(template(name)).exit_code == 0
    _, layers = provider(stack)
    gone.delete()

    moved = stack.deploy_with_aws(template("Trigger", Broken={"Type": "Custom::Trigger",
        "Properties": {"Handler": "Seen", "Expect": {"Rows": 4}}}))  # fmt: skip

    assert (moved.exit_code != 0, stack.status()) == (True, "UPDATE_ROLLBACK_COMPLETE")
    current = clients.boto("lambda").get_function_configuration(
        FunctionName=stack.physical_id("TriggerProvider")
    )
    assert [layer["Arn"] for layer in current["Layers"]] == layers
    stack.delete()
    assert stack.log("Seen")[-1] == "Delete"
