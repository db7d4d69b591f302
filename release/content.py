"""What the archives of a release may hold.

Knows paths alone: the packages of the wheel, and what a source distribution does not need.
"""

from collections.abc import Iterable
from typing import Final

from release.source import Release

PACKAGES: Final = ("cfn_trigger", "macro", "trigger_handler", "trigger_provider")
NEEDED: Final = ("cfn_trigger/py.typed", "cfn_trigger/main.py", "macro/handler.py")
NEEDED_IN_SOURCE: Final = ("LICENSE", "README.md", "pyproject.toml", "macro/requirements.txt")


def unexpected_in_wheel(paths: Iterable[str], release: Release) -> list[str]:
    """List what a wheel lacks, and what it holds besides its packages and its metadata."""
    paths = list(paths)
    name = release.name.replace("-", "_")
    folders = (*(f"{package}/" for package in PACKAGES), f"{name}-{release.version}.dist-info/")
    strangers = [path for path in paths if not path.startswith(folders)]
    leftovers = [path for path in paths if path.endswith(".pyc") or "__pycache__" in path]
    return [
        *(f"{path} does not belong in it" for path in strangers + leftovers),
        *(f"{path} is missing" for path in NEEDED if path not in paths),
    ]


def unexpected_in_sdist(paths: Iterable[str], release: Release) -> list[str]:
    """List what a source distribution lacks, and what was built or installed next to it."""
    folder = f"{release.name.replace('-', '_')}-{release.version}"
    inside = {path.removeprefix(f"{folder}/") for path in paths}
    leftovers = sorted(p for p in inside if p.startswith(("build/", ".venv")) or "__pycache__" in p)
    return [
        *(f"{path} does not belong in it" for path in leftovers),
        *(f"{path} is missing" for path in NEEDED_IN_SOURCE if path not in inside),
    ]
