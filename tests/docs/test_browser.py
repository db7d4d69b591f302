"""The site in a browser: every page fits a phone, a tablet and a desktop, with its pictures."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from tests.support.waiting import PATIENCE

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS: Final = (360, 768, 1280)
FRAME: Final = (
    '<iframe sandbox="allow-same-origin" src="{page}" '
    'style="border: 0; height: 900px; width: {width}px"></iframe>'
)
"""A page without its scripts, which only add a search and copy buttons."""

MEASURE: Final = """\
<pre id="measured"></pre><script>
window.addEventListener("load", () => {
  const measured = [...document.querySelectorAll("iframe")].map(frame => {
    const content = frame.contentDocument;
    const broken = [...content.images].filter(image => !image.naturalWidth);
    return {
      page: frame.getAttribute("src"),
      width: frame.clientWidth,
      room: content.documentElement.clientWidth,
      needs: content.documentElement.scrollWidth,
      broken: broken.map(image => image.getAttribute("src")),
    };
  });
  document.getElementById("measured").textContent = JSON.stringify(measured);
});
</script>
"""


def found_browser() -> str:
    """Return a browser of this machine; skip the test, and say so, where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)} to check how pages look")
    return browser


def opened(browser: str, url: str, *options: str) -> str:
    """Open a page and return its document once it is loaded."""
    with TemporaryDirectory() as folder:
        ended = subprocess.run(
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--disable-sync", "--disable-quic", f"--user-data-dir={folder}"),
                *options,
                *("--dump-dom", url),
            ],
            capture_output=True,
            check=True,
            text=True,
            timeout=PATIENCE,
        )
    return ended.stdout


@pytest.fixture(scope="module")
def measured(site: Path) -> list[dict[str, Any]]:
    """Open every page of the site, as a file, at every width."""
    browser = found_browser()
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    frames = [FRAME.format(page=page, width=width) for page in pages for width in WIDTHS]
    harness = site / "harness.html"
    harness.write_text('<!doctype html><meta charset="utf-8">' + "".join(frames) + MEASURE)
    document = opened(browser, harness.as_uri(), "--allow-file-access-from-files")
    harness.unlink()
    (found,) = re.findall(r'(?s)<pre id="measured">(.*?)</pre>', document)
    results: list[dict[str, Any]] = json.loads(unescape(found))
    assert len(results) == len(frames)
    return results


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_needs_no_sideways_scrolling(measured: list[dict[str, Any]], width: int) -> None:
    too_wide = {
        one["page"]: one["needs"]
        for one in measured
        if one["width"] == width and one["needs"] > one["room"]
    }

    assert too_wide == {}


def test_every_picture_is_shown(measured: list[dict[str, Any]]) -> None:
    assert {one["page"]: one["broken"] for one in measured if one["broken"]} == {}


def test_the_search_works_on_pages_that_are_files(site: Path) -> None:
    url = (site / "index.html").as_uri() + "?q=ExecuteBefore"

    document = opened(found_browser(), url, "--virtual-time-budget=20000")

    (shown,) = re.findall(r'md-search-result__meta">([^<]*)', document)
    assert re.fullmatch(r"\d+ matching documents", shown.strip())
