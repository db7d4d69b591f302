"""A cloud in virtual time around the provider; `kept` ends a life and holds it to the promises."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.provider.world import SUBJECTS
from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.undos import REVERT

FORMS: Final = ("package", "compressed text")
"""The forms of the provider that live whole lives.

Of the embedded text, Python's own compiler proves that it has the package's statements
(`test_embedded.py`). It runs in the shorter tests, in some of the seeded lives and in every
deployment. The compressed text has no such proof: its names are others.
"""


@pytest.fixture(params=FORMS)
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with Cloud(serve=SUBJECTS[request.param]) as cloud:
        yield cloud


@pytest.fixture
def stack(cloud: Cloud) -> Stack:
    return cloud.stack


@pytest.fixture
def handler(cloud: Cloud) -> Function:
    return cloud.handler


@pytest.fixture
def revert(cloud: Cloud) -> Function:
    """The function that undoes, whichever of its versions is invoked."""
    function = cloud.function(REVERT)
    function.always(returns(None))
    return function


@pytest.fixture
def keeps_all_promises(cloud: Cloud) -> Callable[[], None]:
    def check() -> None:
        assert broken_promises(cloud) == []

    return check
