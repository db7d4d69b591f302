"""Clients of AWS, and what its errors mean.

Knows boto3. Endpoint, profile and region are those that the AWS tools use, from the environment and
the configuration files. Refuses to know what a request is for.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from cfn_trigger.errors import MissingError, ThrottledError, UsageError

_THROTTLED: Final = re.compile("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown")
"""What the error codes of throttled requests have in common, from service to service.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""


def client(service: str) -> Any:
    """Return a client of a service; raises UsageError if no region is configured."""
    try:
        create: Any = boto3.Session().client
        return create(service)
    except NoRegionError as error:
        raise UsageError("no AWS region; set AWS_REGION, as for `aws`") from error
    except BotoCoreError as error:
        raise UsageError(f"{error}") from error


@contextmanager
def requesting(about: str) -> Iterator[None]:
    """Raise errors of AWS as MissingError, ThrottledError or UsageError.

    `about` is what the message is about, such as `stack 'shop'`.
    """
    try:
        yield
    except NoCredentialsError as error:
        remedy = "set AWS_PROFILE, or the keys, as for `aws`"
        raise UsageError(f"no AWS credentials; {remedy}") from error
    except ClientError as error:
        raise _refusal(about, error) from error
    except BotoCoreError as error:
        raise UsageError(f"{about}: {error}") from error


def _refusal(about: str, error: ClientError) -> UsageError:
    details: Any = error.response["Error"]
    code, message = details.get("Code", ""), details.get("Message", "")
    if _THROTTLED.search(code):
        return ThrottledError(f"{about}: {message or code}; try again in a minute")
    # A stack that does not exist is a ValidationError like any other: only the message tells them
    # apart.
    if "NotFound" in code or (code == "ValidationError" and "does not exist" in message):
        return MissingError(f"{about}: {message or code}")
    return UsageError(f"{about}: {message or code}")
