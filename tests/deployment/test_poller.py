"""What is read of a stack while it changes, and how little."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.poller import StackPoller, Tail, Tails
from cfn_trigger.deployment.state import DeploymentState, Event
from cfn_trigger.errors import UsageError
from tests.support.timelines import CREATION, STACK_ID, after, at, event

TEMPLATE = {
    "Resources": {
        "Check": {"Type": "AWS::Lambda::Function", "Properties": {}},
        "Run": {
            "Type": "Custom::Trigger",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["TriggerProvider", "Arn"]},
                "HandlerArn": {"Fn::GetAtt": ["Check", "Arn"]},
            },
        },
    }
}


def refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Account:
    """CloudFormation, Lambda and CloudWatch Logs in one; it checks every call."""

    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    template: Any = field(default_factory=lambda: TEMPLATE)
    throttled: list[str] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(self, operation)

    def describe_stack_events(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if not self.pages:
            said = f"Stack [{StackName}] does not exist"
            raise refusal("ValidationError", said, "DescribeStackEvents")
        for page in self.pages:
            self.asked.append(("events", StackName))
            yield {"StackEvents": page}

    def filter_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        startTime: int,  # noqa: N803
    ) -> Iterator[dict[str, Any]]:
        self.asked.append((logGroupName, startTime))
        self.throttle(logGroupName)
        if logGroupName in self.denied:
            raise refusal("AccessDeniedException", "not authorized", "FilterLogEvents")
        if logGroupName not in self.groups:
            raise refusal("ResourceNotFoundException", "no such group", "FilterLogEvents")
        yield {
            "events": [one for one in self.groups[logGroupName] if one["timestamp"] >= startTime]
        }

    def get_template(self, *, StackName: str, TemplateStage: str) -> dict[str, Any]:  # noqa: N803
        assert (StackName, TemplateStage) == (STACK_ID, "Processed")
        self.throttle("template")
        return {"TemplateBody": self.template}

    def throttle(self, what: str) -> None:
        if what in self.throttled:
            self.throttled.remove(what)
            raise refusal("ThrottlingException", "Rate exceeded", "Any")

    def describe_stack_resource(
        self,
        *,
        StackName: str,  # noqa: N803
        LogicalResourceId: str,  # noqa: N803
    ) -> dict[str, Any]:
        assert StackName == STACK_ID
        physical = {"TriggerProviderLogGroup": "/provider", "Check": "shop-Check-1"}
        return {"StackResourceDetail": {"PhysicalResourceId": physical[LogicalResourceId]}}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        assert FunctionName.endswith("shop-Check-1")
        return {"LoggingConfig": {"LogGroup": "/own"}}


@dataclass
class Pages:
    account: Account
    operation: str

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        found: Iterator[dict[str, Any]] = getattr(self.account, self.operation)(**arguments)
        return found


def poller(account: Account, notes: list[str] | None = None) -> StackPoller:
    return StackPoller(
        stack="shop",
        cloudformation=account,
        functions=account,
        logs=account,
        tails=Tails(note=(notes if notes is not None else []).append),
    )


def described(event: Event) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "Timestamp": event.at,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "ResourceStatus": event.status,
        "StackId": STACK_ID,
    }


def test_a_stack_that_does_not_exist_yet_has_no_events() -> None:
    assert poller(Account()).events(DeploymentState()) == ()


def test_a_stack_that_vanishes_while_it_is_deployed_ends_the_watch() -> None:
    state, _ = after(*CREATION)

    with pytest.raises(UsageError) as caught:
        poller(Account()).events(state)

    assert caught.value.message == f"stack 'shop': Stack [{STACK_ID}] does not exist"


def test_the_first_look_reads_back_to_where_the_stack_was_at_rest() -> None:
    rest = event(-1, "shop", "UPDATE_COMPLETE")
    pages = [[CREATION[1]], [CREATION[0], rest], [event(-9, "shop", "UPDATE_IN_PROGRESS")]]
    account = Account([[described(one) for one in page] for page in pages])

    found = poller(account).events(DeploymentState())

    assert found == (rest, *CREATION)
    assert account.asked == [("events", "shop")] * 2


def test_later_looks_read_back_to_what_was_seen_and_keep_to_the_stack_that_began() -> None:
    account = Account([[described(one)] for one in reversed(CREATION)])
    state, _ = timeline.advance(DeploymentState(has_read=True), CREATION[:1], ())
    state = replace(state, seen=state.seen | {CREATION[1].id})

    assert poller(account).events(state) == CREATION[1:]
    assert account.asked == [("events", STACK_ID)]


def test_the_logs_of_the_provider_and_of_handlers_that_have_begun_are_read() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/provider": [], "/own": [line, line]})
    state, _ = after(*CREATION)

    entries = poller(account).log_entries(state)

    assert [(one.source, one.text, one.at) for one in entries] == [("Check", "same", at(2))] * 2
    assert len({one.id for one in entries}) == 2
    assert [name for name, _ in account.asked] == ["/provider", "/own"]
    assert {since for _, since in account.asked} == {int(at(0).timestamp() * 1000)}


def test_handlers_are_those_just_permitted_if_the_template_lacks_the_trigger() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, template={"Resources": {}})
    state, _ = after(*CREATION)
    permitted = {"Check": "shop-Check-1", "TriggerProviderInvokeCheck": "shop-Policy"}
    state = replace(state, physical_ids={**state.physical_ids, **permitted})

    assert [one.source for one in poller(account).log_entries(state)] == ["Check"]


def test_a_handler_outside_the_stack_has_its_log_read() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-Check-1"
    token = {"Fn::GetAtt": ["TriggerProvider", "Arn"]}
    properties = {"HandlerArn": arn, "ServiceToken": token}
    resource = {"Type": "Custom::Trigger", "Properties": properties}
    account = Account(groups={"/own": []}, template={"Resources": {"Run": resource}})

    poller(account).log_entries(after(*CREATION)[0])

    assert [name for name, _ in account.asked] == ["/provider", "/own"]


def test_a_throttled_log_is_read_the_next_time() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account, notes = Account(groups={"/own": [line]}, throttled=["/provider", "/own"]), list[str]()
    stack_poller = poller(account, notes)
    state, _ = after(*CREATION)

    assert [[entry.text for entry in stack_poller.log_entries(state)] for _ in range(2)] == [
        [],
        ["same"],
    ]
    assert notes == []


def test_a_throttled_template_is_read_the_next_time() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, throttled=["template"])
    stack_poller = poller(account)
    state, _ = after(*CREATION)

    assert [[entry.text for entry in stack_poller.log_entries(state)] for _ in range(2)] == [
        [],
        ["same"],
    ]


def test_logs_are_not_read_before_a_trigger_begins() -> None:
    account = Account()

    assert poller(account).log_entries(after(CREATION[0])[0]) == ()
    assert account.asked == []


def test_a_log_is_read_from_a_moment_before_its_last_entry() -> None:
    first = {"logStreamName": "s", "timestamp": 1795255260000, "message": "one"}
    account = Account(groups={"/own": [first]})
    tail = Tail(logs=account, group="/own", source="Check", since=0)

    ids = [{one.id for one in tail.read()} for _ in range(2)]

    assert account.asked == [("/own", 0), ("/own", 1795255250000)]
    assert ids[0] == ids[1]


def test_a_log_that_may_not_be_read_is_dropped_with_one_note() -> None:
    account, notes = Account(groups={"/own": []}, denied={"/provider"}), list[str]()
    stack_poller = poller(account, notes)
    state, _ = after(*CREATION)

    for _ in range(2):
        stack_poller.log_entries(state)

    assert notes == [
        "the log of 'TriggerProvider' is not shown: log group '/provider': not authorized"
    ]
    assert [name for name, _ in account.asked] == ["/provider", "/own", "/own"]
