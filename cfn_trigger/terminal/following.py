"""A deployment at a terminal while it is followed: lines, and below them what is happening now.

Knows the layout. Refuses to know what happens.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from cfn_trigger.deployment.durations import as_words
from cfn_trigger.deployment.monitor import Progress
from cfn_trigger.deployment.state import DeploymentState, Line, Tally, Weight
from cfn_trigger.deployment.summary import changing_resources, phase, running_triggers
from cfn_trigger.errors import UsageError
from cfn_trigger.terminal import console, lines

_WIDEST_BAR: Final = 40
_NARROWEST_BAR: Final = 10
_MOST_LINES: Final = 12
"""Lines below the bar; a smaller terminal shows fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which lines are shown, and how."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False

    def shows(self, line: Line, *, is_live: bool) -> bool:
        """Whether a line is shown; a live area shows what begins in its own way."""
        if self.quiet:
            return line.weight == "outcome"
        hidden: set[Weight] = set()
        if not (self.verbose or self.as_json):
            hidden.add("detail")
            if is_live:
                hidden.add("start")
        return line.weight not in hidden


def show(
    progress: Iterable[Progress],
    *,
    stack: str,
    now: Callable[[], datetime],
    view: View,
    terminal: Console | None = None,
    zone: tzinfo | None = None,
) -> DeploymentState:
    """Print lines as they come; at a terminal, also what is happening now, below them.

    Returns the last state. Times are in `zone`, by default in this machine's. After Ctrl-C, or
    if AWS can no longer be asked, it says that the deployment goes on.
    """
    state = DeploymentState()
    terminal = terminal or console.console()
    is_live = console.has_cursor(terminal) and not (view.as_json or view.quiet)
    area = Live(console=terminal, transient=True, refresh_per_second=4)
    try:
        with area if is_live else nullcontext():
            for latest, new_lines in progress:
                if not (state.has_read or latest.has_begun):
                    console.note(_waiting(latest, stack))
                state = latest
                for line in new_lines:
                    if view.shows(line, is_live=is_live):
                        lines.show(line, terminal, as_json=view.as_json, zone=zone)
                area.update(StatusArea(state, now))
    except (KeyboardInterrupt, UsageError):
        if state.has_begun and not state.ended:
            console.note(f"stack {stack!r}: the deployment continues without this command")
        raise
    return state


def _waiting(state: DeploymentState, stack: str) -> str:
    match state.latest:
        case None:
            condition = "does not exist yet"
        case event if event.status == "REVIEW_IN_PROGRESS":
            condition = "has a change set, but no resources yet"
        case event:
            condition = f"{event.status} since {event.at.astimezone():%Y-%m-%d %H:%M:%S}"
    return f"stack {stack!r}: {condition}; waiting for a deployment to begin"


@dataclass(frozen=True, slots=True)
class StatusArea:
    """The bar, the running triggers and the changing resources when it is drawn."""

    state: DeploymentState
    now: Callable[[], datetime]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield lines that are as wide as the terminal at most, and not more than fit into it."""
        if not self.state.has_begun:
            return
        now = self.now()
        yield _cropped(self._bar(now, options))
        triggers = [("bold cyan", line) for line in running_triggers(self.state, now)]
        others = [("dim", line) for line in changing_resources(self.state, now)]
        shown = [*triggers, *others]
        room = max(1, min(_MOST_LINES, options.size.height - 3))
        for style, line in shown[:room]:
            yield _cropped(Text(f"  {line}", style=style))
        if len(shown) > room:
            yield _cropped(Text(f"  and {len(shown) - room} more", style="dim"))

    def _bar(self, now: datetime, options: ConsoleOptions) -> Text:
        state, tally = self.state, self.state.tally
        style = "red" if "ROLLBACK" in state.status else "green"
        head = f"{state.stack} {phase(state)}"
        since = as_words(now - state.began) if state.began else ""
        tail = f"{_count(tally)}, {since}"
        room = options.max_width - Text(f"{head}    {tail}").cell_len
        if tally.total is None or room < _NARROWEST_BAR:
            return Text.assemble((head, "bold"), f"  {tail}")
        width = min(_WIDEST_BAR, room)
        filled = width * tally.done // max(1, tally.total)
        full, empty = ("#", "-") if options.ascii_only else ("━", "─")
        return Text.assemble(
            (head, "bold"), "  ", (full * filled, style), (empty * (width - filled), "dim"),
            f"  {tail}",
        )  # fmt: skip


def _count(tally: Tally) -> str:
    if tally.total is None:
        return f"{tally.done} done"
    return f"{tally.done} of {tally.total}, {tally.total - tally.done} left"


def _cropped(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
