"""What `cfn-trigger new` writes: a project whose every file is right as it stands."""

import json
import re
import subprocess
import sys
import tomllib
from contextlib import chdir
from pathlib import Path

import pytest

from cfn_trigger.commands.new import stack_name
from cfn_trigger.main import SUBCOMMANDS
from tests.support.command_line import ROOT, run

KINDS = ("--sam", "--plain")
COMMON = [".cfnlintrc", ".gitignore", "README.md", "pyproject.toml"]
CFN_LINT = "from cfnlint import runner; runner.main()"
CODE = ["seed_prices/app.py", "template.yaml", "tests/test_seed_prices.py"]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=KINDS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    assert run("new", str(folder), request.param).exit_code == 0
    return folder


def test_a_project_for_sam_is_the_default(tmp_path: Path) -> None:
    folder = tmp_path / "shop"

    outcome = run("new", str(folder))

    names = [*COMMON, "samconfig.toml", *CODE]
    assert outcome.stdout.splitlines() == [
        *(f"{folder / name}: created" for name in names),
        f"what to do next: {folder / 'README.md'}",
    ]
    assert files(folder) == names


def test_a_plain_project_has_no_settings_of_the_sam_cli(tmp_path: Path) -> None:
    folder = tmp_path / "shop"

    outcome = run("new", str(folder), "--plain", "--json")

    assert json.loads(outcome.stdout) == [
        {"file": str(folder / name), "status": "created"} for name in [*COMMON, *CODE]
    ]


def test_check_finds_no_problem(project: Path) -> None:
    outcome = run("check", str(project / "template.yaml"))

    assert (outcome.exit_code, outcome.stdout) == (0, "1 template checked, no problems\n")


def test_cfn_lint_finds_no_problem_with_the_projects_configuration(project: Path) -> None:
    ended = python(project, "-c", CFN_LINT, "template.yaml")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_test_of_the_handler_passes(project: Path) -> None:
    ended = python(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout


def python(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plan_and_a_graph_show_its_trigger(project: Path) -> None:
    template = str(project / "template.yaml")

    assert "SeedPricesTrigger  will run" in run("plan", template).stdout
    assert "SeedPricesTrigger  runs SeedPrices" in run("graph", template).stdout


def test_the_stack_is_named_after_the_directory(project: Path) -> None:
    readme = (project / "README.md").read_text()

    assert readme.startswith("# shop\n")
    assert not any("my-stack" in (project / name).read_text() for name in files(project))
    settings = [tomllib.loads(path.read_text()) for path in project.glob("*.toml")]
    assert "'shop'" in str(settings)


def test_the_configuration_names_no_path(project: Path) -> None:
    assert "/" not in (project / ".cfnlintrc").read_text()


def test_a_directory_without_a_name_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("new", "")

    problem = "DIRECTORY: is empty; pass the name of a directory, or . for this one"
    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {problem}\n")
    assert [*tmp_path.iterdir()] == []


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "template.yaml"
    mine.write_text("mine")

    outcome = run("new", str(tmp_path))

    assert outcome.exit_code == 2
    assert outcome.stderr == f"cfn-trigger: {mine}: exists already; choose another directory\n"
    assert files(tmp_path) == ["template.yaml"]
    assert mine.read_text() == "mine"


def test_a_directory_with_other_files_can_become_a_project(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("mine")

    with chdir(tmp_path):
        assert run("new", ".").exit_code == 0

    assert (tmp_path / "template.yaml").exists()


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "template.yaml").symlink_to(elsewhere)

    assert run("new", str(folder)).exit_code == 2
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shop", "shop"),
        ("My Shop_2", "My-Shop-2"),
        ("2shops", "stack-2shops"),
        ("łódź", "d"),
        ("", "stack"),
        ("-x-", "x"),
        ("a" * 200, "a" * 128),
    ],
)
def test_a_stacks_name_has_letters_digits_and_hyphens(text: str, name: str) -> None:
    assert stack_name(text) == name


def test_every_command_in_its_readme_exists(project: Path) -> None:
    commands = re.findall(r"^cfn-trigger (\S+)", (project / "README.md").read_text(), re.MULTILINE)

    assert {"check", "plan", "graph", "install", "watch"} <= set(commands)
    assert set(commands) <= set(SUBCOMMANDS)
