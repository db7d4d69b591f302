"""Every block of code in the documentation is what it says it is.

Whole templates expand, parts of templates use words that the shorthand has, Python compiles, and
commands name targets, options and files that are there. `…` stands for what is left out.
"""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import click
import pytest
import yaml
from awscli.clidriver import create_clidriver
from samcli.cli.main import cli as sam
from samtranslator.yaml_helper import yaml_parse

from cfn_trigger.main import SUBCOMMANDS, main
from macro.shorthand import OF_METADATA, PROPERTIES, SETTINGS
from tests.docs.pages import ROOT, Block, blocks, commands
from tests.support.command_line import run

ELLIPSIS: Final = "…"
FILE: Final = re.compile(r"[\w./-]+\.(md|py|sh|toml|ya?ml)")
ASSIGNMENT: Final = re.compile(r"\w+=.*")
SECTIONS: Final = frozenset({"Transform", "Resources"})
TOP_LEVEL: Final = re.compile(r"(?m)^(\w+):")
READERS_FOLDERS: Final = ("docs", ".")
"""Folders of pages on which a bare file name, such as template.yaml, means the reader's file."""


def test_a_block_names_its_language() -> None:
    known = {"", "console", "json", "mermaid", "python", "sh", "text", "toml", "yaml"}

    assert [str(block) for block in blocks() if block.language not in known] == []


# ---- templates


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_yaml_block_parses(block: Block) -> None:
    assert parsed(block) is not None


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_block_is_one_value_or_one_per_line(block: Block) -> None:
    try:
        json.loads(block.text)
    except ValueError:
        assert all(isinstance(json.loads(line), dict) for line in block.text.splitlines())


def whole_templates() -> list[Block]:
    """List the blocks that are templates with nothing left out."""
    return [
        block
        for block in blocks("yaml")
        if ELLIPSIS not in block.text and {*TOP_LEVEL.findall(block.text)} >= SECTIONS
    ]


@pytest.mark.parametrize("block", whole_templates(), ids=str)
def test_a_complete_template_expands(block: Block) -> None:
    ended = run("expand", "--sam", "-", stdin=block.text)

    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "TriggerProvider:" in ended.stdout


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_properties_in_the_docs_exist(block: Block) -> None:
    for words, known in shorthand(parsed(block)):
        assert words <= {*known}


def shorthand(value: Any) -> Iterator[tuple[set[str], Mapping[str, Any]]]:
    """Yield the words of every trigger, and of every transform's parameters, with those known."""
    match value:
        case {"Type": "Custom::Trigger", "Properties": dict(properties)}:
            if "ServiceToken" not in properties:
                yield set(properties), PROPERTIES
        case {"Metadata": {"Trigger": dict(properties)}}:
            yield set(properties), OF_METADATA
        case {"Name": "Trigger", "Parameters": dict(parameters)}:
            yield set(parameters), SETTINGS
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from shorthand(item)


@cache
def parsed(block: Block) -> Any:
    """Parse a block as a template; a `.cfnlintrc` is YAML as well."""
    assert yaml.compose(block.text), block
    return yaml_parse(block.text)


# ---- code


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_python_block_compiles(block: Block) -> None:
    ast.parse(block.text)


# ---- commands


@pytest.mark.parametrize("block", blocks("sh", "console"), ids=str)
def test_a_command_names_what_exists(block: Block) -> None:
    for words in commands(block):
        assert list(unknown(words, block)) == [], words


def unknown(words: list[str], block: Block) -> Iterator[str]:
    """Yield the words of a command that name nothing."""
    yield from (word for word in words if names_no_file(word, block))
    match words:
        case ["make", *targets]:
            yield from {*targets} - {*re.findall(r"(?m)^([a-zA-Z-]+):", makefile())}
        case [python, "-m", module, *_] if python.endswith("python"):
            yield from [] if importlib.util.find_spec(module) else [module]
        case ["cfn-trigger", *arguments]:
            yield from unknown_to_click(main, arguments)
        case ["sam", subcommand, *_]:
            known = sam.list_commands(click.Context(sam))
            yield from {subcommand} - {*known}
        case ["aws", *arguments]:
            yield from unknown_to_aws(*arguments)
        case [program, *_] if program.startswith("./"):
            yield from [] if (block.page.parent / program).is_file() else [program]


def names_no_file(word: str, block: Block) -> bool:
    """Whether a word names a file of the project that does not exist, by its page or the root."""
    if ASSIGNMENT.fullmatch(word) or not FILE.fullmatch(word) or word.startswith("/"):
        return False
    home = block.page.parent
    is_ours = "/" in word or home.relative_to(ROOT).as_posix() not in READERS_FOLDERS
    return is_ours and not ((home / word).exists() or (ROOT / word).exists())


@cache
def makefile() -> str:
    return (ROOT / "Makefile").read_text()


def unknown_to_click(group: click.Group, words: list[str]) -> Iterator[str]:
    """Yield an unknown subcommand of `cfn-trigger`, or its unknown options."""
    subcommand = next((word for word in words if not word.startswith("-")), "")
    if subcommand not in SUBCOMMANDS:
        yield from [subcommand] if subcommand else {*words} - {"--help", "--version"}
        return
    command = group.get_command(click.Context(group), subcommand)
    assert command
    known = {name for option in command.params for name in option.opts} | {"-h", "--help"}
    yield from options(words) - known


def unknown_to_aws(service: str, operation: str, *words: str) -> Iterator[str]:
    """Yield an unknown service or operation of the AWS CLI, or its unknown options."""
    driver = aws()
    command = driver.command_table.get(service)
    operations = command.create_help_command().command_table if command else {}
    if operation not in operations and service != "s3":
        yield f"{service} {operation}"
    elif service != "s3":
        arguments = operations[operation].create_help_command().arg_table
        yield from options(words) - {f"--{name}" for name in (*arguments, *driver.arg_table)}


@cache
def aws() -> Any:
    """Return the AWS CLI's commands, and the options that all of them have."""
    return create_clidriver().create_help_command()


def options(words: Any) -> set[str]:
    return {word.split("=")[0] for word in words if word.startswith("--")}
