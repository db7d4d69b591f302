"""A cloud whose provider answers what a test scripts."""

from collections.abc import Iterator

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.scripted_provider import ScriptedProvider
from tests.support.aws.stack import Stack


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def cloud(provider: ScriptedProvider) -> Iterator[Cloud]:
    with Cloud(serve=provider.serve) as cloud:
        yield cloud


@pytest.fixture
def stack(cloud: Cloud) -> Stack:
    return cloud.stack
