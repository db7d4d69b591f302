"""A cloud in virtual time around the provider; `kept` ends a life and holds it to the promises."""

from collections.abc import Callable, Iterator

import pytest

from tests.provider.world import SUBJECTS
from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.undos import REVERT


@pytest.fixture(params=SUBJECTS)
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
