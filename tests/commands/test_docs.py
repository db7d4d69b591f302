"""docs/cli.md shows what the commands print."""

import re
import shlex
from contextlib import chdir
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from cfn_trigger.main import SUBCOMMANDS
from tests.support.command_line import ROOT, run

TEXT = (ROOT / "docs" / "cli.md").read_text()
EXAMPLES = re.findall(r"```console\n\$ cfn-trigger (.*)\n((?:.*\n)*?)```", TEXT)
DOCUMENTED = ("expand", "check", "plan", "graph", "new", "init")


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_shows_what_the_command_prints(command: str, shown: str, tmp_path: Path) -> None:
    """A line of `…` stands for any lines."""
    with chdir(tmp_path if command.startswith(("init", "new ")) else ROOT):
        outcome = run(*shlex.split(command))
    output = outcome.stdout + outcome.stderr

    pattern = "*".join(re.sub(r"([*?[])", r"[\1]", part) for part in f"\n{shown}".split("\n…\n"))
    assert fnmatchcase(f"\n{output}", pattern), output


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_subcommand_has_a_section_with_an_example(name: str) -> None:
    assert name in SUBCOMMANDS
    assert f"\n## {name}\n" in TEXT
    assert [command for command, _ in EXAMPLES if command.split()[0] == name]
