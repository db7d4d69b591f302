"""The server process of the local cloud: the emulator with the layer, on an inherited socket.

Knows how to serve, and to end when the process that started it has ended. Refuses to know its
settings (`cloud`) and what the layer does (`layer`).
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from cfn_trigger.local_cloud import addresses, layer


def main() -> None:
    """Serve on the listening socket whose file descriptor is the only argument, until killed."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    layer.install()
    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.keep_alive_timeout = 75
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    answering = addresses.answering(
        int(os.environ["GATEWAY_PORT"]),
        region=os.environ["MINISTACK_REGION"],
        folder=Path(tempfile.gettempdir()),
    )
    async with answering as environment:
        os.environ |= environment  # Function workers inherit it.
        await serve(app, config)


def _leave_with_parent() -> None:
    # The parent holds the other end of standard input and writes nothing, so it reaches its end
    # when the parent ends, even by SIGKILL. Function workers are in this process group.
    os.read(sys.stdin.fileno(), 1)
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
