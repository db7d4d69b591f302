"""Which tests may run side by side: each folder is a group, and a group stays in one process.

The folders that run `sam build` are one group, since it writes into the checkout.
"""

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_BUILDING = frozenset({"cloud", "demo"})


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(_TESTS).parts[0]
        group = "building" if folder in _BUILDING else folder
        item.add_marker(pytest.mark.xdist_group(group))
