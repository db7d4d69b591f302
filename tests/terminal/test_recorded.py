"""What `watch` shows of whole deployments: recorded, and read by a person."""

import re

import pytest

from tests.support.command_line import ROOT
from tests.support.deployments import RECORDED, recordings

TEXTS = recordings()


@pytest.mark.parametrize("name", TEXTS)
def test_a_deployment_is_shown_as_it_was_recorded(name: str) -> None:
    assert (RECORDED / name).read_text() == TEXTS[name]


def test_every_recording_is_of_a_deployment() -> None:
    assert sorted(path.name for path in RECORDED.iterdir()) == sorted(TEXTS)


PAGE = (ROOT / "docs" / "cli-live.md").read_text()
SECTION = PAGE[PAGE.index("\n## watch\n") : PAGE.index("\n## local\n")]
SHOWN = re.findall(r"```text\n((?:.*\n)*?)```", SECTION)


@pytest.mark.parametrize("shown", SHOWN)
def test_the_documentation_shows_what_was_recorded(shown: str) -> None:
    """A line of `…` stands for any lines."""
    pattern = "\n(?:.*\n)*?".join(re.escape(part) for part in f"\n{shown}".split("\n…\n"))

    assert [name for name, text in TEXTS.items() if re.search(pattern, f"\n{text}")]


def test_the_documentation_shows_lines_and_a_bar() -> None:
    assert len(SHOWN) == 2
