"""What passes is waited for, what cannot is failed at once with Lambda's own reason."""

import pytest

from tests.support.aws.cloud import Cloud
from tests.support.aws.functions import Function, State
from tests.support.aws.handler_runs import returns
from tests.support.aws.network import FAIR, Weather, lambda_error, throttled
from tests.support.aws.promises import broken_promises
from tests.support.aws.stack import Stack
from tests.support.aws.template import trigger

RUN = {"Run": trigger()}
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
PASSING = [
    (409, "CodeArtifactUserPendingException"),
    (409, "ResourceConflictException"),
    (409, "SnapStartNotReadyException"),
    (502, "ResourceNotReadyException"),
    (502, "ENINotReadyException"),
    (502, "EC2ThrottledException"),
    (429, "TooManyRequestsException"),
]
LASTING = [
    (409, "CodeArtifactUserFailedException"),
    (404, "ResourceNotFoundException"),
    (400, "InvalidParameterValueException"),
    (502, "InvalidZipFileException"),
    (502, "InvalidRuntimeException"),
    (502, "KMSDisabledException"),
]


def test_an_idle_function_is_waited_for(cloud: Cloud, stack: Stack, handler: Function) -> None:
    handler.package = "Image"
    handler.becomes("Inactive", reason="The function is idle.", code="Idle")
    handler.always(returns(None))

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize("seconds", [10, 100, 600])
def test_a_function_that_is_still_created_is_waited_for(
    cloud: Cloud, stack: Stack, handler: Function, seconds: int
) -> None:
    handler.becomes_active_after(seconds)
    handler.always(returns(None))

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


def test_a_function_whose_update_is_under_way_is_waited_for(
    stack: Stack, handler: Function
) -> None:
    handler.is_updated_for(100)
    handler.always(returns(None))

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert [attempt.code for attempt in handler.attempts] == ["new"]


def test_a_function_that_failed_is_a_failure_at_once_with_its_reason(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    reason = "The image shop:3 does not exist in the registry."
    handler.becomes("Failed", reason=reason, code="ImageDeleted")

    stack.create(RUN)

    request = cloud.requests[0]
    assert request.answers[0].at - request.sent_at < 30
    assert reason.rstrip(".") in request.answers[0].reason
    assert not handler.attempts


@pytest.mark.parametrize("state", ["Deactivating", "Deactivated", "Deleting"])
@pytest.mark.parametrize("why", ["Somebody deletes it.", ""])
def test_a_deactivated_or_deleted_function_is_a_failure_at_once(
    cloud: Cloud, stack: Stack, handler: Function, state: State, why: str
) -> None:
    handler.becomes(state, reason=why)

    stack.create(RUN)

    request = cloud.requests[0]
    reason = why.rstrip(".") or f"the function's State is {state}"
    assert request.answers[0].at - request.sent_at < 30
    assert request.answers[0].reason.startswith(f"{state}: {reason}; full log: ")
    assert not handler.attempts


def test_a_reserved_concurrency_of_zero_is_a_failure_with_its_reason(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.reserved_concurrency = 0

    stack.create(RUN)

    (answer,) = cloud.requests[0].answers
    assert answer.reason.startswith(
        "TooManyRequestsException: Rate Exceeded (ReservedFunctionConcurrentInvocationLimitExceeded"
        "); the handler's reserved concurrency is in use, or 0; Timeout is 900 s; full log: "
    )


@pytest.mark.parametrize(("status", "error"), PASSING)
def test_a_refusal_that_passes_is_waited_out(
    cloud: Cloud, stack: Stack, handler: Function, status: int, error: str
) -> None:
    handler.always(returns(None))
    until = cloud.time.now + 120
    refused = Weather(instead=lambda_error(status, error, "not now"))
    cloud.forecast = lambda name: refused if name == "invoke" and cloud.time.now < until else FAIR

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []


@pytest.mark.parametrize(("status", "error"), LASTING)
def test_a_refusal_that_lasts_is_a_failure_at_once(
    cloud: Cloud, stack: Stack, status: int, error: str
) -> None:
    refused = Weather(instead=lambda_error(status, error, "Mend the function"))
    cloud.forecast = lambda name: refused if name == "invoke" else FAIR

    stack.create(RUN)

    request = cloud.requests[0]
    assert request.answers[0].at - request.sent_at < 30
    assert f"{error}: Mend the function" in request.answers[0].reason


def test_a_throttled_handler_runs_once_there_is_room(
    cloud: Cloud, stack: Stack, handler: Function
) -> None:
    handler.always(returns(None))
    until = cloud.time.now + 600
    refused = Weather(instead=throttled())
    cloud.forecast = lambda name: refused if name == "invoke" and cloud.time.now < until else FAIR

    assert stack.create(RUN) == "CREATE_COMPLETE"
    assert broken_promises(cloud) == []
