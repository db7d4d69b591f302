"""The site: complete, the same as the pages in the repository, and without another host."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from tests.docs.pages import BUILT, ROOT, name, pages, tokens

EXAMPLES: Final = [
    path for path in sorted((ROOT / "examples").rglob("template.yaml")) if BUILT not in path.parts
]
SAME: Final = {
    "table": {"table_open"},
    "li": {"list_item_open"},
    "pre": {"fence", "code_block"},
}
"""The elements that a page has equally often on the site and in the repository, by token."""
OF_THE_REPOSITORY: Final = "README.md"
"""The page that docs/index.md replaces on the site."""


class Reader(HTMLParser):
    """Counts the elements of a page's article, and notes its links and what the page loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.counted: Counter[str] = Counter()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.classes: set[str] = set()
        self.headings: list[str] = []
        self._is_in_article = False
        self._is_in_heading = False
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self._is_in_article |= tag == "article"
        self._is_in_heading = self._is_in_article and tag == "h2"
        self.counted[tag] += self._is_in_article
        self.classes |= set((attributes.get("class") or "").split())
        if self._is_in_article and tag == "a":
            self.links.append(attributes.get("href") or "")
        if tag in ("script", "img", "iframe", "source", "link"):
            self.loaded.append(attributes.get("src") or attributes.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._is_in_article &= tag != "article"
        self._is_in_heading &= tag != "h2"

    def handle_data(self, data: str) -> None:
        if self._is_in_heading:
            self.headings.append(data)


def on_site(site: Path, page: Path) -> Path:
    """Return the file on the site for a page of the repository."""
    path = name(page).removeprefix("docs/").replace("README.md", "index.md")
    return site / path.replace(".md", ".html")


def on_the_site() -> list[Path]:
    return [page for page in pages() if name(page) != OF_THE_REPOSITORY]


def test_every_relative_link_on_the_site_leads_to_a_file(site: Path) -> None:
    for page in site.rglob("*.html"):
        paths = [urlsplit(link).path for link in Reader(page).links if "://" not in link]

        assert [path for path in paths if path and not (page.parent / path).is_file()] == []


def as_written() -> list[Path]:
    """List the pages to which the site adds nothing: all but those of examples."""
    templates = {path.parent for path in EXAMPLES}
    return [page for page in on_the_site() if page.parent not in templates]


def test_the_site_builds_without_a_warning_and_has_every_page(site: Path) -> None:
    assert [name(page) for page in on_the_site() if not on_site(site, page).is_file()] == []


def test_compiled_python_files_are_not_published(site: Path) -> None:
    assert list(site.rglob("*.pyc")) == []


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        read = Reader(page)

        assert [loaded for loaded in read.loaded if "//" in loaded] == []
        # The theme would fetch Mermaid to draw it; diagrams stay text.
        assert "mermaid" not in read.classes


@pytest.mark.parametrize("page", as_written(), ids=name)
def test_a_page_has_the_same_tables_lists_and_blocks_on_the_site_as_in_the_repository(
    site: Path, page: Path
) -> None:
    counted = Reader(on_site(site, page)).counted
    expected = {
        tag: sum(token.type in types for token in tokens(page)) for tag, types in SAME.items()
    }

    assert expected == {tag: counted[tag] for tag in SAME}


@pytest.mark.parametrize("template", EXAMPLES, ids=name)
def test_an_example_is_one_page_that_includes_its_files(site: Path, template: Path) -> None:
    headings = Reader(on_site(site, template.with_name("README.md"))).headings

    assert "template.yaml" in headings


def entries(nav: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield the titles and the pages of a navigation."""
    for entry in nav:
        for title, target in entry.items():
            if isinstance(target, list):
                yield from entries(target)
            else:
                yield title, target


NAVIGATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]


@pytest.mark.parametrize(("title", "page"), [*entries(NAVIGATION)][1:])
def test_a_page_has_the_title_of_its_entry_in_the_navigation(title: str, page: str) -> None:
    paths = (ROOT / "docs" / page, ROOT / page)
    (first, *_) = next(path for path in paths if path.exists()).read_text().splitlines()

    assert first == f"# {title}"
