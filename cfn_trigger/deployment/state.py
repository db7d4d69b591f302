"""The values of a deployment: what was read, what is known, and what is shown.

Knows their form. Refuses to know how one follows from another (`timeline`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final, Literal

Kind = Literal["resource", "trigger", "log", "end"]
Tone = Literal["plain", "good", "bad", "quiet"]

IN_PROGRESS: Final = "_IN_PROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a stack, as CloudFormation describes it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str
    at: datetime
    logical_id: str
    type: str
    status: str
    physical_id: str = ""
    reason: str = ""
    is_of_stack: bool = False

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing happens in the stack from here on."""
        return self.is_of_stack and not self.status.endswith(IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry in the log of a function; `source` is the function's logical id."""

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line for a person; `name` is the logical id of what it is about."""

    at: datetime
    kind: Kind
    name: str
    message: str
    tone: Tone = "plain"

    def as_json(self) -> dict[str, str]:
        """Return an object of strings: at (ISO 8601), kind, name, message, tone."""
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRun:
    """How far a trigger's request is; `progress` is what its handler says of that."""

    began: datetime
    attempt: int = 1
    polls: int = 0
    is_started: bool = False
    was_pending: bool = False
    refusal: str = ""
    progress: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """What is known of a stack and its deployment.

    `seen` are the ids of events and entries that were taken in; `physical_ids` and `runs` are by
    logical id. `first_status` and `status` are those of the stack in this deployment.
    """

    has_read: bool = False
    seen: frozenset[str] = frozenset()
    stack: str = ""
    stack_id: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    first_status: str = ""
    status: str = ""
    physical_ids: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, TriggerRun] = field(default_factory=dict)
    failures: tuple[Event, ...] = ()

    @property
    def has_begun(self) -> bool:
        """Whether a deployment has begun."""
        return bool(self.first_status)

    @property
    def succeeded(self) -> bool:
        """Whether the deployment has completed the operation that it began as."""
        return self.status == self.first_status.replace(IN_PROGRESS, "_COMPLETE")
