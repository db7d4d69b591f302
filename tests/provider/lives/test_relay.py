"""A trigger of hours is a relay of custom resources, and one trigger to its handler."""

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.provider.world import SUBJECTS
from tests.support.aws.cloud import Cloud
from tests.support.aws.drawn_triggers import TriggerDraw, with_undos
from tests.support.aws.drawn_weather import WeatherDraw
from tests.support.aws.durable import DurableExecutions
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import Run, in_progress, raises, returns
from tests.support.aws.lives import AT_REST, KEPT
from tests.support.aws.network import FAIR, Weather
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, Trigger, relay, trigger

TWELVE_HOURS: dict[str, Any] = {"Timeout": 43_200}
PARTS = 16
NAMES = [*(f"RunPart{number}" for number in range(1, PARTS + 1)), "Run"]
HOUR = 3600.0


def run(code: str = "1", **settings: Any) -> Template:
    return relay("Run", PARTS, **({"Fingerprint": {"Code": code}} | TWELVE_HOURS | settings))


def short(code: str = "1", **settings: Any) -> Template:
    return relay("Run", 2, **({"Fingerprint": {"Code": code}, "Timeout": 7200} | settings))


def polls(handler: Function, hours: float, last: Run, every: float = 600) -> None:
    """Let a handler be in progress for so long, with a state, and then end."""
    count = int(hours * HOUR / every)
    handler.plays(*(in_progress({"Step": n}, retry_after=every) for n in range(count)), last)


# ---- a run of hours


@pytest.mark.parametrize("hours", [0.5, 1, 2, 5.5, 11.8])
def test_a_handler_may_take_twelve_hours(
    cloud: Cloud, stack: Stack, handler: Function, hours: float
) -> None:
    polls(handler, hours, returns({"Rows": 5}))

    stack.create(run(Attributes=["Rows"]))

    assert stack.status == "CREATE_COMPLETE"
    assert cloud.request("Create", "Run").answers[0].data["Rows"] == "5"
    assert len(handler.attempts) == int(hours * 6) + 1
    assert broken_promises(cloud) == []


def test_each_poll_has_the_state_of_the_one_before_and_the_same_request(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    polls(handler, 4, returns(None))

    stack.create(run())

    descriptions = [attempt.description for attempt in handler.attempts]
    assert [each.get("EventState") for each in descriptions] == [
        None,
        *({"Step": number} for number in range(24)),
    ]
    identities = {
        (each["ExecutionId"], each["RequestType"], each["RequestId"], each["LogicalResourceId"])
        for each in descriptions
    }
    assert len(identities) == 1
    assert descriptions[0]["LogicalResourceId"] == "Run"
    assert broken_promises(cloud) == []


def test_a_part_passes_on_within_its_hour(cloud: Cloud, stack: Stack, handler: Function) -> None:
    polls(handler, 11, returns(None))

    stack.create(run())

    lasted = [request.answers[0].at - request.sent_at for request in cloud.requests]
    assert max(lasted) <= HOUR - 90
    assert [request.trigger for request in cloud.requests] == NAMES
    assert len([seconds for seconds in lasted if seconds > 60]) >= 11


def test_a_run_that_is_short_passes_through_all_parts_at_once(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns({"Rows": 5}))

    began = cloud.time.now
    stack.create(run(Attributes=["Rows"]))

    assert cloud.request("Create", "Run").answers[0].data["Rows"] == "5"
    assert cloud.time.now - began < 60
    assert len(handler.attempts) == 1
    assert broken_promises(cloud) == []


def test_attempts_are_counted_over_all_parts(cloud: Cloud, stack: Stack, handler: Function) -> None:
    retry = {"MaxAttempts": 8, "Interval": 1800, "BackoffRate": 1, "MaxInterval": 1800}
    handler.plays(*(raises("E", "no") for _ in range(7)), returns(None))

    stack.create(run(Retry=retry))

    assert stack.status == "CREATE_COMPLETE"
    attempts = [attempt.description["Attempt"] for attempt in handler.attempts]
    assert attempts == [1, 2, 3, 4, 5, 6, 7, 8]
    assert broken_promises(cloud) == []


def test_attempts_of_a_quarter_of_an_hour_have_the_whole_timeout(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.timeout = 900
    retry = {"MaxAttempts": 100, "Interval": 1, "BackoffRate": 1, "MaxInterval": 1}
    handler.always(raises("E", "no", seconds=860))

    stack.create(run(Retry=retry), disable_rollback=True)

    assert max(attempt.began for attempt in handler.attempts) > 1.8e9 + 43_200 - 900
    assert broken_promises(cloud) == []


# ---- how it ends


def test_the_part_that_learns_of_a_failure_gives_its_reason(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    polls(handler, 2.5, raises("Broken", "no rows"))

    stack.create(run())

    failed = [each for each in cloud.requests if each.answers[0].status == "FAILED"]
    assert [each.trigger for each in failed] == ["RunPart3"]
    assert failed[0].answers[0].reason.startswith("Broken: no rows")
    assert stack.status == "ROLLBACK_COMPLETE"
    assert len(handler.attempts) == 16
    assert broken_promises(cloud) == []


def test_a_timeout_of_hours_ends_the_run_when_it_is_over(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(in_progress(retry_after=60))

    stack.create(short(), disable_rollback=True)

    last = cloud.requests[-1]
    assert last.trigger == "Run"
    assert last.answers[0].reason.startswith("Timeout: not done; Timeout is 7200 s")
    assert abs(last.answers[0].at - cloud.requests[0].sent_at - 7200) < 120
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("hours", [0, 1.5])
def test_a_failure_that_is_forgiven_is_forgiven_in_every_part(
    cloud: Cloud, stack: Stack, handler: Function, hours: float
) -> None:
    polls(handler, hours, raises("Broken", "no rows"))

    stack.create(short(OnFailure="Continue"))

    assert stack.status == "CREATE_COMPLETE"
    error = cloud.request("Create", "Run").answers[0].data["Error"]
    assert error.startswith("Broken: no rows")
    assert len(handler.attempts) == int(hours * 6) + 1
    assert broken_promises(cloud) == []


def test_a_state_that_an_hour_cannot_pass_on_fails_the_run(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    dice = random.Random(1)  # noqa: S311 (what cannot be compressed)
    handler.always(in_progress(dice.randbytes(3000).hex(), retry_after=600))

    stack.create(short())

    (failed,) = [each for each in cloud.requests if each.answers[0].status == "FAILED"]
    assert failed.answers[0].reason.startswith(
        "TooLong: after an hour, a result or EventState "
        "may have at most 3,000 bytes when compressed;"
    )


def test_a_result_is_what_it_would_be_in_the_first_hour(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    result = {"Rows": 5, "Name": "orders", "Data": {"Deep": {"Er": [1, 2]}}, "Text": "x" * 3000}
    handler.always(returns(result))

    stack.create({**short(Attributes=["Rows"]), **relay("Plain", 0, Attributes=["Rows"])})

    answers = [cloud.request("Create", name).answers[0].data for name in ("Run", "Plain")]
    assert answers[0] == answers[1]


def test_the_id_that_a_handler_returned_is_the_triggers(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    first = replace(
        returns({"Status": "IN_PROGRESS", "PhysicalResourceId": "db-1", "RetryAfter": 4000}),
        ends="pending",
        retry_after=4000,
    )
    handler.plays(first, returns(None), returns(None), returns(None))

    stack.create(short(ExecuteOnDelete=True))
    assert stack.update(short("2", ExecuteOnDelete=True)) == "UPDATE_COMPLETE"
    stack.delete()

    ids = [attempt.description.get("PhysicalResourceId") for attempt in handler.attempts]
    assert ids == [None, None, "db-1", "db-1"]
    assert cloud.starts == ["Create", "Create", "Update", "Delete"]
    assert broken_promises(cloud) == []


def test_the_longest_id_is_whole_in_the_trigger_and_shorter_in_its_parts(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    longest = "i" * 1024
    handler.always(returns({"PhysicalResourceId": longest}))

    assert stack.create(short(ExecuteOnDelete=True)) == "CREATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"

    parts = [cloud.request("Create", f"RunPart{number}").answers[0] for number in (1, 2)]
    assert {answer.physical_id for answer in parts} == {"part of " + "i" * 1013 + "…"}
    assert cloud.request("Create", "Run").answers[0].physical_id == longest
    assert cloud.starts == ["Create", "Delete"]
    assert handler.attempts[-1].description["PhysicalResourceId"] == longest
    assert broken_promises(cloud) == []


# ---- updates, rollbacks, deletions


def test_new_code_runs_again_and_settings_alone_do_not(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    polls(handler, 1.5, returns(None))

    stack.create(short())
    handler.plays(returns(None))
    assert stack.update(short("2")) == "UPDATE_COMPLETE"
    assert stack.update(short("2", PollInterval=30)) == "UPDATE_COMPLETE"
    assert stack.update(short("2", PollInterval=40)) == "UPDATE_COMPLETE"

    assert len(handler.attempts) == 11
    assert handler.attempts[-1].description["RequestType"] == "Update"
    assert broken_promises(cloud) == []


def test_a_part_more_or_less_runs_nothing(cloud: Cloud, stack: Stack, handler: Function) -> None:
    settings: dict[str, Any] = {"Fingerprint": {"Code": "1"}}
    handler.always(returns(None))

    stack.create(short())
    assert stack.update(relay("Run", 3, Timeout=10_000, **settings)) == "UPDATE_COMPLETE"
    assert stack.update(relay("Run", 1, Timeout=5000, **settings)) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


def test_a_timeout_that_passes_an_hour_runs_the_trigger_again_once(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    settings: dict[str, Any] = {"Fingerprint": {"Code": "1"}}
    handler.always(returns(None))

    stack.create(relay("Run", 0, **settings))
    assert stack.update(short()) == "UPDATE_COMPLETE"
    assert stack.update(relay("Run", 0, **settings)) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create", "Create", "Update"]
    assert broken_promises(cloud) == []


def test_a_rollback_runs_nothing_in_any_part(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.always(returns(None))

    stack.create(short())
    breaks = {"Queue": Other(fails=True, seconds=5, after=("Run",))}
    assert stack.update({**short("2"), **breaks}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.update(short("3")) == "UPDATE_COMPLETE"

    assert len(handler.attempts) == 3
    assert broken_promises(cloud) == []


def test_a_failure_in_the_second_hour_rolls_back(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None), *(in_progress(retry_after=600) for _ in range(8)))
    handler.always(raises("E", "no"))

    stack.create(short())
    assert stack.update(short("2")) == "UPDATE_ROLLBACK_COMPLETE"

    assert len(handler.attempts) == 10
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("seconds", [5, 1200, 9000])
def test_a_run_in_a_rollback_has_an_hour_and_wedges_nothing(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    settings: dict[str, Any] = {"ExecuteOnRollback": True}
    handler.always(returns(None))
    stack.create(short(**settings))
    handler.plays(returns(None))
    handler.plays(*(in_progress(retry_after=300) for _ in range(seconds // 300)))
    breaks = {"Queue": Other(fails=True, seconds=5, after=("Run",))}

    assert stack.update({**short("2", **settings), **breaks}) == "UPDATE_ROLLBACK_COMPLETE"

    assert cloud.starts[1] == "Update"
    assert broken_promises(cloud) == []


def test_a_deletion_is_answered_by_all_parts_and_runs_once(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))

    stack.create(short(ExecuteOnDelete=True))
    assert stack.delete() == "DELETE_COMPLETE"

    assert cloud.starts == ["Create", "Delete"]
    assert [each.trigger for each in cloud.requests[3:]] == ["Run", "RunPart2", "RunPart1"]
    assert broken_promises(cloud) == []


def test_what_a_part_began_and_did_not_end_is_deleted_once(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    polls(handler, 1.5, raises("E", "no"))
    handler.always(returns(None))

    stack.create(short(ExecuteOnDelete=True))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert cloud.starts[-2:] == ["Create", "Delete"]
    assert cloud.starts.count("Delete") == 1


def test_a_canceled_update_starts_no_further_part(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None))
    stack.create(short())
    handler.always(in_progress(retry_after=300))
    stack.cancel_update_after(5000)

    stack.update(short("2"))

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    forward = [each.trigger for each in cloud.requests if not each.takes_back]
    assert forward == ["RunPart1", "RunPart2", "Run", "RunPart1", "RunPart2"]
    assert broken_promises(cloud) == []


def test_a_retry_of_a_part_that_failed_begins_a_new_run(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None), *(in_progress(retry_after=600) for _ in range(8)))
    handler.plays(raises("E", "no"))
    stack.create(short())
    stack.update(short("2"), disable_rollback=True)
    handler.always(returns(None))
    cloud.time.run_for(10_000)

    assert stack.update(short("2"), disable_rollback=True) == "UPDATE_COMPLETE"

    assert broken_promises(cloud) == []


# ---- faults


@pytest.mark.parametrize("seed", range(20))
def test_faults_at_any_time_start_no_handler_twice(
    cloud: Cloud, stack: Stack, handler: Function, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 (a seed has to play the same life each time)
    troubles = (
        Weather(trouble="reply lost"), Weather(trouble="not sent"), Weather(after=4.0),
    )  # fmt: skip
    quiet = {"invoke"}  # an attempt that is lost is a failure

    def forecast(name: str) -> Weather:
        return dice.choice(troubles) if name not in quiet and dice.random() < 0.1 else FAIR

    cloud.forecast = forecast
    polls(handler, dice.choice((0.2, 1.2, 3, 8)), returns(None), every=dice.choice((120, 700)))

    stack.create(run())

    assert broken_promises(cloud) == []
    starts = [attempt.description.get("EventState", {}).get("Step") for attempt in handler.attempts]
    assert len(starts) == len(set(starts))


def a_relay(dice: random.Random, draw: TriggerDraw) -> Template:
    parts = dice.choice((1, 2, 4))
    settings = draw.settings() | {"Timeout": 3540 + 2600 * parts}
    template = with_undos({"Run": trigger(**settings)})
    for name, each in template.items():
        if isinstance(each, Trigger) and name != "Run":
            template[name] = replace(each, properties={**each.properties, "Timeout": 3540})
    run = template.pop("Run")
    assert isinstance(run, Trigger)
    return {**relay("Run", parts, **run.properties), **template}


def broken_in_a_relay(seed: int) -> list[str]:
    """Return the promises that the life of a trigger of hours breaks."""
    dice = random.Random(seed)  # noqa: S311 (a seed has to play the same life each time)
    with Cloud(serve=[*SUBJECTS.values()][seed % len(SUBJECTS)]) as cloud:
        is_durable = dice.random() < 0.3
        if is_durable:
            cloud.handler.durable = DurableExecutions(
                cloud.time, unseen_for=dice.choice((0.0, 1.5, 20.0))
            )
        stack, draw = cloud.stack, TriggerDraw(dice, is_durable)
        weather = WeatherDraw(dice, cloud)
        stack.rollback_spreads = dice.random() < 0.5
        weather.begin()
        weather.change()
        stack.create(a_relay(dice, draw), disable_rollback=dice.random() < 0.3)
        for _ in range(dice.choice((0, 1, 2))):
            cloud.time.run_for(dice.choice((1.0, 60.0, 5000.0)))
            if stack.status not in AT_REST | KEPT:
                break
            if stack.status in KEPT and dice.random() < 0.4:
                stack.roll_back()
                continue
            if dice.random() < 0.1:
                stack.cancel_update_after(dice.choice((20.0, 5000.0)))
            changed = a_relay(dice, draw)
            fails = dice.random() < 0.3
            breaks = {"Queue": Other(fails=fails, version=f"{fails}", seconds=5, after=(*changed,))}
            stack.update({**changed, **breaks}, disable_rollback=dice.random() < 0.3)
        stack.delete()
        return broken_promises(cloud)


@pytest.mark.parametrize("seed", range(100))
def test_a_seeded_life_of_a_relay_keeps_every_promise(seed: int) -> None:
    assert broken_in_a_relay(seed) == []


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(100, 6000, 100))
def test_no_life_of_a_relay_in_the_full_campaign_breaks_a_promise(first: int) -> None:
    assert {seed: broken_in_a_relay(seed) for seed in range(first, first + 100)} == {
        seed: [] for seed in range(first, first + 100)
    }
