"""Clients of AWS, and what its errors mean.

Knows boto3. The endpoint, and a profile and a region that are not passed, are those that the AWS
tools use, from the environment and the configuration files. Refuses to know what a request is for.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 botocore's own, which is not Python's
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    SSOError,
    TokenRetrievalError,
)

from cfn_trigger import environment
from cfn_trigger.errors import MissingError, ThrottledError, TransientError, UsageError

_THROTTLED: Final = re.compile("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown")
"""What the error codes of throttled requests have in common, from service to service.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Error codes of credentials that were valid once.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
"""

_SERVER_ERROR: Final = 500


DEFAULT_REGION: Final = "us-east-1"
"""The region in which a template is processed without AWS, where none is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The profile and the region of requests; None where the AWS tools' configuration decides."""

    profile: str | None = None
    region: str | None = None


def client(service: str, location: Location, *, attempts: int = 8) -> Any:
    """Return a client of a service; raises UsageError if no region is configured.

    `attempts` are those for one request; fewer are enough for what is asked again and again.
    """
    try:
        create: Any = _session(location).client
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        is_configured = environment.variable("AWS_MAX_ATTEMPTS")
        return create(service, config=None if is_configured else Config(retries=retries))
    except NoRegionError as error:
        raise UsageError("no AWS region; pass --region, or set AWS_REGION") from error
    except BotoCoreError as error:
        raise UsageError(f"{error}") from error


def local_region(location: Location) -> str:
    """Return the region of a template that is processed without AWS.

    It is that of the profile, or us-east-1, where none is passed.
    """
    try:
        configured: str | None = location.region or _session(location).region_name
    except BotoCoreError:  # an unknown profile matters only to requests
        configured = None
    return configured or DEFAULT_REGION


def _session(location: Location) -> Any:
    return boto3.Session(profile_name=location.profile, region_name=location.region)


@contextmanager
def requesting(about: str) -> Iterator[None]:
    """Raise errors of AWS as MissingError, ThrottledError, TransientError or UsageError.

    `about` is what the message is about, such as `stack 'shop'`.
    """
    try:
        yield
    except NoCredentialsError as error:
        remedy = "pass --profile, or set AWS_PROFILE or the keys, as for `aws`"
        raise UsageError(f"no AWS credentials; {remedy}") from error
    except ClientError as error:
        raise _refusal(about, error) from error
    except (SSOError, TokenRetrievalError, CredentialRetrievalError) as error:
        raise UsageError(f"the AWS credentials cannot be renewed: {error}; log in again") from error
    except (ConnectionError, HTTPClientError) as error:
        raise TransientError(f"{about}: {error}; check the network and the endpoint") from error
    except BotoCoreError as error:
        raise UsageError(f"{about}: {error}") from error


def _refusal(about: str, error: ClientError) -> UsageError:
    details: Any = error.response["Error"]
    code, message = details.get("Code", ""), details.get("Message", "")
    if _THROTTLED.search(code):
        return ThrottledError(f"{about}: {message or code}; try again in a minute")
    if code in _EXPIRED:
        return UsageError("the AWS credentials have expired; renew them, as for `aws`")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR:
        return TransientError(f"{about}: {message or code}; try again in a minute")
    # A stack that does not exist is a ValidationError like any other: only the message tells them
    # apart.
    if "NotFound" in code or (code == "ValidationError" and "does not exist" in message):
        return MissingError(f"{about}: {message or code}")
    return UsageError(f"{about}: {message or code}")
