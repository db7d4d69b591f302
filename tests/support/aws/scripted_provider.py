"""A provider that answers what a test scripts, to try the cloud without the real one."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trigger_provider.index import Effects


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One response: None as `status` is none at all."""

    status: str | None = "SUCCESS"
    physical_id: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    reason: str = "done"
    seconds: float = 1.0


OK = Scripted()
FAILED = Scripted(status="FAILED", reason="no")
SILENT = Scripted(status=None)


@dataclass(slots=True)
class ScriptedProvider:
    """Answers requests in the order they come; `received` keeps them."""

    script: deque[Scripted] = field(default_factory=deque)
    received: list[dict[str, Any]] = field(default_factory=list)

    def plays(self, *responses: Scripted) -> None:
        """Answer the next requests like this; all others succeed."""
        self.script.extend(responses)

    @property
    def asked(self) -> list[str]:
        """The requests that came, in few words."""
        return [f"{each['RequestType']} {each['LogicalResourceId']}" for each in self.received]

    def serve(self, event: dict[str, Any], effects: Effects, _me: str) -> None:
        """Answer a request."""
        self.received.append(event)
        response = self.script.popleft() if self.script else OK
        effects.sleep(response.seconds)
        if response.status is None:
            return
        kept = event.get("PhysicalResourceId") or f"{event['LogicalResourceId']}-1"
        body = {
            "Status": response.status,
            "Reason": response.reason,
            "PhysicalResourceId": response.physical_id or kept,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
        }
        body |= {"Data": dict(response.data)} if event["RequestType"] != "Delete" else {}
        effects.put(event["ResponseURL"], json.dumps(body).encode())
