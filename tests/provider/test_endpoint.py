"""Where the provider finds AWS, and whom it trusts: as the SDKs do, by the same environment."""

import ssl
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from trigger_provider.transport import endpoint, trust

SERVICES: Final = ("lambda", "cloudformation")
PARTITIONS: Final[Any] = Loader().load_data("partitions")
REGIONS: Final = {
    region: partition["outputs"]["dnsSuffix"]
    for partition in PARTITIONS["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
}
"""The regions, each with what `AWS::URLSuffix` is there."""

PROVIDERS: Final = {
    service: EndpointProvider(
        Loader().load_service_model(service, "endpoint-rule-set-1"), PARTITIONS
    )
    for service in SERVICES
}


@pytest.mark.parametrize(("is_fips", "is_dual"), [*product([False, True], repeat=2)])
@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoint_of_every_region_is_botocore_s(
    service: str,
    is_fips: bool,  # noqa: FBT001 (a row of the table)
    is_dual: bool,  # noqa: FBT001 (a row of the table)
) -> None:
    environment = {
        "AWS_USE_FIPS_ENDPOINT": str(is_fips).lower(),
        "AWS_USE_DUALSTACK_ENDPOINT": str(is_dual).lower(),
    }
    resolve = PROVIDERS[service].resolve_endpoint

    assert {
        region: endpoint(service, region, environment | {"URL_SUFFIX": suffix})
        for region, suffix in REGIONS.items()
    } == {
        region: resolve(Region=region, UseFIPS=is_fips, UseDualStack=is_dual).url
        for region in REGIONS
    }


def test_the_url_suffix_of_the_stack_is_the_domain_of_a_partition_that_nobody_knew() -> None:
    assert endpoint("lambda", "xx-new-1", {"URL_SUFFIX": "aws.example"}) == (
        "https://lambda.xx-new-1.aws.example"
    )


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://a/"}, "http://a"),
        ({"AWS_ENDPOINT_URL_LAMBDA": "http://b", "AWS_ENDPOINT_URL": "http://a"}, "http://b"),
        ({"AWS_ENDPOINT_URL_CLOUDFORMATION": "http://c"}, "https://lambda.eu-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_USE_FIPS_ENDPOINT": "true"}, "http://a"),
        (
            {"AWS_ENDPOINT_URL": "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
            "https://lambda.eu-west-1.amazonaws.com",
        ),
        ({"AWS_ENDPOINT_URL": ""}, "https://lambda.eu-west-1.amazonaws.com"),
    ],
)
def test_an_endpoint_that_is_configured_wins_unless_it_is_to_be_ignored(
    environment: dict[str, str], url: str
) -> None:
    assert endpoint("lambda", "eu-west-1", environment) == url


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_of_authorities_takes_the_place_of_the_system_s(name: str, tmp_path: Path) -> None:
    authorities = ssl.create_default_context().get_ca_certs(binary_form=True)
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(ssl.DER_cert_to_PEM_cert(authorities[0]))

    trusted = trust({name: str(bundle)})

    assert trusted.get_ca_certs(binary_form=True) == authorities[:1]
    assert trusted.verify_mode == ssl.CERT_REQUIRED


def test_a_bundle_that_cannot_be_read_leaves_the_system_s_authorities(tmp_path: Path) -> None:
    trusted = trust({"AWS_CA_BUNDLE": str(tmp_path / "none.pem")})

    assert trusted.cert_store_stats() == ssl.create_default_context().cert_store_stats()
    assert trusted.verify_mode == ssl.CERT_REQUIRED
