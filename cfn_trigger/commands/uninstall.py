"""`cfn-trigger uninstall`: an account without the macro."""

import json

import click

from cfn_trigger import environment
from cfn_trigger.commands import install
from cfn_trigger.deployment import aws, installer
from cfn_trigger.deployment.installer import InstallEffects, StackOptions
from cfn_trigger.deployment.macro_stack import DeployedStack, MacroStack, read_deployed
from cfn_trigger.deployment.macro_users import MacroUsers, macro_users
from cfn_trigger.errors import UsageError
from cfn_trigger.terminal import console, installations, macro_options, options
from cfn_trigger.terminal.installations import Place


@options.command(
    "cfn-trigger uninstall",
    "cfn-trigger uninstall --macro-name RunTrigger --region eu-west-1 --yes",
)
@macro_options.macro_stack_options
@click.option("--force", is_flag=True, help="Remove it even if stacks still use it.")
@macro_options.role_arn_option
@options.yes_option
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    target: MacroStack,
    force: bool,
    role_arn: str | None,
    yes: bool,
    location: aws.Location,
    as_json: bool,
) -> None:
    """Remove the macro from the account of the current credentials, and the bucket of its code.

    Shows which stacks still use it: they stay as they are, and can be deleted, but no longer
    updated. If there are any, answer the question or pass --force. Exit codes: 0 nothing is left, 1
    something could not be deleted.
    """
    place = install.where(location)
    effects = install.install_effects(location, as_json=as_json)
    stacks = _existing(target, effects)
    if not stacks:
        _finish(target, place, as_json=as_json, note="is not installed")
        return
    with console.progress(f"reading which stacks use {target.macro_name}"):
        users = macro_users(target.macro_name, effects.cloudformation, environment.sleep)
    if users.stacks or users.unreadable:
        console.show(installations.users(users), stderr=as_json)
    if yes and not force:
        refuse_used(target, users)
    if not yes and not force:
        has_bucket = target.bucket_stack in stacks
        console.show(installations.removal(target, place, has_bucket=has_bucket), stderr=as_json)
        options.ask("Delete it?")
    if not installer.uninstall(target, effects, StackOptions(role_arn=role_arn)):
        ctx.exit(1)
    layers = stacks[target.name].layer_names if target.name in stacks else ()
    _finish(target, place, as_json=as_json, note="is removed", layers=layers)


def _existing(target: MacroStack, effects: InstallEffects) -> dict[str, DeployedStack]:
    """Return the macro's stacks by name; raises UsageError if one is in use or another's."""
    stacks = {
        name: read_deployed(name, effects.cloudformation)
        for name in (target.name, target.bucket_stack)
    }
    existing = {name: stack for name, stack in stacks.items() if stack is not None}
    for name, stack in existing.items():
        installer.refuse_changing(name, stack)
    macro = existing.get(target.name)
    if macro is not None and not macro.was_never_created:
        install.refuse_other_macro(target, macro)
    return existing


def refuse_used(target: MacroStack, users: MacroUsers) -> None:
    """Raise UsageError if stacks use a macro, or may use it."""
    if users.stacks:
        problem = f"macro {target.macro_name!r}: is used by {', '.join(users.stacks)}"
        raise UsageError(f"{problem}; remove their triggers first, or pass --force")
    if users.unreadable:
        problem = f"macro {target.macro_name!r}: may be used by {', '.join(users.unreadable)}"
        raise UsageError(f"{problem}, which could not be read; pass --force")


def _finish(
    target: MacroStack, place: Place, *, as_json: bool, note: str, layers: tuple[str, ...] = ()
) -> None:
    if as_json:
        content = {
            "macro": target.macro_name, "stack": target.name, "account": place.account,
            "region": place.region, "removed": True, "retained_layers": layers,
        }  # fmt: skip
        click.echo(json.dumps(content))
        return
    console.show(f"the macro {target.macro_name} {note} in {place}")
    if layers:
        console.show(installations.retained_layers(layers))
