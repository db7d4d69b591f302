"""Add to the site what is outside docs/: the examples, the results and other linked files.

Knows where a file is in the repository and where it is on the site. The pages link to each other as
files of the repository, so that they also work there; this module translates the links. Refuses to
know Markdown: it changes only the links of a parsed page.
"""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benchmarks/RESULTS.md")
SOURCES: Final = (
    "benchmarks/account.py",
    "benchmarks/provider.py",
    "cfn_trigger/local_cloud/__init__.py",
    "tests/cloud/test_permissions.py",
    "trigger_provider/embedded.py",
)
"""Files that pages link to and that are not pages; they are copied unchanged."""

TEMPLATE: Final = "template.yaml"

_LANGUAGES: Final = {".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
_BUILT: Final = {".aws-sam", "__pycache__"}
_BEFORE_LINKS_ARE_READ: Final = 1
"""MkDocs resolves and checks the links of a page at priority 0."""


def on_config(config: MkDocsConfig) -> None:
    """Interpret the links of every page as links between files of the repository."""
    config.markdown_extensions.append(_LINKS)  # type: ignore[arg-type]  # Markdown takes instances


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the files outside docs/."""
    for path in (*PAGES, *SOURCES):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for readme in sorted((ROOT / "examples").rglob("README.md")):
        path = readme.relative_to(ROOT).as_posix()
        files.append(File.generated(config, path, content=example(readme.parent)))


def on_page_markdown(_markdown: str, page: Page, files: Files, **_: MkDocsConfig) -> None:
    """Remember the page whose links come next."""
    _LINKS.file, _LINKS.files = page.file, files


def example(folder: Path) -> str:
    """Return an example as one page: its README, then its files, the template first."""
    text = (folder / "README.md").read_text()
    files = _files(folder) if (folder / TEMPLATE).exists() else ()  # an index of examples has none
    for path in sorted(files, key=lambda path: (path.name != TEMPLATE, path)):
        name, code = path.relative_to(folder).as_posix(), path.read_text()
        text += f"\n## {name}\n\n````{_LANGUAGES.get(path.suffix, 'text')}\n{code}````\n"
    return text


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "README.md" and _BUILT.isdisjoint(path.parts):
            yield path


def site_link(link: str, file: File, files: Files) -> str:
    """Translate a link between files of the repository to a link between files of the site.

    A link to a folder becomes a link to its README. A link to a file that is not on the site stays
    unchanged, for MkDocs to report.
    """
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return link
    home = "" if file.generated_by else "docs"
    path = posixpath.join(home, posixpath.dirname(file.src_uri), parts.path)
    target = posixpath.normpath(path).removeprefix("docs/")
    readme = posixpath.join(target, "README.md")
    target = readme if files.get_file_from_path(readme) else target
    start = posixpath.dirname(file.src_uri) or "."
    return urlunsplit(parts._replace(path=posixpath.relpath(target, start)))


class _Links(Extension, Treeprocessor):
    """The links of the page that is being parsed."""

    file: File
    files: Files

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        md.treeprocessors.register(self, "links of the repository", _BEFORE_LINKS_ARE_READ)

    def run(self, root: Element) -> None:
        for element in root.iter("a"):
            element.set("href", site_link(element.get("href", ""), self.file, self.files))


_LINKS: Final = _Links()
