"""The fake CloudFormation: which request follows which answer, in every mode.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
https://github.com/aws/aws-cdk/blob/main/docs/CLOUDFORMATION.md
"""

from typing import Literal

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.scripted_provider import FAILED, OK, SILENT, Scripted, ScriptedProvider
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, Template, trigger

ONE: Template = {"Run": trigger(Fingerprint={"Code": "1"})}
TWO: Template = {"Run": trigger(Fingerprint={"Code": "2"})}
BREAKS: Template = {"Queue": Other(fails=True, seconds=60, after=("Run",))}


def test_a_stack_is_created_updated_and_deleted(stack: Stack, provider: ScriptedProvider) -> None:
    stack.create(ONE)
    stack.update(TWO)
    stack.delete()

    assert provider.asked == ["Create Run", "Update Run", "Delete Run"]
    assert stack.history.statuses == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]


def test_a_resource_that_did_not_change_is_sent_nothing(
    stack: Stack, provider: ScriptedProvider
) -> None:
    stack.create(ONE)
    stack.update({**ONE, "Queue": Other()})

    assert provider.asked == ["Create Run"]


def test_a_failed_create_is_rolled_back_with_a_delete_of_the_id_it_answered(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(status="FAILED", physical_id="marker"))

    stack.create(ONE)

    assert provider.asked == ["Create Run", "Delete Run"]
    assert provider.received[1]["PhysicalResourceId"] == "marker"
    assert stack.history.statuses == [
        "CREATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
    ]


def test_a_create_that_nobody_answers_fails_after_its_service_timeout_under_a_made_up_id(
    stack: Stack, provider: ScriptedProvider, cloud: Cloud
) -> None:
    provider.plays(SILENT)

    stack.create({"Run": trigger(Timeout=60)})

    assert cloud.requests[1].sent_at - cloud.requests[0].sent_at == 120
    assert provider.received[1]["PhysicalResourceId"].startswith("shop-Run-1KXVQZ3F8R0B")
    failed = next(event for event in stack.history.events if event.status == "CREATE_FAILED")
    assert failed.reason.startswith("CloudFormation did not receive a response from your Custom")


def test_a_create_under_way_is_canceled_when_another_resource_fails(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(seconds=600), OK)

    stack.create({**ONE, "Queue": Other(fails=True, seconds=30)})

    assert provider.asked == ["Create Run", "Delete Run"]
    assert provider.received[1]["PhysicalResourceId"].startswith("shop-Run-1KXVQZ3F8R0B")
    history = [(e.status, e.reason) for e in stack.history.events if e.logical_id == "Run"]
    assert history[1] == ("CREATE_FAILED", "Resource creation cancelled")
    assert stack.status == "ROLLBACK_COMPLETE"


def test_a_failed_update_is_rolled_back_with_the_properties_exchanged(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, FAILED)

    stack.create(ONE)
    stack.update(TWO)

    assert provider.asked == ["Create Run", "Update Run", "Update Run"]
    forth, back = provider.received[1:]
    assert back["ResourceProperties"] == forth["OldResourceProperties"]
    assert back["OldResourceProperties"] == forth["ResourceProperties"]
    assert stack.history.statuses[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_what_is_new_in_a_failed_update_is_deleted_in_its_cleanup(
    stack: Stack, provider: ScriptedProvider
) -> None:
    stack.create(ONE)
    stack.update({**ONE, "Seed": trigger(), "Queue": Other(fails=True, after=("Seed",))})

    assert provider.asked == ["Create Run", "Create Seed", "Delete Seed"]


def test_an_old_physical_id_is_deleted_in_the_cleanup_of_the_update_that_replaced_it(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(physical_id="first"), Scripted(physical_id="second"))

    stack.create(ONE)
    stack.update(TWO)

    assert provider.asked == ["Create Run", "Update Run", "Delete Run"]
    assert provider.received[2]["PhysicalResourceId"] == "first"
    assert stack.resources["Run"].physical_id == "second"


def test_a_new_physical_id_is_deleted_when_the_update_that_made_it_is_rolled_back(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(physical_id="first"), Scripted(physical_id="second"))

    stack.create(ONE)
    stack.update({**TWO, **BREAKS})

    assert provider.asked == ["Create Run", "Update Run", "Update Run", "Delete Run"]
    assert provider.received[3]["PhysicalResourceId"] == "second"
    assert stack.resources["Run"].physical_id == "first"


def test_a_rollback_that_fails_goes_on_when_it_is_continued(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, FAILED, FAILED)

    stack.create(ONE)
    assert stack.update(TWO) == "UPDATE_ROLLBACK_FAILED"
    assert stack.continue_update_rollback() == "UPDATE_ROLLBACK_COMPLETE"

    assert provider.asked == ["Create Run", "Update Run", "Update Run", "Update Run"]


def test_a_skipped_resource_is_sent_nothing_when_a_rollback_is_continued(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, FAILED, FAILED)

    stack.create(ONE)
    stack.update(TWO)

    assert stack.continue_update_rollback(skip=["Run"]) == "UPDATE_ROLLBACK_COMPLETE"
    assert provider.asked == ["Create Run", "Update Run", "Update Run"]


# ---- what succeeded is kept


def test_a_creation_that_keeps_what_succeeded_ends_in_create_failed(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(FAILED)

    assert stack.create(ONE, disable_rollback=True) == "CREATE_FAILED"
    assert provider.asked == ["Create Run"]


def test_a_failed_creation_is_made_anew_by_the_next_update_and_its_failed_id_deleted(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(status="FAILED", physical_id="marker"))

    stack.create(ONE, disable_rollback=True)

    assert stack.update(ONE, disable_rollback=True) == "UPDATE_COMPLETE"
    assert provider.asked == ["Create Run", "Create Run", "Delete Run"]
    assert provider.received[2]["PhysicalResourceId"] == "marker"


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"])
def test_a_resource_that_failed_is_undone_alone(
    stack: Stack,
    provider: ScriptedProvider,
    cloud: Cloud,
    status: Literal["UPDATE_IN_PROGRESS", "UPDATE_FAILED"],
    announced: bool,  # noqa: FBT001 (a row of the table)
) -> None:
    stack.take_back_status, stack.announces_take_back = status, announced
    provider.plays(OK, OK, OK, FAILED)

    stack.create({**ONE, "Seed": trigger()})
    ended = stack.update(
        {**TWO, "Seed": trigger(Fingerprint={"Code": "2"}, after=())}, disable_rollback=True
    )

    assert ended == "UPDATE_FAILED"
    assert provider.asked[2:] == ["Update Run", "Update Seed", "Update Seed"]
    assert cloud.requests[-1].stack_status == status
    assert cloud.requests[-1].takes_back
    assert stack.resources["Seed"].status == "UPDATE_FAILED"
    last = stack.history.last("Seed")
    assert last
    assert last.status == "UPDATE_FAILED"


def test_a_resource_that_failed_is_updated_again_even_when_nothing_differs(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, FAILED)

    stack.create(ONE)
    stack.update(TWO, disable_rollback=True)
    stack.update(ONE, disable_rollback=True)

    assert provider.asked == ["Create Run", *["Update Run"] * 3]
    again = provider.received[3]
    assert again["ResourceProperties"] == again["OldResourceProperties"]
    assert stack.status == "UPDATE_COMPLETE"


def test_a_failed_creation_is_deleted_when_it_is_rolled_back(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(FAILED)

    stack.create(ONE, disable_rollback=True)

    assert stack.roll_back() == "ROLLBACK_COMPLETE"
    assert provider.asked == ["Create Run", "Delete Run"]


def test_what_succeeded_goes_back_when_a_failed_update_is_rolled_back(
    stack: Stack, provider: ScriptedProvider, cloud: Cloud
) -> None:
    stack.create(ONE)
    stack.update({**TWO, **BREAKS}, disable_rollback=True)

    assert stack.roll_back() == "UPDATE_ROLLBACK_COMPLETE"
    assert provider.asked == ["Create Run", "Update Run", "Update Run"]
    assert cloud.requests[-1].stack_status == "UPDATE_ROLLBACK_IN_PROGRESS"


# ---- interruptions


def test_a_canceled_update_is_rolled_back_while_its_requests_are_still_served(
    stack: Stack, provider: ScriptedProvider, cloud: Cloud
) -> None:
    provider.plays(OK, Scripted(seconds=600))

    stack.create(ONE)
    stack.cancel_update_after(20)
    stack.update(TWO)

    assert provider.asked == ["Create Run", "Update Run", "Update Run"]
    assert cloud.requests[2].sent_at - cloud.requests[1].sent_at == 20
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_stack_can_be_deleted_while_it_is_created(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(seconds=600))
    stack.delete_after(20)

    assert stack.create(ONE) == "DELETE_COMPLETE"
    assert provider.asked == ["Create Run", "Delete Run"]


# ---- attributes and order


def test_an_attribute_that_the_template_reads_and_the_answer_lacks_fails_the_stack(
    stack: Stack,
) -> None:
    assert stack.create({"Run": trigger(Attributes=["Rows"])}) == "ROLLBACK_COMPLETE"
    failed = next(event for event in stack.history.events if event.status == "CREATE_FAILED")
    assert failed.reason.startswith(
        "CustomResource attribute error: Vendor response doesn't contain Rows attribute in object"
    )


def test_an_attribute_that_an_answer_lacks_fails_a_rollback_too(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(data={"Rows": "5"}), FAILED, OK)
    reads = {"Run": trigger(Attributes=["Rows"])}

    stack.create(reads)

    assert stack.update({"Run": trigger(Attributes=["Rows"], Retry={})}) == "UPDATE_ROLLBACK_FAILED"


def test_resources_without_an_order_are_created_in_parallel(cloud: Cloud, stack: Stack) -> None:
    stack.create({"A": trigger(), "B": trigger(), "C": trigger(after=("A", "B"))})

    a, b, c = cloud.requests
    assert a.sent_at == b.sent_at < c.sent_at
    assert c.sent_at == max(a.answers[0].at, b.answers[0].at)


def test_a_reason_is_wrapped_in_the_words_of_cloudformation(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(FAILED)

    stack.create(ONE)

    failed = next(event for event in stack.history.events if event.status == "CREATE_FAILED")
    assert failed.reason == (
        "Received response status [FAILED] from custom resource. Message returned: no "
        "(RequestId: 00000001-5d3f-4c1b-9e7a-0a58a9feac02)"
    )
