"""`python -m cfn_trigger.local_cloud`: a local cloud for a person at a terminal.

Knows the command line and what to paste into a shell. Refuses to know anything else.
"""

import argparse
import shlex
import signal
import sys
import threading

from cfn_trigger.local_cloud.cloud import CloudError, running


def main() -> None:
    """Run a local cloud until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m cfn_trigger.local_cloud",
        description="CloudFormation with macros, Lambda, IAM and more on this machine.",
    )
    parser.add_argument(
        "--port", type=int, default=4566, help="loopback port, 0 for a free one (default: 4566)"
    )
    port = parser.parse_args().port
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(0))
    try:
        with running(port=port) as cloud:
            for name, value in cloud.environment.items():
                sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
            sys.stdout.flush()
            threading.Event().wait()
    except CloudError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
