"""`cfn-trigger watch`: a deployment as it goes, beside the tool that began it.

Knows how often AWS may be asked, and when to stop. Refuses to know what is read (`live`) and what
it means (`progress`).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import click
from rich.live import Live
from rich.text import Text

from cfn_trigger.deployment import poller, stacks, timeline
from cfn_trigger.deployment.timeline import Entry, Event, Line, State
from cfn_trigger.errors import ThrottledError, UsageError
from cfn_trigger.terminal import console, options

PAUSE: Final = 1.0
"""Seconds between two looks: a person does not wait for more, and AWS allows it."""

LONGEST_PAUSE: Final = 30.0

Told = tuple[State, tuple[Line, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a watch needs of the world; the tests replace it."""

    events: Callable[[State], Iterable[Event]]
    entries: Callable[[State], Iterable[Entry]]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


def follow(world: World, *, stack: str, patience: float) -> Iterator[Told]:
    """Look again and again until a deployment has ended, and yield what each look brought.

    Raises UsageError if none begins within `patience` seconds.
    """
    state, pause, began = State(), PAUSE, world.now()
    while not state.ended:
        try:
            events = world.events(state)
        except ThrottledError:
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause = PAUSE
            state, lines = timeline.advance(state, events, ())
            state, more = timeline.advance(state, (), world.entries(state))
            yield state, _in_order(lines, more)
        if not state.begun_as and (world.now() - began).total_seconds() >= patience:
            raise UsageError(f"stack {stack!r}: no deployment began in {patience:g} s")
        if not state.ended:
            world.sleep(pause)
    if state.runs:  # logs are there a moment after what they tell of
        world.sleep(PAUSE)
        state, lines = timeline.advance(state, (), world.entries(state))
        yield state, lines
    yield state, timeline.verdict(state)


def _in_order(lines: Iterable[Line], more: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted((*more, *lines), key=lambda line: line.at))


def real(stack: str) -> World:
    """Give the world: AWS, or what the environment points to, and this machine's clock."""
    watched = poller.Watched(
        stack=stack,
        cloudformation=stacks.connected("cloudformation"),
        functions=stacks.connected("lambda"),
        logs=stacks.connected("logs"),
        tails=poller.Tails(note=console.note),
    )
    return World(
        events=watched.events,
        entries=watched.entries,
        now=poller.now,
        sleep=poller.sleep,
    )


def shown(told: Iterable[Told], *, as_json: bool) -> State:
    """Write lines as they come; at a terminal, below them how far the running triggers are."""
    state = State()
    terminal = console.console()
    area = Live(console=terminal, transient=True, refresh_per_second=2)
    with area if terminal.is_terminal and not as_json else nullcontext():
        for now, lines in told:
            if not (state.has_looked or now.begun_as):
                console.note("no deployment is under way; waiting for one to begin")
            state = now
            for line in lines:
                poller.show(line, terminal, as_json=as_json)
            area.update(_Standing(state))
    return state


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far the running triggers are at the moment in which it is drawn."""

    state: State

    def __rich__(self) -> Text:
        lines = timeline.standing(self.state, poller.now())
        return Text("\n").join(Text(f"          … {line}", style="cyan") for line in lines)


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

    One that is under way is shown from its beginning, else the next one is waited for: start it
    in another terminal. Exit codes: 0 it is complete, 1 it failed or was rolled back, 130 Ctrl-C.
    With --json every line is an object.
    """
    state = shown(follow(real(stack), stack=stack, patience=patience), as_json=as_json)
    ctx.exit(0 if state.succeeded else 1)
