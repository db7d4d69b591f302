"""A durable function as a handler: started once by name, polled, judged, and stopped in time."""

import json
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import HANDLER, skeleton
from tests.support.aws.durable import DurableExecution, DurableExecutions
from tests.support.aws.functions import Function
from tests.support.aws.handler_runs import fails_with, in_progress, raises, returns
from tests.support.aws.network import FAIR, Reply, Weather, lambda_error, throttled
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import Other, trigger
from tests.support.aws.virtual_time import FOREVER

RUN: Final = {"Run": trigger(Durable=True)}
LOG: Final = "full log: /aws/lambda/shop-Migrate-1A2B3C"


@pytest.fixture(autouse=True)
def durable(cloud: Cloud, handler: Function) -> DurableExecutions:
    handler.durable = DurableExecutions(cloud.time)
    handler.timeout = 60
    return handler.durable


def only(durable: DurableExecutions) -> DurableExecution:
    (execution,) = durable.by_name.values()
    return execution


def reason(cloud: Cloud, kind: str = "Create") -> str:
    return cloud.request(kind).answers[0].reason


def meets(cloud: Cloud, name: str, *weather: Weather) -> None:
    """Let the next calls of a name meet this weather, and all others none."""
    script = list(weather)
    cloud.forecast = lambda each: script.pop(0) if each == name and script else FAIR


# ---- a run


def test_a_durable_handler_is_started_once_under_a_name_and_polled_until_it_is_done(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns({"Rows": 5}, seconds=3000))

    run = trigger(Durable=True, Timeout=3500, Attributes=["Rows"])
    assert stack.create({"Run": run}) == "CREATE_COMPLETE"

    (name,) = durable.by_name
    (attempt,) = handler.attempts
    description = attempt.payload
    assert name == f"{description['ExecutionId']}-1"
    assert only(durable).arn.startswith(f"{HANDLER}:$LATEST/durable-execution/{name}/")
    assert cloud.request("Create").answers[0].data["Rows"] == "5"
    assert broken_promises(cloud) == []


def test_a_short_durable_run_is_answered_within_seconds(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=2))

    stack.create(RUN)

    request = cloud.requests[0]
    assert request.answers[0].at - request.sent_at < 10


def test_polls_of_a_durable_run_become_rare_and_no_rarer_than_poll_interval(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=60), returns(None, seconds=60))

    stack.create({"Run": trigger(Durable=True), "Often": trigger(Durable=True, PollInterval=3)})

    pauses = [
        [round(later - at) for at, later in pairwise(times)]
        for times in (
            [call.at for call in request.calls if call.name == "poll"] for request in cloud.requests
        )
    ]
    assert pauses[0][:3] == [2, 4, 8]
    assert max(pauses[0]) == 10
    assert max(pauses[1]) == 3


def test_a_qualifier_that_the_author_gave_is_used(
    stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None))

    stack.create({"Run": trigger(Durable=True, HandlerArn=f"{HANDLER}:live")})

    assert only(durable).arn.startswith(f"{HANDLER}:live/durable-execution/")


def test_a_payload_is_what_a_durable_run_begins_with(stack: Stack, handler: Function) -> None:
    handler.plays(returns(None))

    stack.create({"Run": trigger(Durable=True, Payload=skeleton({"n": 1}))})

    assert handler.attempts[0].payload == {"n": 1}
    assert handler.attempts[0].client_context is None


def test_an_asynchronous_durable_run_is_started_and_not_waited_for(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None, seconds=3000))

    stack.create({"Run": trigger(Durable=True, InvocationType="Event")})

    assert "poll" not in [call.name for call in cloud.requests[0].calls]
    assert only(durable).status(cloud.time.now) == "RUNNING"


def test_a_dry_run_of_a_durable_handler_starts_nothing(
    stack: Stack, durable: DurableExecutions
) -> None:
    status = stack.create({"Run": trigger(Durable=True, InvocationType="DryRun")})

    assert status == "CREATE_COMPLETE"
    assert durable.by_name == {}


def test_a_durable_run_whose_result_says_in_progress_is_followed_by_another(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(in_progress({"page": 1}, retry_after=5), returns({"Rows": 5}))

    assert stack.create(RUN) == "CREATE_COMPLETE"

    assert [attempt.payload.get("EventState") for attempt in handler.attempts] == [
        None,
        {"page": 1},
    ]
    assert len(durable.by_name) == 2
    assert broken_promises(cloud) == []


# ---- how it fails


@pytest.mark.parametrize(
    ("run", "reason_of_failure"),
    [
        (raises("ValueError", "no rows"),
         'ValueError: no rows; at File "/var/task/app.py", line 7, in handler migrate()'),
        (fails_with({}), "FAILED: the durable execution is FAILED"),
        (returns({"Status": "FAILED", "Reason": "no rows"}), "Failed: no rows"),
        (returns({"Rows": 4}), "Expect: result.Rows is 4, expected 5"),
    ],
)  # fmt: skip
def test_a_durable_run_that_fails_is_a_failure_with_its_reason(
    cloud: Cloud, stack: Stack, handler: Function, run: Any, reason_of_failure: str
) -> None:
    handler.plays(run)

    stack.create({"Run": trigger(Durable=True, Expect=skeleton({"Rows": 5}))})

    assert reason(cloud) == f"{reason_of_failure}; {LOG}".replace("/var/task/", "")


def test_a_durable_run_that_exceeds_its_execution_timeout_is_a_failure(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    durable.execution_timeout = 100
    handler.plays(returns(None, seconds=200))

    stack.create(RUN)

    assert reason(cloud) == f"TIMED_OUT: the durable execution is TIMED_OUT; {LOG}"


def test_a_durable_run_that_somebody_stops_is_a_failure_with_what_they_said(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None, seconds=200))
    error = {"ErrorType": "Stopped", "ErrorMessage": "wrong database"}

    def stop() -> None:
        durable.stop(only(durable).arn, error)

    cloud.time.after(50, stop)

    stack.create(RUN)

    assert reason(cloud) == f"Stopped: wrong database; {LOG}"


def test_a_durable_run_that_is_paused_is_waited_for_and_logged(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    durable.next_pause = (10, 100)
    handler.plays(returns(None, seconds=200))

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert "the durable execution is PAUSED" in {entry.get("progress") for entry in cloud.log}


@pytest.mark.parametrize("seconds", [1.5, 20.0])
def test_a_durable_run_that_lambda_does_not_show_yet_is_waited_for(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions, seconds: float
) -> None:
    durable.unseen_for = seconds
    handler.plays(returns(None, seconds=5))

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


def test_a_durable_run_that_lambda_does_not_know_for_a_minute_is_a_failure(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    durable.unseen_for = FOREVER
    handler.plays(returns(None, seconds=3000))

    stack.create(RUN)

    request = cloud.request("Create")
    expected = f"ResourceNotFoundException: Durable execution not found: {only(durable).arn}; {LOG}"
    assert request.answers[0].reason == expected
    assert 60 < request.answers[0].at - request.sent_at < 90


def test_a_handler_that_is_not_durable_after_all_is_invoked_like_any_other(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    """The template says that a handler may be one: a condition chose another function."""
    handler.durable = None
    handler.plays(returns({"Rows": 5}))

    run = trigger(Durable=True, Attributes=["Rows"])
    assert stack.create({"Run": run}) == "CREATE_COMPLETE"

    assert handler.attempts[0].invocation_type == "RequestResponse"
    assert cloud.request("Create").answers[0].data["Rows"] == "5"
    assert broken_promises(cloud) == []


def test_a_handler_that_is_denied_to_looks_and_is_not_durable_is_started_once_and_fails(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.durable = None
    handler.plays(returns(None))
    no = lambda_error(403, "AccessDeniedException", "no")
    meets(cloud, "look", *[Weather(instead=no)] * 99)

    stack.create({"Run": trigger(Durable=True, Retry={"MaxAttempts": 3})})

    what = "NotDurable: Lambda started no durable execution"
    assert reason(cloud) == f"{what}; attempt 1 of 3; {LOG}"
    assert len(handler.attempts) == 1


def test_each_attempt_of_a_durable_handler_is_an_execution_under_another_name(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(raises("ValueError", "no rows"), returns(None))

    run = trigger(Durable=True, Retry={"MaxAttempts": 2})
    assert stack.create({"Run": run}) == "CREATE_COMPLETE"

    assert [attempt.payload["Attempt"] for attempt in handler.attempts] == [1, 2]
    assert len(durable.by_name) == 2
    assert broken_promises(cloud) == []


# ---- what is ambiguous for others is safe here


@pytest.mark.parametrize(
    "weather",
    [
        Weather(trouble="reply lost"),
        Weather(trouble="request lost"),
        Weather(trouble="not sent"),
        Weather(after=FOREVER),
        Weather(instead=lambda_error(500, "ServiceException", "An error occurred.")),
        Weather(instead=throttled()),
    ],
    ids=["reply lost", "request lost", "not sent", "slow", "500", "429"],
)
def test_a_start_that_may_have_been_lost_is_repeated_and_is_one_run(
    cloud: Cloud, stack: Stack, handler: Function, weather: Weather
) -> None:
    handler.plays(returns(None, seconds=30))
    meets(cloud, "invoke", weather, weather)

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert len(handler.attempts) == 1
    assert broken_promises(cloud) == []


@pytest.mark.parametrize(
    "weather",
    [
        Weather(trouble="reply lost"),
        Weather(instead=throttled("CallerRateLimitExceeded")),
        Weather(instead=lambda_error(500, "ServiceException", "An error occurred.")),
        Weather(instead=lambda_error(403, "AccessDeniedException", "not yet")),
        Weather(instead=Reply(status=200, body=b"<html>")),
    ],
    ids=["lost", "429", "500", "403", "no JSON"],
)
def test_a_poll_that_tells_nothing_is_repeated(
    cloud: Cloud, stack: Stack, handler: Function, weather: Weather
) -> None:
    handler.plays(returns(None, seconds=30))
    meets(cloud, "poll", *[weather] * 3)

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert len(handler.attempts) == 1
    assert broken_promises(cloud) == []


def test_an_event_that_lambda_delivers_twice_is_one_durable_run(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=100))
    cloud.lambda_service.delivers_twice = lambda: True

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert len(handler.attempts) == 1


def test_a_name_that_belongs_to_another_payload_is_a_failure(cloud: Cloud, stack: Stack) -> None:
    error = "DurableExecutionAlreadyStartedException"
    meets(cloud, "invoke", Weather(instead=lambda_error(409, error, "It was already started.")))

    stack.create(RUN)

    assert reason(cloud) == f"{error}: It was already started; {LOG}"


# ---- it is stopped when nobody waits for it any more


def test_a_durable_run_is_stopped_at_the_end_of_timeout(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None, seconds=3000))

    stack.create({"Run": trigger(Durable=True, Timeout=300)})

    assert reason(cloud) == f"Timeout: not done; Timeout is 300 s; {LOG}"
    assert only(durable).stopped_with == {
        "ErrorType": "Timeout",
        "ErrorMessage": "not done; Timeout is 300 s",
    }
    assert broken_promises(cloud) == []


def test_a_durable_run_of_a_canceled_update_is_stopped_within_a_minute(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    handler.plays(returns(None), returns(None, seconds=3000))
    stack.create(RUN)
    stack.cancel_update_after(100)
    began = cloud.time.now

    stack.update({"Run": trigger(Durable=True, Timeout=3500, Fingerprint={"Code": "2"})})
    cloud.settle()

    last = [*durable.by_name.values()][-1]
    assert last.stopped_with is not None
    assert last.stopped_with["ErrorType"] == "Cancelled"
    assert last.stopped_with["ErrorMessage"].startswith("the stack is UPDATE_ROLLBACK")
    assert last.attempt.ended - began < 100 + 60


def test_the_delete_after_a_canceled_create_waits_until_the_durable_run_is_stopped(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    """What lets the provider stop anything is deleted right after it."""
    handler.plays(returns(None, seconds=3000))
    run = trigger(Durable=True, Timeout=3500)

    stack.create({"Run": run, "Queue": Other(fails=True, seconds=100.0)})
    handler.denied_until = FOREVER
    cloud.settle()

    assert only(durable).stopped_with is not None
    delete = cloud.request("Delete")
    assert delete.answers[0].at - delete.sent_at < 70


def test_the_delete_after_a_canceled_create_leaves_time_to_answer_in_the_shortest_timeout(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=3000))
    cloud.lambda_service.queue_delay = lambda: 0.1
    run = trigger(Durable=True, Timeout=1)

    stack.create({"Run": run, "Queue": Other(fails=True, seconds=0.5)})

    delete = cloud.request("Delete")
    assert delete.deadline - delete.answers[0].at >= 10


@pytest.mark.parametrize("is_durable", [True, False])
def test_the_delete_after_a_create_that_failed_waits_for_nothing(
    cloud: Cloud, stack: Stack, handler: Function, *, is_durable: bool
) -> None:
    handler.plays(raises("ValueError", "no rows"))

    stack.create({"Run": trigger(Durable=is_durable)})

    delete = cloud.request("Delete")
    assert delete.answers[0].at - delete.sent_at < 5


@pytest.mark.parametrize(
    "weather",
    [
        Weather(trouble="not sent"),
        Weather(trouble="request lost"),
        Weather(instead=lambda_error(429, "TooManyRequestsException", "Rate exceeded")),
        Weather(instead=lambda_error(503, "ServiceException", "try again")),
        Weather(instead=lambda_error(403, "AccessDeniedException", "not yet")),
    ],
    ids=["not sent", "lost", "throttled", "unavailable", "denied"],
)
def test_a_stop_that_was_not_accepted_is_repeated(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions, weather: Weather
) -> None:
    handler.plays(returns(None, seconds=3000))
    meets(cloud, "stop", weather, weather)

    stack.create({"Run": trigger(Durable=True, Timeout=300)})

    assert reason(cloud) == f"Timeout: not done; Timeout is 300 s; {LOG}"
    assert only(durable).stopped_with is not None


def test_a_stop_that_always_fails_delays_an_answer_by_less_than_half_a_minute(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=3000))
    meets(cloud, "stop", *[Weather(after=FOREVER)] * 99)

    stack.create({"Run": trigger(Durable=True, Timeout=300)})

    assert reason(cloud) == f"Timeout: not done; Timeout is 300 s; {LOG}"
    create = cloud.request("Create")
    assert create.answers[0].at - create.sent_at < 300 + 30
    (entry,) = [entry for entry in cloud.log if entry["step"] == "stop"]
    assert entry["status"] == 1
    assert "arn:" not in json.dumps(entry)


def test_a_durable_run_that_ends_before_lambda_shows_it_is_stopped(
    cloud: Cloud, stack: Stack, handler: Function, durable: DurableExecutions
) -> None:
    durable.unseen_for = 4
    handler.plays(returns(None, seconds=3000))

    stack.create({"Run": trigger(Durable=True, Timeout=3)})

    assert reason(cloud).startswith("ResourceNotFoundException: Durable execution not found")
    assert only(durable).stopped_with is not None
    assert broken_promises(cloud) == []


def test_a_stop_that_is_refused_for_good_is_not_repeated(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.plays(returns(None, seconds=3000))
    ended = lambda_error(400, "InvalidParameterValueException", "it is not running")
    meets(cloud, "stop", *[Weather(instead=ended)] * 99)

    stack.create({"Run": trigger(Durable=True, Timeout=300)})

    assert [call.name for call in cloud.request("Create").calls].count("stop") == 1
