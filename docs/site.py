"""What the site holds beside docs/: the examples, the results and what else the pages link to.

Knows where a file stands in the repository and where on the site. The pages link as files of the
repository do, so that they read the same there; here such a link becomes the site's own. Refuses
to know Markdown: what it changes are the links of a page that was read.
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
PAGES: Final = ("CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/RESULTS.md")
SOURCES: Final = (
    "benchmarks/provider.py", "cfn_trigger/local_cloud/__init__.py", "tests/cloud/test_rights.py",
    "trigger_provider/index.py",
)  # fmt: skip
"""What pages link to and is no page: it is copied as it is."""

TEMPLATE: Final = "template.yaml"

_LANGUAGES: Final = {".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
_BUILT: Final = {".aws-sam", "__pycache__"}
_BEFORE_LINKS_ARE_READ: Final = 1
"""MkDocs resolves and judges the links of a page at priority 0."""


def on_config(config: MkDocsConfig) -> None:
    """Have the links of every page read as the repository's."""
    config.markdown_extensions.append(_LINKS)  # type: ignore[arg-type]  # Markdown takes instances


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what stands outside docs/."""
    for path in (*PAGES, *SOURCES):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for readme in sorted((ROOT / "examples").rglob("README.md")):
        path = readme.relative_to(ROOT).as_posix()
        files.append(File.generated(config, path, content=example(readme.parent)))


def on_page_markdown(_markdown: str, page: Page, files: Files, **_: MkDocsConfig) -> None:
    """Note whose links come next."""
    _LINKS.file, _LINKS.files = page.file, files


def example(folder: Path) -> str:
    """Show an example on one page: what it says, then its files, the template first."""
    text = (folder / "README.md").read_text()
    files = _files(folder) if (folder / TEMPLATE).exists() else ()  # a gallery has none
    for path in sorted(files, key=lambda path: (path.name != TEMPLATE, path)):
        name, code = path.relative_to(folder).as_posix(), path.read_text()
        text += f"\n## {name}\n\n````{_LANGUAGES.get(path.suffix, 'text')}\n{code}````\n"
    return text


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "README.md" and _BUILT.isdisjoint(path.parts):
            yield path


def site_link(link: str, file: File, files: Files) -> str:
    """Turn a link between files of the repository into one between files of the site.

    A folder is its README. What is not on the site stays as it is, for MkDocs to complain of.
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
    """The links of the page that is being read."""

    file: File
    files: Files

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        md.treeprocessors.register(self, "links of the repository", _BEFORE_LINKS_ARE_READ)

    def run(self, root: Element) -> None:
        for element in root.iter("a"):
            element.set("href", site_link(element.get("href", ""), self.file, self.files))


_LINKS: Final = _Links()
