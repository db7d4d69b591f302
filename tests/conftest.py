"""What holds for every test.

A property has no deadline, since machines differ in speed. What takes long starts first, so that
no process is left alone with it in the end.

`awscli` contains a copy of botocore that takes its name, unless botocore is there first. Which of
them a test gets is not left to the order of the tests.
"""

import botocore.session  # noqa: F401
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
