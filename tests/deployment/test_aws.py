"""What refusals of AWS mean, and in which words."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from cfn_trigger.deployment import aws
from cfn_trigger.errors import MissingError, ThrottledError, TransientError, UsageError
from tests.support.command_line import run


def refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("Throttling", "Rate exceeded", ThrottledError),
        ("TooManyRequestsException", "", ThrottledError),
        ("ResourceNotFoundException", "no such group", MissingError),
        ("ValidationError", "Stack [x] does not exist", MissingError),
        ("AccessDenied", "not authorized", UsageError),
        ("ExpiredToken", "The security token has expired", UsageError),
    ],
)
def test_refusals_are_told_apart_by_their_code(
    code: str, message: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught, aws.requesting("it"):
        raise refusal(code, message, "Any")

    assert type(caught.value) is kind


def test_expired_credentials_are_to_be_renewed() -> None:
    with pytest.raises(UsageError) as caught, aws.requesting("stack 'shop'"):
        raise refusal("ExpiredTokenException", "The security token has expired", "Any")

    assert caught.value.message == ("the AWS credentials have expired; renew them, as for `aws`")


def test_a_login_that_has_ended_is_to_be_repeated() -> None:
    with pytest.raises(UsageError) as caught, aws.requesting("stack 'shop'"):
        raise UnauthorizedSSOTokenError

    assert caught.value.message == (
        "the AWS credentials cannot be renewed: The SSO session associated with this profile has"
        " expired or is otherwise invalid. To refresh this SSO session run aws sso login with the"
        " corresponding profile.; log in again"
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            EndpointConnectionError(endpoint_url="https://example"),
            'Could not connect to the endpoint URL: "https://example"',
        ),
        (
            ReadTimeoutError(endpoint_url="https://example"),
            'Read timeout on endpoint URL: "https://example"',
        ),
    ],
)
def test_an_interruption_of_the_network_passes(error: Exception, message: str) -> None:
    with pytest.raises(TransientError) as caught, aws.requesting("stack 'shop'"):
        raise error

    assert caught.value.message == (f"stack 'shop': {message}; check the network and the endpoint")


def test_an_error_of_the_server_passes() -> None:
    response: Any = {
        "Error": {"Code": "InternalFailure", "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": 500},
    }

    with pytest.raises(TransientError) as caught, aws.requesting("stack 'shop'"):
        raise ClientError(response, "Any")

    assert caught.value.message == "stack 'shop': InternalFailure; try again in a minute"


def test_a_missing_region_is_a_usage_error() -> None:
    outcome = run("watch", "shop")

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: no AWS region; pass --region, or set AWS_REGION\n",
    )  # fmt: skip
