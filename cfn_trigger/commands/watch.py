"""`cfn-trigger watch`: a deployment as it happens, next to the tool that started it."""

import click

from cfn_trigger import environment
from cfn_trigger.deployment import aws
from cfn_trigger.deployment.monitor import MonitorEffects, follow
from cfn_trigger.deployment.poller import StackPoller, Tails
from cfn_trigger.terminal import console, following, options


@options.command(
    "cfn-trigger watch shop",
    "cfn-trigger watch shop --profile production --region eu-west-1 --json",
)
@click.argument("stack")
@click.option(
    "--timeout",
    "patience",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="Seconds to wait for a deployment to start.",
)
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context, stack: str, patience: float, *, location: aws.Location, as_json: bool
) -> None:
    """Follow the deployment of STACK: resources, triggers, and what their handlers print.

    Shows a deployment in progress from its beginning, or waits for the next one, which you start in
    another terminal. Exit codes: 0 complete, 1 failed or rolled back, 130 interrupted by Ctrl-C.
    With --json, every line is an object.
    """
    effects = stack_effects(stack, location)
    progress = follow(effects, stack=stack, patience=patience)
    state = following.show(progress, now=effects.now, as_json=as_json)
    ctx.exit(0 if state.succeeded else 1)


def stack_effects(stack: str, location: aws.Location) -> MonitorEffects:
    """Return AWS, or what the environment points to, and this machine's clock."""
    poller = StackPoller(
        stack=stack,
        cloudformation=aws.client("cloudformation", location),
        functions=aws.client("lambda", location),
        logs=aws.client("logs", location),
        tails=Tails(note=console.note),
    )
    return MonitorEffects(
        events=poller.events,
        log_entries=poller.log_entries,
        now=environment.now,
        sleep=environment.sleep,
    )
