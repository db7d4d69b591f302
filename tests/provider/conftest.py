import pytest

from tests.provider.cloudformation import Stack
from tests.provider.world import SUBJECTS, Handler, World


@pytest.fixture(params=SUBJECTS)
def world(request: pytest.FixtureRequest) -> World:
    return World(SUBJECTS[request.param])


@pytest.fixture
def stack(world: World) -> Stack:
    return Stack(world)


@pytest.fixture
def handler(world: World) -> Handler:
    return world.handler
