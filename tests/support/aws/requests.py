"""A request of CloudFormation, and all that has come of it.

Knows what happened while it was served: answers, attempts, executions, calls. Refuses to judge it.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.aws.custom_resources import Event, Kind, Properties
from tests.support.aws.functions import Attempt
from tests.support.aws.virtual_time import FOREVER

OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that S3 took."""

    at: float
    body: dict[str, Any]
    size: int
    execution: int  # which execution of the provider put it

    @property
    def status(self) -> str:
        return str(self.body["Status"])

    @property
    def reason(self) -> str:
        return str(self.body.get("Reason", ""))

    @property
    def physical_id(self) -> str:
        return str(self.body["PhysicalResourceId"])

    @property
    def data(self) -> dict[str, str]:
        return dict(self.body.get("Data", {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call of the provider while it served a request, and the status it was told."""

    at: float
    name: str  # "invoke", "poll", "put" … as a forecast has it, or an action of CloudFormation
    status: int
    body: bytes

    @property
    def answers_question(self) -> bool:
        """Whether the reply has what was asked for; a status of 200 alone does not say so."""
        wanted = {
            "DescribeStacks": b"<StackStatus>",
            "DescribeStackEvents": b"<StackEvents>",
            "look": b'"LastUpdateStatus"',
        }
        return self.status == OK and wanted.get(self.name, b"") in self.body


@dataclass(slots=True, repr=False)
class Request:
    """One request, and all that happened while it was served."""

    event: Event
    properties: Properties
    sent_at: float
    stack_status: str
    takes_back: bool = False  # a rollback, of the stack or of this failed resource alone
    old_properties: Properties | None = None
    read: tuple[str, ...] = ()  # attributes that the template reads
    answers: list[Answer] = field(default_factory=list)
    heard: bool = False  # the provider knows that its response was taken
    attempts: list[Attempt] = field(default_factory=list)
    executions: list[Any] = field(default_factory=list)
    questions: list[tuple[float, str]] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    refused_puts: int = 0
    excuses: set[str] = field(default_factory=set)  # of what AWS did that no provider can mend
    cancelled_at: float = FOREVER

    def __repr__(self) -> str:
        return f"<{self.kind} {self.trigger}, sent at {self.sent_at}>"

    @property
    def id(self) -> str:
        """What tells this request from every other: CloudFormation may reuse a RequestId."""
        return f"{self.event['RequestId']} {self.sent_at}"

    @property
    def kind(self) -> Kind:
        return self.event["RequestType"]  # type: ignore[no-any-return]  # JSON

    @property
    def trigger(self) -> str:
        return str(self.event["LogicalResourceId"])

    @property
    def old_id(self) -> str:
        return str(self.event.get("PhysicalResourceId", ""))

    @property
    def is_of_undo(self) -> bool:
        """Whether it is about a resource that undoes another's runs."""
        return "Undo" in self.properties

    @property
    def settings(self) -> Properties:
        """The properties whose settings count: an undo has those that a rollback leaves."""
        left = self.old_properties if self.is_of_undo else None
        return self.properties if left is None else left

    @property
    def timeout(self) -> float:
        """The trigger's Timeout, in seconds."""
        timeout = self.settings.get("Timeout", 900)
        return float(timeout) if isinstance(timeout, int | float) else 900.0

    @property
    def deadline(self) -> float:
        """When CloudFormation stops waiting."""
        return self.sent_at + float(self.event["ResourceProperties"]["ServiceTimeout"])

    @property
    def answer(self) -> Answer | None:
        """The response that CloudFormation read, if one came before its deadline."""
        return next((each for each in self.answers if each.at <= self.deadline), None)
