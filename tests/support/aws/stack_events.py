"""A stack's events, and CloudFormation's API that shows them.

Knows the query protocol's requests and XML, pages, and who may ask. Newest first, 100 a page:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
"""

import time as calendar
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tests.support.aws.custom_resources import STACK_ID, STACK_NAME
from tests.support.aws.executions import Call
from tests.support.aws.network import Reply, query_error
from tests.support.aws.virtual_time import VirtualTime, require

PAGE: Final = 100
NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
ACTIONS: Final = frozenset({"DescribeStacks", "DescribeStackEvents", "DescribeStackResource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """A line of a stack's history."""

    at: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""

    @property
    def xml(self) -> str:
        """The event as DescribeStackEvents lists it."""
        reason = {"ResourceStatusReason": self.reason} if self.reason else {}
        return elements(
            {
                "StackId": STACK_ID,
                "EventId": f"{self.logical_id}-{self.status}-{self.at:.3f}",
                "StackName": STACK_NAME,
                "LogicalResourceId": self.logical_id,
                "PhysicalResourceId": self.physical_id,
                "ResourceType": self.type,
                "Timestamp": timestamp(self.at),
                "ResourceStatus": self.status,
            }
            | reason
        )


def timestamp(at: float) -> str:
    """Return a moment as CloudFormation writes it, in milliseconds."""
    whole = calendar.strftime("%Y-%m-%dT%H:%M:%S", calendar.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"


def elements(fields: dict[str, str]) -> str:
    """Return fields as XML elements."""
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())


@dataclass(slots=True)
class History:
    """What has happened to the stack, oldest first, and the statuses it has now."""

    time: VirtualTime
    events: list[StackEvent] = field(default_factory=list)

    def stack_becomes(self, status: str, reason: str = "") -> None:
        """Record a status of the stack itself."""
        self.resource_becomes(
            STACK_NAME, status, reason, physical_id=STACK_ID, of_type="AWS::CloudFormation::Stack"
        )

    def resource_becomes(
        self,
        logical_id: str,
        status: str,
        reason: str = "",
        *,
        physical_id: str = "",
        of_type: str = "Custom::Trigger",
    ) -> None:
        """Record a status of a resource."""
        self.events.append(
            StackEvent(
                at=self.time.now,
                logical_id=logical_id,
                physical_id=physical_id,
                type=of_type,
                status=status,
                reason=reason,
            )
        )

    @property
    def status(self) -> str:
        """The stack's status."""
        return self.status_at(self.time.now)

    def status_at(self, moment: float) -> str:
        """Return the status that the stack had at a moment; its first, if it had none yet."""
        own = [each for each in self.events if each.logical_id == STACK_NAME]
        had = [each for each in own if each.at <= moment] or own[:1]
        return had[-1].status if had else ""

    def last(self, logical_id: str) -> StackEvent | None:
        """Return the newest event of a resource."""
        return next((each for each in self.events[::-1] if each.logical_id == logical_id), None)

    @property
    def statuses(self) -> list[str]:
        """The stack's statuses, in the order it had them."""
        return [each.status for each in self.events if each.logical_id == STACK_NAME]


@dataclass(slots=True)
class QueryApi:
    """CloudFormation's API for one stack; `outages` has what it answers instead, and until when.

    It may lag behind by some seconds: DescribeStacks shows the status that the stack had then,
    DescribeStackEvents what had happened by then.
    """

    history: History
    lag: float = 0.0
    events_lag: float = 0.0
    allowed: frozenset[str] = ACTIONS
    outages: list[tuple[float, float, Reply]] = field(default_factory=list)

    def answers_for(self, seconds: float, reply: Reply, *, after: float = 0.0) -> None:
        """Answer nothing but this, from then on for so long."""
        begins = self.history.time.now + after
        self.outages.append((begins, begins + seconds, reply))

    def answer(self, call: Call) -> Reply:
        """Answer a question of the provider about its own stack."""
        content_type = {"Content-Type": "application/x-www-form-urlencoded"}
        require(dict(call.headers) == content_type, f"a question with {call.headers}")
        query = dict(parse_qsl(call.body.decode(), strict_parsing=True))
        action = query.pop("Action")
        require(query.pop("Version") == "2010-05-15", "a question of another version")
        require(query.pop("StackName") == STACK_ID, "a question about another stack")
        require(action in ACTIONS, f"no such action: {action}")
        if "NextToken" not in query:
            call.request.questions.append((self.history.time.now, action))
        now = self.history.time.now
        for begins, ends, reply in self.outages:
            if begins <= now < ends:
                return reply
        if action not in self.allowed:
            who = "assumed-role/shop-TriggerProviderRole-1A/shop-TriggerProvider-9Z"
            message = f"User: {who} is not authorized to perform: cloudformation:{action}"
            return query_error(403, "AccessDenied", message)
        match action:
            case "DescribeStacks":
                return self._stacks(query)
            case "DescribeStackEvents":
                return self._events(query)
        return self._resource(query)

    def _stacks(self, query: dict[str, str]) -> Reply:
        require(not query, f"DescribeStacks with {query}")
        fields = {"StackName": STACK_NAME, "StackId": STACK_ID}
        fields |= {"CreationTime": timestamp(self.history.events[0].at)}
        status = self.history.status_at(self.history.time.now - self.lag)
        fields |= {"StackStatus": status, "DisableRollback": "false"}
        return result("DescribeStacks", f"<Stacks><member>{elements(fields)}</member></Stacks>")

    def _events(self, query: dict[str, str]) -> Reply:
        first = int(query.pop("NextToken", "0").removeprefix("page-"))
        require(not query, f"DescribeStackEvents with {query}")
        shown_until = self.history.time.now - self.events_lag
        newest_first = [each for each in self.history.events[::-1] if each.at <= shown_until]
        page, more = newest_first[first : first + PAGE], len(newest_first) > first + PAGE
        members = "".join(f"<member>{each.xml}</member>" for each in page)
        token = f"<NextToken>page-{first + PAGE}</NextToken>" if more else ""
        return result("DescribeStackEvents", f"<StackEvents>{members}</StackEvents>{token}")

    def _resource(self, query: dict[str, str]) -> Reply:
        logical_id = query.pop("LogicalResourceId")
        require(not query, f"DescribeStackResource with {query}")
        last = self.history.last(logical_id)
        if last is None:
            message = f"Resource {logical_id} does not exist for stack {STACK_NAME}"
            return query_error(400, "ValidationError", message)
        fields = last.xml.replace("Timestamp>", "LastUpdatedTimestamp>")
        return result(
            "DescribeStackResource", f"<StackResourceDetail>{fields}</StackResourceDetail>"
        )


def result(action: str, content: str) -> Reply:
    """Return a successful answer in the query protocol."""
    xml = (
        f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{content}</{action}Result>'
        "<ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId>"
        f"</ResponseMetadata></{action}Response>"
    )
    return Reply(status=200, body=xml.encode(), headers={"Content-Type": "text/xml"})
