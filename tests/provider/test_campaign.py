"""Seeded lives of a stack in which any call can go wrong; `tests/provider/campaign.py` holds the
invariants, and says how to replay the life of a seed."""

import re
from functools import cache
from typing import Any

import pytest

from tests.provider.campaign import Met, held_to_the_invariants, play
from tests.provider.cloudformation import Kind, Stack
from tests.provider.faults import BUCKET, HAND_OVERS, HANDLER_MOODS, LOOKS, STACK, Fault, Settings
from tests.provider.world import Answer, Behaviour, BreachError, World

LIVES = 600
ALL_LIVES = 12_000
BLOCK = 50
played = cache(play)


def holds_for(first: int, last: int) -> None:
    broken = {seed: breach for seed in range(first, last) if (breach := played(seed)[0])}
    first_seed = next(iter(broken), None)
    transcript = [] if first_seed is None else played(first_seed)[1]

    replay = f"the life of seed {first_seed}: python -m tests.provider.campaign {first_seed}"
    breaches = [f"seed {seed}: {breach}" for seed, breach in broken.items()]

    assert not broken, "\n".join([*breaches, replay, *transcript])


@pytest.mark.parametrize("first", range(0, LIVES, BLOCK))
def test_no_life_breaks_an_invariant_whatever_its_calls_meet(first: int) -> None:
    holds_for(first, first + BLOCK)


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(LIVES, ALL_LIVES, 10 * BLOCK))
def test_no_life_of_the_full_campaign_breaks_an_invariant(first: int) -> None:
    holds_for(first, min(first + 10 * BLOCK, ALL_LIVES))


def test_a_seed_plays_the_same_life_each_time() -> None:
    assert [play(seed) for seed in range(20)] == [played(seed) for seed in range(20)]


def test_the_lives_meet_all_that_can_go_wrong_and_every_end_of_an_update() -> None:
    transcripts = "\n".join(line for seed in range(LIVES) for line in played(seed)[1])
    met = set(re.findall(r"  ([a-z-]+): ([^\n,]*[a-z0-9])(?: in [\d.]+ s)?", transcripts))
    lines = {"look": LOOKS, "stack": STACK, "bucket": BUCKET, "hand-over": HAND_OVERS}
    drawn = {(line, name) for line, faults in lines.items() for name in faults}
    drawn |= {("handler", name) for mood in HANDLER_MOODS.values() for name in mood}

    assert drawn - {("handler", "pending")} <= met
    assert set(re.findall(r"^UPDATE_\w+$", transcripts, re.MULTILINE)) >= {
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    }
    assert ", killed" in transcripts
    assert "Lambda loses the event" in transcripts


# ---- the campaign can fail

DONE = Fault(name="good", behaviour=Behaviour(), ends="done")
FAILED = Fault(name="raises", behaviour=Behaviour(), ends="failed")
TAKEN = Fault(name="ok", behaviour=Behaviour(status=200))


def judged(
    kind: Kind,
    *faults: Fault,
    says: str = "SUCCESS",
    at: float = 1.0,
    answers: int = 1,
    physical_id: str = "own",
    reason: str = "done",
    settings: Settings | None = None,
    **met: Any,
) -> str:
    event = Stack(World()).event(kind, physical_id="own", **(settings or {}))
    body = {"Status": says, "PhysicalResourceId": physical_id, "Reason": reason}
    given: dict[str, Any] = {"puts": [TAKEN] * answers, "rolling_back": False, "sent_at": 0.0} | met
    request = Met(event=event, settings=settings or {}, invocations=[*faults], **given)
    try:
        told = [Answer(at=at, body=body)] * answers
        held_to_the_invariants(request, told, [], calm=False)
    except BreachError as breach:
        return str(breach)
    return ""


@pytest.mark.parametrize(
    ("breach", "expected"),
    [
        (judged("Create", DONE, answers=2), "(a) 2 answers"),
        (judged("Create", DONE, answers=0), "(a) no answer"),
        (
            judged("Delete", FAILED, says="FAILED", settings={"ExecuteOnDelete": True}),
            "(b) FAILED in answer to a Delete",
        ),
        (
            judged(
                "Update",
                FAILED,
                says="FAILED",
                settings={"ExecuteOnRollback": True},
                rolling_back=True,
                told_status_at=0.0,
            ),
            "(b) FAILED during a rollback",
        ),
        (judged("Create", FAILED, DONE), "(c) 2 starts, 1 were granted"),
        (judged("Delete", DONE), "(c) 1 starts, 0 were granted"),
        (
            judged("Create", DONE, DONE, settings={"Retry": {"MaxAttempts": 2}}),
            "(c) a start after it was done",
        ),
        (
            judged("Update", DONE, physical_id="other"),
            "(d) the physical id other, not own",
        ),
        (judged("Create", DONE, at=1000.0), "(e) answered 40.0 s after ServiceTimeout"),
        (
            judged("Create", DONE, reason="hunter2", settings={"NoEcho": True}),
            "(f) with NoEcho: hunter2",
        ),
        (judged("Create", FAILED), "(g) SUCCESS after failed"),
        (judged("Create", DONE, says="FAILED"), "(g) FAILED though the handler was done: done"),
        (judged("Update", DONE), ""),
    ],
)
def test_a_request_that_breaks_an_invariant_is_reported(breach: str, expected: str) -> None:
    assert breach == expected
