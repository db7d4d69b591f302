"""Seeded lives of a stack in which anything that AWS can do may happen keep every promise."""

import pytest

from tests.provider.world import SUBJECTS
from tests.support.aws.lives import play

LIVES = 600
ALL_LIVES = 12_000
BLOCK = 50


def broken_in(first: int, last: int) -> list[str]:
    """Return the promises that the lives of some seeds break; each plays one of the forms."""
    serves = tuple(SUBJECTS.values())
    return [
        f"python -m tests.support.aws.lives {seed}: {breach}"
        for seed in range(first, last)
        for breach in play(seed, serves[seed % len(serves)])[0]
    ]


@pytest.mark.parametrize("first", range(0, LIVES, BLOCK))
def test_no_life_breaks_a_promise(first: int) -> None:
    assert broken_in(first, first + BLOCK) == []


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(LIVES, ALL_LIVES, 10 * BLOCK))
def test_no_life_of_the_full_campaign_breaks_a_promise(first: int) -> None:
    assert broken_in(first, min(first + 10 * BLOCK, ALL_LIVES)) == []
