"""The pictures of the documentation show what the commands and the benchmarks show now."""

import importlib.util
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import ROOT


def module() -> ModuleType:
    """Load docs/pictures.py, which is a program and not part of a package."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


PICTURES = module()
RESULTS = """\
| provider | cold → PUT, ms | CPU, ms | warm → PUT, ms | resident after 200, MB |
|---|---|---|---|---|
| AWS CDK triggers | 100 (1.00) | 9 (1.00) | 4 (1.00) | 100 (1.00) |
| cfn-trigger | 50 (0.50) | 1 (0.11) | 1 (0.25) | 30 (0.30) |
| *target* | (≤ 1.00) | | | |

| another | table |
"""


@pytest.mark.parametrize("name", PICTURES.pictures())
def test_a_picture_is_that_of_the_recordings(name: str) -> None:
    assert (PICTURES.IMAGES / name).read_text() == PICTURES.pictures()[name]


@pytest.mark.parametrize("name", PICTURES.pictures())
def test_a_picture_has_a_title_and_needs_no_other_file(name: str) -> None:
    picture = PICTURES.pictures()[name]

    root = ET.fromstring(picture)  # noqa: S314 our own picture
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "href" not in picture
    assert "url(" not in picture


def test_the_chart_shows_the_ratios_of_the_providers() -> None:
    assert PICTURES.ratios(RESULTS) == {
        "From a cold start to the response, over AWS CDK's provider": {
            "AWS CDK triggers": 1.0,
            "cfn-trigger": 0.5,
        },
        "The same, warm": {"AWS CDK triggers": 1.0, "cfn-trigger": 0.25},
        "Memory": {"AWS CDK triggers": 1.0, "cfn-trigger": 0.3},
    }


def test_what_a_terminal_shows_is_text_and_not_markup() -> None:
    drawn = PICTURES.terminal(["a <b> & c", "done"], "a title")

    assert 'xml:space="preserve">a &lt;b&gt; &amp; c</text>' in drawn
    assert '<tspan class="good">done</tspan>' in drawn
