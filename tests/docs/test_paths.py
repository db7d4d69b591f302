"""Every file and folder that the pages for contributors name is there, with what they say of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT, name, tokens

CONTRIBUTING: Final = ROOT / "CONTRIBUTING.md"
PAGES: Final = [CONTRIBUTING, ROOT / "docs" / "how-it-works.md", ROOT / "docs" / "decisions.md"]
FOLDERS: Final = [
    "benchmarks", "cfn_trigger", "docs", "examples", "macro", "tests",
    "trigger_handler", "trigger_provider",
]  # fmt: skip
NAMED: Final = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*|[\w-]+\.(?:toml|yaml|yml)|Makefile")


def code(page: Path) -> Iterator[str]:
    """Yield every piece of code in the sentences and tables of a page."""
    for token in tokens(page):
        yield from (child.content for child in token.children or () if child.type == "code_inline")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_on_a_page_for_contributors_exists(page: Path) -> None:
    paths = {text for text in code(page) if NAMED.fullmatch(text)}
    elsewhere = {"expected.yaml"}  # in the folder of a golden case

    assert [path for path in sorted(paths - elsewhere) if not (ROOT / path).exists()] == []


def steps() -> list[tuple[str, str]]:
    """List the files through which a property passes, each with what the example has there."""
    text = CONTRIBUTING.read_text()
    section = text[text.index("## How a property is added") : text.index("## The embedded text")]
    return re.findall(r"(?m)^\| `([^`]+)` \| [^|]+ \| `(.+)` \|$", section)


@pytest.mark.parametrize(("path", "example"), steps(), ids=[path for path, _ in steps()])
def test_the_example_of_a_property_is_in_its_files(path: str, example: str) -> None:
    assert len(steps()) == 11

    assert example in (ROOT / path).read_text()
