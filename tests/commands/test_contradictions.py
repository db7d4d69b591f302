"""Options that contradict each other are an error, in every subcommand."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.support.command_line import ROOT, run

TEMPLATE: Final = str(ROOT / "examples" / "migration" / "template.yaml")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (
            ("plan", TEMPLATE, "--deployed-stack", "a", "--against", "b"),
            "--deployed-stack and --against",
        ),
        (("graph", TEMPLATE, "--format", "text", "--json"), "--json and --format text"),
        (("graph", TEMPLATE, "--json", "--format=svg"), "--json and --format svg"),
        (("check", TEMPLATE, "--format", "text", "--json"), "--json and --format text"),
        (("watch", "shop", "--quiet", "--verbose"), "--quiet and --verbose"),
        (("watch", "shop", "-qv"), "--quiet and --verbose"),
        (("run", "Run", "--stack", "a", "--deployed-stack", "b"), "--stack and --deployed-stack"),
        (("new", "--sam", "--plain", "shop"), "--sam and --plain"),
        (("new", "--plain", "shop", "--sam"), "--sam and --plain"),
        (("init", "--vscode", "--no-vscode"), "--vscode and --no-vscode"),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_a_usage_error(
    arguments: tuple[str, ...], names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)

    problem = f"{names} exclude each other"
    assert outcome.exit_code == 2
    if "--json" in arguments:
        assert json.loads(outcome.stdout) == {
            "place": "", "message": problem, "remedy": "pass one", "notes": [],
        }  # fmt: skip
    else:
        assert outcome.stderr == f"cfn-trigger: {problem}; pass one\n"
    assert [*tmp_path.iterdir()] == []


def test_json_and_markdown_exclude_each_other() -> None:
    outcome = run("plan", TEMPLATE, "--json", "--markdown")

    assert outcome.exit_code == 2
    assert json.loads(outcome.stdout)["message"] == "--json and --markdown exclude each other"


def test_the_same_format_may_be_requested_twice() -> None:
    outcome = run("check", TEMPLATE, "--format", "json", "--json")

    assert (outcome.exit_code, outcome.stdout) == (0, "[]\n")


def test_an_option_overrides_its_alternative_in_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[tool.cfn-trigger]\nstack-name = "shop"\n')
    outcome = run("run", "Run", "--deployed-stack", "other")

    assert outcome.stderr.startswith("cfn-trigger: no AWS region; pass --region")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("plan", "-", "--against", "-"), "TEMPLATE and --against"),
        (("expand", "-", "--parameters-file", "-"), "TEMPLATE and --parameters-file"),
        (("check", "-", TEMPLATE, "--parameters-file", "-"), "TEMPLATE... and --parameters-file"),
        (("run", "-", "Run", "--stack", "a", "--payload", "@-"), "[TEMPLATE] and --payload"),
    ],
)
def test_only_one_input_can_be_standard_input(arguments: tuple[str, ...], names: str) -> None:
    outcome = run(*arguments, stdin="{}")

    problem = "only one can be standard input; pass files for the others"
    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {names}: {problem}\n")


def test_an_old_parameter_needs_an_old_template() -> None:
    outcome = run("plan", TEMPLATE, "--old-parameter", "Stage=test")

    problem = "--old-parameter: applies only to the template of --against; pass that too"
    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {problem}\n")
