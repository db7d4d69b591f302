"""Run a handler during a deployment and answer CloudFormation exactly once.

The entry of the provider's Lambda function, with the real clock, sockets and log. The text that
templates embed is generated from this package (`embed`) and stands in `embedded.py`.
"""

import json
import time
from typing import Any

from trigger_provider.decision import Clock
from trigger_provider.request import Map
from trigger_provider.service import serve
from trigger_provider.transport import LOST, NOT_SENT, Effects, exchange, signed_call

__all__ = ["LOST", "NOT_SENT", "Clock", "Effects", "handler", "serve"]


def handler(event: Map, context: Any) -> None:
    """Serve one event of CloudFormation, or one that an earlier execution handed over."""
    effects = Effects(  # the one place with a clock
        clock=lambda: Clock(time.time(), context.get_remaining_time_in_millis() / 1000),
        sleep=time.sleep,
        call=signed_call,
        put=lambda url, body: exchange("PUT", url, body, {"Content-Type": ""}, 5),
        log=lambda entry: print(json.dumps(entry), flush=True),
    )
    serve(event, effects, context.invoked_function_arn)
