"""A CloudFormation that plays whole lives of a stack of triggers against the provider.

Knows which request follows which answer, and how CloudFormation spells a request: scalars as
text, a presigned ResponseURL, ids. A transcript tells what happened, in the order it happened.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from tests.provider.world import HANDLER, PROVIDER, SECRET, STACK_ID, Answer, Event, World

Kind = Literal["Create", "Update", "Delete"]
Properties = Mapping[str, Any]
TRIGGER = "RunMigration"
MADE_UP = f"shop-{TRIGGER}-1KXVQZ3F8R0B2"


def sent(value: Any, *holes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as the macro sends it: a skeleton, and values to put into it."""
    return {"Skeleton": json.dumps(value)} | ({"Values": list(holes)} if holes else {})


def stringified(value: Any) -> Any:
    """Return a property as CloudFormation hands it to a custom resource: every scalar as text."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return {key: stringified(item) for key, item in value.items()}
        case list():
            return [stringified(item) for item in value]
    return str(value)


def completed(properties: Properties) -> dict[str, Any]:
    """Return all that the macro emits for a trigger with these settings."""
    timeout = properties.get("Timeout", 900)
    waits = min(timeout + 60, 3600) if isinstance(timeout, int) else 3600
    own = {"ServiceToken": PROVIDER, "ServiceTimeout": waits, "HandlerArn": HANDLER}
    return own | {"Fingerprint": {"Code": "c0ffee"}} | dict(properties)


@dataclass(slots=True)
class Resource:
    """A trigger as the stack knows it."""

    properties: Properties
    physical_id: str


@dataclass(slots=True)
class Stack:
    """One stack: its triggers, its status, and what became of it."""

    world: World
    triggers: dict[str, Resource] = field(default_factory=dict)
    transcript: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    _requests: int = 0
    _replaced: list[tuple[str, Resource]] = field(default_factory=list)
    _before: dict[str, Resource] = field(default_factory=dict)

    # ---- one request

    def event(
        self,
        kind: Kind,
        *,
        old: Properties | None = None,
        physical_id: str = "",
        request_id: str = "",
        of: str = TRIGGER,
        **properties: Any,
    ) -> Event:
        """Return a request, dated now."""
        self._requests += 1
        request_id = request_id or f"{self._requests:08x}-5d3f-4c1b-9e7a-0a58a9feac02"
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.world.now))
        bucket = "https://cloudformation-custom-resource-response-eucentral1.s3.amazonaws.com/"
        event = {
            "RequestType": kind,
            "ServiceToken": PROVIDER,
            "ResponseURL": (
                f"{bucket}{quote(f'{STACK_ID}|{of}|{request_id}', safe='')}"
                f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host"
                f"&X-Amz-Expires=7200&X-Amz-Signature={SECRET}{self._requests}"
            ),
            "StackId": STACK_ID,
            "RequestId": request_id,
            "ResourceType": "Custom::Trigger",
            "LogicalResourceId": of,
            "ResourceProperties": stringified(completed(properties)),
        }
        if kind == "Update":
            event["OldResourceProperties"] = stringified(completed(old or {}))
        if kind != "Create":
            event["PhysicalResourceId"] = physical_id or f"{of}-0123456789ab"
        return event

    def asks(self, kind: Kind, **parts: Any) -> Answer:
        """Send a request and return the one answer to it, which must come in time."""
        answers = self.sends(self.event(kind, **parts))
        assert len(answers) == 1, f"{len(answers)} answers; executions: {self.world.ends}"
        return answers[0]

    def sends(self, event: Event) -> list[Answer]:
        """Send an event and return what CloudFormation got to read before it gave up."""
        waits = float(event["ResourceProperties"]["ServiceTimeout"])
        gives_up = self.world.elapsed + waits
        answers = self.world.deliver(event)
        late = [answer for answer in answers if answer.at > gives_up]
        assert not late, f"answered {late[0].at - gives_up:.0f} s after the ServiceTimeout"
        return answers

    # ---- a life

    @property
    def status(self) -> str:
        """The status the stack has now."""
        return self.world.stack_status

    def deploy(self, triggers: Mapping[str, Properties], *, breaks: bool = False) -> None:
        """Create or update the stack; `breaks`: another resource fails after the triggers."""
        if not self.triggers and not self.transcript:
            self._create(triggers, breaks=breaks)
        else:
            self._update(triggers, breaks=breaks)

    def delete(self) -> None:
        """Delete the stack."""
        self._becomes("DELETE_IN_PROGRESS")
        self._becomes("DELETE_COMPLETE" if self._delete_all() else "DELETE_FAILED")

    def continue_update_rollback(self) -> None:
        """Go on with a rollback that failed."""
        assert self.status == "UPDATE_ROLLBACK_FAILED"
        self._roll_back()

    def _create(self, triggers: Mapping[str, Properties], *, breaks: bool) -> None:
        self._becomes("CREATE_IN_PROGRESS")
        created = all(self._creates(name, properties) for name, properties in triggers.items())
        if created and not breaks:
            self._becomes("CREATE_COMPLETE")
            return
        self._becomes("ROLLBACK_IN_PROGRESS")
        self._becomes("ROLLBACK_COMPLETE" if self._delete_all() else "ROLLBACK_FAILED")

    def _update(self, triggers: Mapping[str, Properties], *, breaks: bool) -> None:
        self._becomes("UPDATE_IN_PROGRESS")
        self._before, self._replaced = dict(self.triggers), []
        changed = self._changes(triggers)
        if not all(changed) or breaks:
            self._roll_back()
            return
        self._becomes("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for name in [name for name in self.triggers if name not in triggers]:
            self._replaced.append((name, self.triggers.pop(name)))
        for name, old in self._replaced:
            self._deletes(name, old)
        self._becomes("UPDATE_COMPLETE")

    def _changes(self, triggers: Mapping[str, Properties]) -> Iterator[bool]:
        for name, properties in triggers.items():
            if name not in self.triggers:
                yield self._creates(name, properties)
            elif self.triggers[name].properties != properties:
                yield self._updates(name, properties)

    def _roll_back(self) -> None:
        self._becomes("UPDATE_ROLLBACK_IN_PROGRESS")
        for name, before in self._before.items():
            changed = self.triggers[name].properties != before.properties
            if changed and not self._updates(name, before.properties):
                self._becomes("UPDATE_ROLLBACK_FAILED")
                return
        self._becomes("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for name in [name for name in self.triggers if name not in self._before]:
            self._deletes(name, self.triggers.pop(name))
        self._becomes("UPDATE_ROLLBACK_COMPLETE")

    def _creates(self, name: str, properties: Properties) -> bool:
        ok, physical_id = self._plays("Create", name, properties)
        self.triggers[name] = Resource(properties, physical_id)
        return ok

    def _updates(self, name: str, properties: Properties) -> bool:
        """Update a trigger; a rollback later undoes what was tried, also when that failed."""
        old = self.triggers[name]
        ok, physical_id = self._plays("Update", name, properties, old)
        if ok or self.status == "UPDATE_IN_PROGRESS":
            self.triggers[name] = Resource(properties, physical_id)
        if ok and physical_id != old.physical_id:
            self._replaced.append((name, old))
        return ok

    def _deletes(self, name: str, resource: Resource) -> bool:
        return self._plays("Delete", name, resource.properties, resource)[0]

    def _delete_all(self) -> bool:
        deleted = [self._deletes(name, self.triggers.pop(name)) for name in [*self.triggers][::-1]]
        return all(deleted)

    def _plays(
        self, kind: Kind, name: str, properties: Properties, old: Resource | None = None
    ) -> tuple[bool, str]:
        parts: dict[str, Any] = {"of": name, **properties}
        parts |= {"physical_id": old.physical_id, "old": old.properties} if old else {}
        event, began = self.event(kind, **parts), self.world.elapsed
        answers = self.sends(event)
        if not answers:
            waits = float(event["ResourceProperties"]["ServiceTimeout"])
            self.world.pass_time(max(0.0, began + waits - self.world.elapsed))
            self.transcript.append(f"{kind} {name}: no answer")
            return False, old.physical_id if old else f"shop-{name}-1KXVQZ3F8R0B2"
        answer = answers[0]  # what comes after the first is read by nobody
        self.transcript.append(f"{kind} {name}: {answer.status}")
        self.reasons.append(answer.reason)
        return answer.status == "SUCCESS", answer.physical_id

    def _becomes(self, status: str) -> None:
        self.transcript.append(status)
        self.world.stack_becomes(status)
