"""`cfn-trigger watch`: a deployment as it happens, next to the tool that started it."""

from typing import Final

import click

from cfn_trigger import environment
from cfn_trigger.deployment import aws
from cfn_trigger.deployment.logs import Tails
from cfn_trigger.deployment.monitor import MonitorEffects, follow
from cfn_trigger.deployment.poller import StackPoller
from cfn_trigger.terminal import console, following, options

ATTEMPTS: Final = 2
"""Attempts of a request: a watch asks again a second later, and less often if it is throttled."""


@options.command(
    "cfn-trigger watch shop",
    "cfn-trigger watch shop --quiet --timeout 60",
    "cfn-trigger watch shop --profile production --region eu-west-1 --json",
    alternatives=[("--quiet", "--verbose")],
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
@click.option("-q", "--quiet", is_flag=True, help="Show only how triggers and the deployment end.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Also show what the macro adds to run triggers."
)
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    stack: str,
    patience: float,
    *,
    quiet: bool,
    verbose: bool,
    location: aws.Location,
    as_json: bool,
) -> None:
    """Follow the deployment of STACK: resources, triggers, and what their handlers print.

    Shows a deployment in progress from its beginning, or waits for the next one, which you start in
    another terminal. Nested stacks are followed too. Exit codes: 0 complete, 1 failed or rolled
    back, 2 none began, 130 interrupted by Ctrl-C, which does not stop the deployment. With --json,
    every line is an object.
    """
    effects = stack_effects(stack, location)
    progress = follow(effects, stack=stack, patience=patience)
    view = following.View(as_json=as_json, quiet=quiet, verbose=verbose)
    state = following.show(progress, stack=stack, now=effects.now, view=view)
    ctx.exit(0 if state.succeeded else 1)


def stack_effects(stack: str, location: aws.Location) -> MonitorEffects:
    """Return AWS, or what the environment points to, and this machine's clock."""
    poller = StackPoller(
        stack=stack,
        cloudformation=aws.client("cloudformation", location, attempts=ATTEMPTS),
        functions=aws.client("lambda", location, attempts=ATTEMPTS),
        logs=aws.client("logs", location, attempts=ATTEMPTS),
        tails=Tails(note=console.note),
        note=console.note,
    )
    return MonitorEffects(
        events=poller.events,
        expected=poller.expected,
        log_entries=poller.log_entries,
        refused=poller.refused,
        now=environment.now,
        sleep=environment.sleep,
    )
