"""What refusals of AWS mean, and in which words."""

import pytest
from botocore.exceptions import ClientError

from cfn_trigger.deployment import aws
from cfn_trigger.errors import MissingError, ThrottledError, UsageError
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
    ],
)
def test_refusals_are_told_apart_by_their_code(
    code: str, message: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught, aws.requesting("it"):
        raise refusal(code, message, "Any")

    assert type(caught.value) is kind


def test_a_missing_region_is_a_usage_error() -> None:
    outcome = run("watch", "shop")

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: no AWS region; pass --region, or set AWS_REGION\n",
    )  # fmt: skip
