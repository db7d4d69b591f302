"""The values of a deployment: what was read, what is known, and what is shown.

Knows their form. Refuses to know how one follows from another (`timeline`).

The name of a resource is its logical id, after the names of the nested stacks that it is in:
`Orders/Run` is the resource `Run` in the nested stack `Orders`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from cfn_trigger.deployment.reasons import NO_REASON, Reason
from macro.model import Json

Kind = Literal["resource", "trigger", "log", "failure", "end"]
Tone = Literal["plain", "good", "bad", "quiet"]
Weight = Literal["outcome", "event", "start", "detail"]
"""How much a line matters: how a trigger or the deployment ended; what happens; that a resource
begins, which a terminal shows otherwise; what is of interest only if something is wrong.
"""

IN_PROGRESS: Final = "_IN_PROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a stack, as CloudFormation describes it.

    `path` is empty, or the name of the nested stack that it is in, with a slash. An event of a part
    of a trigger is taken as one of the trigger; `part` is then the part's own logical id.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str
    at: datetime
    logical_id: str
    type: str
    status: str
    physical_id: str = ""
    reason: Reason = NO_REASON
    is_of_stack: bool = False
    path: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        """The resource's name; of a nested stack's own events, that of the nested stack."""
        if self.is_of_stack and self.path:
            return self.path.rstrip("/")
        return self.path + self.logical_id

    @property
    def is_of_root(self) -> bool:
        """Whether it is about the stack that is followed itself."""
        return self.is_of_stack and not self.path

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing happens in its stack from here on."""
        return self.is_of_stack and not self.status.endswith(IN_PROGRESS)

    @property
    def is_failure(self) -> bool:
        """Whether something failed, or is rolled back because of its reason."""
        if self.is_of_stack:
            has_reason = self.reason.kind in ("cause", "consequence") and self.reason.text
            return bool(has_reason) and ("FAILED" in self.status or "ROLLBACK" in self.status)
        return self.status.endswith("_FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry in the log of a function; `source` is the function's name in the deployment."""

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What an event says about a resource; `done` and `total` count resources of the deployment.

    `seconds` are since its change began, None before it has ended. `total` is None if it is not
    known.
    """

    status: str
    type: str
    reason: str
    seconds: float | None
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line for a person; `name` is the name of what it is about."""

    at: datetime
    kind: Kind
    name: str
    message: str
    tone: Tone = "plain"
    weight: Weight = "event"
    change: ResourceChange | None = None

    def as_json(self) -> dict[str, Any]:
        """Return an object: at (ISO 8601), kind, name, message, tone, and a resource's change."""
        at = self.at.isoformat(timespec="milliseconds")
        line = {"at": at, "kind": self.kind, "name": self.name}
        change = asdict(self.change) if self.change else {}
        return line | {"message": self.message, "tone": self.tone} | change


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedChanges:
    """The logical ids of what will change, None if they are not known, and the new template.

    The template is that of the change set, or the stack's: during an update without a change set,
    the stack's is the old one.
    """

    logical_ids: frozenset[str] | None
    template: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRun:
    """How far a trigger's request is; `progress` is what its handler reports about that.

    `resource` is the logical id of the part of the trigger that has the request, if it is known.

    `hops` counts the times that it went on in a fresh execution; `waits_until` is when the next
    attempt or poll begins; `earlier` is the request before, of which entries may arrive late.
    """

    began: datetime
    resource: str = ""
    attempt: int = 1
    polls: int = 0
    hops: int = 0
    is_started: bool = False
    was_pending: bool = False
    refusal: str = ""
    progress: str = ""
    waits_until: datetime | None = None
    is_over: bool = False
    earlier: "TriggerRun | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceProgress:
    """The latest status of a resource, and when its change began."""

    type: str
    status: str
    began: datetime

    @property
    def is_done(self) -> bool:
        """Whether the change has ended, in success or in failure."""
        return not self.status.endswith(IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgiven:
    """A failure of a trigger that was reported to CloudFormation as a success."""

    at: datetime
    trigger: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many resources are done, out of how many; `total` is None if it is not known."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """What is known of a stack and its deployment.

    `seen` are the ids of events and entries that were taken in. `latest` is the latest event of
    the stack itself, whatever it belongs to. `first_status` and `status` are those of the stack in
    this deployment. `physical_ids`, `runs` and `resources` are by name; `resources` are those of
    the present phase: a rollback begins anew. `expected` are the resources that this phase will
    change, None if they are not known. `stack_ids` are those of nested stacks, by path.
    `parts` are the names of triggers by those of their parts.
    `refused` says why a change set kept the deployment from beginning.
    """

    has_read: bool = False
    seen: frozenset[str] = frozenset()
    latest: Event | None = None
    stack: str = ""
    stack_id: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    first_status: str = ""
    status: str = ""
    physical_ids: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, TriggerRun] = field(default_factory=dict)
    resources: Mapping[str, ResourceProgress] = field(default_factory=dict)
    expected: frozenset[str] | None = None
    stack_ids: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[Event, ...] = ()
    forgiven: tuple[Forgiven, ...] = ()
    refused: Literal["", "empty", "failed"] = ""

    @property
    def has_begun(self) -> bool:
        """Whether a deployment has begun."""
        return bool(self.first_status)

    @property
    def is_rolling_back(self) -> bool:
        """Whether what this deployment did is undone."""
        return "ROLLBACK" in self.status

    @property
    def succeeded(self) -> bool:
        """Whether the deployment has completed the operation that it began as."""
        if not self.has_begun:
            return self.refused == "empty"
        return self.status == self.first_status.replace(IN_PROGRESS, "_COMPLETE")

    @property
    def tally(self) -> Tally:
        """How many of the resources of this phase are done; one not expected counts too."""
        done = sum(resource.is_done for resource in self.resources.values())
        if not self.expected:
            return Tally(done, None)
        return Tally(done, len(self.expected | self.resources.keys()))
