"""`cfn-trigger watch`: a deployment as it happens, next to the tool that started it."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

import click
from rich.live import Live
from rich.text import Text

from cfn_trigger import environment
from cfn_trigger.deployment import aws, timeline
from cfn_trigger.deployment.monitor import MonitorEffects, Progress, follow
from cfn_trigger.deployment.poller import StackPoller, Tails
from cfn_trigger.deployment.timeline import DeploymentState
from cfn_trigger.terminal import console, lines, options


@click.command()
@click.argument("stack")
@click.option(
    "--timeout",
    "patience",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="How long to wait for a deployment to begin.",
)
@options.json_option
@click.pass_context
def command(ctx: click.Context, stack: str, patience: float, *, as_json: bool) -> None:
    """Follow the deployment of STACK: resources, triggers, and what their handlers print.

    A deployment in progress is shown from its beginning; otherwise the next one is awaited: start
    it in another terminal. Exit codes: 0 complete, 1 failed or rolled back, 130 Ctrl-C. With --json
    every line is an object.
    """
    state = show(follow(_effects(stack), stack=stack, patience=patience), as_json=as_json)
    ctx.exit(0 if state.succeeded else 1)


def _effects(stack: str) -> MonitorEffects:
    """Return AWS, or what the environment points to, and this machine's clock."""
    poller = StackPoller(
        stack=stack,
        cloudformation=aws.client("cloudformation"),
        functions=aws.client("lambda"),
        logs=aws.client("logs"),
        tails=Tails(note=console.note),
    )
    return MonitorEffects(
        events=poller.events,
        log_entries=poller.log_entries,
        now=environment.now,
        sleep=environment.sleep,
    )


def show(progress: Iterable[Progress], *, as_json: bool) -> DeploymentState:
    """Print lines as they come; at a terminal, also the triggers that run now, below them."""
    state = DeploymentState()
    terminal = console.console()
    area = Live(console=terminal, transient=True, refresh_per_second=2)
    with area if terminal.is_terminal and not as_json else nullcontext():
        for latest, new_lines in progress:
            if not (state.has_looked or latest.has_begun):
                console.note("no deployment is in progress; waiting for one to begin")
            state = latest
            for line in new_lines:
                lines.show(line, terminal, as_json=as_json)
            area.update(_StatusArea(state))
    return state


@dataclass(frozen=True, slots=True)
class _StatusArea:
    """The triggers that run at the moment in which it is drawn."""

    state: DeploymentState

    def __rich__(self) -> Text:
        status = timeline.status_lines(self.state, environment.now())
        return Text("\n").join(Text(f"          … {line}", style="cyan") for line in status)
