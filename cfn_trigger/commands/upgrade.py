"""`cfn-trigger upgrade`: another version of the macro, and what it means for stacks."""

import json
from collections.abc import Iterator, Mapping

import click

from cfn_trigger import environment
from cfn_trigger.commands import install
from cfn_trigger.commands.plan import update_by_another_macro
from cfn_trigger.deployment import aws, installer, macro_stack
from cfn_trigger.deployment.installer import InstallEffects, StackOptions
from cfn_trigger.deployment.macro_stack import DeployedStack, MacroStack, read_deployed
from cfn_trigger.deployment.macro_users import macro_users
from cfn_trigger.errors import TemplateProblems, UsageError
from cfn_trigger.prediction.predict import predictions
from cfn_trigger.prediction.upgrades import StackImpact
from cfn_trigger.template.source import parse_template
from cfn_trigger.terminal import console, installations, macro_options, options
from macro.model import Json


@options.command(
    "cfn-trigger upgrade",
    "cfn-trigger upgrade --region eu-west-1 --yes",
    "cfn-trigger upgrade --tags Team=shop Stage=prod",
    "cfn-trigger upgrade --provider-code Layer",
)
@macro_options.macro_stack_options
@macro_options.bucket_option
@macro_options.stack_options
@options.yes_option
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    target: MacroStack,
    s3_bucket: str | None,
    stack_options: StackOptions,
    yes: bool,
    location: aws.Location,
    as_json: bool,
) -> None:
    """Upgrade the macro to the version on this machine.

    Shows beforehand what the next deployment of every stack with triggers will run: its own
    template is expanded by the new version, and compared with what is deployed. Exit codes: 0
    upgraded or up to date, 1 failed and rolled back.
    """
    place = install.where(location)
    effects = install.install_effects(location, as_json=as_json)
    deployed = deployed_macro(target, effects)
    code, new = macro_stack.installed_code(), macro_stack.installed_version()
    bucket = s3_bucket or installer.own_bucket(target, effects.cloudformation)
    template = macro_stack.template(bucket or "", code)
    if deployed.template == template and not stack_options.changes(deployed):
        install.finish(target, deployed, place, as_json=as_json, note="is up to date")
        return
    old = macro_stack.version(deployed.template)
    coming = coming_values(deployed, template)
    with console.progress(f"reading which stacks use {target.macro_name}, and what they run"):
        users = macro_users(target.macro_name, effects.cloudformation, environment.sleep)
        expected = tuple(impacts(users.stacks, location, target.macro_name, coming))
    if as_json:
        content = {
            "from": old, "to": new,
            "provider_code": stack_options.provider_code or deployed.provider_code,
            "stacks": [impact.as_json() for impact in expected],
        }  # fmt: skip
        click.echo(json.dumps(content | {"unreadable": users.unreadable}))
    else:
        console.show(installations.upgraded(old, new, place))
        if stack_options.moves_provider(deployed):
            console.show(f"provider code: {deployed.provider_code} → {stack_options.provider_code}")
        console.show(installations.impacts(expected))
        for name in users.unreadable:
            console.note(f"stack {name!r}: could not be read")
    if not yes:
        options.ask("Upgrade it?")
    if not installer.upgrade(target, deployed, code, effects, s3_bucket, options=stack_options):
        ctx.exit(1)
    upgraded = read_deployed(target.name, effects.cloudformation) or deployed
    install.finish(target, upgraded, place, as_json=as_json, note="is installed")


def deployed_macro(target: MacroStack, effects: InstallEffects) -> DeployedStack:
    """Read the macro's stack; raises UsageError if there is none that can be updated."""
    deployed = read_deployed(target.name, effects.cloudformation)
    if deployed is None or deployed.was_never_created:
        region = effects.cloudformation.meta.region_name
        problem = f"stack {target.name!r}: is not installed in {region}"
        raise UsageError(f"{problem}; run cfn-trigger install")
    installer.refuse_changing(target.name, deployed)
    install.refuse_other_macro(target, deployed)
    return deployed


def coming_values(deployed: DeployedStack, template: Mapping[str, Json]) -> dict[str, str]:
    """Return what an upgrade changes in Parameter Store: the ARN of another layer.

    Functions whose layers come from there are updated by the next deployment of their stack.
    """
    outputs = deployed.outputs
    if macro_stack.has_same_handler_layer(deployed.template, template):
        return {}
    layer, _, _ = outputs.get("HandlerLayerArn", "").rpartition(":")
    return {outputs.get("HandlerLayerParameter", ""): f"{layer}:the next version"}


def impacts(
    stacks: tuple[str, ...],
    location: aws.Location,
    macro_name: str,
    coming: Mapping[str, str] | None = None,
) -> Iterator[StackImpact]:
    """Yield what the next deployment of each stack runs, with the template that it has now.

    `coming` has the values in Parameter Store that the upgrade changes, by their names there.
    """
    client = aws.client("cloudformation", location)
    for stack in stacks:
        try:
            with aws.requesting(f"stack {stack!r}"):
                text = macro_stack.original_text(stack, client)
            template = parse_template(text, stack)
            baseline, after = update_by_another_macro(
                stack, template, location, macro_name, coming=coming or {}
            )
        except TemplateProblems as problems:
            yield StackImpact(stack=stack, problem=f"the new version refuses it: {problems}")
        except UsageError as error:
            yield StackImpact(stack=stack, problem=error.message)
        else:
            region = after.pseudo_parameters["AWS::Region"]
            yield StackImpact(
                stack=stack, predictions=tuple(predictions(baseline, after, region=region))
            )
