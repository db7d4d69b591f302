"""Every link of the documentation leads somewhere, for a reader of the repository."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT, anchors, links, name, pages


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_relative_link_leads_to_an_existing_file_and_heading(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if parts.fragment:
            assert parts.fragment in anchors(target), link


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_link_to_another_host_is_https(page: Path) -> None:
    schemes = {urlsplit(link).scheme for link in links(page)}

    assert schemes <= {"", "https"}
