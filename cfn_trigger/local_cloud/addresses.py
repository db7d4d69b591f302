"""The addresses that AWS gives to APIs and function URLs, for the functions that call them.

Knows the names of such addresses and is a proxy for them: it forwards `https://` to the emulator,
over TLS that the functions trust. Refuses to know what is behind an address, and rejects every
other name, so that nothing leaves this machine.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

_NAMES = ("*.execute-api.{region}.amazonaws.com", "*.lambda-url.{region}.on.aws")
_CONNECT = re.compile(rb"CONNECT [a-z0-9]+\.(execute-api|lambda-url)\.[a-z0-9.-]+:443 ")


@asynccontextmanager
async def answering(gateway: int, *, region: str, folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """Serve the addresses of a region; yields the variables that functions need for that."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = (name.format(region=region) for name in _NAMES)
    authority.issue_cert(*names).configure_cert(context)
    trusted = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _CONNECT.match(await reader.readuntil(b"\r\n\r\n")):
            writer.write(b"HTTP/1.1 502 not an address of this cloud\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.start_tls(context)
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", gateway)
        await asyncio.gather(
            _passed_on(reader, upstream_writer), _passed_on(upstream_reader, writer)
        )

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield {
            "HTTPS_PROXY": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(trusted),
        }


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
