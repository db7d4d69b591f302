"""One step of a stack operation: one resource is created, updated or deleted.

Knows how a step begins and settles, and the events that CloudFormation writes meanwhile. Refuses
to know what follows from a step: that is `operations`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.support.aws.custom_resources import Kind, made_up_id, request_event
from tests.support.aws.lambda_service import LambdaService
from tests.support.aws.requests import Request
from tests.support.aws.stack_events import History
from tests.support.aws.template import Other, Provisioned, Resource, Trigger, type_of
from tests.support.aws.virtual_time import VirtualTime

Settled = Literal["", "complete", "failed", "cancelled"]
Shown = Literal["as it is", "as failed", "not at all"]
VERBS: Final = {"Create": "CREATE", "Update": "UPDATE", "Delete": "DELETE"}
WORDS: Final = {"Create": "creation", "Update": "update", "Delete": "deletion"}


@dataclass(slots=True)
class Step:
    """A resource on its way; `settled` says how it ended, once it has."""

    kind: Kind
    logical_id: str
    definition: Resource
    before: Provisioned | None
    request: Request | None = None
    settled: Settled = ""
    reason: str = ""
    physical_id: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    shown: Shown = "as it is"


@dataclass(slots=True)
class Provisioner:
    """Begins steps, and settles them when their answer, their time or a cancellation comes."""

    time: VirtualTime
    history: History
    lambda_service: LambdaService
    requests: list[Request] = field(default_factory=list)
    _waiting: dict[str, Step] = field(default_factory=dict)

    def begin(self, step: Step, *, takes_back: bool = False) -> None:
        """Begin a step."""
        step.physical_id = step.before.physical_id if step.before else ""
        self._record(step, "IN_PROGRESS")
        match step.definition:
            case Trigger():
                self._send(step, step.definition, takes_back=takes_back)
            case Other():
                self._begin_other(step, step.definition, takes_back=takes_back)

    def play(self, step: Step, *, takes_back: bool = False) -> None:
        """Begin a step and let time pass until it has settled."""
        self.begin(step, takes_back=takes_back)
        self.time.run_until(lambda: bool(step.settled))

    def _begin_other(self, step: Step, definition: Other, *, takes_back: bool) -> None:
        before = step.before.definition if step.before else None
        fails = definition.fails and step.kind != "Delete" and not takes_back
        fails |= takes_back and isinstance(before, Other) and before.fails_rolling_back

        def settle() -> None:
            step.physical_id = step.physical_id or f"queue-{step.logical_id}"
            self._settle(step, "failed" if fails else "complete", "Internal Failure")

        self.time.after(definition.seconds, settle)

    def _send(self, step: Step, definition: Trigger, *, takes_back: bool) -> None:
        number = len(self.requests) + 1
        old = step.before.definition if step.before and step.kind == "Update" else None
        old_properties = old.properties if isinstance(old, Trigger) else None
        event = request_event(
            step.kind,
            step.logical_id,
            definition.properties,
            request_id=f"{number:08x}-5d3f-4c1b-9e7a-0a58a9feac02",
            at=self.time.now,
            old_properties=old_properties,
            physical_id=step.physical_id,
        )
        request = Request(
            event=event,
            properties=definition.properties,
            sent_at=self.time.now,
            stack_status=self.history.status,
            takes_back=takes_back,
            old_properties=old_properties,
            read=definition.read,
        )
        step.request = request
        self.requests.append(request)
        self._waiting[request.id] = step
        self.time.at(request.deadline, lambda: self._gave_up(step, request))
        self.lambda_service.enqueue(request, event)

    def answered(self, request: Request) -> None:
        """Read a response that the bucket took; nobody reads one that is not waited for."""
        step = self._waiting.get(request.id)
        if step is None or step.settled or self.time.now > request.deadline:
            return
        answer = request.answers[0]
        replaced = step.kind == "Update" and answer.physical_id != step.physical_id
        step.physical_id = answer.physical_id
        if answer.status == "FAILED":
            wrapped = (
                "Received response status [FAILED] from custom resource. "
                f"Message returned: {answer.reason} (RequestId: {request.event['RequestId']})"
            )
            self._settle(step, "failed", wrapped)
            return
        step.attributes = answer.data
        if step.kind == "Create":
            self._record(step, "IN_PROGRESS", "Resource creation Initiated")
        elif replaced:
            why = (
                "Requested update required the creation of a new physical resource; "
                "hence creating one."
            )
            self._record(step, "IN_PROGRESS", why)
        self._settle(step, "complete")

    def cancel(self, step: Step) -> None:
        """Stop waiting for a step; its handler and its provider go on, unheard.

        https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1730
        """
        if step.request:
            step.request.cancelled_at = self.time.now
            step.physical_id = step.physical_id or self._made_up(step)
        self._settle(step, "cancelled", f"Resource {WORDS[step.kind]} cancelled")

    def _gave_up(self, step: Step, request: Request) -> None:
        if step.settled:
            return
        step.physical_id = step.physical_id or self._made_up(step)
        reason = (
            "CloudFormation did not receive a response from your Custom Resource. Please check "
            f"your logs for requestId [{request.event['RequestId']}]. If you are using the Python "
            "cfn-response module, you may need to update your Lambda function code so that "
            "CloudFormation can attach the updated version."
        )
        self._settle(step, "failed", reason)

    def _made_up(self, step: Step) -> str:
        return made_up_id(step.logical_id, len(self.requests))

    def _settle(self, step: Step, settled: Settled, reason: str = "") -> None:
        if step.settled:
            return
        step.settled = settled
        step.reason = "" if settled == "complete" else reason
        complete = settled == "complete" and step.shown == "as it is"
        self._record(step, "COMPLETE" if complete else "FAILED", step.reason)

    def _record(self, step: Step, suffix: str, reason: str = "") -> None:
        if step.shown == "not at all":
            return
        self.history.resource_becomes(
            step.logical_id,
            f"{VERBS[step.kind]}_{suffix}",
            reason,
            physical_id=step.physical_id,
            of_type=type_of(step.definition),
        )


def missing_attributes(step: Step) -> list[str]:
    """Return the attributes that the template reads and the answer lacks.

    https://github.com/aws/aws-cdk/issues/29949
    """
    if step.kind == "Delete" or not isinstance(step.definition, Trigger):
        return []
    return [name for name in step.definition.read if name not in step.attributes]


def missing_attribute(requests: Sequence[Request], logical_id: str, name: str) -> str:
    """Return what CloudFormation says of an attribute that the last answer of a trigger lacks."""
    event = next(each.event for each in requests[::-1] if each.trigger == logical_id)
    where = f"{event['StackId']}|{logical_id}|{event['RequestId']}"
    return (
        f"CustomResource attribute error: Vendor response doesn't contain {name} "
        f"attribute in object {where}"
    )
