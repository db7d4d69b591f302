"""What the provider signs is what AWS's own signer signs."""

from typing import NamedTuple

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as some

from trigger_provider.calls import path
from trigger_provider.transport import REGION, region_of, signed

DATE = "20261121T094500Z"
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOSTS = (
    "https://lambda.eu-central-1.amazonaws.com",
    "https://lambda.cn-north-1.amazonaws.com.cn",
    "https://vpce-0abc.lambda.eu-central-1.vpce.amazonaws.com:8443",
    "http://127.0.0.1:4566",
)
HEADERS = ("X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amz-Client-Context", "Content-Type")


class Request(NamedTuple):
    """What the provider may send."""

    service: str
    method: str
    url: str
    body: bytes
    headers: dict[str, str]


def of_function(name: str) -> str:
    return path(f"arn:aws:lambda:{name}", "invocations")


REQUESTS = some.builds(
    Request,
    service=some.sampled_from(["lambda", "cloudformation"]),
    method=some.sampled_from(["GET", "POST"]),
    url=some.tuples(some.sampled_from(HOSTS), some.just("/") | some.text().map(of_function)).map(
        "".join
    ),
    body=some.binary(),
    headers=some.dictionaries(
        some.sampled_from(HEADERS),
        some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    ),
)


@given(
    request=REQUESTS,
    token=some.none() | some.just("IQoJb3JpZ2luX2VjE=="),
    region=some.sampled_from([REGION, "us-west-2"]),
)
def test_a_request_is_signed_as_botocore_signs_it(
    request: Request, token: str | None, region: str
) -> None:
    headers = signed(*request, DATE, (*KEYS, token or ""), region)

    sent = {name: value for name, value in headers.items() if name != "Authorization"}
    assert {**request.headers, "X-Amz-Date": DATE}.items() <= sent.items()
    assert sent.get("X-Amz-Security-Token") == token
    assert headers["Authorization"] == authorization(request._replace(headers=sent), region)


@pytest.mark.parametrize(
    ("function", "region"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:edge-auth:7", "us-east-1"),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:a", "cn-north-1"),
        ("edge-auth", "eu-west-1"),
        ("edge-auth:live", "eu-west-1"),
        ("123456789012:function:edge-auth", "eu-west-1"),
        ("arn:aws:lambda::123456789012:function:a", "eu-west-1"),
        ("arn:", "eu-west-1"),
    ],
)
def test_a_function_is_called_in_the_region_of_its_arn(function: str, region: str) -> None:
    assert region_of(path(function, "invocations"), "eu-west-1") == region
    assert region_of("/", "eu-west-1") == "eu-west-1"


def authorization(request: Request, region: str) -> str:
    """Return the Authorization that botocore computes over all headers that are sent."""
    prepared = AWSRequest(request.method, request.url, request.headers, request.body)
    prepared.context["timestamp"] = DATE
    signer = SigV4Auth(Credentials(*KEYS), request.service, region)
    to_sign = signer.string_to_sign(prepared, signer.canonical_request(prepared))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(prepared)}, "
        f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(prepared))}, "
        f"Signature={signer.signature(to_sign, prepared)}"
    )
