"""A deployment at a terminal while it is followed: lines, and below them the running triggers.

Knows the layout. Refuses to know what happens.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from rich.live import Live
from rich.text import Text

from cfn_trigger.deployment.monitor import Progress
from cfn_trigger.deployment.state import DeploymentState
from cfn_trigger.deployment.summary import status_lines
from cfn_trigger.terminal import console, lines


def show(
    progress: Iterable[Progress], *, now: Callable[[], datetime], as_json: bool
) -> DeploymentState:
    """Print lines as they come; at a terminal, also the triggers that run now, below them."""
    state = DeploymentState()
    terminal = console.console()
    area = Live(console=terminal, transient=True, refresh_per_second=2)
    with area if terminal.is_terminal and not as_json else nullcontext():
        for latest, new_lines in progress:
            if not (state.has_read or latest.has_begun):
                console.note("no deployment is in progress; waiting for one to begin")
            state = latest
            for line in new_lines:
                lines.show(line, terminal, as_json=as_json)
            area.update(_StatusArea(state, now))
    return state


@dataclass(frozen=True, slots=True)
class _StatusArea:
    """The triggers that run at the moment in which it is drawn."""

    state: DeploymentState
    now: Callable[[], datetime]

    def __rich__(self) -> Text:
        status = status_lines(self.state, self.now())
        return Text("\n").join(Text(f"          … {line}", style="cyan") for line in status)
