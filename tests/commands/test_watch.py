"""What is told of a deployment, and how often AWS is asked: no clock, no cloud."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_trigger.commands import watch
from cfn_trigger.deployment import poller, stacks, timeline
from cfn_trigger.deployment.timeline import Entry, Event, Line, State
from cfn_trigger.errors import MissingError, ThrottledError, UsageError
from tests.support.recordings import run

STACK = "AWS::CloudFormation::Stack"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
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
_ids = itertools.count()


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 21, 10, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def event(seconds: float, name: str, status: str, reason: str = "") -> Event:
    types = {"shop": STACK, "Run": "Custom::Trigger", "Queue": "AWS::SQS::Queue"}
    return Event(
        id=f"event {next(_ids)}",
        at=at(seconds),
        name=name,
        type=types[name],
        status=status,
        physical_id=STACK_ID if name == "shop" else f"shop-{name}-1",
        reason=reason,
        is_of_stack=name == "shop",
    )


def entry(seconds: float, text: str, source: str = "Check") -> Entry:
    return Entry(id=f"entry {next(_ids)}", at=at(seconds), source=source, text=text)


def step(when: float, what: str, **more: Any) -> Entry:
    text = json.dumps({"step": what, "trigger": "Run", "type": "Create"} | more)
    return entry(when, text, "TriggerProvider")


def told(*news: Event | Entry) -> tuple[State, list[str]]:
    """Tell a story to somebody who has looked once already, before it."""
    events = [one for one in news if isinstance(one, Event)]
    entries = [one for one in news if isinstance(one, Entry)]
    state, lines = timeline.advance(State(has_looked=True), events, entries)
    return state, shown(lines)


def shown(lines: Sequence[Line]) -> list[str]:
    return [poller.rendered(line, UTC).plain for line in lines]


CREATION = (event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "Run", "CREATE_IN_PROGRESS"))
FAILED = "LookupError: lost; at f; last log lines: one / two; full log: /aws/lambda/shop-Check-1"


# ---- which deployment


def test_a_deployment_under_way_is_told_from_its_beginning_and_no_earlier() -> None:
    history = [
        event(0, "shop", "CREATE_IN_PROGRESS"),
        event(1, "shop", "CREATE_COMPLETE"),
        event(60, "shop", "UPDATE_IN_PROGRESS"),
        event(61, "Queue", "UPDATE_COMPLETE"),
    ]

    state, lines = timeline.advance(State(), history, ())

    assert (state.begun_as, state.ended) == ("UPDATE_IN_PROGRESS", None)
    assert shown(lines) == [
        "10:01:00  UPDATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:01:01  UPDATE_COMPLETE     Queue (AWS::SQS::Queue)",
    ]


def test_a_deployment_that_ended_before_the_first_look_is_not_told() -> None:
    history = [event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "shop", "CREATE_COMPLETE")]

    state, lines = timeline.advance(State(), history, ())

    assert (state.begun_as, lines) == ("", ())


def test_a_deployment_that_begins_and_ends_between_two_looks_is_told() -> None:
    history = [event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "shop", "CREATE_COMPLETE")]
    state, _ = timeline.advance(State(), history, ())
    news = [event(9, "shop", "UPDATE_IN_PROGRESS"), event(10, "shop", "UPDATE_COMPLETE")]

    state, lines = timeline.advance(state, [*history, *news], ())

    assert (state.succeeded, state.ended) == (True, at(10))
    assert [line.said.split()[0] for line in lines] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_change_set_alone_is_no_deployment() -> None:
    state, lines = told(event(0, "shop", "REVIEW_IN_PROGRESS"))

    assert (state.begun_as, lines) == ("", [])


def test_what_was_seen_is_not_told_again() -> None:
    entries = [entry(2, "hello")]
    state, first = timeline.advance(State(has_looked=True), CREATION, entries)

    again, second = timeline.advance(state, CREATION, entries)

    assert (len(first), second, again) == (3, (), state)


def test_nothing_is_told_of_a_deployment_that_follows() -> None:
    ended = event(2, "shop", "CREATE_COMPLETE")

    state, lines = told(*CREATION, ended, event(3, "shop", "DELETE_IN_PROGRESS"))

    assert state.status == "CREATE_COMPLETE"
    assert lines[-1] == "10:00:02  CREATE_COMPLETE     shop (AWS::CloudFormation::Stack)"


# ---- resources


def test_a_creation_is_told_once_though_it_has_two_events() -> None:
    initiated = event(2, "Queue", "CREATE_IN_PROGRESS", "Resource creation Initiated")

    state, lines = told(CREATION[0], event(1, "Queue", "CREATE_IN_PROGRESS"), initiated)

    assert lines[1:] == ["10:00:01  CREATE_IN_PROGRESS  Queue (AWS::SQS::Queue)"]
    assert state.names["Queue"] == "shop-Queue-1"


def test_the_first_part_of_a_reason_stands_with_its_event() -> None:
    _, lines = told(*CREATION, event(2, "Run", "CREATE_FAILED", FAILED))

    assert lines[-1] == "10:00:02  CREATE_FAILED       Run (Custom::Trigger): LookupError: lost; …"


# ---- triggers


def test_a_handler_that_is_polled_is_followed_with_its_own_words() -> None:
    _, lines = told(
        *CREATION,
        step(2, "look", attempt=1, seconds=890),
        step(2, "invoke", attempt=1, seconds=890),
        step(3, "pending", error="", progress="1 of 3 tables"),
        step(3, "wait", attempt=1, seconds=10),
        step(13, "invoke", attempt=1, seconds=880),
        step(14, "pending", error=""),
        step(24, "invoke", attempt=1, seconds=870),
        step(26, "done", error=""),
        step(26, "respond", level="INFO", status="SUCCESS", reason=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: started, attempt 1",
        "10:00:03    Run: in progress after 2 s: 1 of 3 tables",
        "10:00:14    Run: in progress after 13 s, poll 1",
        "10:00:26    Run: done after 25 s, poll 2",
    ]


def test_a_handler_that_cannot_be_started_is_said_so_once_per_cause() -> None:
    _, lines = told(
        *CREATION,
        step(2, "refused", error="NotReady"),
        step(3, "invoke", attempt=1),
        step(4, "refused", error="AccessDeniedException"),
        step(5, "invoke", attempt=1),
        step(6, "refused", error="AccessDeniedException"),
        step(7, "invoke", attempt=1),
        step(8, "done", error=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: not started after 1 s: NotReady",
        "10:00:03    Run: started, attempt 1",
        "10:00:04    Run: not started after 3 s: AccessDeniedException",
        "10:00:08    Run: done after 7 s",
    ]


def test_every_attempt_is_told_and_polls_are_counted_anew() -> None:
    _, lines = told(
        *CREATION,
        step(2, "invoke", attempt=1),
        step(2, "pending", error=""),
        step(3, "invoke", attempt=1),
        step(4, "failed", error="LookupError"),
        step(5, "invoke", attempt=2),
        step(6, "done", error=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: started, attempt 1",
        "10:00:02    Run: in progress after 1 s",
        "10:00:04    Run: attempt 1 failed after 3 s, poll 1: LookupError",
        "10:00:05    Run: started, attempt 2",
        "10:00:06    Run: done after 5 s",
    ]


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (
            step(2, "respond", level="INFO", status="SUCCESS", reason="the stack is rolling back"),
            "Run: did not run: the stack is rolling back",
        ),
        (
            step(2, "respond", level="ERROR", status="SUCCESS", reason="LookupError: lost"),
            "Run: failed, and the deployment goes on: LookupError: lost",
        ),
        (step(2, "hand over", attempt=1), "Run: goes on in a fresh execution after 1 s"),
        (
            step(2, "the answer was not taken", level="ERROR", status=503, why=""),
            "Run: the answer was not taken: 503",
        ),
        (
            step(2, "provider failed", level="ERROR", trace="KeyError: 'x'"),
            "Run: provider failed: KeyError: 'x'",
        ),
        (entry(2, "Segmentation fault", "TriggerProvider"), "TriggerProvider | Segmentation fault"),
    ],
)
def test_what_the_provider_logs_otherwise_is_told(one: Entry, line: str) -> None:
    _, lines = told(*CREATION, one)

    assert lines[2:] == [f"10:00:02    {line}"]


def test_why_a_trigger_failed_is_left_to_its_event() -> None:
    answered = step(2, "respond", level="WARN", status="FAILED", reason=FAILED)

    _, lines = told(*CREATION, answered)

    assert lines[2:] == []


def test_a_handlers_lines_are_told_and_those_of_lambda_are_not() -> None:
    platform = '{"time":"2026-11-21T10:00:02Z","type":"platform.start","record":{}}'
    printed = ["START RequestId: 1 Version: 3", "one", "END RequestId: 1", platform, " ", "two\n"]

    _, lines = told(*CREATION, *(entry(2, text) for text in printed))

    assert lines[2:] == ["10:00:02    Check | one", "10:00:02    Check | two"]


def test_a_handlers_own_json_is_no_step_of_the_provider() -> None:
    text = '{"step": "done", "trigger": "Run", "error": ""}'

    _, lines = told(*CREATION, entry(2, text))

    assert lines[2:] == [f"10:00:02    Check | {text}"]


def test_another_request_of_the_same_trigger_is_counted_anew() -> None:
    pending = [step(2, "invoke", attempt=1), step(3, "pending", error="", progress="half")]
    failed = event(4, "Run", "UPDATE_FAILED", FAILED)

    state, _ = told(*CREATION, *pending, failed, event(5, "Run", "UPDATE_IN_PROGRESS"))

    assert timeline.standing(state, at(6)) == ("Run: attempt 1, 1 s",)


def test_lines_that_come_after_the_end_are_told() -> None:
    state, _ = told(*CREATION, event(2, "shop", "CREATE_COMPLETE"))

    _, lines = timeline.advance(state, (), [entry(1.5, "late")])

    assert shown(lines) == ["10:00:01    Check | late"]


def test_how_far_running_triggers_are_is_told_until_they_are_done() -> None:
    state, _ = told(*CREATION, step(1, "invoke", attempt=1))
    assert timeline.standing(state, at(8)) == ("Run: attempt 1, 7 s",)

    pending = [step(9, "pending", error="", progress="3 of 10"), step(19, "invoke", attempt=1)]
    state, _ = timeline.advance(state, (), pending)
    assert timeline.standing(state, at(20)) == ("Run: attempt 1, poll 1, 19 s: 3 of 10",)

    state, _ = timeline.advance(state, [event(21, "Run", "CREATE_COMPLETE")], ())
    assert timeline.standing(state, at(22)) == ()


# ---- how it ended


def test_a_deployment_that_succeeded_is_one_line() -> None:
    state, _ = told(*CREATION, event(9, "shop", "CREATE_COMPLETE"))

    assert state.succeeded
    assert shown(timeline.verdict(state)) == ["shop: CREATE_COMPLETE after 9 s"]


def test_a_deployment_that_failed_has_every_whole_reason_and_where_to_look() -> None:
    state, _ = told(
        *CREATION,
        event(2, "Queue", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "Run", "CREATE_FAILED", FAILED),
        event(4, "shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Run]"),
        event(9, "shop", "ROLLBACK_COMPLETE"),
    )

    assert not state.succeeded
    assert "\n".join(shown(timeline.verdict(state))) == (
        "shop: ROLLBACK_COMPLETE after 9 s\n"
        "CREATE_FAILED Run (Custom::Trigger)\n"
        "  LookupError: lost\n"
        "  at f\n"
        "  last log lines:\n"
        "    one\n"
        "    two\n"
        "  full log: /aws/lambda/shop-Check-1\n"
        "  look at it: aws logs tail /aws/lambda/shop-Check-1 --since 1h"
    )


def test_the_stack_itself_is_no_failed_resource_of_it() -> None:
    ended = event(4, "shop", "CREATE_FAILED", "The following resource(s) failed: [Run]")

    state, _ = told(*CREATION, event(3, "Run", "CREATE_FAILED"), ended)

    assert shown(timeline.verdict(state)) == [
        "shop: CREATE_FAILED after 4 s",
        "CREATE_FAILED Run (Custom::Trigger)\n  CloudFormation gives no reason",
    ]


def test_a_rollback_that_was_asked_for_succeeds() -> None:
    begun = event(0, "shop", "UPDATE_ROLLBACK_IN_PROGRESS")

    state, _ = told(begun, event(1, "shop", "UPDATE_ROLLBACK_COMPLETE"))

    assert state.succeeded


def test_a_line_for_machines_is_an_object_with_the_whole() -> None:
    state, _ = told(*CREATION, step(2, "invoke", attempt=1))
    _, lines = timeline.advance(state, [], [step(3, "done", error="")])

    assert [line.in_json() for line in lines] == [
        {
            "at": "2026-11-21T10:00:03.000+00:00",
            "kind": "trigger",
            "name": "Run",
            "said": "done after 2 s",
            "tone": "good",
        }
    ]


# ---- the loop, in virtual time


@dataclass
class Playing:
    """A deployment that goes on while nobody looks; it checks how often AWS is asked."""

    news: list[Event]
    log: list[Entry] = field(default_factory=list)
    throttled: int = 0
    seconds: float = 0.0
    looks: list[float] = field(default_factory=list)

    def events(self, _state: State) -> list[Event]:
        assert not self.looks or self.seconds - self.looks[-1] >= watch.PAUSE
        self.looks.append(self.seconds)
        if self.throttled:
            self.throttled -= 1
            raise ThrottledError("stack 'shop'")
        return [one for one in self.news if one.at <= at(self.seconds)]

    def entries(self, _state: State) -> list[Entry]:
        return [one for one in self.log if one.at <= at(self.seconds - 1)]  # logs are late

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def follow(self, patience: float = 60) -> list[str]:
        world = watch.World(
            events=self.events,
            entries=self.entries,
            now=lambda: at(self.seconds),
            sleep=self.sleep,
        )
        stories = list(watch.follow(world, stack="shop", patience=patience))
        return shown([line for _, lines in stories for line in lines])


def later(seconds: float, *events: Event) -> list[Event]:
    return [replace(one, at=one.at + timedelta(seconds=seconds)) for one in events]


ENDING = (event(6, "Run", "CREATE_COMPLETE"), event(6, "shop", "CREATE_COMPLETE"))


def test_a_deployment_is_waited_for_and_followed_to_its_end_and_its_last_line() -> None:
    playing = Playing(later(5, *CREATION, *ENDING), [entry(10.5, "bye")])

    assert playing.follow() == [
        "10:00:05  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:06  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
        "10:00:11  CREATE_COMPLETE     Run (Custom::Trigger)",
        "10:00:11  CREATE_COMPLETE     shop (AWS::CloudFormation::Stack)",
        "10:00:10    Check | bye",
        "shop: CREATE_COMPLETE after 6 s",
    ]
    assert playing.looks == list(range(12))


def test_what_is_read_at_once_is_told_in_order() -> None:
    playing = Playing([*CREATION, *ENDING], [entry(0.5, "early")], throttled=1)

    assert playing.follow()[:3] == [
        "10:00:00  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:00    Check | early",
        "10:00:01  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
    ]


def test_a_deployment_may_take_longer_than_one_is_waited_for() -> None:
    playing = Playing(later(1, *CREATION, *ENDING))

    assert playing.follow(patience=3)[-1] == "shop: CREATE_COMPLETE after 6 s"


def test_who_is_throttled_asks_less_often_for_a_while() -> None:
    playing = Playing(later(118, *CREATION, *ENDING), throttled=6)

    playing.follow(patience=500)

    assert playing.looks[:9] == [0, 2, 6, 14, 30, 60, 90, 91, 92]


def test_a_deployment_that_does_not_begin_is_not_waited_for_for_ever() -> None:
    with pytest.raises(UsageError) as caught:
        Playing([]).follow(patience=30)

    assert caught.value.message == "stack 'shop': no deployment began in 30 s"


def test_at_a_terminal_the_last_line_is_how_far_the_triggers_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    state, lines = timeline.advance(State(has_looked=True), CREATION, ())

    watch.shown([(state, lines)], as_json=False)

    out, err = capsys.readouterr()
    assert "CREATE_IN_PROGRESS  Run (Custom::Trigger)" in out
    assert re.search(r"… Run: attempt 1, \d+ s", out)
    assert err == ""


# ---- what AWS is asked


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


def watched(account: Account, notes: list[str] | None = None) -> poller.Watched:
    return poller.Watched(
        stack="shop",
        cloudformation=account,
        functions=account,
        logs=account,
        tails=poller.Tails(note=(notes if notes is not None else []).append),
    )


def described(one: Event) -> dict[str, Any]:
    return {
        "EventId": one.id,
        "Timestamp": one.at,
        "LogicalResourceId": one.name,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "ResourceStatus": one.status,
        "StackId": STACK_ID,
    }


def test_a_stack_that_is_not_there_yet_has_no_events() -> None:
    assert watched(Account()).events(State()) == ()


def test_a_stack_that_vanishes_while_it_is_deployed_ends_the_watch() -> None:
    state, _ = told(*CREATION)

    with pytest.raises(UsageError) as caught:
        watched(Account()).events(state)

    assert caught.value.message == f"stack 'shop': Stack [{STACK_ID}] does not exist"


def test_the_first_look_goes_back_to_where_the_stack_was_at_rest() -> None:
    rest = event(-1, "shop", "UPDATE_COMPLETE")
    pages = [[CREATION[1]], [CREATION[0], rest], [event(-9, "shop", "UPDATE_IN_PROGRESS")]]
    account = Account([[described(one) for one in page] for page in pages])

    found = watched(account).events(State())

    assert found == (rest, *CREATION)
    assert account.asked == [("events", "shop")] * 2


def test_later_looks_go_back_to_what_is_known_and_stay_with_the_stack_that_was_begun() -> None:
    account = Account([[described(one)] for one in reversed(CREATION)])
    state, _ = timeline.advance(State(has_looked=True), CREATION[:1], ())
    state = replace(state, seen=state.seen | {CREATION[1].id})

    assert watched(account).events(state) == CREATION[1:]
    assert account.asked == [("events", STACK_ID)]


def test_the_logs_of_the_provider_and_of_the_handlers_that_were_begun_are_read() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/provider": [], "/own": [line, line]})
    state, _ = told(*CREATION)

    entries = watched(account).entries(state)

    assert [(one.source, one.text, one.at) for one in entries] == [("Check", "same", at(2))] * 2
    assert len({one.id for one in entries}) == 2
    assert [name for name, _ in account.asked] == ["/provider", "/own"]
    assert {since for _, since in account.asked} == {int(at(0).timestamp() * 1000)}


def test_without_the_new_template_the_handlers_are_those_that_were_just_permitted() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, template={"Resources": {}})
    state, _ = told(*CREATION)
    permitted = {"Check": "shop-Check-1", "TriggerProviderInvokeCheck": "shop-Policy"}
    state = replace(state, names={**state.names, **permitted})

    assert [one.source for one in watched(account).entries(state)] == ["Check"]


def test_the_log_of_a_handler_outside_the_stack_is_read_too() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-Check-1"
    token = {"Fn::GetAtt": ["TriggerProvider", "Arn"]}
    properties = {"HandlerArn": arn, "ServiceToken": token}
    resource = {"Type": "Custom::Trigger", "Properties": properties}
    account = Account(groups={"/own": []}, template={"Resources": {"Run": resource}})

    watched(account).entries(told(*CREATION)[0])

    assert [name for name, _ in account.asked] == ["/provider", "/own"]


def test_a_log_that_is_asked_for_too_often_is_read_later() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account, notes = Account(groups={"/own": [line]}, throttled=["/provider", "/own"]), list[str]()
    one = watched(account, notes)
    state, _ = told(*CREATION)

    assert [[entry.text for entry in one.entries(state)] for _ in range(2)] == [[], ["same"]]
    assert notes == []


def test_a_template_that_is_asked_for_too_often_is_read_later() -> None:
    line = {"logStreamName": "s", "timestamp": 1795255202000, "message": "same"}
    account = Account(groups={"/own": [line]}, throttled=["template"])
    one = watched(account)
    state, _ = told(*CREATION)

    assert [[entry.text for entry in one.entries(state)] for _ in range(2)] == [[], ["same"]]


def test_no_log_is_read_before_a_trigger_begins() -> None:
    account = Account()

    assert watched(account).entries(told(CREATION[0])[0]) == ()
    assert account.asked == []


def test_a_log_is_read_on_from_a_moment_before_its_last_line() -> None:
    first = {"logStreamName": "s", "timestamp": 1795255260000, "message": "one"}
    account = Account(groups={"/own": [first]})
    tail = poller.Tail(logs=account, group="/own", source="Check", since=0)

    ids = [{one.id for one in tail.read()} for _ in range(2)]

    assert account.asked == [("/own", 0), ("/own", 1795255250000)]
    assert ids[0] == ids[1]


def test_a_log_that_may_not_be_read_is_said_so_once_and_given_up() -> None:
    account, notes = Account(groups={"/own": []}, denied={"/provider"}), list[str]()
    one = watched(account, notes)
    state, _ = told(*CREATION)

    for _ in range(2):
        one.entries(state)

    assert notes == [
        "the log of 'TriggerProvider' is not shown: log group '/provider': not authorized"
    ]
    assert [name for name, _ in account.asked] == ["/provider", "/own", "/own"]


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("Throttling", "Rate exceeded", ThrottledError),
        ("TooManyRequestsException", "", ThrottledError),
        ("ResourceNotFoundException", "no such group", MissingError),
        ("ValidationError", "Stack [x] does not exist", MissingError),
        ("AccessDenied", "not authorized", UsageError),
    ],
)
def test_refusals_are_told_apart(code: str, said: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, stacks.asking("it"):
        raise refusal(code, said, "Any")

    assert type(caught.value) is kind


def test_without_a_region_it_says_how_to_give_one() -> None:
    outcome = run("watch", "shop")

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: no AWS region; set AWS_REGION, as for `aws`\n",
    )  # fmt: skip
