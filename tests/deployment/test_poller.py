"""What is read of a stack while it changes, and how little."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.change_sets import ChangeSet
from cfn_trigger.deployment.logs import MOST_LOGS, Tail, Tails
from cfn_trigger.deployment.poller import StackPoller
from cfn_trigger.deployment.state import DeploymentState, Event, LogEntry
from cfn_trigger.errors import ThrottledError, UsageError
from macro.names import undo_id
from tests.support.timelines import CREATION, NESTED_ID, STACK_ID, after, at, event

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
    change_sets: list[dict[str, str]] = field(default_factory=list)
    changes: tuple[str, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()
    nested: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(self, operation)

    def describe_stack_events(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.throttle(StackName)
        if StackName in self.denied:
            raise refusal("AccessDenied", "not authorized", "DescribeStackEvents")
        if StackName in self.nested:
            self.asked.append(("events", StackName))
            yield {"StackEvents": self.nested[StackName]}
            return
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

    def get_template(
        self,
        *,
        TemplateStage: str,  # noqa: N803
        StackName: str = "",  # noqa: N803
        ChangeSetName: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        assert TemplateStage == "Processed"
        assert StackName in {STACK_ID, NESTED_ID} or ChangeSetName == "arn:new"
        self.throttle("template")
        return {"TemplateBody": TEMPLATE if ChangeSetName else self.template}

    def list_change_sets(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert not StackName.startswith("arn:")
        self.throttle("change sets")
        if "change sets" in self.denied:
            raise refusal("AccessDenied", "not authorized", "ListChangeSets")
        self.asked.append(("change sets", StackName))
        for change_set in self.change_sets:  # a page each
            yield {"Summaries": [change_set]}

    def describe_change_set(self, *, ChangeSetName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert ChangeSetName == "arn:new"
        for name in self.changes:
            yield {"Changes": [{"Type": "Resource", "ResourceChange": {"LogicalResourceId": name}}]}

    def list_stack_resources(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert StackName == STACK_ID
        for name, status in self.resources:
            summary = {"LogicalResourceId": name, "ResourceStatus": status}
            yield {"StackResourceSummaries": [summary]}

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
        assert StackName in {STACK_ID, NESTED_ID}
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
    note = (notes if notes is not None else []).append
    return StackPoller(
        stack="shop",
        cloudformation=account,
        functions=account,
        logs=account,
        tails=Tails(note=note),
        note=note,
    )


def expected(stack_poller: StackPoller, state: DeploymentState) -> dict[str, Any]:
    changes = stack_poller.expected(state)
    return {
        path: each.logical_ids for path, each in changes.items() if each.logical_ids is not None
    }


def read_logs(stack_poller: StackPoller, state: DeploymentState) -> tuple[LogEntry, ...]:
    stack_poller.expected(state)
    return stack_poller.log_entries(state)


def described(event: Event) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "Timestamp": event.at,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "ResourceStatus": event.status,
        "StackId": NESTED_ID if event.path else STACK_ID,
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

    entries = read_logs(poller(account), state)

    assert [(one.source, one.text, one.at) for one in entries] == [("Check", "same", at(2))] * 2
    assert len({one.id for one in entries}) == 2
    assert [name for name, _ in account.asked if name.startswith("/")] == ["/provider", "/own"]
    assert {since for name, since in account.asked if name.startswith("/")} == {
        int(at(0).timestamp() * 1000)
    }


def test_handlers_are_those_just_permitted_if_the_template_lacks_the_trigger() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, template={"Resources": {}})
    state, _ = after(*CREATION)
    permitted = {"Check": "shop-Check-1", "TriggerProviderInvokeCheck": "shop-Policy"}
    state = replace(state, physical_ids={**state.physical_ids, **permitted})

    assert [one.source for one in read_logs(poller(account), state)] == ["Check"]


def test_a_handler_outside_the_stack_has_its_log_read() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-Check-1"
    token = {"Fn::GetAtt": ["TriggerProvider", "Arn"]}
    properties = {"HandlerArn": arn, "ServiceToken": token}
    resource = {"Type": "Custom::Trigger", "Properties": properties}
    account = Account(groups={"/own": []}, template={"Resources": {"Run": resource}})

    read_logs(poller(account), after(*CREATION)[0])

    assert [name for name, _ in account.asked if name.startswith("/")] == ["/provider", "/own"]


def test_a_throttled_log_is_read_the_next_time() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account, notes = Account(groups={"/own": [line]}, throttled=["/provider", "/own"]), list[str]()
    stack_poller = poller(account, notes)
    state, _ = after(*CREATION)

    assert [[entry.text for entry in read_logs(stack_poller, state)] for _ in range(2)] == [
        [],
        ["same"],
    ]
    assert notes == []


def test_a_throttled_template_is_read_the_next_time() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, throttled=["template"])
    stack_poller = poller(account)
    state, _ = after(*CREATION)

    assert [[entry.text for entry in read_logs(stack_poller, state)] for _ in range(2)] == [
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
        read_logs(stack_poller, state)

    assert notes == [
        "the log of 'TriggerProvider' is not shown: log group '/provider': not authorized"
    ]
    assert [name for name, _ in account.asked if name.startswith("/")] == [
        "/provider",
        "/own",
        "/own",
    ]


def test_a_log_is_read_for_some_time_after_its_trigger_has_ended() -> None:
    account = Account(groups={"/own": []})
    stack_poller, (state, _) = poller(account), after(*CREATION)
    read_logs(stack_poller, state)
    state, _ = timeline.advance(state, [event(9, "Run", "CREATE_COMPLETE")], ())

    for _ in range(100):
        stack_poller.log_entries(state)

    assert [name for name, _ in account.asked].count("/own") == 21


def test_many_logs_are_read_in_turn() -> None:
    account = Account(groups={f"/{number}": [] for number in range(12)})
    tails = Tails(note=list[str]().append)
    for number in range(12):
        tails.tails[f"F{number}"] = Tail(
            logs=account, group=f"/{number}", source=f"F{number}", since=0
        )

    for _ in range(5):
        tails.read()

    reads = Counter(name for name, _ in account.asked)
    assert sum(reads.values()) == 5 * MOST_LOGS
    assert set(reads.values()) == {1, 2}


def test_only_the_logs_that_are_asked_for_are_read() -> None:
    account = Account(groups={"/a": [], "/b": []})
    tails = Tails(note=list[str]().append)
    for name in ("a", "b"):
        tails.tails[name] = Tail(logs=account, group=f"/{name}", source=name, since=0)

    tails.read({"b", "c"})

    assert [name for name, _ in account.asked] == ["/b"]


# ---- nested stacks


NESTING = (CREATION[0], event(1, "Orders", "CREATE_IN_PROGRESS"))


def test_the_events_of_a_nested_stack_are_read_from_the_beginning_of_the_deployment() -> None:
    before = event(-60, "Run", "CREATE_COMPLETE", path="Orders/")
    begun = event(2, "Run", "UPDATE_IN_PROGRESS", path="Orders/")
    account = Account(
        [[described(NESTING[0])]], nested={NESTED_ID: [described(begun), described(before)]}
    )

    events = poller(account).events(after(*NESTING)[0])

    assert [(item.name, item.at) for item in events if item.path] == [("Orders/Run", at(2))]


def test_a_nested_stack_is_read_once_more_after_its_end_and_then_no_longer() -> None:
    account = Account([[described(NESTING[0])]], nested={NESTED_ID: []})
    stack_poller, (state, _) = poller(account), after(*NESTING)

    stack_poller.events(state)
    state, _ = timeline.advance(state, [event(3, "Orders", "CREATE_COMPLETE")], ())
    for _ in range(3):
        stack_poller.events(state)

    assert [name for _, name in account.asked].count(NESTED_ID) == 2


def test_a_nested_stack_that_cannot_be_read_is_left_out_with_a_note() -> None:
    account, notes = Account([[described(NESTING[0])]]), list[str]()
    account.denied.add(NESTED_ID)
    stack_poller, (state, _) = poller(account, notes), after(*NESTING)

    assert [item.name for item in stack_poller.events(state)] == ["shop"]
    assert notes == ["the nested stack 'Orders' is not shown: stack 'shop': not authorized"]


def test_a_throttled_nested_stack_is_read_the_next_time() -> None:
    run = event(2, "Run", "CREATE_IN_PROGRESS", path="Orders/")
    account = Account([[described(NESTING[0])]], nested={NESTED_ID: [described(run)]})
    account.throttled.append(NESTED_ID)
    stack_poller, (state, _) = poller(account), after(*NESTING)

    with pytest.raises(ThrottledError):
        stack_poller.events(state)

    assert [item.name for item in stack_poller.events(state) if item.path] == ["Orders/Run"]


def test_the_logs_of_triggers_in_a_nested_stack_are_read_and_have_its_path() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/provider": [line], "/own": [line]})
    run = event(2, "Run", "CREATE_IN_PROGRESS", path="Orders/")

    entries = read_logs(poller(account), after(*NESTING, run)[0])

    assert [entry.source for entry in entries] == ["Orders/TriggerProvider", "Orders/Check"]


# ---- what will change


EXECUTED = {
    "ChangeSetId": "arn:new",
    "ChangeSetName": "deploy-2",
    "Status": "CREATE_COMPLETE",
    "ExecutionStatus": "EXECUTE_IN_PROGRESS",
}
OLD = EXECUTED | {"ChangeSetId": "arn:old", "ExecutionStatus": "EXECUTE_COMPLETE"}


def test_the_change_set_that_is_executed_tells_what_will_change() -> None:
    account = Account(change_sets=[OLD, EXECUTED], changes=("Run", "Queue"))

    assert expected(poller(account), after(*CREATION)[0]) == {"": {"Run", "Queue"}}


def test_a_creation_without_a_change_set_creates_what_has_no_condition() -> None:
    resources = {"Run": {}, "Maybe": {"Condition": "IsProduction"}}
    account = Account(template={"Resources": resources}, change_sets=[OLD])

    assert expected(poller(account), after(*CREATION)[0]) == {"": {"Run"}}


def test_an_update_without_a_change_set_leaves_open_what_will_change() -> None:
    state, _ = after(event(0, "shop", "UPDATE_IN_PROGRESS"))

    assert expected(poller(Account()), state) == {}


def test_a_deletion_deletes_what_exists() -> None:
    account = Account(resources=(("Run", "CREATE_COMPLETE"), ("Gone", "DELETE_COMPLETE")))

    assert expected(poller(account), after(event(0, "shop", "DELETE_IN_PROGRESS"))[0]) == {
        "": {"Run"}
    }


def test_what_will_change_is_read_once() -> None:
    stack_poller, (state, _) = poller(Account(change_sets=[EXECUTED])), after(*CREATION)

    assert [expected(stack_poller, state) for _ in range(2)] == [{"": set()}, {}]


def test_throttled_reads_of_what_will_change_are_repeated() -> None:
    account = Account(change_sets=[EXECUTED], changes=("Run",), throttled=["change sets"])
    stack_poller, (state, _) = poller(account), after(*CREATION)

    assert [expected(stack_poller, state) for _ in range(2)] == [{}, {"": {"Run"}}]


def test_a_total_that_may_not_be_read_is_left_out_with_a_note() -> None:
    account, notes = Account(denied={"change sets"}), list[str]()

    assert expected(poller(account, notes), after(*CREATION)[0]) == {}
    assert notes == [
        "the total of resources is not shown: change sets of stack 'shop': not authorized"
    ]


def test_the_handlers_of_an_update_are_those_of_its_change_set() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, template={"Resources": {}}, change_sets=[EXECUTED])

    assert [entry.source for entry in read_logs(poller(account), after(*CREATION)[0])] == ["Check"]


def test_handlers_that_share_a_policy_are_among_the_new_functions() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, template={"Resources": {}})
    check = replace(
        event(1, "Queue", "CREATE_COMPLETE"), logical_id="Check", physical_id="shop-Check-1"
    )
    check = replace(check, type="AWS::Lambda::Function")
    policy = replace(event(1, "Queue", "UPDATE_COMPLETE"), logical_id="TriggerProviderHandlers1")

    entries = read_logs(poller(account), after(*CREATION, check, policy)[0])

    assert [entry.source for entry in entries] == ["Check"]


def test_the_log_of_what_undoes_a_trigger_is_read() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    undo = undo_id("Run", "0123456789")
    resources = {undo: TEMPLATE["Resources"]["Run"], "Check": TEMPLATE["Resources"]["Check"]}
    account = Account(groups={"/own": [line]}, template={"Resources": resources})
    deleted = replace(event(1, "Run", "DELETE_IN_PROGRESS"), logical_id=undo)

    entries = read_logs(poller(account), after(CREATION[0], deleted)[0])

    assert [entry.source for entry in entries] == ["Check"]


# ---- change sets that fail


FAILED = {
    "ChangeSetId": "arn:failed",
    "ChangeSetName": "deploy-3",
    "Status": "FAILED",
    "StatusReason": "Transform 1::Trigger failed with: Run: has no Handler.",
}
AT_REST = replace(DeploymentState(has_read=True), latest=event(0, "shop", "CREATE_COMPLETE"))


def test_a_change_set_that_fails_while_the_stack_is_at_rest_is_returned_once() -> None:
    account = Account(change_sets=[FAILED | {"ChangeSetId": "arn:before"}])
    stack_poller = poller(account)

    results = [stack_poller.refused(AT_REST)]
    account.change_sets.append(FAILED)
    results += [stack_poller.refused(AT_REST), stack_poller.refused(AT_REST)]

    failed = ChangeSet(
        id="arn:failed",
        name="deploy-3",
        is_failed=True,
        is_executed=False,
        reason="Transform 1::Trigger failed with: Run: has no Handler",
    )
    assert results == [None, failed, None]


def test_the_first_change_set_of_a_stack_that_did_not_exist_counts() -> None:
    stack_poller = poller(Account(change_sets=[FAILED]))

    results = [stack_poller.refused(state) for state in (DeploymentState(), AT_REST)]

    assert [result and result.name for result in results] == [None, "deploy-3"]


def test_change_sets_that_may_not_be_listed_are_not_asked_for_again() -> None:
    account = Account(denied={"change sets"})
    stack_poller = poller(account)

    assert [stack_poller.refused(AT_REST) for _ in range(2)] == [None, None]
    assert account.asked == []
