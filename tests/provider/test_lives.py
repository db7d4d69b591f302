"""Whole lives of a stack: what CloudFormation asks after each answer, and how it ends."""

from typing import Any

import pytest

from tests.provider.cloudformation import Stack
from tests.provider.world import (
    Behavior,
    Handler,
    World,
    in_progress,
    raises,
    reset_after_send,
    returns,
    takes,
)

RUN = "RunMigration"
ONE = {RUN: {"Fingerprint": {"Code": "1"}}}
TWO = {RUN: {"Fingerprint": {"Code": "2"}}}
ON_DELETE: dict[str, Any] = {"ExecuteOnDelete": True}
ON_ROLLBACK: dict[str, Any] = {"ExecuteOnRollback": True}


def with_settings(triggers: dict[str, dict[str, Any]], **settings: Any) -> dict[str, Any]:
    return {name: given | settings for name, given in triggers.items()}


def asked(handler: Handler) -> list[str]:
    return [event["RequestType"] for event in handler.events]


def test_a_stack_is_created_updated_and_deleted_under_one_physical_id(
    stack: Stack, handler: Handler
) -> None:
    handler.always(returns({"Rows": 5}))

    stack.deploy(ONE)
    created = stack.triggers[RUN].physical_id
    stack.deploy(TWO)
    updated = stack.triggers[RUN].physical_id
    stack.delete()

    assert created == updated
    assert asked(handler) == ["Create", "Update"]
    assert stack.transcript == [
        "CREATE_IN_PROGRESS",
        "Create RunMigration: SUCCESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "Update RunMigration: SUCCESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "Delete RunMigration: SUCCESS",
        "DELETE_COMPLETE",
    ]


def test_a_create_that_fails_is_deleted_without_a_run(stack: Stack, handler: Handler) -> None:
    handler.plays(raises("E", "no"))

    stack.deploy(with_settings(ONE, **ON_DELETE))

    assert asked(handler) == ["Create"]
    assert stack.transcript == [
        "CREATE_IN_PROGRESS",
        "Create RunMigration: FAILED",
        "ROLLBACK_IN_PROGRESS",
        "Delete RunMigration: SUCCESS",
        "ROLLBACK_COMPLETE",
    ]


def test_what_a_polled_create_that_failed_has_begun_is_deleted_by_its_handler(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(in_progress(), raises("E", "no"), returns(None))

    stack.deploy(with_settings(ONE, **ON_DELETE))

    assert asked(handler) == ["Create", "Create", "Delete"]
    assert stack.status == "ROLLBACK_COMPLETE"


def test_what_a_create_whose_reply_was_lost_may_have_begun_is_deleted_by_its_handler(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(reset_after_send(), returns(None))

    stack.deploy(with_settings(ONE, **ON_DELETE))

    assert asked(handler) == ["Create", "Delete"]
    assert stack.status == "ROLLBACK_COMPLETE"


def test_a_create_that_succeeded_is_undone_when_another_resource_fails(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None), returns(None))

    stack.deploy(with_settings(ONE, **ON_DELETE), breaks=True)

    assert asked(handler) == ["Create", "Delete"]
    assert stack.status == "ROLLBACK_COMPLETE"


def test_what_a_create_that_nobody_answered_has_begun_is_deleted_by_its_handler(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(returns(None), returns(None))
    world.bucket.plays(*[Behavior(status=503)] * 16)

    stack.deploy(with_settings(ONE, Timeout=60, **ON_DELETE))

    assert asked(handler) == ["Create", "Delete"]
    assert stack.transcript == [
        "CREATE_IN_PROGRESS",
        "Create RunMigration: no answer",
        "ROLLBACK_IN_PROGRESS",
        "Delete RunMigration: SUCCESS",
        "ROLLBACK_COMPLETE",
    ]


def test_an_update_that_fails_is_rolled_back_without_a_run(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None), raises("E", "no"))

    stack.deploy(ONE)
    stack.deploy(TWO)

    assert asked(handler) == ["Create", "Update"]
    assert stack.transcript[3:] == [
        "UPDATE_IN_PROGRESS",
        "Update RunMigration: FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "Update RunMigration: SUCCESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_an_update_that_succeeded_is_rolled_back_without_a_run_when_another_resource_fails(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None), returns(None))

    stack.deploy(ONE)
    stack.deploy(TWO, breaks=True)

    assert asked(handler) == ["Create", "Update"]
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_with_execute_on_rollback_the_handler_runs_again_with_the_new_payload_as_old(
    stack: Stack, handler: Handler
) -> None:
    handler.always(returns(None))

    stack.deploy(with_settings(ONE, **ON_ROLLBACK, Payload={"Skeleton": '{"n": 1}'}))
    stack.deploy(with_settings(TWO, **ON_ROLLBACK, Payload={"Skeleton": '{"n": 2}'}), breaks=True)

    assert [event["n"] for event in handler.events] == [1, 2, 1]
    assert handler.invocations[2].context["Old"] == {"n": 2}
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize("settings", [{}, {"Attributes": ["Rows"]}, {"OnFailure": "Continue"}])
def test_no_failure_in_a_rollback_leaves_a_stack_that_only_a_person_can_free(
    stack: Stack, handler: Handler, settings: dict[str, Any]
) -> None:
    handler.plays(returns({"Rows": 5}), returns({"Rows": 6}), raises("E", "no"))
    settings = ON_ROLLBACK | settings

    stack.deploy(with_settings(ONE, **settings))
    stack.deploy(with_settings(TWO, **settings), breaks=True)

    assert asked(handler) == ["Create", "Update", "Update"]
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_trigger_that_is_new_in_a_failed_update_is_deleted_in_its_cleanup(
    stack: Stack, handler: Handler
) -> None:
    handler.always(returns(None))

    stack.deploy(ONE)
    stack.deploy(ONE | {"Seed": ON_DELETE}, breaks=True)

    assert asked(handler) == ["Create", "Create", "Delete"]
    assert stack.transcript[4:] == [
        "Create Seed: SUCCESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "Delete Seed: SUCCESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_a_trigger_that_left_the_template_is_deleted_in_the_cleanup(
    stack: Stack, handler: Handler
) -> None:
    handler.always(returns(None))

    stack.deploy(ONE | {"Seed": ON_DELETE})
    stack.deploy(ONE)

    assert asked(handler) == ["Create", "Create", "Delete"]
    assert stack.transcript[-2:] == ["Delete Seed: SUCCESS", "UPDATE_COMPLETE"]


def test_a_handler_that_changes_its_physical_id_is_asked_to_delete_the_old_one(
    stack: Stack, handler: Handler
) -> None:
    ids = ("first", "second")
    handler.plays(*[returns({"PhysicalResourceId": own}) for own in ids], returns(None))

    stack.deploy(with_settings(ONE, **ON_DELETE))
    stack.deploy(with_settings(TWO, **ON_DELETE))

    assert asked(handler) == ["Create", "Update", "Delete"]
    assert handler.events[2]["PhysicalResourceId"] == "first"
    assert stack.triggers[RUN].physical_id == "second"


def test_a_delete_that_fails_leaves_a_deleted_stack(stack: Stack, handler: Handler) -> None:
    handler.plays(returns(None), raises("E", "no"))

    stack.deploy(with_settings(ONE, **ON_DELETE))
    stack.delete()

    assert asked(handler) == ["Create", "Delete"]
    assert stack.status == "DELETE_COMPLETE"


def test_of_two_triggers_the_one_that_ran_is_undone_and_the_one_that_failed_is_not(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(returns(None), raises("E", "no"), returns(None))

    stack.deploy({"First": ON_DELETE, "Second": ON_DELETE})

    assert [(event["RequestType"], event["LogicalResourceId"]) for event in handler.events] == [
        ("Create", "First"),
        ("Create", "Second"),
        ("Delete", "First"),
    ]
    assert stack.status == "ROLLBACK_COMPLETE"


def test_a_deployment_of_an_hour_ends_as_one_of_a_second_does(
    stack: Stack, handler: Handler, world: World
) -> None:
    handler.plays(
        *[takes(30, in_progress(retry_after=30))] * 50, returns(None), takes(600, returns(None))
    )

    stack.deploy(with_settings(ONE, Timeout=3540))
    stack.deploy(with_settings(TWO, Timeout=3540))

    assert stack.status == "UPDATE_COMPLETE"
    assert world.elapsed >= 3600
    assert set(world.ends) == {"returned"}
