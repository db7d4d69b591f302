"""The request to the provider, and what is known of it so far.

Knows how CloudFormation spells a custom resource's request, how the macro spells a trigger's
settings, and what an execution hands over to the next. Refuses to know what follows from it, and
ignores what it doesn't know of an older or newer macro's properties.
"""

import hashlib
import json
import re
from calendar import timegm
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

Map = dict[str, Any]
ABSENT: Final[Any] = type("Absent", (), {})()
"""Stands for what a request or a result does not have, since null is a value."""

RequestType = Literal["Create", "Update", "Delete"]
InvocationType = Literal["RequestResponse", "Event", "DryRun"]
OnFailure = Literal["Fail", "Continue"]
OutcomeKind = Literal["none", "done", "pending", "skipped", "failed", "refused", "passed"]


class Request(NamedTuple):
    """A request of CloudFormation, with the trigger's settings and their defaults; in seconds.

    `part_of` is the logical id of the trigger of which this is a part, but not the last.
    `undone_by` is the logical id of what undoes the trigger's runs. Of such an undo, `run`
    describes the run that it undoes in a rollback, and is empty if there is none; of a trigger, it
    is None.
    """

    event: Map
    kind: RequestType
    name: str
    old_id: str
    payload: Any = ABSENT
    old_payload: Any = ABSENT
    expect: Any = ABSENT
    unchanged: bool = False
    handler_arn: str = ""
    part_of: str = ""
    timeout: float = 900
    service_timeout: float = 3600
    invocation_type: InvocationType = "RequestResponse"
    execute_on_handler_change: bool = True
    execute_on_rollback: bool = False
    execute_on_delete: bool = False
    enabled: bool = True
    max_attempts: float = 1
    interval: float = 5
    backoff_rate: float = 2
    max_interval: float = 60
    poll_interval: float = 10
    on_failure: OnFailure = "Fail"
    no_echo: bool = False
    attributes: tuple[str, ...] = ()
    durable: bool = False
    undone_by: str = ""
    run: Map | None = None


class Outcome(NamedTuple):
    """The outcome of a step.

    The handler is `done`, or `pending` and to be polled; it `failed`, so that it may have run; it
    was `refused`, so that it did not. Nothing had to run: `skipped`. Nothing was tried: `none`.
    The next part of the trigger goes on: `passed`.
    `is_unexpected` marks a failure that is the result's, by Expect: its message quotes the result.
    `physical_id` is the valid one that the handler returned, if any; `no_echo` is the result's own.
    `is_final` marks one that no other attempt can mend, `is_crowded` a refusal for want of
    concurrency in the account. An attempt that may still run has surely ended at `runs_until`;
    `execution` is the ARN of a durable execution that goes on.
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
    is_final: bool = False
    is_crowded: bool = False
    runs_until: float = 0
    execution: str = ""


def failed(error: str, message: str, **more: Any) -> Outcome:
    """Return the outcome of a step that failed."""
    return Outcome("failed", error, message, **more)


class Progress(NamedTuple):
    """What is known so far; all but `fresh` survives a hand-over. Times are seconds since 1970.

    CloudFormation sent the request at `sent`, and Timeout counts from `began`. `rolling_back` and
    `has_failed`, whether the last run of the trigger failed, are None until they are known;
    `status` is the last that the stack told, `questions` counts those in a row that it did not
    answer, and `ask_at` is when it may be asked again. `is_reached`: CloudFormation's API replied.
    `function_timeout` is the handler's own, 0 until it is known, `longest` the longest attempt's
    seconds; `polls` counts the attempts that were not done, the last of which gave `state`.
    `cancelled` is the status of a stack that no longer wants the answer, `hops` counts the
    executions before this one, but those that gave their slot away, and `fresh` is whether this one
    has done nothing yet.
    `physical_id` is the last valid one that the handler returned; `no_echo` is whether any result
    asked for it. `identity` are the names and ids of the request as the handler knows it, if an
    earlier part of the trigger began the run. `is_durable`: the handler is a durable function.
    """

    began: float
    sent: float = 0
    rolling_back: bool | None = None
    has_failed: bool | None = None
    status: str = ""
    questions: int = 0
    ask_at: float = 0
    is_reached: bool = False
    ready: bool = False
    log_group: str = ""
    function_timeout: float = 0
    failures: int = 0
    refusals: int = 0
    refused_since: float = 0
    resume_at: float = 0
    longest: float = 0
    polls: int = 0
    state: Any = None
    cancelled: str = ""
    outcome: Outcome = Outcome("none")
    hops: int = 0
    fresh: bool = True
    physical_id: str = ""
    no_echo: bool = False
    identity: Map = {}  # noqa: RUF012 (nobody changes it)
    is_durable: bool = False


# ---- an event is read


def bare_request(event: Map) -> Request:
    """Return what an answer needs of any event, even if its settings cannot be read."""
    properties = event.get("ResourceProperties", {})
    kind, name = event["RequestType"], event["LogicalResourceId"]
    no_echo, on_failure = str(properties.get("NoEcho")), properties.get("OnFailure", "Fail")
    old_id = event.get("PhysicalResourceId", "")
    request = Request(event, kind, name, old_id, no_echo=is_true(no_echo), on_failure=on_failure)
    with suppress(ValueError, KeyError):
        request = request._replace(service_timeout=float(properties["ServiceTimeout"]))
    return request


def parse_request(event: Map) -> Request:
    """Read a request with all its settings.

    Raises what its parts raise where the macro's properties are not what they should be.
    """
    properties, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    if "Undo" in properties and old:
        properties, old = old, properties  # it undoes what a rollback leaves
    request = bare_request(event)._replace(
        **settings_of(properties),
        payload=assembled(properties.get("Payload")),
        expect=assembled(properties.get("Expect")),
        run=run_of(event, properties, old) if "Undo" in properties else None,
    )
    with suppress(Exception):  # for the handler's information, by whatever macro
        request = request._replace(old_payload=assembled(old.get("Payload")))
    return request._replace(unchanged=is_unchanged(request, properties, old))


def run_of(event: Map, properties: Map, old: Map) -> Map:
    """Return what an undo with these properties knows of the run that it undoes.

    It is empty where the trigger did not run, or only in an earlier deployment. An id begins with
    the time when the run began, in ten digits. What an Update undoes is later than what
    remains; it is earlier where an Update that is no rollback comes so late that there is one.
    """
    run: Map = assembled(properties["Undo"])
    run_id = run["RunId"]
    is_new = "Undo" not in old or run_id > assembled(old["Undo"])["RunId"]
    run["RunId"] = run_id[11:]
    if run.get("Result"):  # empty if no answer had room for it
        run["Result"] = json.loads(run["Result"])
    return run if is_new and run["RunId"] and event["RequestType"] != "Create" else {}


def execution_id(event: Map, progress: Progress) -> str:
    """Return what tells this request from any other; it is that of the first part of a trigger.

    CloudFormation uses a RequestId again when a deployment is tried again: the date differs.
    """
    parts = event["RequestId"], event["StackId"], event["LogicalResourceId"]
    text = "\n".join([*parts, str(signed_at(event["ResponseURL"]))])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return str(progress.identity.get("ExecutionId", digest[:32]))


def is_true(text: str) -> bool:
    """Read a boolean, which CloudFormation sends as a string."""
    return text == "true"


SETTINGS: Final[Mapping[Callable[[Any], Any], str]] = {
    str: "HandlerArn InvocationType OnFailure PartOf UndoneBy",
    float: "Timeout PollInterval MaxAttempts Interval BackoffRate MaxInterval",
    is_true: "ExecuteOnHandlerChange ExecuteOnRollback ExecuteOnDelete Enabled NoEcho Durable",
    tuple: "Attributes",
}
"""The properties that are settings, by how they are read.

Each becomes the field of a request that has its name in snake case. What the macro has written is
trusted: it has refused any other `InvocationType` and `OnFailure`.
"""


def settings_of(properties: Map) -> Map:
    """Return the settings that properties hold, by field; those of Retry stand in a map there."""
    flat = properties | properties.get("Retry", {})
    return {
        re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): read(flat[name])
        for read, names in SETTINGS.items()
        for name in names.split()
        if flat.get(name) is not None
    }


def is_unchanged(request: Request, properties: Map, old: Map) -> bool:
    """Return whether an Update changes nothing that a run depends on, so that it runs nothing.

    If the template reads the result, the trigger runs all the same, since nobody keeps the last
    result. It also runs if it is unknown how its last run ended.
    """
    if request.attributes or never_created(request):
        return False
    if "Continue" in {request.on_failure, old.get("OnFailure")}:
        return False
    if request.execute_on_handler_change and properties == old:
        return False  # CloudFormation sends such an Update only to what has failed
    was_enabled = old.get("Enabled") != "false"
    causes = RERUNS if request.execute_on_handler_change else RERUNS[1:]
    is_same = all(properties.get(cause) == old.get(cause) for cause in causes)
    return was_enabled and is_same and not has_cause(properties, old)


RERUNS: Final = ("HandlerArn", "Payload", "InvocationType", "Expect", "Previous")
"""The properties that run a trigger when they differ, besides its fingerprint."""

SWITCHED_OFF: Final = r"Deployment$|Re(sources|ferences)\."
"""Entries of a fingerprint that only a setting removes, or that another entry covers too."""


def has_cause(properties: Map, old: Map) -> bool:
    """Return whether a fingerprint has an entry that is new, differs or is gone.

    An entry that is gone because its setting was switched off does not count.
    """
    entries, old_entries = entries_of(properties), entries_of(old)
    if any(old_entries.get(name) != entries[name] for name in entries):
        return True
    if properties.get("ExecuteOnHandlerChange") != old.get("ExecuteOnHandlerChange"):
        return False
    return any(not re.match(SWITCHED_OFF, name) for name in old_entries.keys() - entries)


def entries_of(properties: Map) -> Map:
    """Return the entries of a fingerprint, and each live reference as a separate entry."""
    entries = dict(properties.get("Fingerprint") or {})
    references = entries.pop("References", {})
    return entries | {f"References.{name}": value for name, value in references.items()}


def parse_progress(event: Map, request: Request, now: float) -> Progress:
    """Read the progress that an earlier execution handed over, or begin with the request.

    CloudFormation signs a ResponseURL when it sends a request: that is when its own time began.
    Now stands in for the date of a URL that has none. However long an event was in Lambda's queue,
    a short Timeout is not over before it has begun. What another version of the provider handed
    over and this one does not know is ignored.
    """
    if kept := event.get("Progress"):
        known = {name: kept[name] for name in Progress._fields if name in kept}
        outcome = Outcome(*kept["outcome"][: len(Outcome._fields)])
        hops = kept.get("hops", 0) - (outcome.is_crowded and now - kept["resume_at"] >= QUEUED)
        known |= {"outcome": outcome, "hops": hops, "sent": sent_at(event, now)}
        return Progress(**known)
    sent = sent_at(event, now)
    return Progress(max(sent, now + min(request.timeout, SHORTEST) - request.timeout), sent)


QUEUED: Final = 4
"""Seconds that an execution begins late, if it had to wait for another's slot: it gave way then."""

SHORTEST: Final = 30
"""Seconds of a Timeout that are left, or all of it, when the provider begins."""


def sent_at(event: Map, now: float) -> float:
    """Return when CloudFormation sent a request, in seconds since 1970; now if unknown."""
    date = signed_at(event["ResponseURL"])
    return event.get("Progress", {}).get("sent", now) if date is None else date


@lru_cache
def signed_at(url: str) -> float | None:
    """Return when a URL was signed, in seconds since 1970, None if it does not say."""
    date = re.search(r"[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\b", url)
    with suppress(ValueError):
        if date:
            return timegm(tuple(map(int, date.groups())))
    return None


def handed_over(event: Map, progress: Progress) -> Map:
    """Return an event from which a fresh execution continues, without what no decision needs."""
    kept = progress._replace(
        outcome=progress.outcome._replace(result=None), hops=progress.hops + 1, fresh=True
    )
    return event | {"Progress": kept._asdict()}


def assembled(parts: Map | None) -> Any:
    """Combine a JSON skeleton with the values that only CloudFormation could resolve."""
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


PART: Final = "part of "
"""The beginning of the physical id of a part that has answered, so that its Delete runs nothing."""


def marker(request: Request) -> str:
    """Return the physical id that answers a failed Create, so that its Delete runs nothing."""
    return request.name + "-create-failed"


def never_created(request: Request) -> bool:
    """Return whether the physical id says that no Create is known to have succeeded.

    It is our marker, or the one that CloudFormation makes up when nobody answered a Create: then
    the handler may have begun.
    """
    stack = request.event["StackId"].split("/")[1]
    made_up = re.escape(f"{stack}-{request.name}-") + r"(?=.*[A-Z])\w{8,}"
    return request.old_id == marker(request) or bool(re.fullmatch(made_up, request.old_id))
