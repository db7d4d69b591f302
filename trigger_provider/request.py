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
    """

    kind: OutcomeKind
    error: str = ""
    message: str = ""
    frames: tuple[str, ...] = ()
    log: str = ""
    result: Any = ABSENT
    is_unexpected: bool = False


class Progress(NamedTuple):
    """What is known so far; all but `fresh` survives a hand-over. Times are seconds since 1970.

    `rolling_back` is None until the stack's status was read, `longest` the longest attempt's
    seconds, `state` the EventState of the last poll, `cancelled` the status of a stack that no
    longer wants the answer, and `fresh` whether this execution has done nothing yet.
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


# ---- an event is read


def bare_request(event: Map) -> Request:
    """Return what an answer needs of any event, also of one whose settings cannot be read."""
    properties = event.get("ResourceProperties", {})
    return request_of(
        event,
        no_echo=str(properties.get("NoEcho", "false")) == "true",
        on_failure=properties.get("OnFailure", "Fail"),
    )


def request_of(event: Map, **settings: Any) -> Request:
    """Return the request of an event with settings by their fields' names."""
    old_id = event.get("PhysicalResourceId", "")
    return Request(event, event["RequestType"], event["LogicalResourceId"], old_id, **settings)


def parse_request(event: Map) -> Request:
    """Read a request with all its settings.

    Raises what its parts raise where the macro's properties are not what they should be.
    """
    properties = event["ResourceProperties"]
    old_properties = event.get("OldResourceProperties", {})
    settings = settings_of(properties)
    settings["payload"] = assembled(properties.get("Payload"))
    settings["expect"] = assembled(properties.get("Expect"))
    with contextlib.suppress(Exception):  # for the handler's information, by whatever macro
        settings["old_payload"] = assembled(old_properties.get("Payload"))
    request = request_of(event, **settings)
    return request._replace(unchanged=is_unchanged(request, properties, old_properties))


def _is_true(text: Any) -> bool:
    return bool(text == "true")


SETTINGS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "HandlerArn": ("handler_arn", str),
    "Timeout": ("timeout", float),
    "ServiceTimeout": ("service_timeout", float),
    "InvocationType": ("invocation_type", str),
    "ExecuteOnHandlerChange": ("execute_on_handler_change", _is_true),
    "ExecuteOnRollback": ("execute_on_rollback", _is_true),
    "ExecuteOnDelete": ("execute_on_delete", _is_true),
    "Enabled": ("enabled", _is_true),
    "MaxAttempts": ("max_attempts", float),
    "Interval": ("interval", float),
    "BackoffRate": ("backoff_rate", float),
    "MaxInterval": ("max_interval", float),
    "PollInterval": ("poll_interval", float),
    "OnFailure": ("on_failure", str),
    "NoEcho": ("no_echo", _is_true),
    "Attributes": ("attributes", tuple),
}
"""A property, the field of a request that it becomes, and how: CloudFormation sends text."""


def settings_of(properties: Map) -> Map:
    """Return the settings that properties hold, by field; those of Retry stand in a map there."""
    flat = properties | properties.get("Retry", {})
    present = {name: flat[name] for name in SETTINGS if flat.get(name) is not None}
    return {SETTINGS[name][0]: SETTINGS[name][1](text) for name, text in present.items()}


def is_unchanged(request: Request, properties: Map, old_properties: Map) -> bool:
    """Whether an update of a trigger that need not run again changed nothing that runs it."""
    runs_once = not request.execute_on_handler_change
    if not runs_once or request.attributes or never_created(request):
        return False  # attributes that the template reads are the result's: nobody keeps the last
    causes = ("Fingerprint", "Payload", "Enabled")
    return all(properties.get(cause) == old_properties.get(cause) for cause in causes)


def parse_progress(event: Map, began: float) -> Progress:
    """Read what an earlier execution handed over; without one, it begins with the request.

    CloudFormation signs a ResponseURL when it sends a request: that is when its own time began.
    `began` stands in for the date of a URL that has none.
    """
    date = url_date(event)
    if date:
        began = timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    progress = Progress(began)
    if "Progress" not in event:
        return progress
    known = kept_fields(event["Progress"], Progress._fields)
    outcome = kept_fields(known.pop("outcome", {}), Outcome._fields)
    return progress._replace(outcome=Outcome(**{"kind": "none"} | outcome), **known)


def kept_fields(kept: Map, fields: tuple[str, ...]) -> Map:
    """Return what there is a field for: another version of the provider may have kept it."""
    return {name: kept[name] for name in fields if name in kept}


def handed_over(event: Map, progress: Progress) -> Map:
    """Return an event from which a fresh execution goes on, less what no decision needs."""
    outcome = progress.outcome._replace(result=None)._asdict()
    return event | {"Progress": progress._replace(fresh=True)._asdict() | {"outcome": outcome}}


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
