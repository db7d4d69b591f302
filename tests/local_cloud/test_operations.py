"""Operations of stacks in the running cloud: how they end, and what can be done then."""

import json
import re

import pytest

from tests.local_cloud.account import Account, Json, probing
from tests.local_cloud.provided_stacks import ProvidedStacks
from tests.support.waiting import wait_until

QUEUE: Json = {"Type": "AWS::SQS::Queue"}
FAILS = "Transform 123456789012::Probe failed with: the template is not to be"


def without_reasons(events: list[str]) -> list[str]:
    return [re.sub(r" Received .*", "", event) for event in events]


def test_a_creation_whose_macro_fails_is_accepted_and_rolled_back(stacks: ProvidedStacks) -> None:
    name = stacks.create(probing("fail"))

    assert stacks.events(name) == [
        "STACK CREATE_IN_PROGRESS User Initiated",
        f"STACK ROLLBACK_IN_PROGRESS {FAILS}. Rollback requested by user.",
        "STACK ROLLBACK_COMPLETE",
    ]


def test_an_update_whose_macro_fails_is_accepted_and_rolled_back(stacks: ProvidedStacks) -> None:
    name = stacks.create(probing())
    before = stacks.account.template(StackName=name, TemplateStage="Processed")

    stacks.update(name, probing("fail"))

    assert stacks.events(name) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        f"STACK UPDATE_ROLLBACK_IN_PROGRESS {FAILS}. Rollback requested by user.",
        "STACK UPDATE_ROLLBACK_COMPLETE",
    ]
    assert stacks.account.template(StackName=name, TemplateStage="Processed") == before


def test_a_creation_whose_macro_fails_is_kept_where_rollback_is_disabled(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create(probing("fail"), DisableRollback=True)

    assert stacks.events(name) == [
        "STACK CREATE_IN_PROGRESS User Initiated",
        f"STACK CREATE_FAILED {FAILS}. Rollback requested by user.",
    ]


def test_without_rollback_a_failed_update_is_undone_alone(stacks: ProvidedStacks) -> None:
    name = stacks.create({"Resources": {"Custom": stacks.custom(Value="old")}})
    changed = {"Queue": QUEUE, "Custom": stacks.custom(Value="new", Fail="Update")}
    changed["Custom"]["DependsOn"] = "Queue"

    stacks.update(name, {"Resources": changed}, DisableRollback=True)

    assert stacks.asked(name) == [
        ("Create", "", "old"),
        ("Update", "the-id", "new"),
        ("Update", "the-id", "old"),
    ]
    assert without_reasons(stacks.events(name)) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "Queue CREATE_IN_PROGRESS",
        "Queue CREATE_IN_PROGRESS Resource creation Initiated",
        "Queue CREATE_COMPLETE",
        "Custom UPDATE_IN_PROGRESS",
        "Custom UPDATE_FAILED",
        "STACK UPDATE_FAILED The following resource(s) failed to update: [Custom]. ",
    ]
    assert stacks.resources(name) == {"Queue": "CREATE_COMPLETE", "Custom": "UPDATE_FAILED"}


def test_what_failed_without_rollback_is_retried_by_the_next_update(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create({"Resources": {"Custom": stacks.custom(Value="old")}})
    failing = {"Resources": {"Custom": stacks.custom(Value="new", Fail="Update")}}
    stacks.update(name, failing, DisableRollback=True)

    stacks.update(name, failing, DisableRollback=True)
    stacks.update(name, {"Resources": {"Custom": stacks.custom(Value="new")}})

    assert stacks.asked(name) == [
        ("Create", "", "old"),
        *[("Update", "the-id", "new"), ("Update", "the-id", "old")] * 2,
        ("Update", "the-id", "new"),
    ]
    assert stacks.events(name) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "Custom UPDATE_IN_PROGRESS",
        "Custom UPDATE_COMPLETE",
        "STACK UPDATE_COMPLETE",
    ]


def test_what_was_not_created_is_deleted_and_created_again_by_the_next_update(
    stacks: ProvidedStacks,
) -> None:
    template = stacks.template(Fail="Create", Id="failed-id")
    name = stacks.create(template, DisableRollback=True)
    assert stacks.status(name) == "CREATE_FAILED"
    assert stacks.resources(name) == {"Custom": "CREATE_FAILED"}

    stacks.update(name, stacks.template())

    assert stacks.asked(name) == [
        ("Create", "", ""),
        ("Delete", "failed-id", ""),
        ("Create", "", ""),
    ]
    assert stacks.status(name) == "UPDATE_COMPLETE"


def test_the_same_template_may_be_deployed_again_where_it_failed(stacks: ProvidedStacks) -> None:
    template = stacks.template(Fail="Create", Id="failed-id")
    name = stacks.create(template, DisableRollback=True)

    stacks.update(name, template, DisableRollback=True)

    assert [kind for kind, *_ in stacks.asked(name)] == ["Create", "Delete", "Create"]


def test_a_failed_update_can_be_rolled_back_later(stacks: ProvidedStacks) -> None:
    template = {"Resources": {"Queue": QUEUE, "Custom": stacks.custom(Value="old")}}
    name = stacks.create(template)
    custom = stacks.custom(Value="new", Fail="Update")
    more = {"Queue": QUEUE, "Topic": {"Type": "AWS::SNS::Topic"}, "Custom": custom}
    stacks.update(name, {"Resources": more}, DisableRollback=True)
    before = stacks.asked(name)

    stacks.account.cloudformation.rollback_stack(StackName=name)
    stacks.settle(name)

    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.asked(name) == before
    assert set(stacks.resources(name)) == {"Queue", "Custom"}


def test_a_failed_creation_can_be_rolled_back_later(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Fail="Create", Id="failed-id"), DisableRollback=True)

    stacks.account.cloudformation.rollback_stack(StackName=name)
    stacks.settle(name)

    assert stacks.asked(name) == [("Create", "", ""), ("Delete", "failed-id", "")]
    assert stacks.status(name) == "ROLLBACK_COMPLETE"


def test_a_rollback_that_fails_can_be_continued(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value="old", Fail="Update"))
    stacks.update(name, stacks.template(Value="new", Fail="Update"))
    assert stacks.status(name) == "UPDATE_ROLLBACK_FAILED"

    stacks.account.cloudformation.continue_update_rollback(
        StackName=name, ResourcesToSkip=["Custom"]
    )
    stacks.settle(name)

    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_can_be_canceled(stacks: ProvidedStacks) -> None:
    name = stacks.create({"Resources": {"Custom": stacks.custom(Value="old")}})
    queue = QUEUE | {"DependsOn": "Custom"}
    held = {"Custom": stacks.custom(Value="new", Held="Update"), "Queue": queue}
    cloudformation = stacks.account.cloudformation

    cloudformation.update_stack(StackName=name, TemplateBody=json.dumps({"Resources": held}))
    wait_until(lambda: len(stacks.asked(name)) == 2)
    cloudformation.cancel_update_stack(StackName=name)
    assert stacks.status(name) == "UPDATE_ROLLBACK_IN_PROGRESS"
    stacks.account.clients.boto("s3").put_object(Bucket="asked", Key="released", Body=b"")
    stacks.settle(name)

    assert stacks.status(name) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.asked(name) == [
        ("Create", "", "old"),
        ("Update", "the-id", "new"),
        ("Update", "the-id", "old"),
    ]
    assert stacks.resources(name) == {"Custom": "UPDATE_COMPLETE"}


@pytest.mark.parametrize("kept", [False, True])
def test_a_nested_stack_that_could_not_be_created_is_deleted(
    account: Account, stacks: ProvidedStacks, *, kept: bool
) -> None:
    s3 = account.clients.boto("s3")
    s3.create_bucket(Bucket="children")  # It may be there.
    template = stacks.template(Fail="Create", Id="failed-id")
    s3.put_object(Bucket="children", Key="child", Body=json.dumps(template))
    url = f"{account.clients.cloud.endpoint}/children/child"
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    name = stacks.create({"Resources": {"Child": child}}, DisableRollback=kept)

    if kept:
        account.delete(name)
    (nested,) = {
        one["PhysicalResourceId"]
        for one in stacks.raw_events(name)
        if one["LogicalResourceId"] == "Child" and one["PhysicalResourceId"]
    }
    asked = stacks.asked(nested.split("/")[1])
    assert asked == [("Create", "", ""), ("Delete", "failed-id", "")]
