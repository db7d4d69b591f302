"""Write the handler of a trigger as plain functions: create, update, delete, poll.

Knows what the trigger provider sends a handler and how it reads the answer, in the words of
cfn-lambda-handler, whose decorators these are. Refuses to know AWS: it calls nothing, needs no
right and no response URL, and what is not done yet it leaves to the provider to ask again.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NotRequired, TypedDict, TypeVar

__all__ = [
    "CfnLambdaExecutionTimeout",
    "Event",
    "ExecutionTimeout",
    "Handler",
    "HandlerError",
    "Result",
    "in_progress",
]

Map = dict[str, Any]
Function = Callable[[Any, Any], Mapping[str, Any] | None]
F = TypeVar("F", bound=Function)

_STATUSES = ("SUCCESS", "FAILED", "FAILURE", "IN_PROGRESS")
_ID = "PhysicalResourceId"
# What every event brings anew; all else that a function leaves in its event reaches the next poll.
_GIVEN = frozenset(
    {"RequestType", "RequestId", "ExecutionId", "StackId", "LogicalResourceId", _ID, "Attempt"}
    | {"Old", "ResourceProperties", "OldResourceProperties", "StackStatus", "StackStatusReason"}
)
_OWN = frozenset({"CreationTime", "EventState", "EventStatus", "Timeout"})  # of this library
_SAID = frozenset(
    {"Status", "Reason", "RetryAfter", "Progress"}
)  # of one execution, and not of the next
_UNKNOWN = {"StackStatus": "UNKNOWN", "StackStatusReason": "UNKNOWN"}


class Event(TypedDict):
    """What a function is called with; it may add to it, and a poll finds what it added."""

    RequestType: Literal["Create", "Update", "Delete"]
    RequestId: str
    ExecutionId: str
    StackId: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]
    Attempt: int
    ResourceProperties: Any
    OldResourceProperties: NotRequired[Any]
    EventState: NotRequired[Any]
    EventStatus: NotRequired[Literal["Poll"]]
    CreationTime: int
    Timeout: NotRequired[float]


class Result(TypedDict, total=False):
    """What a function may return; the keys of `Data` are attributes of the trigger."""

    Status: Literal["SUCCESS", "FAILED", "FAILURE", "IN_PROGRESS"]
    Reason: str
    PhysicalResourceId: str
    Data: dict[str, Any]
    EventState: Any
    RetryAfter: float
    Progress: str


class HandlerError(Exception):
    """The handler was set up, invoked or answers in a way that nobody could act on."""


class ExecutionTimeout(Exception):  # noqa: N818 (the name that its users know)
    """This execution is about to end: ask again, as `in_progress` says."""

    def __init__(self, state: Any = None, retry_after: float | None = None) -> None:
        super().__init__(state, retry_after)
        self.state: Any = {} if state is None else state
        self.retry_after = retry_after


CfnLambdaExecutionTimeout = ExecutionTimeout


def in_progress(
    state: Any = None, retry_after: float | None = None, *, progress: str = ""
) -> Result:
    """Return the result that says: not done, ask again after so many seconds, with this state.

    Without a state the next call finds that of this one, without `retry_after` the provider
    waits as long as the trigger's PollInterval. `progress`, such as "3 of 10 tables", is shown in
    its log, and in the reason if the trigger's Timeout comes first.
    """
    result: Result = {"Status": "IN_PROGRESS"}
    if state is not None:
        result["EventState"] = state
    if retry_after is not None:
        result["RetryAfter"] = retry_after
    if progress:
        result["Progress"] = progress
    return result


class Handler:
    """The entry of a Lambda function: calls the function that is decorated for the request.

    Without an `update`, an update calls `create`; without a `delete`, nothing is to be deleted;
    without a `poll`, the function that was not done is called again.
    `secure_attributes` and `resolve_secrets` are taken for code that says them, and have no
    effect: nothing is logged here, and no reference to a secret reaches a payload.
    """

    def __init__(
        self,
        *,
        secure_attributes: object = (),  # noqa: ARG002 (no effect, as the docstring says)
        resolve_secrets: bool = True,  # noqa: ARG002 (no effect, as the docstring says)
    ) -> None:
        self._functions: dict[str, Function] = {}

    def create(self, function: F) -> F:
        """Have this function create the resource."""
        self._functions["Create"] = function
        return function

    def update(self, function: F) -> F:
        """Have this function update the resource; a new physical id replaces it."""
        self._functions["Update"] = function
        return function

    def delete(self, function: F) -> F:
        """Have this function delete the resource; the trigger needs `ExecuteOnDelete: true`."""
        self._functions["Delete"] = function
        return function

    def poll(self, function: F) -> F:
        """Have this function called, instead of the others, once one of them was not done."""
        self._functions["Poll"] = function
        return function

    def __call__(self, event: Any, context: Any) -> Map:
        """Serve an invocation by the trigger provider."""
        return self.answer(event, context, now=time.time())  # noqa: TID251 (the one clock)

    def answer(self, event: Any, context: Any, *, now: float) -> Map:
        """Serve an invocation at a given time, in seconds since the epoch."""
        about = _described(event, context)
        asked = _completed(about, now)
        if (limit := asked.get("Timeout")) and now > asked["CreationTime"] + float(limit):
            why = f"not done in {float(limit):g} s, the Timeout that the handler set"
            return {"Status": "FAILED", "Reason": why}
        function = self._function(asked)
        try:
            result = function(asked, context)
        except ExecutionTimeout as ending:
            result = in_progress(ending.state, ending.retry_after)
        _check(result, getattr(function, "__name__", repr(function)))
        return _told(result or {}, asked, about.get(_ID))

    def _function(self, event: Map) -> Function:
        kind = event["RequestType"]
        polled = ["Poll"] if "EventStatus" in event else []
        instead = {"Update": ["Create"]}.get(kind, [])
        for name in [*polled, kind, *instead]:
            if name in self._functions:
                return self._functions[name]
        if kind == "Delete":
            return lambda _event, _context: None
        raise HandlerError(f"no function for {kind}; decorate one with @handler.{kind.lower()}")


def _described(event: Any, context: Any) -> Map:
    """Give the description of an event, which travels beside a payload, with the payload in it."""
    custom = getattr(getattr(context, "client_context", None), "custom", None) or {}
    if "trigger" in custom:
        about: Map = json.loads(custom["trigger"])
        about["ResourceProperties"] = event
        if isinstance(event, dict) and "EventState" in about:  # the provider has put it there too
            kept = {name: item for name, item in event.items() if name != "EventState"}
            about["ResourceProperties"] = kept
        return about
    if not isinstance(event, dict) or "RequestType" not in event:
        raise HandlerError(
            "the event has no RequestType; beside a Payload, only InvocationType RequestResponse"
            " has one"
        )
    if "ResponseURL" in event:
        raise HandlerError(
            "CloudFormation itself invoked this function, and nobody answers;"
            " make it the Handler of a Custom::Trigger"
        )
    return {**event, "ResourceProperties": {}}


def _completed(about: Map, now: float) -> Map:
    """Give the event of a function: the description, and what an earlier execution has kept."""
    event: Map = {"CreationTime": int(now)} | about
    if event["RequestType"] == "Update" and _never_created(event):
        event["RequestType"] = "Create"
        del event[_ID]
    if event["RequestType"] == "Update":
        event["OldResourceProperties"] = about.get("Old", {})
    if event["RequestType"] != "Create":
        event |= _UNKNOWN
    if "EventState" in about:
        state, event["EventStatus"] = about["EventState"], "Poll"
        event |= state if isinstance(state, dict) and state.get("EventStatus") == "Poll" else {}
    return event


def _never_created(event: Map) -> bool:
    # The provider's mark of a failed create, or what CloudFormation made up as nobody answered.
    name, stack = event["LogicalResourceId"], event["StackId"].split("/")[1]
    made_up = re.escape(f"{stack}-{name}-") + "[A-Z0-9]{8,}"
    return event[_ID] == f"{name}-create-failed" or bool(re.fullmatch(made_up, event[_ID]))


def _check(result: Any, function: str) -> None:
    if result is None:
        return
    if not isinstance(result, Mapping):
        told = type(result).__name__
        raise HandlerError(f"{function} returned {told}; return a dict, or nothing")
    if (status := result.get("Status", "SUCCESS")) not in _STATUSES:
        known = ", ".join(_STATUSES)
        raise HandlerError(f"{function} returned the Status {status!r}; there are {known}")
    if not isinstance(result.get("Data") or {}, dict):
        told = type(result["Data"]).__name__
        raise HandlerError(f"{function} returned Data of type {told}; make it a dict")
    if result.get("NoEcho"):
        raise HandlerError(f"{function} returned NoEcho; say it in the trigger's properties")


def _told(result: Mapping[str, Any], event: Map, given_id: str | None) -> Map:
    """Give what the provider is told: a result as JSON, with what has to outlast the execution."""
    told = dict(result)
    if result is event:  # a function may write its result into the event and return that
        told = {name: item for name, item in event.items() if name not in _GIVEN | _OWN}
    if event.get(_ID) not in (None, given_id):
        told.setdefault(_ID, event[_ID])
    if told.get("Status") == "IN_PROGRESS":
        kept = {name: item for name, item in event.items() if name not in _GIVEN | _SAID}
        kept |= {name: told[name] for name in (_ID, "EventState") if name in told}
        told["EventState"] = {"EventState": None} | kept | {"EventStatus": "Poll"}
    whole: Map = json.loads(json.dumps(told, default=_text))
    return whole


def _text(item: Any) -> str:
    if hasattr(item, "isoformat"):
        return str(item.isoformat())
    return item.decode() if isinstance(item, bytes) else str(item)
