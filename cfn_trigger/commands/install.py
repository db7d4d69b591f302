"""`cfn-trigger install`: the macro in the account of the current credentials.

Knows which clients and which progress an installation has; `upgrade` and `uninstall` share them.
"""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import click

from cfn_trigger.commands.watch import stack_effects
from cfn_trigger.deployment import aws, installer, macro_stack
from cfn_trigger.deployment.installer import InstallEffects, StackOptions
from cfn_trigger.deployment.macro_stack import DeployedStack, MacroStack, read_deployed
from cfn_trigger.deployment.monitor import before_deployment, follow
from cfn_trigger.deployment.state import DeploymentState
from cfn_trigger.errors import UsageError
from cfn_trigger.terminal import console, following, installations, macro_options, options
from cfn_trigger.terminal.installations import Place

PATIENCE: Final = 60.0
"""Seconds until the first event of an operation that was accepted."""


@options.command(
    "cfn-trigger install",
    "cfn-trigger install --profile production --region eu-west-1 --yes",
    "cfn-trigger install --macro-name RunTrigger --s3-bucket artifacts-eu-west-1",
    "cfn-trigger install --role-arn arn:aws:iam::123456789012:role/deploy",
    "cfn-trigger install --tags Team=shop Stage=prod",
    "cfn-trigger install --provider-code Layer",
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
    """Install the macro in the account of the current credentials, once per account and region.

    Needs neither a checkout nor the SAM CLI: the code is what is installed on this machine. If the
    creation fails, what was created is removed. Exit codes: 0 installed, 1 failed, 2 another
    version is installed: use `cfn-trigger upgrade`.
    """
    place = where(location)
    effects = install_effects(location, as_json=as_json)
    deployed = read_deployed(target.name, effects.cloudformation)
    version = macro_stack.installed_version()
    if deployed is not None and not deployed.was_never_created:
        refuse_other_version(target, deployed, place, version)
        refuse_other_tags(target, deployed, stack_options)
        refuse_other_provider_code(target, deployed, stack_options)
        finish(target, deployed, place, as_json=as_json, note="is installed already")
        return
    if not yes:
        preview = installations.creation(
            target, place, version, s3_bucket, stack_options.provider_code
        )
        console.show(preview, stderr=as_json)
        options.ask("Create it?")
    with console.progress("packaging the macro"):
        code = macro_stack.installed_code()
    is_complete = installer.install(target, code, effects, s3_bucket, options=stack_options)
    created = read_deployed(target.name, effects.cloudformation) if is_complete else None
    if created is None:
        ctx.exit(1)
    finish(target, created, place, as_json=as_json, note="is installed")


def refuse_other_version(
    target: MacroStack, deployed: DeployedStack, place: Place, version: str
) -> None:
    """Raise UsageError unless a stack is at rest and has the same macro in the same version."""
    installer.refuse_changing(target.name, deployed)
    refuse_other_macro(target, deployed)
    if (old := macro_stack.version(deployed.template)) != version:
        installed = f"version {old}" if old else "an unknown version"
        problem = f"stack {target.name!r}: {place} has {installed}, not {version}"
        raise UsageError(f"{problem}; run cfn-trigger upgrade")


def refuse_other_tags(
    target: MacroStack, deployed: DeployedStack, stack_options: StackOptions
) -> None:
    """Raise UsageError if an installed stack has other tags: `install` updates nothing."""
    if stack_options.changes_tags(deployed):
        raise UsageError(
            f"stack {target.name!r}: has other tags; pass --tags to cfn-trigger upgrade"
        )


def refuse_other_provider_code(
    target: MacroStack, deployed: DeployedStack, stack_options: StackOptions
) -> None:
    """Raise UsageError if an installed stack keeps the provider's code elsewhere."""
    if stack_options.moves_provider(deployed):
        wanted = stack_options.provider_code
        problem = f"stack {target.name!r}: has ProviderCode {deployed.provider_code}"
        remedy = f"run cfn-trigger upgrade --provider-code {wanted}"
        raise UsageError(f"{problem}, not {wanted}; {remedy}")


def refuse_other_macro(target: MacroStack, deployed: DeployedStack) -> None:
    """Raise UsageError if a stack does not contain this macro."""
    if not macro_stack.is_macro(deployed.template):
        problem = f"stack {target.name!r}: does not contain the macro"
        raise UsageError(f"{problem}; pass --stack-name")
    name = deployed.parameters.get("MacroName", "")
    if name != target.macro_name:
        problem = f"stack {target.name!r}: has the macro {name!r}, not {target.macro_name!r}"
        raise UsageError(f"{problem}; pass --macro-name {name}, or another --stack-name")


def finish(
    target: MacroStack, deployed: DeployedStack, place: Place, *, as_json: bool, note: str
) -> None:
    """Print where the macro is, and who may use it."""
    function = deployed.outputs.get("FunctionArn", "")
    version = macro_stack.version(deployed.template)
    if as_json:
        content = {
            "macro": target.macro_name, "version": version, "stack": target.name,
            "account": place.account, "region": place.region, **deployed.outputs,
        }  # fmt: skip
        click.echo(json.dumps(content))
        return
    console.show(f"cfn-trigger {version} {note} in {place}")
    console.show(f"templates use it with Transform: {target.macro_name}")
    console.show(f"everyone who deploys them needs lambda:InvokeFunction on {function}")
    if arn := deployed.outputs.get("ProviderLayerArn"):
        layer = arn.rpartition(":")[0]
        console.show(f"and, to create the provider, lambda:GetLayerVersion on {layer}:*")


# ---- what the three commands have in common


def where(location: aws.Location) -> Place:
    """Return the account of the current credentials, and the region."""
    with closing(aws.client("sts", location)) as client, aws.requesting("the AWS credentials"):
        identity = client.get_caller_identity()
    return Place(account=identity["Account"], region=client.meta.region_name)


def install_effects(location: aws.Location, *, as_json: bool) -> InstallEffects:
    """Return AWS, or what the environment points to, and progress as `watch` shows it."""

    def perform(stack: str, start: Callable[[], Any]) -> DeploymentState:
        effects = stack_effects(stack, location)
        known = before_deployment(effects)
        start()
        progress = follow(effects, stack=stack, patience=PATIENCE, known=known)
        view = following.View(as_json=as_json)
        return following.show(progress, stack=stack, now=effects.now, view=view)

    return InstallEffects(
        cloudformation=aws.client("cloudformation", location),
        s3=aws.client("s3", location),
        perform=perform,
        note=console.note,
    )
