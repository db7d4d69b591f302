"""One local cloud for all tests here, and the real clients pointed at it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local_cloud.cloud import Cloud, running
from tests.cloud.clients import Clients


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
