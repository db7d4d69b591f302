"""The events of stacks in the running cloud: what changes, what does not, and when."""

import json

from tests.local_cloud.account import Account, Json, probing
from tests.local_cloud.provided_stacks import ProvidedStacks

QUEUE: Json = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}
LONGER: Json = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}


def test_the_events_of_a_creation(stacks: ProvidedStacks) -> None:
    name = stacks.create({"Resources": {"Queue": QUEUE}})

    assert stacks.events(name) == [
        "STACK CREATE_IN_PROGRESS User Initiated",
        "Queue CREATE_IN_PROGRESS",
        "Queue CREATE_IN_PROGRESS Resource creation Initiated",
        "Queue CREATE_COMPLETE",
        "STACK CREATE_COMPLETE",
    ]


def test_a_resource_that_does_not_change_has_no_events_and_keeps_its_status(
    stacks: ProvidedStacks,
) -> None:
    name = stacks.create({"Resources": {"Same": QUEUE, "Queue": QUEUE}})

    stacks.update(name, {"Resources": {"Same": QUEUE, "Queue": LONGER, "Zoo": QUEUE}})

    assert stacks.events(name) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "Queue UPDATE_IN_PROGRESS",
        "Queue UPDATE_COMPLETE",
        "Zoo CREATE_IN_PROGRESS",
        "Zoo CREATE_IN_PROGRESS Resource creation Initiated",
        "Zoo CREATE_COMPLETE",
        "STACK UPDATE_COMPLETE",
    ]
    assert stacks.resources(name) == {
        "Same": "CREATE_COMPLETE",
        "Queue": "UPDATE_COMPLETE",
        "Zoo": "CREATE_COMPLETE",
    }


def test_what_is_removed_is_deleted_while_the_stack_cleans_up(stacks: ProvidedStacks) -> None:
    name = stacks.create({"Resources": {"Queue": QUEUE, "Custom": stacks.custom()}})

    stacks.update(name, {"Resources": {"Queue": QUEUE}})

    assert stacks.events(name) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "STACK UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "Custom DELETE_IN_PROGRESS",
        "Custom DELETE_COMPLETE",
        "STACK UPDATE_COMPLETE",
    ]


def test_a_custom_resource_with_a_new_id_is_replaced(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Id="old-id"))

    stacks.update(name, stacks.template(Id="new-id"))

    assert stacks.asked(name) == [
        ("Create", "", ""),
        ("Update", "old-id", ""),
        ("Delete", "old-id", ""),
    ]
    assert stacks.events(name) == [
        "STACK UPDATE_IN_PROGRESS User Initiated",
        "Custom UPDATE_IN_PROGRESS",
        (
            "Custom UPDATE_IN_PROGRESS"
            " Requested update required the provider to create a new physical resource"
        ),
        "Custom UPDATE_COMPLETE",
        "STACK UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "Custom DELETE_IN_PROGRESS",
        "Custom DELETE_COMPLETE",
        "STACK UPDATE_COMPLETE",
    ]


def test_a_failed_update_of_a_resource_has_its_physical_id(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Value="old"))

    stacks.update(name, stacks.template(Value="new", Fail="Update"))

    (failed,) = [one for one in stacks.raw_events(name) if one["ResourceStatus"] == "UPDATE_FAILED"]
    assert (failed["LogicalResourceId"], failed["PhysicalResourceId"]) == ("Custom", "the-id")


def test_a_change_set_that_is_executed_begins_an_operation_of_the_user(
    account: Account, stacks: ProvidedStacks
) -> None:
    changes = account.change_set(probing())
    name = changes["StackName"]

    account.cloudformation.execute_change_set(ChangeSetName=changes["ChangeSetId"])
    stacks.settle(name)

    assert [one["ResourceStatusReason"] for one in stacks.raw_events(name)[:2]] == [
        "User Initiated",
        "User Initiated",
    ]
    assert stacks.events(name)[0] == "STACK CREATE_IN_PROGRESS User Initiated"


def test_the_time_of_an_event_is_that_of_what_happened(stacks: ProvidedStacks) -> None:
    name = stacks.create(stacks.template(Silent="Create", ServiceTimeout=2))

    begun, failed = (
        next(one["Timestamp"] for one in stacks.raw_events(name) if one["ResourceStatus"] == status)
        for status in ("CREATE_IN_PROGRESS", "CREATE_FAILED")
    )
    assert (failed - begun).total_seconds() >= 2


def test_a_nested_stack_that_reads_the_arn_of_a_log_group_is_updated(
    account: Account, stacks: ProvidedStacks
) -> None:
    def nested(retention: int, prefix: str) -> Json:
        logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": retention}}
        arn = {"Fn::Sub": f"{prefix} ${{Logs.Arn}}"}
        return {"Resources": {"Logs": logs}, "Outputs": {"Arn": {"Value": arn}}}

    s3 = account.clients.boto("s3")
    s3.create_bucket(Bucket="nested")

    def parent(key: str, template: Json) -> Json:
        s3.put_object(Bucket="nested", Key=key, Body=json.dumps(template))
        url = f"{account.clients.cloud.endpoint}/nested/{key}"
        child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
        arn = {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}
        return {"Resources": {"Child": child}, "Outputs": {"Arn": arn}}

    name = stacks.create(parent("one", nested(1, "one")))
    stacks.update(name, parent("two", nested(1, "two")))

    assert stacks.status(name) == "UPDATE_COMPLETE"
    assert stacks.described(name)["Outputs"][0]["OutputValue"].startswith("two arn:aws:logs:")


def test_a_parent_announces_the_id_of_a_nested_stack_once_and_when_it_begins(
    account: Account, stacks: ProvidedStacks
) -> None:
    s3 = account.clients.boto("s3")
    s3.create_bucket(Bucket="announced")
    s3.put_object(Bucket="announced", Key="child", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
    url = f"{account.clients.cloud.endpoint}/announced/child"
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    name = stacks.create({"Resources": {"Child": child}})

    assert stacks.events(name) == [
        "STACK CREATE_IN_PROGRESS User Initiated",
        "Child CREATE_IN_PROGRESS",
        "Child CREATE_IN_PROGRESS Resource creation Initiated",
        "Child CREATE_COMPLETE",
        "STACK CREATE_COMPLETE",
    ]
