"""A changed setting runs nothing, unless the last run failed or the template reads the result."""

from typing import Any

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import skeleton
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import raises, returns
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import trigger

SETTINGS: list[dict[str, Any]] = [
    {"Timeout": 1200},
    {"Retry": {"MaxAttempts": 5}},
    {"PollInterval": 60},
    {"ExecuteOnDelete": True},
    {"ExecuteOnRollback": True},
    {"NoEcho": True},
    {"Timeout": 60, "PollInterval": 5, "NoEcho": True},
]
CAUSES: list[dict[str, Any]] = [
    {"Fingerprint": {"Code": "2"}},
    {"Fingerprint": {"Code": "1", "Environment": "new"}},
    {"Fingerprint": {}},
    {"Payload": skeleton({"n": 2})},
    {"HandlerArn": "arn:aws:lambda:eu-central-1:123456789012:function:shop-Migrate-1A2B3C:live"},
    {"InvocationType": "Event"},
    {"Expect": skeleton({"Rows": 5})},
    {"Attributes": ["Rows"]},
]


def named(settings: dict[str, Any]) -> str:
    return " and ".join(settings)


@pytest.mark.parametrize("settings", SETTINGS, ids=named)
@pytest.mark.parametrize("direction", ["set", "taken back"])
def test_an_update_of_settings_alone_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function, settings: dict[str, Any], direction: str
) -> None:
    handler.always(returns({"Rows": 5}))
    plain, more = trigger(Fingerprint={"Code": "1"}), trigger(Fingerprint={"Code": "1"}, **settings)
    first, second = (plain, more) if direction == "set" else (more, plain)

    stack.create({"Run": first})
    assert stack.update({"Run": second}) == "UPDATE_COMPLETE"

    assert cloud.starts == ["Create"]
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("cause", CAUSES, ids=named)
def test_an_update_with_a_cause_runs(
    cloud: Cloud, stack: Stack, handler: Function, cause: dict[str, Any]
) -> None:
    handler.always(returns({"Rows": 5}))

    stack.create({"Run": trigger(Fingerprint={"Code": "1"})})
    assert stack.update({"Run": trigger(**{"Fingerprint": {"Code": "1"}} | cause)}) == (
        "UPDATE_COMPLETE"
    )

    assert cloud.starts == ["Create", "Update"]
    assert broken_promises(cloud) == []


def test_a_trigger_that_is_enabled_runs(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.always(returns(None))

    stack.create({"Run": trigger(Enabled=False)})
    stack.update({"Run": trigger(Enabled=True)})

    assert cloud.starts == ["Update"]


def test_a_trigger_that_is_disabled_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))

    stack.create({"Run": trigger()})
    stack.update({"Run": trigger(Enabled=False, Fingerprint={"Code": "2"})})

    assert cloud.starts == ["Create"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"Fingerprint": {"Code": "1", "Deployment": "a"}, "ExecuteOnEveryDeployment": True},
            {"Fingerprint": {"Code": "1"}},
        ),
        (
            {"Fingerprint": {"Code": "1"}},
            {"Fingerprint": {}, "ExecuteOnHandlerChange": False},
        ),
        (
            {"Fingerprint": {"Code": "1", "Resources.A": "1", "Resources.B": "1"}},
            {"Fingerprint": {"Code": "1", "Resources.A": "1"}},
        ),
    ],
    ids=["ExecuteOnEveryDeployment", "ExecuteOnHandlerChange", "ExecuteOnResourceChange"],
)
def test_a_cause_that_is_switched_off_runs_nothing(
    cloud: Cloud, stack: Stack, handler: Function, old: dict[str, Any], new: dict[str, Any]
) -> None:
    handler.always(returns(None))

    stack.create({"Run": trigger(**old)})
    stack.update({"Run": trigger(**new)})

    assert cloud.starts == ["Create"]


def test_an_environment_that_is_removed_runs(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.always(returns(None))

    stack.create({"Run": trigger(Fingerprint={"Code": "1", "Environment": "e"})})
    stack.update({"Run": trigger(Fingerprint={"Code": "1"})})

    assert cloud.starts == ["Create", "Update"]


def test_settings_of_a_trigger_that_failed_run_it_again(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None), raises("E", "no"), returns(None))

    stack.create({"Run": trigger(Fingerprint={"Code": "1"})})
    stack.update({"Run": trigger(Fingerprint={"Code": "2"})}, disable_rollback=True)
    stack.update({"Run": trigger(Fingerprint={"Code": "1"}, Timeout=1200)}, disable_rollback=True)

    assert cloud.starts == ["Create", "Update", "Update"]


@pytest.mark.parametrize(
    ("old", "new"), [("Continue", "Fail"), ("Continue", "Continue"), ("Fail", "Continue")]
)
def test_settings_of_a_trigger_that_goes_on_from_failures_run_it_again(
    cloud: Cloud, stack: Stack, handler: Function, old: str, new: str
) -> None:
    """Nobody knows what became of its last run."""
    handler.plays(returns(None), returns(None))

    stack.create({"Run": trigger(OnFailure=old)})
    stack.update({"Run": trigger(OnFailure=new, Timeout=1200)})

    assert cloud.starts == ["Create", "Update"]


def test_settings_of_a_trigger_whose_result_is_read_run_it_again(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns({"Rows": 5}))

    stack.create({"Run": trigger(Attributes=["Rows"])})
    stack.update({"Run": trigger(Attributes=["Rows"], Timeout=1200)})

    assert cloud.starts == ["Create", "Update"]
    assert cloud.requests[1].answers[0].data["Rows"] == "5"


def test_settings_run_it_where_the_events_cannot_be_read(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))
    cloud.api.allowed = frozenset({"DescribeStacks"})

    stack.create({"Run": trigger()})
    stack.update({"Run": trigger(Timeout=1200)})

    assert cloud.starts == ["Create", "Update"]


def test_a_failure_far_back_in_the_events_is_found(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None), raises("E", "no"), returns(None))
    stack.create({"Run": trigger(Fingerprint={"Code": "1"})})
    stack.update({"Run": trigger(Fingerprint={"Code": "2"})}, disable_rollback=True)
    for number in range(250):
        cloud.history.resource_becomes(f"Queue{number}", "UPDATE_IN_PROGRESS")

    stack.update({"Run": trigger(Fingerprint={"Code": "1"}, Timeout=1200)}, disable_rollback=True)

    assert cloud.starts == ["Create", "Update", "Update"]
