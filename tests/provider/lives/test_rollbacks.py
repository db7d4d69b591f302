"""Rollbacks of every mode: the old handler does not run again, what a handler made can be deleted,
its id is in every answer."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import skeleton
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import Run, in_progress, raises, returns
from tests.support.aws.network import FAIR, Weather, throttled
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, trigger

ON_DELETE: dict[str, Any] = {"ExecuteOnDelete": True}
BREAKS: Template = {"Queue": Other(fails=True, seconds=5, after=("Run",))}


def run(code: str, **settings: Any) -> Template:
    return {"Run": trigger(Fingerprint={"Code": code}, **settings)}


# ---- what succeeded is kept: `--disable-rollback`, EXPRESS


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_failed_resource_that_is_undone_alone_runs_nothing(
    cloud: Cloud,
    stack: Stack,
    handler: Function,
    status: Literal["UPDATE_IN_PROGRESS", "UPDATE_FAILED"],
    announced: bool,  # noqa: FBT001 (a row of the table)
) -> None:
    stack.take_back_status, stack.announces_take_back = status, announced
    handler.plays(returns(None), raises("E", "no"))

    stack.create(run("1"))
    assert stack.update(run("2"), disable_rollback=True) == "UPDATE_FAILED"

    assert cloud.starts == ["Create", "Update"]
    assert cloud.requests[-1].answers[0].status == "SUCCESS"
    assert broken_promises(cloud) == []


def test_a_retry_after_a_failure_runs_again(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.plays(returns(None), raises("E", "no"), returns(None))

    stack.create(run("1"))
    stack.update(run("2"), disable_rollback=True)
    assert stack.update(run("2"), disable_rollback=True) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create", "Update", "Update"]
    assert broken_promises(cloud) == []


def test_a_retry_in_which_nothing_differs_runs_again(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None), raises("E", "no"), returns(None))

    stack.create(run("1"))
    stack.update(run("2"), disable_rollback=True)
    assert stack.update(run("1"), disable_rollback=True) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create", "Update", "Update"]


def test_an_update_runs_after_an_earlier_failure_in_a_stack_whose_events_name_no_user(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    stack.update_reason = ""
    handler.plays(returns(None), raises("E", "no"), returns(None), returns(None))
    stack.create(run("1"))
    stack.update(run("2"))
    stack.update(run("3"))

    assert stack.update(run("4")) == "UPDATE_COMPLETE"
    assert cloud.starts == ["Create", "Update", "Update", "Update"]


def test_a_failed_creation_is_tried_again_by_the_next_update(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(raises("E", "no"), returns(None))

    stack.create(run("1", **ON_DELETE), disable_rollback=True)
    assert stack.update(run("1", **ON_DELETE), disable_rollback=True) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create", "Create"]
    assert broken_promises(cloud) == []


def test_rolling_a_failed_update_back_later_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))

    stack.create(run("1"))
    stack.update({**run("2"), **BREAKS}, disable_rollback=True)
    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"

    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


# ---- continue-update-rollback


@pytest.mark.parametrize("skip", [(), ("Queue",)])
def test_a_rollback_that_is_continued_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function, skip: tuple[str, ...]
) -> None:
    handler.always(returns(None))
    first: Template = {**run("1"), "Queue": Other(version="1")}
    second: Template = {
        "Queue": Other(version="2", fails_rolling_back=True),
        "Run": trigger(Fingerprint={"Code": "2"}, after=("Queue",)),
        "Last": Other(fails=True, after=("Run",)),
    }

    stack.create(first)
    assert stack.update(second) == "UPDATE_ROLLBACK_FAILED"
    stack.resources["Queue"].definition = Other(version="2")

    assert stack.continue_update_rollback(skip=skip) == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


# ---- ids


VALID: dict[str, Any] = {"PhysicalResourceId": "own"}


@pytest.mark.parametrize(
    ("result", "settings"),
    [
        (VALID, {"Attributes": ["Missing"]}),
        (VALID | {"Long": "x" * 5000}, {"Attributes": ["Long"]}),
        (VALID | {"Status": "FAILED", "Reason": "no"}, {}),
    ],
    ids=["an attribute is missing", "an attribute is too long", "it says FAILED"],
)
def test_what_a_failed_creation_made_is_deleted(
    cloud: Cloud, stack: Stack, handler: Function, result: Any, settings: dict[str, Any]
) -> None:
    handler.plays(returns(result), returns(None))

    stack.create(run("1", **ON_DELETE, **settings))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Delete"]
    assert handler.attempts[1].description["PhysicalResourceId"] == "own"
    assert broken_promises(cloud) == []


def test_a_failure_that_is_gone_on_from_keeps_the_id_of_the_handler(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(VALID | {"Status": "FAILED"}), returns(None))

    stack.create(run("1", OnFailure="Continue", **ON_DELETE))
    stack.delete()

    assert handler.attempts[1].description["PhysicalResourceId"] == "own"
    assert broken_promises(cloud) == []


def test_a_bad_id_of_an_update_does_not_lose_the_good_one(stack: Stack, handler: Function) -> None:
    handler.plays(returns(VALID), returns({"PhysicalResourceId": "i" * 1025}), returns(None))

    stack.create(run("1", **ON_DELETE))
    stack.update(run("2", **ON_DELETE))
    stack.delete()

    assert handler.attempts[-1].description["PhysicalResourceId"] == "own"


def test_an_id_that_a_failed_update_made_is_deleted(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(
        returns(VALID), returns({"PhysicalResourceId": "new", "Status": "FAILED"}), returns(None)
    )

    stack.create(run("1", **ON_DELETE))
    stack.update(run("2", **ON_DELETE))

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.starts == ["Create", "Update", "Delete"]
    assert handler.attempts[2].description["PhysicalResourceId"] == "new"
    assert stack.resources["Run"].physical_id == "own"


def test_an_id_of_a_poll_is_kept_until_the_end(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    pending = {"Status": "IN_PROGRESS", "RetryAfter": 5, "PhysicalResourceId": "own"}
    handler.plays(replace(returns(pending), ends="pending"), raises("E", "no"), returns(None))

    stack.create(run("1", **ON_DELETE))

    assert cloud.starts == ["Create", "Create", "Delete"]
    assert handler.attempts[2].description["PhysicalResourceId"] == "own"


@pytest.mark.parametrize(
    ("result", "settings"),
    [
        ({}, {"Attributes": ["Missing"]}),
        ({"PhysicalResourceId": "i" * 1025}, {}),
        ({"Ready": False}, {"Expect": skeleton({"Ready": True})}),
        ({"Status": "IN_PROGRESS", "RetryAfter": "soon"}, {}),
        ({"IsComplete": False}, {}),
    ],
    ids=["no attribute", "a long id", "not as expected", "no RetryAfter", "not complete"],
)
def test_what_a_handler_made_is_deleted_even_if_its_result_cannot_be_used(
    cloud: Cloud, stack: Stack, handler: Function, result: Any, settings: dict[str, Any]
) -> None:
    handler.plays(returns(result), returns(None))

    stack.create(run("1", **ON_DELETE, **settings))

    assert cloud.starts == ["Create", "Delete"]


@pytest.mark.parametrize("later", [raises("E", "no"), returns({"Status": "FAILED"})])
def test_what_a_lost_attempt_may_have_made_is_deleted_even_if_a_later_attempt_failed(
    cloud: Cloud, stack: Stack, handler: Function, later: Run
) -> None:
    handler.timeout = 10
    handler.plays(returns(None), later, returns(None))
    lost = iter([Weather(trouble="reply lost")])
    cloud.forecast = lambda name: next(lost, FAIR) if name == "invoke" else FAIR

    stack.create(run("1", Retry={"MaxAttempts": 2, "Interval": 1}, **ON_DELETE))

    assert cloud.starts == ["Create", "Create", "Delete"]


def test_what_a_lost_attempt_may_have_made_is_deleted_even_if_no_later_attempt_began(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.timeout = 10
    handler.plays(returns(None), returns(None))
    refused = Weather(instead=throttled())
    met = iter([Weather(trouble="reply lost")])
    cloud.forecast = lambda name: next(met, refused) if name == "invoke" else FAIR
    cloud.time.after(100, lambda: setattr(cloud, "forecast", lambda _name: FAIR))

    stack.create(run("1", Timeout=60, Retry={"MaxAttempts": 9}, **ON_DELETE))

    assert cloud.starts == ["Create", "Delete"]


# ---- cancelled


def test_what_a_canceled_creation_began_is_deleted(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(*[in_progress(retry_after=10)] * 3)
    handler.always(returns(None))

    stack.create({**run("1", **ON_DELETE), "Queue": Other(fails=True, seconds=25)})

    assert stack.status == "ROLLBACK_COMPLETE"
    deleted = cloud.request("Delete", "Run")
    said = [entry for entry in cloud.log if entry.get("level") == "ERROR"]
    assert deleted.attempts or said


def test_a_canceled_update_runs_nothing_more(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.plays(returns(None), *[in_progress(retry_after=30)] * 60)
    stack.create(run("1", Timeout=3540))
    stack.cancel_update_after(100)

    stack.update(run("2", Timeout=3540))
    cloud.settle()

    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    update = cloud.requests[1]
    assert all(each.began < update.cancelled_at + 60 for each in update.attempts)
    assert not cloud.requests[2].attempts
