"""docs/getting-started.md from its first command to its last, as a new user runs them."""

import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.support.clients import Clients, Outcome
from tests.support.waiting import PATIENCE

PAGE = ROOT / "docs" / "getting-started.md"
RUN_ELSEWHERE = {
    "make demo": "tests/demo",
    ".venv/bin/cfn-trigger local": "tests/commands/test_local.py",
    'export PATH="$PWD/.venv/bin:$PATH"': "the environment of these commands",
    "sam build && sam deploy": "the macro that these commands use",
    "cfn-trigger install": "tests/cloud/test_install.py",
    "pip install cfn-trigger": "tests/cloud/test_install.py",
}
"""What other tests or the fixtures run, and where."""


def commands() -> list[str]:
    """Return the commands of the page, first to last, each on one line."""
    texts = [block.text for block in _blocks("sh") if not block.text.startswith("export AWS_")]
    return [line for text in texts for line in text.replace("\\\n", "").splitlines() if line]


def _blocks(language: str) -> list[Block]:
    return [block for block in blocks(language) if block.page == PAGE]


@pytest.fixture(scope="module")
def home_of_a_reader(macro: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the examples and the reader's own template."""
    assert macro.exit_code == 0
    folder = tmp_path_factory.mktemp("reader")
    (folder / "examples").symlink_to(ROOT / "examples")
    (template,) = (block.text for block in _blocks("yaml") if "Resources:" in block.text)
    (folder / "template.yaml").write_text(template)
    return folder


def test_what_is_run_elsewhere_is_on_the_page() -> None:
    shown = {line.partition("#")[0].strip() for line in commands()}

    assert set(RUN_ELSEWHERE) - shown == set()


@pytest.mark.long
def test_every_other_command_succeeds_in_order(clients: Clients, home_of_a_reader: Path) -> None:
    failed = {}
    for line in commands():
        command = line.partition("#")[0].strip()
        if command in RUN_ELSEWHERE:
            continue
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=home_of_a_reader,
            env=clients.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=PATIENCE,
        )
        if ended.returncode:
            failed[command] = ended.stdout + ended.stderr

    assert failed == {}
