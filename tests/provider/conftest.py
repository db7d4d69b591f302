import pytest

from tests.provider.cloudformation import Stack
from tests.provider.world import Handler, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stack(world: World) -> Stack:
    return Stack(world)


@pytest.fixture
def handler(world: World) -> Handler:
    return world.handler
