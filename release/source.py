"""The source that a release is built from: the files of the commit, with links that work anywhere.

Knows that the project's page at PyPI shows the README alone, so that its links to files must have
the address of the repository. Without an address they become plain text: none is made up. Refuses
to know how packages are built.
"""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).parent.parent

_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_PROJECT_TABLE: Final = "[project.scripts]"
_PAGES: Final = {"Changelog": "CHANGELOG.md", "Documentation": "docs/index.md", "Source": ""}


@dataclass(frozen=True, kw_only=True)
class Release:
    """What pyproject.toml says about the release; `repository` is empty if it has no address."""

    name: str
    version: str
    repository: str

    def file_url(self, path: str) -> str:
        """Return the address of a file as people read it, at the release's tag."""
        return f"{self.repository}/blob/v{self.version}/{path}" if path else self.repository

    def raw_url(self, path: str) -> str:
        """Return the address of a file's bytes, which a picture needs."""
        return f"{self.repository}/raw/v{self.version}/{path}"


def release_of(pyproject: str) -> Release:
    """Read the release from the text of pyproject.toml.

    Raises ValueError if the repository is not an https address.
    """
    tables = tomllib.loads(pyproject)
    repository = tables["tool"]["release"]["repository"].rstrip("/")
    if repository and urlsplit(repository).scheme != "https":
        raise ValueError(
            f"pyproject.toml: tool.release.repository is {repository!r}; "
            "write the https address of the repository, or leave it empty"
        )
    project = tables["project"]
    return Release(name=project["name"], version=project["version"], repository=repository)


def with_absolute_links(markdown: str, release: Release) -> str:
    """Translate the links to files: to addresses, or to plain text if there is no repository.

    Links to other hosts and to sections of the same page stay.
    """

    def translated(link: re.Match[str]) -> str:
        image, text, target = link.groups()
        text = _LINK.sub(translated, text)  # a picture in a link
        if urlsplit(target).scheme or target.startswith("#"):
            return f"{image}[{text}]({target})"
        if not release.repository:
            return "" if image else text
        url = release.raw_url(target) if image else release.file_url(target)
        return f"{image}[{text}]({url})"

    return _LINK.sub(translated, markdown)


def with_project_urls(pyproject: str, release: Release) -> str:
    """Add the addresses that PyPI shows next to the description."""
    if not release.repository:
        return pyproject
    urls = "".join(f'{name} = "{release.file_url(path)}"\n' for name, path in _PAGES.items())
    return pyproject.replace(_PROJECT_TABLE, f"[project.urls]\n{urls}\n{_PROJECT_TABLE}", 1)


def release_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a release, by their paths, from those of the commit."""
    pyproject = files["pyproject.toml"].decode()
    release = release_of(pyproject)
    readme = with_absolute_links(files["README.md"].decode(), release)
    return dict(files) | {
        "README.md": readme.encode(),
        "pyproject.toml": with_project_urls(pyproject, release).encode(),
    }


def committed_files(root: Path = ROOT) -> dict[str, bytes]:
    """Read the files that git knows, by their paths, as they are in the work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True
    )
    paths = [path for path in listed.stdout.split("\0") if path]
    return {path: (root / path).read_bytes() for path in paths}


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files into the folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
