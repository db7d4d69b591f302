"""Write the handler of a trigger as plain functions: create, update, delete, rollback, poll.

Knows what the trigger provider sends to a handler and how it reads the result, with the decorators
and terms of cfn-lambda-handler. Refuses to know AWS: it calls no service, needs no permission and
no response URL, and leaves it to the provider to poll a handler that is not done.
"""

import dis
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
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

_LOGGER = logging.getLogger(__name__)
_STATUSES = ("SUCCESS", "FAILED", "FAILURE", "IN_PROGRESS")
_ID = "PhysicalResourceId"
# Every event has these from the provider; what a function adds to them reaches the next poll.
_SENT_KEYS = frozenset(
    {"RequestType", "RequestId", "ExecutionId", "StackId", "LogicalResourceId", _ID, "Attempt"}
    | {"Old", "ResourceProperties", "OldResourceProperties", "StackStatus", "StackStatusReason"}
    | {"Truncated", "RollbackOf", "RunId", "Payload", "Result"}
)
# This library adds these to an event.
_ADDED_KEYS = frozenset({"CreationTime", "EventState", "EventStatus", "Timeout"})
# These describe one execution, so the next one must not receive them.
_RESULT_KEYS = frozenset({"Status", "Reason", "RetryAfter", "Progress"})
_UNKNOWN = {"StackStatus": "UNKNOWN", "StackStatusReason": "UNKNOWN"}


class Event(TypedDict):
    """The argument of a function, which may add keys to it; the next poll receives them."""

    RequestType: Literal["Create", "Update", "Delete", "Rollback"]
    RequestId: str
    ExecutionId: str
    StackId: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]
    Attempt: int
    Truncated: NotRequired[list[str]]
    RollbackOf: NotRequired[Literal["Create", "Update"]]
    RunId: NotRequired[str]
    Payload: NotRequired[Any]
    Result: NotRequired[Any]
    ResourceProperties: Any
    OldResourceProperties: NotRequired[Any]
    EventState: NotRequired[Any]
    EventStatus: NotRequired[Literal["Poll"]]
    CreationTime: int
    Timeout: NotRequired[float]


class Result(TypedDict, total=False):
    """The dict that a function may return; the keys of `Data` are attributes of the trigger."""

    Status: Literal["SUCCESS", "FAILED", "FAILURE", "IN_PROGRESS"]
    Reason: str
    PhysicalResourceId: str
    Data: dict[str, Any]
    NoEcho: bool
    EventState: Any
    RetryAfter: float
    Progress: str


class HandlerError(Exception):
    """The handler is decorated or invoked incorrectly, or returned something invalid."""


class ExecutionTimeout(Exception):  # noqa: N818 (the name that its users know)
    """This execution is about to end: invoke the handler again, as after `in_progress`."""

    def __init__(self, state: Any = None, retry_after: float | None = None) -> None:
        super().__init__(state, retry_after)
        self.state: Any = {} if state is None else state
        self.retry_after = retry_after


CfnLambdaExecutionTimeout = ExecutionTimeout


def in_progress(
    state: Any = None, retry_after: float | None = None, *, progress: str = ""
) -> Result:
    """Return the result for a request that is not done: poll after `retry_after` seconds.

    The poll receives `state`, or the state of this call if it is None. Without `retry_after`, the
    trigger's PollInterval applies. `progress`, such as "3 of 10 tables", is written to the
    provider's log, and to the reason if the trigger's Timeout comes first.
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
    """The handler of a Lambda function, which calls the function decorated for the request type.

    Without an `update`, an update calls `create`; without a `delete`, a delete does nothing;
    without a `poll`, the function that was not done is called again.
    `secure_attributes` and `resolve_secrets` are accepted for existing code, and have no effect:
    nothing is logged here, and no reference to a secret reaches a payload.
    """

    def __init__(
        self,
        *,
        secure_attributes: object = (),  # noqa: ARG002 (no effect, as the docstring says)
        resolve_secrets: bool = True,  # noqa: ARG002 (no effect, as the docstring says)
    ) -> None:
        self._functions: dict[str, Function] = {}

    def create(self, function: F) -> F:
        """Register the function that creates the resource."""
        self._functions["Create"] = function
        return function

    def update(self, function: F) -> F:
        """Register the function that updates the resource; a new physical id replaces it."""
        self._functions["Update"] = function
        return function

    def delete(self, function: F) -> F:
        """Register the function that deletes the resource; needs `ExecuteOnDelete: true`."""
        self._functions["Delete"] = function
        return function

    def rollback(self, function: F) -> F:
        """Register the function that undoes a run; needs an `OnRollback` with this handler."""
        self._functions["Rollback"] = function
        return function

    def poll(self, function: F) -> F:
        """Register the function that is called, instead of the others, while one is not done."""
        self._functions["Poll"] = function
        return function

    def __call__(self, event: Any, context: Any) -> Map:
        """Handle an invocation by the trigger provider, which needs the result.

        A handler written for crhelper calls this and returns nothing: a warning is logged.
        """
        _check_caller(sys._getframe(1))  # noqa: SLF001 (the caller's next instruction tells)
        return self.answer(event, context, now=time.time())  # noqa: TID251 (the one clock)

    def answer(self, event: Any, context: Any, *, now: float) -> Map:
        """Handle an invocation at the time `now`, in seconds since the epoch."""
        description = _description(event, context)
        request = _request(description, now)
        if (limit := request.get("Timeout")) and now > request["CreationTime"] + float(limit):
            why = f"not done in {float(limit):g} s, the Timeout that the handler set"
            return {"Status": "FAILED", "Reason": why}
        function = self._function(request)
        try:
            result = function(request, context)
        except ExecutionTimeout as timeout:
            result = in_progress(timeout.state, timeout.retry_after)
        _check(result, getattr(function, "__name__", repr(function)))
        return _response(result or {}, request, description.get(_ID))

    def _function(self, event: Map) -> Function:
        kind = event["RequestType"]
        poll = ["Poll"] if "EventStatus" in event else []
        fallback = ["Create"] if kind == "Update" else []
        for name in [*poll, kind, *fallback]:
            if name in self._functions:
                return self._functions[name]
        if kind == "Delete":
            return lambda _event, _context: None
        raise HandlerError(f"no function for {kind}; decorate one with @handler.{kind.lower()}")


def _check_caller(caller: FrameType) -> None:
    instructions = dis.get_instructions(caller.f_code)
    following = next((each for each in instructions if each.offset > caller.f_lasti), None)
    if following and following.opname == "POP_TOP":
        name = caller.f_code.co_name
        _LOGGER.warning("%s drops the result of the Handler that it calls; return it", name)


def _description(event: Any, context: Any) -> Map:
    """Return the description of the request, with the payload as its ResourceProperties.

    With a payload, the description travels in the client context; without one, it is the event.
    """
    custom = getattr(getattr(context, "client_context", None), "custom", None) or {}
    if "trigger" in custom:
        description: Map = json.loads(custom["trigger"])
        description["ResourceProperties"] = event
        if "EventState" in description.get("Truncated", ()):
            description["EventState"] = event["EventState"]
        if isinstance(event, dict) and "EventState" in description:  # added by the provider
            payload = {name: item for name, item in event.items() if name != "EventState"}
            description["ResourceProperties"] = payload
        return description
    if not isinstance(event, dict) or "RequestType" not in event:
        raise HandlerError(
            "the event has no RequestType; with a Payload, use InvocationType RequestResponse"
        )
    if "ResponseURL" in event:
        raise HandlerError(
            "CloudFormation invoked this function directly, so nothing responds to it;"
            " make the function the Handler of a Custom::Trigger"
        )
    return {**event, "ResourceProperties": event.get("Payload", {})}


def _request(description: Map, now: float) -> Map:
    """Return the event for a function: the description, and what an earlier execution added."""
    event: Map = {"CreationTime": int(now)} | description
    if event["RequestType"] == "Update" and _ID in event and _never_created(event):
        event["RequestType"] = "Create"
        del event[_ID]
    if event["RequestType"] == "Update" and "Old" not in description.get("Truncated", ()):
        event["OldResourceProperties"] = description.get("Old", {})
    if event["RequestType"] != "Create":
        event |= _UNKNOWN
    if "EventState" in description:
        state, event["EventStatus"] = description["EventState"], "Poll"
        event |= state if isinstance(state, dict) and state.get("EventStatus") == "Poll" else {}
    left_out = {_NAMES.get(name, name) for name in event.get("Truncated", ())} - event.keys()
    left_out -= {"Payload", "Result"}  # of a run: what undoes that can look it up by its RunId
    return _Truncated(event, left_out) if left_out else event


_NAMES = {"Old": "OldResourceProperties"}


class _Truncated(dict[str, Any]):
    """An event without some of its keys, which raises where one of them is read."""

    def __init__(self, event: Map, left_out: Iterable[str]) -> None:
        super().__init__(event)
        self._left_out = frozenset(left_out)

    def __missing__(self, name: str) -> Any:
        if name in self._left_out:
            raise HandlerError(
                f"the event has no {name}: it does not fit into a client context;"
                " shorten the Payload, or do without it"
            )
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self or name in self._left_out else default


def _never_created(event: Map) -> bool:
    # The provider marks a failed create; without a response, CloudFormation generates an id.
    name, stack = event["LogicalResourceId"], event["StackId"].split("/")[1]
    generated = re.escape(f"{stack}-{name}-") + r"(?=.*[A-Z])\w{8,}"
    return event[_ID] == f"{name}-create-failed" or bool(re.fullmatch(generated, event[_ID]))


def _check(result: Any, function: str) -> None:
    if result is None:
        return
    if not isinstance(result, Mapping):
        kind = type(result).__name__
        raise HandlerError(f"{function} returned {kind}; return a dict, or nothing")
    if (status := result.get("Status", "SUCCESS")) not in _STATUSES:
        known = ", ".join(_STATUSES)
        raise HandlerError(f"{function} returned the Status {status!r}; use one of {known}")
    if not isinstance(result.get("Data") or {}, dict):
        kind = type(result["Data"]).__name__
        raise HandlerError(f"{function} returned Data of type {kind}; make it a dict")


def _response(result: Mapping[str, Any], event: Map, sent_id: str | None) -> Map:
    """Return the result as JSON for the provider, with what the next execution needs."""
    response = dict(result)
    if result is event:  # a function may write its result into the event and return that
        added = event.keys() - _SENT_KEYS - _ADDED_KEYS
        response = {name: item for name, item in event.items() if name in added}
    if _ID in event and event[_ID] not in (None, sent_id):
        response.setdefault(_ID, event[_ID])
    if response.get("Status") == "IN_PROGRESS":
        left_out = _SENT_KEYS | _RESULT_KEYS
        state = {name: item for name, item in event.items() if name not in left_out}
        state |= {name: response[name] for name in (_ID, "EventState") if name in response}
        response["EventState"] = {"EventState": None} | state | {"EventStatus": "Poll"}
    as_json: Map = json.loads(json.dumps(response, default=_as_text))
    return as_json


def _as_text(item: Any) -> str:
    if hasattr(item, "isoformat"):
        return str(item.isoformat())
    return item.decode() if isinstance(item, bytes) else str(item)
