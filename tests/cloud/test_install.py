"""The macro installed by `cfn-trigger` itself, from a wheel in an empty environment.

The command may do what the documentation lists, and IAM is enforced: nobody here is the root user.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cfn_trigger.local_cloud.cloud import Cloud, running
from cfn_trigger.main import SUBCOMMANDS
from tests.docs.pages import blocks
from tests.support.clients import Clients, Outcome
from tests.support.command_line import ROOT
from tests.support.waiting import PATIENCE, QUICKLY

SELF_TEST = ROOT / "examples" / "self-test" / "template.yaml"
VERSION = re.findall(r'(?m)^version = "(.*)"', (ROOT / "pyproject.toml").read_text())[0]
WITH_LAYER = """\
Transform: Trigger
Parameters:
  HandlerLayer:
    Type: AWS::SSM::Parameter::Value<String>
    Default: /cfn-trigger/Trigger/handler-layer-arn
Resources:
  Run:
    Type: Custom::Trigger
    Properties:
      Function:
        Runtime: python3.13
        Handler: index.handler
        Layers: [!Ref HandlerLayer]
        Code: {ZipFile: "def handler(event, context): return {}"}
"""
UPGRADE = "run cfn-trigger upgrade"
FORCE = "remove their triggers first, or pass --force"
PLACE = "account 123456789012, region us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """The command of a wheel, and the credentials of a user with the documented permissions."""

    command: Path
    environment: dict[str, str]
    folder: Path
    clients: Clients

    def run(self, *arguments: str, answer: str = "") -> Outcome:
        """Run the command, in a folder without anything of the project."""
        ended = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=answer,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(exit_code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)

    def stacks(self) -> set[str]:
        """Return the names of all stacks."""
        stacks = self.clients.boto("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"] for stack in stacks}

    def buckets(self) -> list[Any]:
        """Return all buckets."""
        buckets: list[Any] = self.clients.boto("s3").list_buckets()["Buckets"]
        return buckets


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, and install it and its dependencies into an empty environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # what is left of earlier builds would be in the wheel too
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "tests", "docs", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    _python(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, source)
    (wheel,) = folder.glob("*.whl")
    python = folder / "environment" / "bin" / "python"
    _python(sys.executable, "-m", "venv", "--without-pip", folder / "environment")
    _python(sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", wheel)
    return python.with_name("cfn-trigger")


def _python(*command: str | Path) -> None:
    """Run a Python that knows nothing of this one's packages."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, env=variables, capture_output=True)


@pytest.fixture(scope="module")
def empty_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud without the macro."""
    with running(log=tmp_path_factory.mktemp("empty-cloud") / "log") as cloud:
        yield cloud


def documented_policy() -> str:
    """Return the policy for installing, as the documentation has it."""
    (policy,) = (
        block.text
        for block in blocks("json")
        if block.page.name == "permissions.md" and '"cloudformation:CreateStack"' in block.text
    )
    return policy


@pytest.fixture
def installer(command: Path, empty_cloud: Cloud, tmp_path: Path) -> Iterator[Installer]:
    clients = Clients(cloud=empty_cloud, home=tmp_path)
    iam = clients.boto("iam")
    iam.create_user(UserName="installer")
    iam.put_user_policy(
        UserName="installer", PolicyName="documented", PolicyDocument=documented_policy()
    )
    key = iam.create_access_key(UserName="installer")["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, **empty_cloud.environment, **keys}
    yield Installer(command=command, environment=environment, folder=tmp_path, clients=clients)
    iam.delete_access_key(UserName="installer", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="installer", PolicyName="documented")
    iam.delete_user(UserName="installer")
    clients.close()


def pretend_to_be_old(installer: Installer) -> None:
    """Make the installed macro one of an older version."""
    cloudformation = installer.clients.boto("cloudformation")
    response = cloudformation.get_template(StackName="cfn-trigger", TemplateStage="Original")
    body = response["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else dict(body)
    template["Metadata"]["AWS::ServerlessRepo::Application"]["SemanticVersion"] = "0.0.9"
    template["Resources"]["HandlerLayer"]["Properties"]["Description"] = "an older one"
    cloudformation.update_stack(
        StackName="cfn-trigger",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": "MacroName", "UsePreviousValue": True}],
    )
    waiter = cloudformation.get_waiter("stack_update_complete")
    waiter.wait(StackName="cfn-trigger", WaiterConfig=QUICKLY)


def deploy(installer: Installer, stack: str, template: str) -> None:
    """Deploy a template with triggers, as its author does."""
    path = installer.folder / f"{stack}.yaml"
    path.write_text(template)
    deployment = installer.clients.sam(
        *("deploy", "--stack-name", stack, "--template-file", str(path)),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-progressbar"),
    )
    assert deployment.exit_code == 0, deployment.stderr


def documented_output(command: str) -> str:
    """Return the output of a command as the documentation has it; `…` is what it leaves out.

    The page may show an older version.
    """
    (shown,) = (
        block.text.removeprefix(f"$ cfn-trigger {command}\n")
        for block in blocks("console")
        if block.text.startswith(f"$ cfn-trigger {command}\n")
    )
    return shown.replace("0.1.0", VERSION)


def is_like(output: str, shown: str) -> bool:
    """Whether an output is what a page shows of it."""
    return bool(
        re.fullmatch(re.escape(shown).replace("…\\\n", ".*").replace("…", ".*"), output, re.DOTALL)
    )


@pytest.mark.long
def test_a_macro_is_installed_used_upgraded_and_removed_without_a_checkout(
    installer: Installer,
) -> None:
    created = installer.run("install", answer="y\n")

    assert created.exit_code == 0, created.stdout + created.stderr
    assert is_like(created.stdout, documented_output("install")), created.stdout
    assert installer.stacks() == {"cfn-trigger", "cfn-trigger-packages"}
    again = installer.run("install", "--yes")
    assert again.stdout.startswith(f"cfn-trigger {VERSION} is installed already in {PLACE}\n")

    deploy(installer, "self-test", SELF_TEST.read_text())

    current = installer.run("upgrade")
    assert current.stdout.startswith(f"cfn-trigger {VERSION} is up to date in {PLACE}\n")
    values = json.loads(installer.run("upgrade", "--json").stdout)
    assert values.items() >= {
        "macro": "Trigger", "version": VERSION, "stack": "cfn-trigger",
        "account": "123456789012", "region": "us-east-1",
        "HandlerLayerParameter": "/cfn-trigger/Trigger/handler-layer-arn",
    }.items()  # fmt: skip
    pretend_to_be_old(installer)
    refused = installer.run("install", "--yes")
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"cfn-trigger: stack 'cfn-trigger': {PLACE} has version 0.0.9, not {VERSION}; {UPGRADE}\n",
    )
    deploy(installer, "layered", WITH_LAYER)
    upgraded = installer.run("upgrade", "--yes")
    assert upgraded.exit_code == 0, upgraded.stdout + upgraded.stderr
    assert is_like(upgraded.stdout, documented_output("upgrade")), upgraded.stdout

    in_use = installer.run("uninstall", "--yes")
    assert (in_use.exit_code, in_use.stdout, in_use.stderr) == (
        2,
        "stacks that use it:\n  layered\n  self-test\n",
        f"cfn-trigger: macro 'Trigger': is used by layered, self-test; {FORCE}\n",
    )
    removed = installer.run("uninstall", answer="y\n")
    assert removed.exit_code == 0, removed.stdout + removed.stderr
    assert is_like(removed.stdout, documented_output("uninstall")), removed.stdout
    assert (installer.stacks(), installer.buckets()) == ({"self-test", "layered"}, [])
    nothing = installer.run("uninstall", "--yes")
    assert nothing.stdout == f"the macro Trigger is not installed in {PLACE}\n"


def test_the_providers_code_moves_into_a_layer_with_the_documented_permissions(
    installer: Installer,
) -> None:
    name = ("--macro-name", "Layered")
    assert installer.run("install", *name, "--yes").exit_code == 0
    refused = installer.run("install", *name, "--provider-code", "layer", "--yes")
    assert (refused.exit_code, refused.stderr) == (
        2,
        (
            "cfn-trigger: stack 'cfn-trigger-Layered': has ProviderCode Inline, not Layer;"
            " run cfn-trigger upgrade --provider-code Layer\n"
        ),
    )

    moved = installer.run("upgrade", *name, "--provider-code", "Layer", "--yes")

    layer = "arn:aws:lambda:us-east-1:123456789012:layer:cfn-trigger-Layered-provider:*"
    assert moved.exit_code == 0, moved.stdout + moved.stderr
    assert "\nprovider code: Inline → Layer\n" in moved.stdout
    assert moved.stdout.endswith(
        f"and, to create the provider, lambda:GetLayerVersion on {layer}\n"
    )
    current = installer.run("upgrade", *name, "--provider-code", "Layer")
    assert current.stdout.startswith(f"cfn-trigger {VERSION} is up to date in {PLACE}\n")
    removed = installer.run("uninstall", *name, "--yes", "--json")
    assert json.loads(removed.stdout.splitlines()[-1])["retained_layers"] == [
        "cfn-trigger-Layered-handler", "cfn-trigger-Layered-provider",
    ]  # fmt: skip


def test_every_help_works_with_the_newest_version_of_each_dependency(installer: Installer) -> None:
    (installer.folder / "pyproject.toml").write_text("[tool.cfn-trigger]\nnot-one = true\n")

    helps = {name: installer.run(name, "--help") for name in SUBCOMMANDS}

    assert {name: shown.stderr for name, shown in helps.items() if shown.exit_code} == {}


def test_a_failed_installation_tells_why_and_leaves_nothing(installer: Installer) -> None:
    before, name = installer.stacks(), "/cfn-trigger/Taken/handler-layer-arn"
    installer.clients.boto("ssm").put_parameter(Name=name, Value="x", Type="String")

    failed = installer.run("install", "--macro-name", "Taken", "--yes")

    assert failed.exit_code == 1
    assert "CREATE_FAILED HandlerLayerArn (AWS::SSM::Parameter)\n" in failed.stdout
    assert "The parameter already exists." in failed.stdout
    assert failed.stderr == (
        "cfn-trigger: removing stack 'cfn-trigger-Taken'\n"
        "cfn-trigger: removing stack 'cfn-trigger-Taken-packages'\n"
    )
    assert (installer.stacks(), installer.buckets()) == (before, [])


def test_without_an_answer_nothing_is_created(installer: Installer) -> None:
    before = installer.stacks()

    declined = installer.run("install", "--macro-name", "Other", answer="n\n")
    silent = installer.run("install", "--macro-name", "Other")

    assert declined.stdout == (
        f"creates in {PLACE}, for cfn-trigger {VERSION}\n"
        "  stack cfn-trigger-Other-packages  a bucket for the macro's code\n"
        "  stack cfn-trigger-Other           the macro Other, its function, role and log group;"
        " the layer for handlers, and its parameter\n"
    )
    assert (declined.exit_code, silent.exit_code) == (1, 2)
    assert declined.stderr == "Create it? [y/N]: cfn-trigger: aborted\n"
    assert silent.stderr.endswith("cfn-trigger: nobody answered the question; pass --yes\n")
    assert installer.stacks() == before


def test_a_user_without_permissions_reads_which_one_is_missing(installer: Installer) -> None:
    installer.clients.boto("iam").put_user_policy(
        UserName="installer",
        PolicyName="documented",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
            }
        ),
    )

    outcome = installer.run("install", "--yes", "--json")

    error = json.loads(outcome.stdout)
    assert (outcome.exit_code, error["place"]) == (2, "stack 'cfn-trigger'")
    assert "cloudformation:DescribeStacks" in error["message"]
