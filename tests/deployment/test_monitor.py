"""When AWS is asked while a deployment is followed, and when that ends: in virtual time."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from cfn_trigger.deployment import monitor
from cfn_trigger.deployment.monitor import MonitorEffects
from cfn_trigger.deployment.state import DeploymentState, Event, LogEntry
from cfn_trigger.errors import ThrottledError, UsageError
from tests.support.timelines import CREATION, as_text, at, entry, event


@dataclass
class Playing:
    """A deployment that goes on while nobody looks; it checks how often AWS is asked."""

    news: list[Event]
    log: list[LogEntry] = field(default_factory=list)
    throttled: int = 0
    seconds: float = 0.0
    looks: list[float] = field(default_factory=list)

    def events(self, _state: DeploymentState) -> list[Event]:
        assert not self.looks or self.seconds - self.looks[-1] >= monitor.PAUSE
        self.looks.append(self.seconds)
        if self.throttled:
            self.throttled -= 1
            raise ThrottledError("stack 'shop'")
        return [one for one in self.news if one.at <= at(self.seconds)]

    def log_entries(self, _state: DeploymentState) -> list[LogEntry]:
        return [one for one in self.log if one.at <= at(self.seconds - 1)]  # logs are late

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def follow(self, patience: float = 60) -> list[str]:
        effects = MonitorEffects(
            events=self.events,
            log_entries=self.log_entries,
            now=lambda: at(self.seconds),
            sleep=self.sleep,
        )
        progress = list(monitor.follow(effects, stack="shop", patience=patience))
        return as_text([line for _, lines in progress for line in lines])


def later(seconds: float, *events: Event) -> list[Event]:
    return [replace(one, at=one.at + timedelta(seconds=seconds)) for one in events]


ENDING = (event(6, "Run", "CREATE_COMPLETE"), event(6, "shop", "CREATE_COMPLETE"))


def test_a_deployment_is_awaited_and_followed_to_its_end_and_its_last_log_line() -> None:
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


def test_lines_of_one_look_are_in_the_order_of_their_time() -> None:
    playing = Playing([*CREATION, *ENDING], [entry(0.5, "early")], throttled=1)

    assert playing.follow()[:3] == [
        "10:00:00  CREATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:00:00    Check | early",
        "10:00:01  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
    ]


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
