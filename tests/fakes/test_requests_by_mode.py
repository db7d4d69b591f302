"""When a trigger hears of a rollback: the request it is sent, and the stack's status then.

https://github.com/aws/aws-cdk/blob/main/docs/CLOUDFORMATION.md
"""

from tests.support.aws.cloud import Cloud
from tests.support.aws.scripted_provider import FAILED, OK, Scripted, ScriptedProvider
from tests.support.aws.stack import Stack
from tests.support.aws.template import GetAtt, Other, Template, trigger

ONE: Template = {"Run": trigger(Fingerprint={"Code": "1"})}
TWO: Template = {"Run": trigger(Fingerprint={"Code": "2"})}
BREAKS: Template = {"Queue": Other(fails=True, after=("Run",))}


def last(cloud: Cloud) -> tuple[str, str, str]:
    request = cloud.requests[-1]
    return request.kind, request.trigger, request.stack_status


def test_a_creation_that_fails_later_deletes_what_succeeded(cloud: Cloud, stack: Stack) -> None:
    stack.create({**ONE, **BREAKS})

    assert last(cloud) == ("Delete", "Run", "ROLLBACK_IN_PROGRESS")


def test_an_update_that_fails_later_takes_back_what_succeeded(cloud: Cloud, stack: Stack) -> None:
    stack.create(ONE)
    stack.update({**TWO, **BREAKS})

    assert last(cloud) == ("Update", "Run", "UPDATE_ROLLBACK_IN_PROGRESS")


def test_an_update_that_fails_in_the_trigger_takes_it_back(
    cloud: Cloud, stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, FAILED)
    stack.create(ONE)
    stack.update(TWO)

    assert last(cloud) == ("Update", "Run", "UPDATE_ROLLBACK_IN_PROGRESS")


def test_a_trigger_that_is_canceled_is_undone_while_its_update_is_served(
    cloud: Cloud, stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(OK, Scripted(seconds=600))
    stack.create(ONE)
    stack.update({**TWO, "Queue": Other(fails=True, seconds=30)})

    assert last(cloud) == ("Update", "Run", "UPDATE_ROLLBACK_IN_PROGRESS")
    assert not cloud.requests[1].answers


def test_a_trigger_that_is_new_in_a_failed_update_is_deleted_in_its_cleanup(
    cloud: Cloud, stack: Stack
) -> None:
    stack.create({"Other": trigger()})
    stack.update({"Other": trigger(), **ONE, **BREAKS})

    assert last(cloud) == ("Delete", "Run", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")


def test_a_trigger_that_left_the_template_is_deleted_in_the_cleanup_of_the_update(
    cloud: Cloud, stack: Stack
) -> None:
    stack.create({**ONE, "Other": trigger()})
    stack.update({"Other": trigger()})

    assert last(cloud) == ("Delete", "Run", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")


def test_a_trigger_of_a_deleted_stack_is_deleted(cloud: Cloud, stack: Stack) -> None:
    stack.create(ONE)
    stack.delete()

    assert last(cloud) == ("Delete", "Run", "DELETE_IN_PROGRESS")


def test_a_trigger_that_a_failed_update_does_not_touch_is_sent_nothing(
    cloud: Cloud, stack: Stack
) -> None:
    stack.create(ONE)
    stack.update({**ONE, **BREAKS})

    assert len(cloud.requests) == 1


def test_an_update_that_keeps_what_succeeded_sends_it_nothing(cloud: Cloud, stack: Stack) -> None:
    stack.create(ONE)
    stack.update({**TWO, **BREAKS}, disable_rollback=True)

    assert len(cloud.requests) == 2


# ---- triggers that refer to one another


def test_a_reference_is_resolved_and_waited_for(
    cloud: Cloud, stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(data={"Run": "state 1"}), OK)

    stack.create({"Last": trigger(Previous=GetAtt("First", "Run")), "First": trigger()})

    assert provider.asked == ["Create First", "Create Last"]
    assert cloud.requests[1].properties["Previous"] == "state 1"


def test_a_trigger_is_updated_when_what_it_refers_to_has_changed(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(*[Scripted(data={"Run": run}) for run in ("1", "1", "2", "2", "3", "3")])
    refers = trigger(Previous=GetAtt("First", "Run"))

    stack.create({"First": trigger(Fingerprint={"Code": "1"}), "Last": refers})
    stack.update({"First": trigger(Fingerprint={"Code": "2"}), "Last": refers})

    assert provider.asked == ["Create First", "Create Last", "Update First", "Update Last"]


def test_a_trigger_is_sent_nothing_when_what_it_refers_to_stayed_the_same(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(*[Scripted(data={"Run": "same"})] * 3)
    refers = trigger(Previous=GetAtt("First", "Run"))

    stack.create({"First": trigger(Fingerprint={"Code": "1"}), "Last": refers})
    stack.update({"First": trigger(Fingerprint={"Code": "2"}), "Last": refers})

    assert provider.asked == ["Create First", "Create Last", "Update First"]


def test_a_reference_that_means_nothing_fails_what_refers(
    stack: Stack, provider: ScriptedProvider
) -> None:
    assert stack.create({"Last": trigger(Previous=GetAtt("First", "Run")), "First": trigger()}) == (
        "ROLLBACK_COMPLETE"
    )
    assert provider.asked == ["Create First", "Delete First"]


def test_what_refers_is_deleted_before_what_it_refers_to(
    stack: Stack, provider: ScriptedProvider
) -> None:
    provider.plays(Scripted(data={"Run": "1"}))

    stack.create({"Undo": trigger(Result=GetAtt("Run", "Run")), "Run": trigger()})
    stack.delete()

    assert provider.asked[2:] == ["Delete Undo", "Delete Run"]


def test_an_order_alone_updates_nothing(stack: Stack, provider: ScriptedProvider) -> None:
    stack.create({"First": trigger(), "Last": trigger()})
    stack.update({"First": trigger(), "Last": trigger(after=("First",))})

    assert len(provider.asked) == 2
