"""The site of the documentation, built once for all tests of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT

MKDOCS: Final = Path(sys.executable).with_name("mkdocs")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [MKDOCS, "build", "--strict", "--site-dir", folder],  # --quiet would silence --strict
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    warnings = [line for line in ended.stderr.splitlines() if not line.startswith("INFO ")]
    assert (ended.returncode, warnings) == (0, [])
    return folder
