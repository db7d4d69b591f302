"""The addresses of APIs and function URLs, as a function meets them."""

import asyncio
from pathlib import Path

import pytest

from cfn_trigger.local_cloud.addresses import answering

REGION = "eu-central-1"


@pytest.mark.parametrize(
    "name", ["example.com", "sqs.eu-central-1.amazonaws.com", "execute-api.amazonaws.com"]
)
def test_a_name_that_is_not_an_address_of_this_cloud_is_refused(name: str, tmp_path: Path) -> None:
    response = asyncio.run(asked(f"CONNECT {name}:443 HTTP/1.1\r\n\r\n".encode(), tmp_path))

    assert response == b"HTTP/1.1 502 not an address of this cloud\r\n\r\n"


async def asked(request: bytes, folder: Path) -> bytes:
    """Ask the proxy that functions are pointed at, and read to the end."""
    async with answering(1, region=REGION, folder=folder) as environment:
        port = environment["HTTPS_PROXY"].rpartition(":")[2]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(request)
        response = await reader.read()
        writer.close()
        await writer.wait_closed()
    return response
