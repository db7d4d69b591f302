"""When AWS is asked while a deployment is followed, and when that ends: in virtual time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from cfn_trigger.deployment import monitor
from cfn_trigger.deployment.change_sets import ChangeSet
from cfn_trigger.deployment.monitor import MonitorEffects
from cfn_trigger.deployment.state import (
    DeploymentState,
    Event,
    ExpectedChanges,
    Line,
    LogEntry,
)
from cfn_trigger.errors import ThrottledError, TransientError, UsageError
from tests.support.timelines import CREATION, STACK_ID, as_text, at, entry, event


@dataclass
class Playing:
    """A deployment that goes on while nobody looks; it checks how often AWS is asked."""

    news: list[Event]
    log: list[LogEntry] = field(default_factory=list)
    throttled: int = 0
    seconds: float = 0.0
    looks: list[float] = field(default_factory=list)
    outages: int = 0
    will_change: dict[str, ExpectedChanges] = field(default_factory=dict)
    change_set: ChangeSet | None = None
    stack: str = "shop"
    after_end: list[Event] = field(default_factory=list)
    progress: Iterator[monitor.Progress] = field(default_factory=lambda: iter(()))
    lines: list[Line] = field(default_factory=list)
    state: DeploymentState = field(default_factory=DeploymentState)

    def events(self, state: DeploymentState) -> list[Event]:
        is_over = self.looks and self.news and at(self.looks[-1]) >= self.news[-1].at
        assert is_over or not self.looks or self.seconds - self.looks[-1] >= monitor.PAUSE
        self.looks.append(self.seconds)
        if self.outages:
            self.outages -= 1
            raise TransientError("stack 'shop': no route to host")
        if self.throttled:
            self.throttled -= 1
            raise ThrottledError("stack 'shop'")
        late = self.after_end if state.ended else []
        return [*late, *(one for one in self.news if one.at <= at(self.seconds))]

    def log_entries(self, _state: DeploymentState) -> list[LogEntry]:
        return [one for one in self.log if one.at <= at(self.seconds - 1)]  # logs are late

    def expected(self, state: DeploymentState) -> dict[str, ExpectedChanges]:
        return self.will_change if state.has_begun else {}

    def refused(self, state: DeploymentState) -> ChangeSet | None:
        assert not state.has_begun
        return self.change_set

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def follow(self, patience: float = 60) -> list[str]:
        self.follow_until(0, patience)
        return self.follow_on()

    def follow_until(self, seconds: float, patience: float = 60) -> None:
        """Begin to follow, up to a time."""
        effects = MonitorEffects(
            events=self.events,
            expected=self.expected,
            log_entries=self.log_entries,
            refused=self.refused,
            now=lambda: at(self.seconds),
            sleep=self.sleep,
        )
        self.progress = monitor.follow(effects, stack=self.stack, patience=patience)
        while self.seconds < seconds:
            self.advance()

    def follow_on(self) -> list[str]:
        """Follow to the end, and return all lines."""
        while self.advance():
            pass
        return as_text(self.lines)

    def advance(self) -> bool:
        state, lines = next(self.progress, (None, ()))
        self.lines += lines
        self.state = state or self.state
        return state is not None


def later(seconds: float, *events: Event) -> list[Event]:
    return [replace(one, at=one.at + timedelta(seconds=seconds)) for one in events]


ENDING = (event(6, "Run", "CREATE_COMPLETE"), event(6, "shop", "CREATE_COMPLETE"))


def test_a_deployment_is_awaited_and_followed_to_its_end_and_its_last_log_line() -> None:
    playing = Playing(later(5, *CREATION, *ENDING), [entry(10.5, "bye")])

    assert playing.follow() == [
        "10:00:05      0  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:06      0  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
        "10:00:11      1  CREATE_COMPLETE     Run (Custom::Trigger), 5 s",
        "10:00:11      1  CREATE_COMPLETE     shop (AWS::CloudFormation::Stack)",
        "10:00:10    Check | bye",
        "shop: CREATE_COMPLETE after 6 s",
    ]
    assert playing.looks == [*range(12), 11]


def test_what_is_expected_is_known_in_the_first_line() -> None:
    changes = ExpectedChanges(logical_ids=frozenset({"Run", "Queue"}))
    playing = Playing([*CREATION, *ENDING], will_change={"": changes})

    assert playing.follow()[:2] == [
        "10:00:00    0/2  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:01    0/2  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
    ]


def test_lines_of_one_look_are_in_the_order_of_their_time() -> None:
    playing = Playing([*CREATION, *ENDING], [entry(0.5, "early")], throttled=1)

    assert playing.follow()[:3] == [
        "10:00:00      0  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:00    Check | early",
        "10:00:01      0  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
    ]


def test_events_of_nested_stacks_that_are_known_only_after_the_end_are_shown() -> None:
    nested = event(4, "Queue", "CREATE_FAILED", "no room", path="Orders/")
    playing = Playing([*CREATION, *ENDING], after_end=[nested])

    assert "10:00:04      2  CREATE_FAILED       Orders/Queue (AWS::SQS::Queue): no room" in (
        playing.follow()
    )


def test_a_deployment_may_take_longer_than_the_patience() -> None:
    playing = Playing(later(1, *CREATION, *ENDING))

    assert playing.follow(patience=3)[-1] == "shop: CREATE_COMPLETE after 6 s"


def test_a_throttled_follower_looks_less_often_until_it_is_answered() -> None:
    playing = Playing(later(118, *CREATION, *ENDING), throttled=6)

    playing.follow(patience=500)

    assert playing.looks[:9] == [0, 2, 6, 14, 30, 60, 90, 91, 92]


def test_a_deployment_that_does_not_begin_in_time_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        Playing([]).follow(patience=30)

    assert (
        caught.value.message
        == "stack 'shop': no deployment began within 30 s; start one, or raise --timeout"
    )


def test_an_outage_is_survived() -> None:
    playing = Playing(later(3, *CREATION, *ENDING))
    playing.follow_until(2)
    playing.outages = 5

    assert playing.follow_on()[-1] == "shop: CREATE_COMPLETE after 6 s"


def test_an_outage_at_the_first_look_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        Playing([], outages=1).follow()

    assert caught.value.message == "stack 'shop': no route to host"


def test_an_outage_of_ten_minutes_ends_the_watch() -> None:
    playing = Playing(later(3, *CREATION))
    playing.follow_until(5)
    playing.outages = 100

    with pytest.raises(UsageError) as caught:
        playing.follow_on()

    assert caught.value.message == "stack 'shop': no route to host"
    assert playing.seconds > monitor.LONGEST_OUTAGE


def change_set(reason: str) -> ChangeSet:
    return ChangeSet(id="arn:1", name="deploy-1", is_failed=True, is_executed=False, reason=reason)


def test_a_change_set_that_fails_ends_the_watch_with_the_whole_message_of_the_macro() -> None:
    problems = "Run.Handlr: unknown; did you mean 'Handler'? | Run: no handler"
    playing = Playing([], change_set=change_set(f"Transform 1::Trigger failed with: {problems}"))

    assert "\n".join(playing.follow()) == (
        "shop: no deployment, since change set deploy-1 failed\n"
        "  Transform 1::Trigger failed with:\n"
        "    Run.Handlr: unknown; did you mean 'Handler'?\n"
        "    Run: no handler"
    )
    assert (playing.state.succeeded, playing.state.refused) == (False, "failed")


def test_a_change_set_without_changes_ends_the_watch_as_a_success() -> None:
    reason = "The submitted information didn't contain changes. Submit different information."
    playing = Playing([], change_set=change_set(reason))

    assert playing.follow() == ["shop: no deployment, since change set deploy-1 has no changes"]
    assert playing.state.succeeded


DELETED = [event(0, "shop", "DELETE_IN_PROGRESS"), event(1, "shop", "DELETE_COMPLETE")]


def test_the_id_of_a_deleted_stack_is_a_usage_error_at_once() -> None:
    playing = Playing(DELETED, seconds=5, stack=STACK_ID)

    with pytest.raises(UsageError) as caught:
        playing.follow()

    assert caught.value.message == (
        f"stack {STACK_ID!r}: was deleted; nothing more will happen in it"
    )
    assert playing.looks == [5]


def test_a_stack_is_awaited_under_the_name_of_one_that_was_deleted() -> None:
    news = [*DELETED, *later(10, *CREATION, *ENDING)]

    assert Playing(news, seconds=5).follow()[-1] == "shop: CREATE_COMPLETE after 6 s"


def test_a_deletion_is_followed_to_its_end() -> None:
    playing = Playing(later(5, *DELETED), stack=STACK_ID)

    assert playing.follow()[-1] == "shop: DELETE_COMPLETE after 1 s"
    assert playing.state.succeeded
