"""One local cloud for all tests here, the real clients pointed at it, and the macro deployed.

A run in several processes has a cloud for each, and passes the tests to them one by one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from cfn_trigger.local_cloud.cloud import Cloud, running
from tests.support.clients import Clients, Outcome
from tests.support.stacks import Stack

ROOT = Path(__file__).parent.parent.parent
FILES_WITH_SHARED_STACKS: Final = ("test_install.py", "test_plan.py", "test_values.py")
"""The files whose tests share a stack that a fixture of the file deploys."""


class OneByOneScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Distributes tests one by one, but those that share a stack together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(FILES_WITH_SHARED_STACKS) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneByOneScheduling | None:
    return OneByOneScheduling(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(log=tmp_path_factory.mktemp("cloud") / "log") as one:
        yield one


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def clients(cloud: Cloud, home: Path) -> Iterator[Clients]:
    with closing(Clients(cloud=cloud, home=home)) as those:
        yield those


@pytest.fixture(scope="session")
def package(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the macro as README says, once for all processes of a run."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    template = shared / "package" / "template.yaml"
    with (shared / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            built = clients.sam("build", "--build-dir", str(template.parent), cwd=ROOT)
            assert built.exit_code == 0, built.stderr
    return template


@pytest.fixture(scope="session")
def macro(clients: Clients, package: Path) -> Outcome:
    """Deploy the macro as README says."""
    return deployed(clients, package)


def deployed(clients: Clients, package: Path, *more: str) -> Outcome:
    """Deploy what was built, by the project's own configuration."""
    settings = ("--config-file", str(ROOT / "samconfig.toml"), "--no-progressbar")
    outcome = clients.sam("deploy", "-t", str(package), *settings, *more, cwd=ROOT)
    assert outcome.exit_code == 0, outcome.stderr
    return outcome


@pytest.fixture
def stack(macro: Outcome, clients: Clients, tmp_path: Path) -> Iterator[Stack]:
    """Return a stack for the test alone, in an account that has the macro."""
    assert "Successfully created/updated stack - cfn-trigger" in macro.stdout
    own = Stack(name=f"stack-{uuid4()}", clients=clients, folder=tmp_path)
    yield own
    own.delete()
