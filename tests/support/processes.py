"""Processes: how a test starts one, and which are alive, by what is in their environment."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path


def ignoring_ctrl_c(*command: str | Path) -> list[str | Path]:
    """Return a command that starts another one as a shell does in the background."""
    return ["sh", "-c", 'trap "" INT; exec "$0" "$@"', *command]


def with_environment(text: str) -> list[str]:
    """List the commands of all live processes, but this one, whose environment holds a text."""
    if not Path("/proc/self/environ").exists():
        listed = subprocess.run(
            ["ps", "axeww", "-o", "command"], capture_output=True, text=True, check=True
        )
        return [line for line in listed.stdout.splitlines() if text in line]
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked, or is another user's
            # what has ended and is not yet collected has an empty environment
            if process.name != str(os.getpid()) and text in (process / "environ").read_text():
                commands.append((process / "cmdline").read_text().replace("\0", " "))
    return commands
