"""Undos of triggers that may take hours: a run of many parts is one run, undone once or never."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.durable import DurableExecutions
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import Run, in_progress, raises, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, relay
from tests.support.aws.undos import (
    FIRST,
    SECOND,
    errors,
    run,
    undo_id,
    undone,
    with_failing_service,
    with_service,
)

HOUR: Final = 3600.0
PARTS: Final = 16


@pytest.fixture(autouse=True, params=[False, True], ids=["touched alone", "what refers to it"])
def rollback_spreads(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Let a rollback also update what refers to a resource that it updates, or not."""
    stack.rollback_spreads = request.param


def of_hours(code: str, **more: Any) -> Template:
    return run(code, parts=PARTS, **({"Timeout": 43_200} | more))


def polled(hours: float, last: Run) -> list[Run]:
    """Return the runs of a handler that is in progress for some hours, and then ends."""
    return [*(in_progress({"Step": n}, retry_after=600) for n in range(int(hours * 6))), last]


# ---- a creation


@pytest.mark.parametrize("hours", [0, 0.5, 1.5, 5, 11.8])
def test_a_run_of_hours_is_undone_if_the_creation_fails_after_it(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, hours: float
) -> None:
    handler.plays(*polled(hours, returns(FIRST)))

    assert stack.create(with_failing_service(of_hours("1"))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_an_undo_receives_the_id_of_the_run_that_all_parts_share(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(5, returns(FIRST)))

    stack.create(with_failing_service(of_hours("1")))

    (run_id,) = {attempt.description["ExecutionId"] for attempt in handler.attempts}
    (undoing,) = revert.attempts
    assert undoing.description["RunId"] == run_id
    assert undoing.description["LogicalResourceId"] == "Run"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("hours", [0.5, 1.5, 11])
def test_a_run_that_fails_after_hours_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, hours: float
) -> None:
    handler.plays(*polled(hours, raises("E", "no")))

    assert stack.create(of_hours("1")) == "ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_run_that_succeeds_after_attempts_in_several_parts_is_undone_once(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    retry = {"MaxAttempts": 8, "Interval": 1800, "BackoffRate": 1, "MaxInterval": 1800}
    handler.plays(*(raises("E", "no") for _ in range(7)), returns(FIRST))

    assert stack.create(with_failing_service(of_hours("1", Retry=retry))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_a_run_that_failed_after_hours_and_was_forgiven_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(3, raises("E", "no")))

    assert (
        stack.create(with_failing_service(of_hours("1", OnFailure="Continue")))
        == "ROLLBACK_COMPLETE"
    )

    assert undone(revert) == []
    assert broken_promises(cloud) == []


# ---- updates


@pytest.mark.parametrize("hours", [0, 1.5, 9])
def test_an_update_that_fails_after_a_run_of_hours_undoes_that_run_alone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, hours: float
) -> None:
    handler.plays(returns(FIRST), *polled(hours, returns(SECOND)))
    stack.create(with_service(of_hours("1")))

    assert stack.update(with_failing_service(of_hours("2"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "2", SECOND)]
    assert cloud.starts.count("Update") == int(hours * 6) + 1
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("hours", [0.5, 1.5, 9])
def test_a_run_that_fails_an_update_after_hours_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, hours: float
) -> None:
    handler.plays(returns(FIRST), *polled(hours, raises("E", "no")))
    stack.create(with_service(of_hours("1")))

    assert stack.update(of_hours("2")) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("after", [100, 3590, 5000, 30_000])
def test_a_run_that_is_canceled_after_hours_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, after: float
) -> None:
    handler.plays(returns(FIRST), *polled(11, returns(SECOND)))
    stack.create(with_service(of_hours("1")))
    stack.cancel_update_after(after)

    assert stack.update(of_hours("2")) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_canceled_run_of_hours_does_not_keep_an_earlier_trigger_from_being_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(FIRST), *polled(11, returns(SECOND)))
    later = relay("Later", PARTS, Timeout=43_200, Fingerprint={"Code": "1"})
    stack.create(with_service(run("1")))
    stack.cancel_update_after(20_000)
    first, *rest = later.values()
    after_run = {
        **run("2"),
        "Between": Other(after=("Run", undo_id("2"))),
        **dict(zip(later, [replace(first, after=("Between",)), *rest], strict=True)),
    }

    assert stack.update(after_run) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "2", FIRST)]
    assert broken_promises(cloud) == []


def test_a_trigger_of_hours_that_is_new_in_a_failed_update_is_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(5, returns(FIRST)))
    stack.create({"Service": Other()})

    assert stack.update(with_failing_service(of_hours("1"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_a_good_update_of_hours_and_a_deletion_undo_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(2, returns(FIRST)), *polled(3, returns(SECOND)))
    stack.create(of_hours("1"))

    assert stack.update(of_hours("2")) == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("change", [(0, 2), (2, 0), (2, 3), (3, 2)])
def test_parts_that_are_added_or_removed_in_a_failed_update_are_undone_only_if_they_ran_again(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, change: tuple[int, int]
) -> None:
    timeouts = {0: 900, 2: 7200, 3: 10_000}
    before, after = (run("1", parts=parts, Timeout=timeouts[parts]) for parts in change)
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(with_service(before))

    assert stack.update(with_failing_service(after)) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == ([("Update", "1", SECOND)] if 0 in change else [])
    assert broken_promises(cloud) == []


def test_a_run_of_hours_for_a_replaced_table_is_undone_in_place(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), *polled(4, returns(SECOND)))
    stack.create(with_service(of_hours("1", live="a")))

    assert stack.update(with_failing_service(of_hours("1", live="b"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "1", SECOND)]
    assert cloud.request("Update", undo_id("1")).attempts
    assert broken_promises(cloud) == []


# ---- what is kept and rolled back later


def test_a_run_of_hours_that_is_kept_is_undone_once_it_is_rolled_back(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), *polled(5, returns(SECOND)))
    stack.create(with_service(of_hours("1")))

    assert (
        stack.update(with_failing_service(of_hours("2")), disable_rollback=True) == "UPDATE_FAILED"
    )
    assert undone(revert) == []
    cloud.time.run_for(20 * HOUR)

    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"
    assert undone(revert) == [("Update", "2", SECOND)]
    assert broken_promises(cloud) == []


def test_a_run_that_is_tried_again_in_the_part_that_failed_is_undone_once(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), *polled(1.5, raises("E", "no")), returns(SECOND))
    stack.create(with_service(of_hours("1")))
    assert (
        stack.update(with_failing_service(of_hours("2")), disable_rollback=True) == "UPDATE_FAILED"
    )
    assert (
        stack.update(with_failing_service(of_hours("2")), disable_rollback=True) == "UPDATE_FAILED"
    )

    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "2", SECOND)]
    assert broken_promises(cloud) == []


def test_a_creation_that_is_tried_again_in_the_part_that_failed_is_undone_once(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(1.5, raises("E", "no")), returns(SECOND))
    assert (
        stack.create(with_failing_service(of_hours("1")), disable_rollback=True) == "CREATE_FAILED"
    )
    assert (
        stack.update(with_failing_service(of_hours("1")), disable_rollback=True) == "UPDATE_FAILED"
    )

    stack.roll_back()

    assert undone(revert) == [("Update", "1", SECOND)]
    assert broken_promises(cloud) == []


# ---- what the undo itself may do


def test_an_undo_of_a_run_of_hours_that_fails_wedges_no_rollback(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(*polled(3, returns(FIRST)))
    revert.always(raises("E", "there is no way back"))

    assert stack.create(with_failing_service(of_hours("1"))) == "ROLLBACK_COMPLETE"

    (reason,) = errors(cloud)
    assert reason.startswith("E: there is no way back; at ")
    assert broken_promises(cloud) == []


def test_a_durable_run_of_hours_is_undone_by_its_result(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.durable = DurableExecutions(cloud.time)
    handler.plays(returns(FIRST, seconds=7 * HOUR))

    assert stack.create(with_failing_service(of_hours("1", Durable=True))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_a_durable_undo_takes_up_to_an_hour(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    revert.durable = DurableExecutions(cloud.time)
    handler.plays(*polled(3, returns(FIRST)))
    revert.plays(returns(None, seconds=3000))
    undo = {"Durable": True, "Timeout": 3540}

    assert stack.create(with_failing_service(of_hours("1", undo=undo))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []
