"""Undos over a stack's life: a run that succeeded is undone if it is rolled back, and only then."""

from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import skeleton
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import in_progress, raises, returns
from tests.support.aws.network import query_error
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import GetAtt, Other, Trigger, trigger
from tests.support.aws.undos import (
    FIRST,
    REVERT,
    SECOND,
    errors,
    run,
    undo_id,
    undo_of,
    undone,
    with_failing_service,
    with_service,
)


@pytest.fixture(autouse=True, params=[False, True], ids=["touched alone", "what refers to it"])
def rollback_spreads(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Let a rollback also update what refers to a resource that it updates, or not."""
    stack.rollback_spreads = request.param


# ---- every case in which the provider learns of a rollback, or of something that is not one


def test_a_creation_that_fails_after_the_run_undoes_it(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))

    assert stack.create(with_failing_service(run("1"))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_a_run_that_fails_a_creation_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(raises("E", "no"))

    assert stack.create(run("1")) == "ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_an_update_that_fails_after_the_run_undoes_that_run_alone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(with_service(run("1")))

    assert stack.update(with_failing_service(run("2"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "2", SECOND)]
    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


def test_a_run_that_fails_an_update_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), raises("E", "no"))
    stack.create(run("1"))

    assert stack.update(run("2")) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_run_that_is_canceled_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), *[in_progress(retry_after=10)] * 60)
    stack.create(run("1"))
    stack.cancel_update_after(100)

    assert stack.update(run("2")) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_trigger_that_is_new_in_a_failed_update_is_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create({"Service": Other()})

    assert stack.update(with_failing_service(run("1"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "1", FIRST)]
    assert broken_promises(cloud) == []


def test_a_good_update_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(run("1"))

    assert stack.update(run("2")) == "UPDATE_COMPLETE"

    assert undo_id("1") not in stack.resources
    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_trigger_that_a_good_update_removes_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))

    assert stack.update({"Service": Other()}) == "UPDATE_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_deleted_stack_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(run("1"))

    assert stack.delete() == "DELETE_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_failed_update_without_the_trigger_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))

    assert stack.update(with_failing_service(run("1"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_what_is_kept_is_undone_once_it_is_rolled_back(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(with_service(run("1")))

    assert stack.update(with_failing_service(run("2")), disable_rollback=True) == "UPDATE_FAILED"
    assert undone(revert) == []

    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"
    assert undone(revert) == [("Update", "2", SECOND)]
    assert broken_promises(cloud) == []


def test_every_run_since_the_last_stable_state_is_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND), returns({"Rows": 3}))
    stack.create(with_service(run("1")))
    stack.update(with_failing_service(run("2")), disable_rollback=True)
    stack.update(with_failing_service(run("3")), disable_rollback=True)

    stack.roll_back()

    ends = sorted(undone(revert), key=str)  # CloudFormation knows no order between the two
    assert ends == [("Update", "2", SECOND), ("Update", "3", {"Rows": 3})]
    assert broken_promises(cloud) == []


def test_a_run_that_was_kept_for_several_updates_is_undone_in_place(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(with_service(run("1", live="a")))
    for version in ("2", "3", "4"):
        failing: dict[str, Any] = {"Service": Other(version=version, fails=True)}
        assert stack.update({**run("1", live="b"), **failing}, disable_rollback=True) == (
            "UPDATE_FAILED"
        )

    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "1", SECOND)]
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("fails_at", [0.5, 1.5, 2.5, 3.0, 3.5, 4.0, 6.0])
def test_a_run_is_undone_if_the_creation_of_its_undo_has_begun_when_something_fails(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, fails_at: float
) -> None:
    handler.plays(returns(FIRST))
    sibling: dict[str, Any] = {"Queue": Other(fails=True, seconds=fails_at)}

    assert stack.create({**sibling, **run("1")}) == "ROLLBACK_COMPLETE"

    begun = {event.logical_id for event in cloud.history.events}
    assert undone(revert) == ([("Create", "1", FIRST)] if undo_id("1") in begun else [])
    assert broken_promises(cloud) == []


def test_a_run_of_a_new_trigger_is_undone_before_its_handler_receives_a_delete(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.always(returns(FIRST))

    assert stack.create(with_failing_service(run("1", ExecuteOnDelete=True))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert cloud.starts == ["Create", "Delete"]
    assert revert.attempts[0].began < handler.attempts[1].began
    assert broken_promises(cloud) == []


# ---- the undo keeps its name: what runs the trigger is only known at deployment


def test_a_run_for_a_replaced_table_is_undone_in_place(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(FIRST))
    stack.create(with_service(run("1", live="a")))

    assert stack.update(with_failing_service(run("1", live="b"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == [("Update", "1", FIRST)]
    assert cloud.request("Update", undo_id("1")).attempts
    assert broken_promises(cloud) == []


def test_an_undo_that_is_taken_back_alone_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(run("1", live="a"))
    cloud.time.after(2.2, lambda: cloud.bucket.is_out_for(500))

    kept = run("1", live="b", undo={"Timeout": 300})
    assert stack.update(kept, disable_rollback=True) == "UPDATE_FAILED"

    (taken_back,) = [each for each in cloud.requests if each.takes_back]
    assert (taken_back.trigger, taken_back.answers[0].status) == (undo_id("1"), "SUCCESS")
    assert undone(revert) == []
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("fails_at", [1.5, 2.2, 2.5, 2.9, 3.5, 6.0])
def test_an_undo_that_learns_late_of_its_own_update_undoes_no_run_of_an_earlier_deployment(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, fails_at: float
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    stack.create(run("1", live="a"))
    sibling: dict[str, Any] = {"Queue": Other(fails=True, seconds=fails_at)}

    assert stack.update({**sibling, **run("1", live="b")}) == "UPDATE_ROLLBACK_COMPLETE"

    assert ("Update", "1", FIRST) not in undone(revert)
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("fails_at", [1.5, 2.2, 2.5, 2.9, 3.5, 6.0])
def test_an_undo_that_learns_late_of_an_update_of_settings_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, fails_at: float
) -> None:
    handler.plays(returns(FIRST))
    stack.create(run("1"))
    sibling: dict[str, Any] = {"Queue": Other(fails=True, seconds=fails_at)}

    assert stack.update({**sibling, **run("1", Timeout=30)}) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_another_way_to_undo_undoes_no_run_of_an_earlier_deployment(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))

    failing = with_failing_service(run("1", undo={"HandlerArn": f"{REVERT}:2", "Timeout": 30}))
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_an_undo_that_is_added_undoes_no_run_of_an_earlier_deployment(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    without = {"Run": trigger(Fingerprint={"Code": "1"}, Payload=skeleton({"Version": "1"}))}
    handler.plays(returns(FIRST))
    stack.create({**without, "Service": Other()})

    assert stack.update(with_failing_service(run("1"))) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


def test_an_undo_with_a_new_name_undoes_no_run_of_an_earlier_deployment(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))
    renamed = {
        "Run": Trigger(properties={**run("1")["Run"].content, "UndoneBy": undo_id("2")}),
        undo_id("2"): undo_of("Run", "1"),
    }

    assert stack.update(with_failing_service(renamed)) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


def test_a_newer_macro_that_describes_the_run_differently_undoes_no_earlier_run(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))
    other_description = {
        "Skeleton": '{"RequestType": "Rollback", "RunId": null, "Since": 2}',
        "Values": [{"Path": ["RunId"], "Value": GetAtt("Run", "TriggerRunId")}],
    }

    failing = with_failing_service(run("1", undo={"Undo": other_description}))
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert cloud.request("Update", undo_id("1"))
    assert broken_promises(cloud) == []


def test_an_undo_that_is_removed_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    without = {"Run": trigger(Fingerprint={"Code": "1"}, Payload=skeleton({"Version": "1"}))}
    handler.plays(returns(FIRST))
    stack.create(run("1"))

    assert stack.update(without) == "UPDATE_COMPLETE"

    assert undone(revert) == []
    assert cloud.starts == ["Create"]


@pytest.mark.parametrize("settings", [{"Timeout": 30}, {"Enabled": False}])
def test_an_update_that_runs_nothing_undoes_nothing(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function, settings: Any
) -> None:
    handler.plays(returns(FIRST))
    stack.create(with_service(run("1")))

    stack.update(with_failing_service(run("1", **settings)))

    assert undone(revert) == []
    assert broken_promises(cloud) == []


def test_a_failure_that_is_gone_on_from_is_not_undone(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(raises("E", "no"))

    stack.create(with_failing_service(run("1", OnFailure="Continue")))

    assert undone(revert) == []
    assert broken_promises(cloud) == []


# ---- what the undo is told


def test_an_undo_knows_which_run_it_undoes(
    stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))

    stack.create(with_failing_service(run("1")))

    (undoing,) = revert.attempts
    ran = handler.attempts[0].description
    described = dict(undoing.payload)
    assert described.pop("ExecutionId") != ran["ExecutionId"]
    assert described.pop("RequestId") != ran["RequestId"]
    assert described == {
        "RequestType": "Rollback",
        "RollbackOf": "Create",
        "StackId": ran["StackId"],
        "LogicalResourceId": "Run",
        "PhysicalResourceId": "own",
        "Attempt": 1,
        "RunId": ran["ExecutionId"],
        "Payload": {"Version": "1"},
        "Result": FIRST,
    }


def test_a_payload_of_the_undo_is_what_it_receives(
    stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns({"Long": "x" * 2500}))

    stack.create(with_failing_service(run("1", undo={"Payload": skeleton([5])})))

    (undoing,) = revert.attempts
    assert undoing.payload == [5]
    assert undoing.description["RunId"] == handler.attempts[0].description["ExecutionId"]
    assert undoing.description["Truncated"] == ["Payload", "Result"]


def test_a_result_that_no_answer_had_room_for_is_empty(
    stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns({"Long": "x" * 5000}))

    stack.create(with_failing_service(run("1")))

    (undoing,) = revert.attempts
    assert undoing.payload["Result"] == ""


# ---- when it fails


def test_an_undo_that_fails_is_tried_again_and_wedges_no_rollback(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    retrying = {"Retry": {"MaxAttempts": 2, "Interval": 1}}
    handler.plays(returns(FIRST), returns(SECOND))
    revert.always(raises("E", "there is no way back"))
    stack.create(with_service(run("1", undo=retrying)))

    assert stack.update(with_failing_service(run("2", undo=retrying))) == "UPDATE_ROLLBACK_COMPLETE"

    assert len(revert.attempts) == 2
    (reason,) = errors(cloud)
    assert reason.startswith("E: there is no way back; at ")
    assert broken_promises(cloud) == []


def test_an_undo_may_be_polled(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    revert.plays(in_progress({"page": 1}, retry_after=30), returns({"PhysicalResourceId": "own"}))

    assert stack.create(with_failing_service(run("1"))) == "ROLLBACK_COMPLETE"

    assert [attempt.payload.get("EventState") for attempt in revert.attempts] == [None, {"page": 1}]
    assert broken_promises(cloud) == []


def test_what_nobody_may_know_to_be_a_rollback_undoes_nothing_and_warns(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    denied = query_error(403, "AccessDenied", "not authorized to perform: DescribeStacks")
    cloud.api.answers_for(1e9, denied)

    assert stack.create(with_failing_service(run("1"))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == []
    warned = [(each["trigger"], each["step"]) for each in cloud.log if each.get("level") == "WARN"]
    assert warned == [(undo_id("1"), "stack status unknown")]


def test_what_is_never_known_to_be_a_rollback_undoes_nothing_and_says_so(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    cloud.api.answers_for(1e9, query_error(503, "ServiceUnavailable", "Service Unavailable"))

    assert stack.create(with_failing_service(run("1"))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == []
    assert errors(cloud) == ["it is unknown whether the stack is rolling back"]


def test_an_undo_waits_until_it_is_known_whether_the_stack_rolls_back(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST))
    cloud.api.answers_for(120, query_error(503, "ServiceUnavailable", "Service Unavailable"))

    assert stack.create(with_failing_service(run("1"))) == "ROLLBACK_COMPLETE"

    assert undone(revert) == [("Create", "1", FIRST)]
    assert broken_promises(cloud) == []


# ---- the order


def test_several_runs_are_undone_in_reverse_order_after_what_waited_for_them(
    cloud: Cloud, stack: Stack, handler: Function, revert: Function
) -> None:
    handler.plays(returns(FIRST), returns(SECOND))
    later = {
        "Later": trigger(after=("Run", undo_id("1")), UndoneBy="LaterUndo0"),
        "LaterUndo0": undo_of("Later", "2"),
    }

    stack.create(with_failing_service({**run("1"), **later}))

    assert undone(revert) == [("Create", "2", SECOND), ("Create", "1", FIRST)]
    deleted = [event.logical_id for event in cloud.history.events if "DELETE" in event.status]
    assert deleted.index("Service") < deleted.index("LaterUndo0") < deleted.index(undo_id("1"))
    assert broken_promises(cloud) == []
