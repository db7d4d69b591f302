"""One local cloud for all tests here, with the macro `Probe` in it."""

import pytest

from tests.cloud.conftest import clients, cloud, home
from tests.local_cloud.account import Account
from tests.support.clients import Clients

__all__ = ["account", "clients", "cloud", "home"]


@pytest.fixture(scope="session")
def account(clients: Clients) -> Account:
    there = Account(clients=clients)
    there.register_macro("Probe")
    return there
