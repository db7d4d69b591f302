"""What every subcommand has: examples in its help, the same options, completion."""

import re
import shlex
from pathlib import Path

import click
import pytest

from cfn_trigger.main import EXAMPLES, SUBCOMMANDS, main
from cfn_trigger.terminal.options import Subcommand
from tests.support.command_line import ROOT, run

EXIT_CODES = (ROOT / "docs" / "cli.md").read_text().partition("## Exit codes")[2]


def subcommand(name: str) -> Subcommand:
    command = main.get_command(click.Context(main), name)
    assert isinstance(command, Subcommand)
    return command


def parse(example: str) -> None:
    """Parse an example with the parser of its subcommand; a redirection is the shell's."""
    program, name, *arguments = shlex.split(example.partition(" > ")[0])
    assert (program, name in SUBCOMMANDS) == ("cfn-trigger", True)
    parent = click.Context(main, **main.context_settings)
    subcommand(name).make_context(name, arguments, parent=parent)


def test_the_help_of_the_program_has_examples_that_parse() -> None:
    shown = run("--help").stdout.partition("Examples:\n")[2]

    assert [line.strip() for line in shown.splitlines()] == list(EXAMPLES)
    for example in EXAMPLES:
        parse(example)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_of_every_subcommand_ends_with_examples_that_parse(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(name, "--help")
    examples = outcome.stdout.partition("\nExamples:\n")[2].splitlines()

    assert outcome.exit_code == 0
    assert examples
    for example in examples:
        assert example.split()[:2] == ["cfn-trigger", name]
        parse(example)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_the_common_options(name: str) -> None:
    known = {option for parameter in subcommand(name).params for option in parameter.opts}

    assert known >= {"--json", "--verbose", "--config-env"}
    assert "--region" in known or "--profile" not in known


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_does_not_read_the_settings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.cfn-trigger]\nregoin = 'eu-west-1'\n")

    assert run(name, "--help").exit_code == 0
    assert run(name, "shop", "-h").exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_completion(shell: str) -> None:
    outcome = run(_CFN_TRIGGER_COMPLETE=f"{shell}_source")

    assert outcome.exit_code == 0
    assert f"_CFN_TRIGGER_COMPLETE={shell}_complete" in outcome.stdout


def test_completion_knows_subcommands_and_options() -> None:
    def completed(line: str, at: str) -> list[str]:
        outcome = run(_CFN_TRIGGER_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=at)
        return re.findall(r"plain,(\S+)", outcome.stdout)

    assert completed("cfn-trigger e", "1") == ["expand"]
    assert completed("cfn-trigger watch --re", "2") == ["--region"]


def test_the_version_is_that_of_the_package() -> None:
    assert re.fullmatch(r"cfn-trigger \d+\.\d+\.\d+\n", run("--version").stdout)


def test_the_documentation_lists_all_exit_codes() -> None:
    listed = re.findall(r"(?m)^\| (\d+) \|", EXIT_CODES)

    assert listed == ["0", "1", "2", "3", "130"]
