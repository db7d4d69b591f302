"""The handlers and tests of docs/handlers.md, run as they stand there.

Knows what the document leaves to the reader: a service that makes zones, and one that does jobs.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tests.support.lambda_function import REPOSITORY
from tests.support.waiting import PATIENCE

DOCUMENT = (REPOSITORY / "docs" / "handlers.md").read_text()
_, _, LIBRARY = DOCUMENT.partition("\n## Handlers in Python\n")
ZONE, JOB, TESTS = re.findall(r"(?ms)^```python\n(.*?)^```$", LIBRARY)

ZONES = """
    from types import SimpleNamespace

    zones = {}


    def make_zone(name):
        zones["id of " + name] = name
        return SimpleNamespace(id="id of " + name, servers=["ns-1"])


    def drop_zone(zone):
        del zones[zone]
"""
JOBS = """
    from types import SimpleNamespace
    from trigger_handler import Handler

    handler = Handler()
    looks = []


    def start_the_job(token):
        return "job " + token


    def job_of(name):
        looks.append(name)
        assert name.startswith("job ")
        return SimpleNamespace(done=len(looks) == 2, id=name, rows=1000)
"""


def test_the_tests_on_the_page_pass_for_its_handlers(tmp_path: Path) -> None:
    (tmp_path / "zone.py").write_text(dedent(ZONES) + ZONE)
    (tmp_path / "job.py").write_text(dedent(JOBS) + JOB)
    (tmp_path / "test_them.py").write_text(TESTS)

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_them.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
