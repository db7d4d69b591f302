"""What seeds draw: the same life each time, and among many lives everything that can happen."""

from functools import cache
from typing import Final

import pytest

from tests.support.aws.drawn_weather import HANDLERS
from tests.support.aws.lives import play

LIVES: Final = 300


@cache
def transcripts() -> str:
    return "\n".join(line for seed in range(LIVES) for line in play(seed)[1])


def test_a_seed_plays_the_same_life_each_time() -> None:
    for seed in range(10):
        assert play(seed) == play(seed)


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_COMPLETE",
    ],
)
def test_lives_reach_every_status_that_a_stack_can_rest_in(status: str) -> None:
    assert f"shop {status} " in transcripts()


@pytest.mark.parametrize(
    "operation",
    [
        "create keeps True",
        "create keeps False",
        "update keeps True",
        "update keeps False",
        "rollback-stack",
        "delete",
    ],
)
def test_lives_play_every_operation(operation: str) -> None:
    assert f"==== {operation}" in transcripts()


@pytest.mark.parametrize(
    "happening",
    [
        "Resource creation cancelled",
        "Resource update cancelled",
        "Requested update required the creation of a new physical resource",
        "CloudFormation did not receive a response",
        "execution killed",
        "the bucket is out for",
        "CloudFormation is out for",
        "Lambda refuses for",
        "the handler is updated",
        "the handler is idle",
        "the handler is pending",
        "invoke: not sent",
        "invoke: reply lost",
        "hand over: reply lost",
        "put: reply lost",
        "look: none 503",
        "DescribeStacks: none 400",
        *(f"handler {name}" for name in HANDLERS),
    ],
)
def test_lives_meet_all_that_can_go_wrong(happening: str) -> None:
    assert happening in transcripts()
