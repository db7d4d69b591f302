"""What is asked of the provider, and what is known of it so far.

Knows how CloudFormation spells a custom resource's request, how the macro spells a trigger's
settings, and what an execution hands over to the next. Refuses to know what follows from it, and
ignores what it doesn't know of an older or newer macro's properties.
"""

import contextlib
import json
import re
import time
from calendar import timegm
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

Map = dict[str, Any]
ABSENT: Final[Any] = type("Absent", (), {})()
"""Stands for what a request or a result does not have, where null is a value."""

RequestType = Literal["Create", "Update", "Delete"]
InvocationType = Literal["RequestResponse", "Event", "DryRun"]
OnFailure = Literal["Fail", "Continue"]
OutcomeKind = Literal["none", "done", "pending", "skipped", "failed", "refused"]


class Request(NamedTuple):
    """What CloudFormation asks, with the trigger's settings and their defaults; in seconds."""

    event: Map
    kind: RequestType
    name: str
    old_id: str
    payload: Any = ABSENT
    old_payload: Any = ABSENT
    expect: Any = ABSENT
    unchanged: bool = False
    handler_arn: str = ""
    timeout: float = 900.0
    service_timeout: float = 3600.0
    invocation_type: InvocationType = "RequestResponse"
    execute_on_handler_change: bool = True
    execute_on_rollback: bool = False
    execute_on_delete: bool = False
    enabled: bool = True
    max_attempts: float = 1.0
    interval: float = 5.0
    backoff_rate: float = 2.0
    max_interval: float = 60.0
    poll_interval: float = 10.0
    on_failure: OnFailure = "Fail"
    no_echo: bool = False
    attributes: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What came of a step.

    The handler is `done`, or `pending` and to be polled; it `failed`, so that it may have run; it
    was `refused`, so that it did not. Nothing had to run: `skipped`. Nothing was tried: `none`.
    `is_unexpected` marks a failure that is the result's, by Expect: its message quotes the result.
    `physical_id` is the valid one that the handler returned, if any; `no_echo` is the result's own.
    """

    kind: OutcomeKind
    error: str = ""
    message: str = ""
    frames: tuple[str, ...] = ()
    log: str = ""
    result: Any = ABSENT
    is_unexpected: bool = False
    physical_id: str = ""
    no_echo: bool = False


class Progress(NamedTuple):
    """What is known so far; all but `fresh` survives a hand-over. Times are seconds since 1970.

    `rolling_back` is None until the stack's status was read, `longest` the longest attempt's
    seconds, `state` the EventState of the last poll, `cancelled` the status of a stack that no
    longer wants the answer, and `fresh` whether this execution has done nothing yet. `physical_id`
    is the last valid one that the handler returned; `no_echo` is whether any result asked for it.
    """

    began: float
    rolling_back: bool | None = None
    ready: bool = False
    log_group: str = ""
    failures: int = 0
    refusals: int = 0
    refused_since: float = 0
    resume_at: float = 0
    longest: float = 0
    state: Any = None
    cancelled: str = ""
    outcome: Outcome = Outcome("none")
    fresh: bool = True
    physical_id: str = ""
    no_echo: bool = False


# ---- an event is read


def bare_request(event: Map) -> Request:
    """Return what an answer needs of any event, also of one whose settings cannot be read."""
    properties = event.get("ResourceProperties", {})
    kind, name = event["RequestType"], event["LogicalResourceId"]
    no_echo, on_failure = str(properties.get("NoEcho")), properties.get("OnFailure", "Fail")
    old_id = event.get("PhysicalResourceId", "")
    return Request(event, kind, name, old_id, no_echo=is_true(no_echo), on_failure=on_failure)


def parse_request(event: Map) -> Request:
    """Read a request with all its settings.

    Raises what its parts raise where the macro's properties are not what they should be.
    """
    properties, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    request = bare_request(event)._replace(
        payload=assembled(properties.get("Payload")),
        expect=assembled(properties.get("Expect")),
        **settings_of(properties),
    )
    with contextlib.suppress(Exception):  # for the handler's information, by whatever macro
        request = request._replace(old_payload=assembled(old.get("Payload")))
    return request._replace(unchanged=is_unchanged(request, properties, old))


def is_true(text: str) -> bool:
    """Read a boolean, which CloudFormation sends as text."""
    return text == "true"


SETTINGS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "HandlerArn": str, "InvocationType": str, "OnFailure": str, "Attributes": tuple,
    "Timeout": float, "ServiceTimeout": float, "PollInterval": float,
    "MaxAttempts": float, "Interval": float, "BackoffRate": float, "MaxInterval": float,
    "ExecuteOnHandlerChange": is_true, "ExecuteOnRollback": is_true, "ExecuteOnDelete": is_true,
    "Enabled": is_true, "NoEcho": is_true,
}  # fmt: skip
"""The properties that are settings, and how each is read.

Each becomes the field of a request that has its name in snake case. What the macro has written is
trusted: it has refused any other `InvocationType` and `OnFailure`.
"""


def settings_of(properties: Map) -> Map:
    """Return the settings that properties hold, by field; those of Retry stand in a map there."""
    flat = properties | properties.get("Retry", {})
    settings = {
        name: read(flat[name]) for name, read in SETTINGS.items() if flat.get(name) is not None
    }
    return {re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): settings[name] for name in settings}


def is_unchanged(request: Request, properties: Map, old: Map) -> bool:
    """Whether an update of a trigger that need not run again changed nothing that runs it."""
    if request.execute_on_handler_change or request.attributes or never_created(request):
        return False  # attributes that the template reads are the result's: nobody keeps the last
    causes = ("Fingerprint", "Payload", "Enabled")
    return all(properties.get(cause) == old.get(cause) for cause in causes)


def parse_progress(event: Map, began: float) -> Progress:
    """Read what an earlier execution handed over; without one, it begins with the request.

    CloudFormation signs a ResponseURL when it sends a request: that is when its own time began.
    `began` stands in for the date of a URL that has none.
    """
    if kept := event.get("Progress"):
        return Progress(**kept | {"outcome": Outcome(*kept["outcome"])})
    if date := url_date(event):
        began = timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    return Progress(began)


def handed_over(event: Map, progress: Progress) -> Map:
    """Return an event from which a fresh execution goes on, less what no decision needs."""
    kept = progress._replace(outcome=progress.outcome._replace(result=None), fresh=True)
    return event | {"Progress": kept._asdict()}


def url_date(event: Map) -> str:
    """Return when the ResponseURL was signed, empty where it does not tell."""
    found = re.search(r"[?&]X-Amz-Date=(\w+)", event["ResponseURL"])
    return found[1] if found else ""


def assembled(parts: Map | None) -> Any:
    """Put a JSON skeleton and the values that only CloudFormation could resolve together."""
    if parts is None:
        return ABSENT
    whole = [json.loads(parts["Skeleton"])]
    for hole in reversed(parts.get("Values", [])):
        place: Any = whole
        last: Any = 0
        for key in hole["Path"]:
            place = place[last]
            last = int(key) if isinstance(place, list) else key
        if "Value" in hole:
            place[last] = hole["Value"]
        else:  # AWS::NoValue
            del place[last]
    return whole[0] if whole else ABSENT


# ---- physical ids


def marker(request: Request) -> str:
    """Return the physical id that answers a failed Create, so that its Delete runs nothing."""
    return request.name + "-create-failed"


def never_created(request: Request) -> bool:
    """Whether the physical id says that no Create succeeded.

    It is our marker, or the one that CloudFormation makes up when nobody answered a Create.
    """
    stack = request.event["StackId"].split("/")[1]
    made_up = re.escape(f"{stack}-{request.name}-") + "[A-Z0-9]{8,}"
    return request.old_id == marker(request) or bool(re.fullmatch(made_up, request.old_id))
