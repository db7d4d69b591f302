"""The pre-commit hook, called as pre-commit calls it: with the files of a commit."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
CONSOLE: Final = "import sys; from {module} import {function}; sys.exit({function}())"

GOOD: Final = """\
Transform: Trigger
Resources:
  Run:
    Type: Custom::Trigger
    Properties: {Handler: 'arn:aws:lambda:eu-central-1:123456789012:function:migrate'}
"""


@pytest.fixture
def hook() -> dict[str, Any]:
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return dict(only)


def called(entry: str, folder: Path, *files: str) -> "subprocess.CompletedProcess[str]":
    """Call an entry's console script, as the package's metadata has it, with files behind it."""
    command, *arguments = entry.split()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts[command].partition(":")
    code = CONSOLE.format(module=module, function=function)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments, *files],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_declares_what_pre_commit_requires(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    assert hook["language"] == "python"


@pytest.mark.parametrize(
    ("file", "is_given"),
    [("template.yaml", True), ("a/b.yml", True), ("c.json", True), ("handler.py", False)],
)
def test_the_hook_receives_files_that_may_be_templates(
    hook: dict[str, Any], file: str, *, is_given: bool
) -> None:
    assert bool(re.search(hook["files"], file)) == is_given


def test_the_hook_fails_on_a_problem_and_skips_files_without_triggers(
    hook: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD.replace("Handler", "Handlr"))
    (tmp_path / "workflow.yaml").write_text("on: push\njobs: {}\n")

    failed = called(hook["entry"], tmp_path, "good.yaml", "bad.yaml", "workflow.yaml")

    assert failed.returncode == 1
    assert "bad.yaml:5:18: " in failed.stdout
    assert "Run.Handlr: unknown property" in failed.stdout
    assert "2 templates checked, 1 without triggers skipped, 1 problem" in failed.stdout
