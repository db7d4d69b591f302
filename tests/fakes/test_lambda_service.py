"""The fake Lambda: states, limits, concurrency, what is lost on the way.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes import probe
from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import PROVIDER
from tests.support.aws.handler_runs import returns
from tests.support.aws.network import FAIR, Weather, Wire
from tests.support.aws.virtual_time import BreachError
from trigger_provider.index import LOST, NOT_SENT, Effects


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.handler.always(returns({"Rows": 5}))
        yield cloud


def contents(reply: Wire) -> tuple[int, str | None, Any]:
    status, headers, body = reply
    error = headers["X-Amzn-ErrorType"]
    return status, error, json.loads(body)


def test_a_synchronous_invocation_takes_as_long_as_the_handler_and_returns_its_result(
    cloud: Cloud,
) -> None:
    cloud.handler.always(returns({"Rows": 5}, seconds=40))

    def script(effects: Effects) -> tuple[int, bytes, float]:
        began = effects.clock().now
        status, _, body = probe.invoke(effects)
        return status, body, effects.clock().now - began

    assert probe.run(cloud, script) == (200, b'{"Rows": 5}', 40.0)


def test_an_event_is_accepted_at_once_and_a_dry_run_starts_nothing(cloud: Cloud) -> None:
    def script(effects: Effects) -> list[int]:
        return [probe.invoke(effects, kind=kind)[0] for kind in ("DryRun", "Event")]

    assert probe.run(cloud, script) == [204, 202]
    assert [attempt.invocation_type for attempt in cloud.handler.attempts] == ["Event"]


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_a_payload_over_the_limit_is_refused_and_starts_nothing(
    cloud: Cloud, kind: str, limit: int
) -> None:
    payload = b'"' + b"x" * (limit - 1) + b'"'

    status, error, _ = contents(
        probe.run(cloud, lambda effects: probe.invoke(effects, payload, kind=kind))
    )

    assert (status, error) == (413, "RequestTooLargeException")
    assert not cloud.handler.attempts


def test_a_result_over_6_mb_is_a_function_error(cloud: Cloud) -> None:
    cloud.handler.always(returns("x" * 6_291_556))

    reply = probe.run(cloud, probe.invoke)

    assert reply[1]["x-amz-function-error"] == "Unhandled"
    assert contents(reply)[2]["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_handler_is_ended_by_the_timeout_of_its_function(cloud: Cloud) -> None:
    cloud.handler.timeout = 3
    cloud.handler.always(returns(None, seconds=40))

    reply = probe.run(cloud, probe.invoke)

    assert contents(reply)[2] == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: 8f5b Error: Task timed out after 3.00 seconds",
    }


def test_an_inactive_function_wakes_by_being_invoked(cloud: Cloud) -> None:
    """https://github.com/boto/boto3/issues/3788"""
    cloud.handler.becomes("Inactive", reason="The function is idle.", code="Idle")

    def script(effects: Effects) -> list[Wire]:
        first = probe.invoke(effects)
        look = probe.look(effects)
        effects.sleep(cloud.handler.wakes_in)
        return [first, look, probe.invoke(effects)]

    refused, pending, done = probe.run(cloud, script)

    assert contents(refused) == (
        409,
        "CodeArtifactUserPendingException",
        {
            "Type": "User",
            "Message": "Lambda is initializing your function. It will be ready to invoke shortly.",
        },
    )
    assert contents(pending)[2]["State"] == "Pending"
    assert done[0] == 200


def test_a_failed_function_refuses_and_its_configuration_says_why(cloud: Cloud) -> None:
    cloud.handler.becomes("Failed", reason="The KMS key is disabled.", code="DisabledKMSKey")

    look, refused = probe.run(cloud, lambda effects: [probe.look(effects), probe.invoke(effects)])

    configuration = contents(look)[2]
    assert (configuration["State"], configuration["StateReasonCode"]) == (
        "Failed",
        "DisabledKMSKey",
    )
    assert contents(refused)[:2] == (409, "ResourceConflictException")


def test_an_update_under_way_runs_the_old_code(cloud: Cloud) -> None:
    cloud.handler.is_updated_for(30)

    def script(effects: Effects) -> str:
        probe.invoke(effects)
        effects.sleep(30)
        return str(contents(probe.look(effects))[2]["LastUpdateStatus"])

    assert probe.run(cloud, script) == "Successful"
    assert [attempt.code for attempt in cloud.handler.attempts] == ["old"]


def test_a_new_policy_takes_its_time_to_be_known(cloud: Cloud) -> None:
    cloud.handler.denied_until = cloud.time.now + 20

    def script(effects: Effects) -> list[int]:
        early = [probe.look(effects)[0], probe.invoke(effects)[0]]
        effects.sleep(20)
        return [*early, probe.look(effects)[0], probe.invoke(effects)[0]]

    assert probe.run(cloud, script) == [403, 403, 200, 200]


def test_a_reserved_concurrency_of_zero_refuses_with_its_reason(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    cloud.handler.reserved_concurrency = 0

    assert contents(probe.run(cloud, probe.invoke)) == (
        429,
        "TooManyRequestsException",
        {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Type": "User",
            "message": "Rate Exceeded.",
        },
    )


def test_an_execution_of_the_provider_holds_a_slot_of_the_account(cloud: Cloud) -> None:
    cloud.lambda_service.pool.limit = 1

    status, _, body = contents(probe.run(cloud, probe.invoke))

    assert (status, body["Reason"]) == (429, "ConcurrentInvocationLimitExceeded")


def test_a_handler_holds_its_slot_when_nobody_waits_for_it_any_more(cloud: Cloud) -> None:
    cloud.handler.always(returns(None, seconds=100))

    def script(effects: Effects) -> tuple[int, int]:
        status, _, _ = probe.invoke(effects, seconds=10)
        return status, cloud.lambda_service.pool.in_use

    assert probe.run(cloud, script) == (LOST, 2)


def test_an_event_waits_in_the_queue_until_a_slot_is_free(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
    cloud.lambda_service.pool.limit = 1
    cloud.time.after(100, cloud.lambda_service.pool.take("another"))
    cloud.lambda_service.pool.running["another"] = 1

    began = probe.run(cloud, lambda effects: effects.clock().now - 1_800_000_000)

    assert 100 <= began <= 130


def test_a_handler_that_is_started_while_it_still_runs_is_a_breach(cloud: Cloud) -> None:
    cloud.handler.always(returns(None, seconds=100))

    def script(effects: Effects) -> None:
        probe.invoke(effects, seconds=10)
        probe.invoke(effects)

    with pytest.raises(BreachError, match="while an earlier attempt of it still ran"):
        probe.run(cloud, script)


@pytest.mark.parametrize(
    ("weather", "status", "starts"),
    [
        (FAIR, 200, 1),
        (Weather(trouble="not sent"), NOT_SENT, 0),
        (Weather(trouble="request lost"), LOST, 0),
        (Weather(trouble="reply lost"), LOST, 1),
        (Weather(after=1000), LOST, 1),
    ],
)
def test_a_call_can_be_lost_on_either_way(
    cloud: Cloud, weather: Weather, status: int, starts: int
) -> None:
    cloud.forecast = lambda name: weather if name == "invoke" else FAIR

    assert probe.run(cloud, probe.invoke)[0] == status
    assert len(cloud.handler.attempts) == starts


def test_an_execution_ends_after_fifteen_minutes(cloud: Cloud) -> None:
    probe.run(cloud, lambda effects: effects.sleep(2000))

    (execution,) = cloud.executions
    assert (execution.end, execution.ended - execution.began) == ("killed", 900)


def test_an_event_can_be_delivered_twice(cloud: Cloud) -> None:
    cloud.lambda_service.delivers_twice = lambda: True

    probe.run(cloud, lambda effects: effects.sleep(1))

    assert len(cloud.executions) == 2
    assert cloud.requests[0].excuses == {"delivered twice"}


def test_a_fresh_execution_is_started_by_an_event_to_the_provider(cloud: Cloud) -> None:
    def script(effects: Effects) -> int:
        event = json.dumps(cloud.requests[0].event | {"Progress": {}}).encode()
        headers = {"X-Amz-Invocation-Type": "Event"}
        where = probe.path(PROVIDER, "invocations")
        return int(effects.call("lambda", "POST", where, event, headers, 5)[0])

    assert probe.run(cloud, script) == 202
    assert len(cloud.executions) == 2
