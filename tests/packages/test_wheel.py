"""What an installation puts next to other people's packages, and that it gets on with them."""

import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.support.command_line import ROOT

SETUPTOOLS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "setuptools"
]


def found_packages() -> set[str]:
    """Find packages as setuptools does, which not every Python has.

    https://setuptools.pypa.io/en/latest/userguide/package_discovery.html
    """
    patterns = SETUPTOOLS["packages"]["find"]["include"]
    modules = [path.parent.relative_to(ROOT) for path in ROOT.glob("[a-z]*/**/__init__.py")]
    names = [".".join(path.parts) for path in modules]
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


PACKAGES = found_packages()
STARTERS = ROOT / "cfn_trigger" / "starters"
TOP_LEVEL = {"cfn_trigger", "macro", "trigger_handler", "trigger_provider"}


def is_data(path: Path) -> bool:
    """Whether a file is not a module; what a project starts from is data, though it is code."""
    is_module = path.suffix == ".py" and not path.is_relative_to(STARTERS)
    return path.is_file() and not is_module and "__pycache__" not in path.parts


def test_the_top_level_holds_four_packages() -> None:
    assert {name.partition(".")[0] for name in PACKAGES} == TOP_LEVEL


def test_every_module_belongs_to_a_package_that_is_installed() -> None:
    modules = {path for package in TOP_LEVEL for path in (ROOT / package).rglob("*.py")}
    folders = {path.parent for path in modules if not path.is_relative_to(STARTERS)}

    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == PACKAGES


def test_every_top_level_package_is_typed() -> None:
    assert {name for name in TOP_LEVEL if (ROOT / name / "py.typed").exists()} == TOP_LEVEL
    assert {n for n, files in SETUPTOOLS["package-data"].items() if "py.typed" in files} == (
        TOP_LEVEL
    )


def test_all_data_files_are_installed() -> None:
    declared = {
        path
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    data = {path for package in TOP_LEVEL for path in (ROOT / package).rglob("*") if is_data(path)}

    assert data == declared


def test_the_command_works_in_a_project_that_has_a_lint_package(tmp_path: Path) -> None:
    for name in ("lint", "local_cloud", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('not this one')\n")
    template = ROOT / "examples" / "self-test" / "template.yaml"

    ended = subprocess.run(
        [sys.executable, "-m", "cfn_trigger", "check", template],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (
        0, "1 template checked, no problems\n", "",
    )  # fmt: skip
