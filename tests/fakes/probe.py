"""One execution of a provider that makes the calls of a test, and keeps what it is told."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.aws.cloud import Cloud
from tests.support.aws.custom_resources import HANDLER, PROVIDER, STACK_ID
from tests.support.aws.network import Wire
from tests.support.aws.template import trigger
from trigger_provider.index import Effects

Script = Callable[[Effects], Any]


def run(cloud: Cloud, script: Script, **properties: Any) -> Any:
    """Let the provider's one execution go by this script; return what the script returned."""
    returned: list[Any] = []

    def serve(_event: dict[str, Any], effects: Effects, _me: str) -> None:
        if not returned:
            returned.append(None)
            returned.append(script(effects))

    cloud.serve = serve
    cloud.stack.create({"Run": trigger(**{"Timeout": 3540} | properties)}, disable_rollback=True)
    cloud.settle()
    return returned[-1]


def look(effects: Effects, arn: str = HANDLER, seconds: float = 10) -> Wire:
    """Ask for a function's configuration."""
    return effects.call("lambda", "GET", path(arn, "configuration"), b"", {}, seconds)


def invoke(
    effects: Effects,
    payload: bytes = b"{}",
    *,
    kind: str = "RequestResponse",
    arn: str = HANDLER,
    seconds: float = 800,
) -> Wire:
    """Invoke a function."""
    headers = {"X-Amz-Invocation-Type": kind}
    headers |= {"X-Amz-Log-Type": "Tail"} if kind == "RequestResponse" else {}
    return effects.call("lambda", "POST", path(arn, "invocations"), payload, headers, seconds)


def ask(effects: Effects, action: str, **query: str) -> Wire:
    """Ask CloudFormation about the own stack."""
    form = {"Action": action, "StackName": STACK_ID, "Version": "2010-05-15"} | query
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return effects.call("cloudformation", "POST", "/", urlencode(form).encode(), headers, 10)


def path(arn: str, what: str) -> str:
    """Return the path of a function's resource."""
    return f"/2015-03-31/functions/{quote(arn, safe='')}/{what}"


def hand_over(effects: Effects, event: dict[str, Any]) -> Wire:
    """Start a fresh execution of the provider with an event."""
    headers = {"X-Amz-Invocation-Type": "Event"}
    body = json.dumps(event).encode()
    return effects.call("lambda", "POST", path(PROVIDER, "invocations"), body, headers, 5)
