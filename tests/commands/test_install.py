"""What the commands that install say about what an account has, word for word."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click
import pytest

from cfn_trigger.commands import install, uninstall, upgrade
from cfn_trigger.deployment.aws import Location
from cfn_trigger.deployment.installer import StackOptions
from cfn_trigger.deployment.macro_stack import DeployedStack, MacroStack
from cfn_trigger.deployment.macro_users import MacroUsers
from cfn_trigger.errors import UsageError
from cfn_trigger.main import main
from cfn_trigger.terminal.installations import Place
from cfn_trigger.terminal.macro_options import parse_tags
from macro.expand import expand
from macro.model import Deployment
from tests.support.command_line import run
from tests.support.installed_account import FakeAccount, FakeStack
from tests.support.stack_endpoint import STACK_ID, StackEndpoint

TARGET = MacroStack()
PLACE = Place(account="123456789012", region="eu-west-1")
METADATA = {"AWS::ServerlessRepo::Application": {"SemanticVersion": "0.0.9"}}


def deployed(
    *,
    status: str = "CREATE_COMPLETE",
    metadata: Mapping[str, Any] = METADATA,
    macro_name: str = "Trigger",
    type_: str = "AWS::CloudFormation::Macro",
) -> DeployedStack:
    return DeployedStack(
        stack_id=STACK_ID,
        status=status,
        template={"Metadata": metadata, "Resources": {"Macro": {"Type": type_}}},
        parameters={"MacroName": macro_name},
    )


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        (
            deployed(),
            (
                "stack 'cfn-trigger': account 123456789012, region eu-west-1 has version 0.0.9,"
                " not 0.1.0; run cfn-trigger upgrade"
            ),
        ),
        (
            deployed(status="UPDATE_IN_PROGRESS"),
            (
                "stack 'cfn-trigger': is UPDATE_IN_PROGRESS; wait until it has ended:"
                " cfn-trigger watch cfn-trigger"
            ),
        ),
        (
            deployed(metadata={}),
            (
                "stack 'cfn-trigger': account 123456789012, region eu-west-1 has an unknown"
                " version, not 0.1.0; run cfn-trigger upgrade"
            ),
        ),
        (
            deployed(type_="AWS::SNS::Topic"),
            "stack 'cfn-trigger': does not contain the macro; pass --stack-name",
        ),
        (
            deployed(macro_name="Other"),
            (
                "stack 'cfn-trigger': has the macro 'Other', not 'Trigger';"
                " pass --macro-name Other, or another --stack-name"
            ),
        ),
    ],
)
def test_what_is_installed_already_is_a_usage_error(stack: DeployedStack, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        install.refuse_other_version(TARGET, stack, PLACE, "0.1.0")

    assert caught.value.message == message


def test_the_same_version_is_no_error() -> None:
    install.refuse_other_version(TARGET, deployed(), PLACE, "0.0.9")


def test_other_tags_for_an_installed_macro_are_a_usage_error() -> None:
    tagged = replace(deployed(), tags={"Team": "shop"})

    install.refuse_other_tags(TARGET, tagged, StackOptions())
    install.refuse_other_tags(TARGET, tagged, StackOptions(tags={"Team": "shop"}))
    with pytest.raises(UsageError) as caught:
        install.refuse_other_tags(TARGET, tagged, StackOptions(tags={"Team": "other"}))

    assert caught.value.message == (
        "stack 'cfn-trigger': has other tags; pass --tags to cfn-trigger upgrade"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tags", "Team=shop", "Stage=a b", "--yes"),
        ("--tags", "Team=shop", "--yes", "--tags", "Stage=a b"),
        ("--yes", "--tags=Team=shop", "--tags", "Stage=a b"),
    ],
)
def test_tags_are_written_as_for_the_aws_cli(arguments: tuple[str, ...]) -> None:
    parent = click.Context(main, **main.context_settings)
    context = install.command.make_context("install", [*arguments], parent=parent)

    assert context.params["pairs"] == ("Team=shop", "Stage=a b")
    assert context.params["yes"]
    assert parse_tags(context.params["pairs"]) == {"Team": "shop", "Stage": "a b"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tags", "Team"), "--tags: must be a list of Key=Value, but has 'Team'"),
        (
            ("--tags", "aws:team=a"),
            (
                "--tags: has the key 'aws:team'; AWS reserves keys that start with aws:,"
                " so choose another"
            ),
        ),
        (("--role-arn", "deploy"), "--role-arn deploy: must be the ARN of a role"),
    ],
)
def test_options_that_aws_would_refuse_are_a_usage_error(
    arguments: tuple[str, ...], message: str
) -> None:
    outcome = run("install", *arguments)

    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {message}\n")


@pytest.mark.parametrize("provider_code", [None, "Inline"])
def test_the_same_provider_code_for_an_installed_macro_is_no_error(
    provider_code: str | None,
) -> None:
    options = StackOptions(provider_code=provider_code)

    install.refuse_other_provider_code(TARGET, deployed(), options)


def test_another_provider_code_for_an_installed_macro_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        install.refuse_other_provider_code(TARGET, deployed(), StackOptions(provider_code="Layer"))

    assert caught.value.message == (
        "stack 'cfn-trigger': has ProviderCode Inline, not Layer;"
        " run cfn-trigger upgrade --provider-code Layer"
    )


def test_install_prints_the_permission_that_a_provider_in_a_layer_needs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = {"FunctionArn": "FUNCTION", "ProviderLayerArn": "LAYER:12"}

    install.finish(
        TARGET, replace(deployed(), outputs=outputs), PLACE, as_json=False, note="is installed"
    )

    assert capsys.readouterr().out.splitlines()[2:] == [
        "everyone who deploys them needs lambda:InvokeFunction on FUNCTION",
        "and, to create the provider, lambda:GetLayerVersion on LAYER:*",
    ]


@pytest.mark.parametrize("status", [None, "ROLLBACK_COMPLETE"])
def test_what_is_not_installed_cannot_be_upgraded(status: str | None) -> None:
    stacks = (
        {"cfn-trigger": FakeStack("cfn-trigger", '{"Resources": {}}', status)} if status else {}
    )

    with pytest.raises(UsageError) as caught:
        upgrade.deployed_macro(TARGET, FakeAccount(stacks=stacks).effects)

    assert caught.value.message == (
        "stack 'cfn-trigger': is not installed in eu-west-1; run cfn-trigger install"
    )


def test_a_macro_in_use_is_not_removed_without_a_question() -> None:
    with pytest.raises(UsageError) as caught:
        uninstall.refuse_used(TARGET, MacroUsers(stacks=("orders", "shop")))

    assert caught.value.message == (
        "macro 'Trigger': is used by orders, shop; remove their triggers first, or pass --force"
    )


def test_a_macro_that_may_be_in_use_is_not_removed_without_a_question() -> None:
    with pytest.raises(UsageError) as caught:
        uninstall.refuse_used(TARGET, MacroUsers(stacks=(), unreadable=("secret",)))

    assert caught.value.message == (
        "macro 'Trigger': may be used by secret, which could not be read; pass --force"
    )


@pytest.mark.parametrize("command", ["install", "upgrade", "uninstall"])
def test_a_name_that_no_macro_may_have_is_refused_before_aws_is_asked(command: str) -> None:
    outcome = run(command, "--macro-name", "My-Macro")

    assert (outcome.exit_code, outcome.stderr) == (
        2,
        ("cfn-trigger: --macro-name My-Macro: must be letters and digits, the first a letter,"
        " at most 64 in all\n"),
    )  # fmt: skip


# ---- what an upgrade means for the layer

LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:cfn-trigger-Trigger-handler"
PARAMETER = "/cfn-trigger/Trigger/handler-layer-arn"


def with_layer(key: str) -> dict[str, Any]:
    return {"Resources": {"HandlerLayer": {"Properties": {"ContentUri": {"Key": key}}}}}


@pytest.mark.parametrize(
    ("key", "coming"), [("old", {}), ("new", {PARAMETER: f"{LAYER}:the next version"})]
)
def test_another_layer_changes_its_parameter(key: str, coming: dict[str, str]) -> None:
    stack = DeployedStack(
        stack_id=STACK_ID,
        status="CREATE_COMPLETE",
        template=with_layer("old"),
        outputs={"HandlerLayerArn": f"{LAYER}:7", "HandlerLayerParameter": PARAMETER},
    )

    assert upgrade.coming_values(stack, with_layer(key)) == coming


# ---- what an upgrade means for a stack

FRAGMENT: Any = {
    "Resources": {
        "Check": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Role": "r", "Runtime": "python3.13", "Handler": "index.handler",
                           "Code": {"ZipFile": "x"}},
        },
        "Run": {"Type": "Custom::Trigger", "Properties": {"Handler": {"Ref": "Check"}}},
    }
}  # fmt: skip


def impacts(original: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what the next deployment of a stack runs, which an earlier one has expanded."""
    processed: Any = expand(json.loads(json.dumps(FRAGMENT)), Deployment()).fragment
    ids = {name: f"{name}-1" for name in processed["Resources"]}
    endpoint = StackEndpoint(template=processed, physical_ids=ids, original=json.dumps(original))
    with endpoint.serving() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        location = Location(region="us-east-1")
        return list(upgrade.impacts(("shop",), location, "Trigger"))


def test_an_unchanged_template_runs_nothing_after_an_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (impact,) = impacts({"Transform": "Trigger", **FRAGMENT}, monkeypatch)

    assert [prediction.trigger for prediction in impact.predictions] == ["Run"]
    assert impact.as_json() == {"stack": "shop", "problem": "", "runs": []}


def test_a_trigger_that_an_upgrade_runs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = json.loads(json.dumps(FRAGMENT))["Resources"]
    resources["Run"]["Properties"]["Payload"] = {"A": "b"}

    (impact,) = impacts({"Transform": "Trigger", "Resources": resources}, monkeypatch)

    assert [(run.trigger, run.verdict) for run in impact.runs] == [("Run", "will run")]


def test_a_template_that_the_new_version_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = json.loads(json.dumps(FRAGMENT))["Resources"]
    resources["Run"]["Properties"]["Timout"] = 3

    (impact,) = impacts({"Transform": "Trigger", "Resources": resources}, monkeypatch)

    assert impact.problem == (
        "the new version refuses it: Run.Timout: unknown property; did you mean 'Timeout'?"
    )
