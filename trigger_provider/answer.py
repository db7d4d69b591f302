"""What CloudFormation is answered: the verdict first, then the bytes that it has room for.

Knows the answer of a custom resource and its 4,096 bytes. Refuses to know how it is delivered.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from trigger_provider.request import (
    ABSENT,
    Map,
    Outcome,
    Progress,
    Request,
    marker,
    never_created,
)
from trigger_provider.text import as_json, as_text, size, truncate

LIMIT: Final = 4095
"""Bytes of an answer; CloudFormation refuses more, and loses the reason."""

LONGEST_ID: Final = 1024
"""Bytes of a physical id that CloudFormation takes."""

RESERVED: Final = ("Error", "Truncated")
"""The attributes that are the provider's, whatever a result calls its own."""

FORGIVEN: Final = 900
"""Bytes of a reason that stands beside attributes: it comes twice, as the attribute Error too."""

LEFT_OUT: Final = 150
"""Bytes of the attribute Truncated, and 50 more for the punctuation of an answer."""

SMALLEST: Final = 10
"""Bytes below which no attribute fits: a name and a value of a letter, and what is between."""

OWN_LOG: Final = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "the trigger provider's")
NOISE: Final = re.compile(r"(?m)^((START|END|REPORT|INIT_START) .*|[\s^~]+)$")
"""Lines of a log that Lambda writes, and those that only underline another."""


class Answer(NamedTuple):
    """What CloudFormation is sent, and what went wrong, empty if nothing did."""

    body: Map
    reason: str


def answer(request: Request, progress: Progress, outcome: Outcome) -> Answer:
    """Compose an answer of at most LIMIT bytes, whatever the outcome holds."""
    data: Map = {}
    if outcome.kind == "done" and request.kind != "Delete":
        data = attributes(outcome.result)
        outcome = unusable(request, data) or outcome
    if outcome.kind != "failed":
        body = success(request, outcome.message or "done", data)
        missing = unfitting(request, data, body)
        if not missing:
            return Answer(body, "")
        outcome = missing
    reason = explain(request, progress, outcome)
    if is_forgiven(request, progress):
        return Answer(success(request, reason, {}, truncate(reason, FORGIVEN)), reason)
    return Answer(failure(request, reason), reason)


# ---- the verdict


def is_forgiven(request: Request, progress: Progress) -> bool:
    """Whether a failure is no failure of the deployment.

    FAILED would wedge the stack in a Delete and in a rollback: nothing comes after those.
    """
    is_last = request.kind == "Delete" or bool(progress.rolling_back)
    return is_last or request.on_failure == "Continue"


def unusable(request: Request, data: Map) -> Outcome | None:
    """Return the failure of a result that CloudFormation or the template cannot use."""
    physical_id = data.get("PhysicalResourceId")
    if physical_id is not None and not (
        isinstance(physical_id, str) and 0 < size(physical_id) - 2 <= LONGEST_ID
    ):
        message = "it is not a string of 1 to 1,024 bytes"
        return Outcome("failed", "PhysicalResourceId", message)
    for name in request.attributes:
        if name not in data and name not in RESERVED:
            near = "".join(difflib.get_close_matches(name, data, 1))
            hint = f"; did you mean {near!r}?" if near else ""
            message = f"the template reads {name!r}, which the result lacks{hint}"
            return Outcome("failed", "Attribute", message)
    return None


def unfitting(request: Request, data: Map, body: Map) -> Outcome | None:
    """Return the failure of an answer that has no room for an attribute that the template reads."""
    for name in request.attributes:
        if name in data and body["Data"].get(name) != as_text(data[name]):
            message = f"the template reads {name!r}, which does not fit into 4,096 bytes"
            return Outcome("failed", "Attribute", message)
    return None


# ---- the body


def failure(request: Request, reason: str) -> Map:
    """Return the body of a failure; its reason takes all the room there is."""
    body = echo(request, "FAILED", request.old_id or marker(request))
    return body | {"Reason": truncate(reason, LIMIT - size(body | {"Reason": ""}))}


def success(request: Request, reason: str, data: Map, error: str = "") -> Map:
    """Return the body of a success, or of a failure that is forgiven, with what attributes fit."""
    body = echo(request, "SUCCESS", physical_id(request, data))
    body["Reason"] = truncate(reason, FORGIVEN)
    if request.kind == "Delete":
        return body
    body["NoEcho"] = request.no_echo
    return body | {"Data": fit_attributes(request, data, error, body)}


def echo(request: Request, status: str, physical_id: str) -> Map:
    """Return what every answer has."""
    body = {key: request.event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    return body | {"Status": status, "PhysicalResourceId": physical_id}


def physical_id(request: Request, data: Map) -> str:
    """Return the handler's own id, or the one there was, or one that is always the same."""
    if request.kind == "Delete":
        return request.old_id
    digest = hashlib.sha256((request.event["StackId"] + request.name).encode()).hexdigest()
    old_id = "" if never_created(request) else request.old_id
    return data.get("PhysicalResourceId") or old_id or f"{request.name}-{digest[:12]}"


# ---- attributes


def attributes(result: Any) -> Map:
    """Return what a result holds by name: `A`, `A.B`, `A.0`, and `Result`, the whole."""
    nested = result.get("Data") if isinstance(result, dict) else None
    whole = "" if result is ABSENT else as_json(result)
    data = dict(parts(result)) | dict(parts(nested)) | {"Result": whole}
    return {name: item for name, item in data.items() if name not in RESERVED}


def parts(item: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the parts of a map or a list, and theirs, by their paths."""
    items = enumerate(item) if isinstance(item, list) else ()
    for key, child in item.items() if isinstance(item, dict) else items:
        yield f"{path}{key}", child
        yield from parts(child, f"{path}{key}.")


def fit_attributes(request: Request, data: Map, error: str, body: Map) -> dict[str, str]:
    """Return the attributes that a body has room for.

    The bytes are spent in this order: Error; the names that the template reads, so that a failure
    that is forgiven still has them; their values; the whole result; single values; maps and lists.
    """
    fitted = {"Result": "", "Truncated": "", "Error": error}
    room = LIMIT - LEFT_OUT - 50 - size(body | {"Data": fitted})
    for name in request.attributes:
        room -= size(name) + 6 if name not in fitted else 0
        if room > 0:
            fitted.setdefault(name, "")
    left_out: list[str] = []
    by_kind = sorted(data, key=lambda name: isinstance(data[name], dict | list))
    for name in filter(data.__contains__, dict.fromkeys([*request.attributes, "Result", *by_kind])):
        cost = LIMIT
        # A result of 6 MB has many parts: once something is left out, its maps are not tried.
        is_skipped = left_out and isinstance(data[name], dict | list)
        if room >= SMALLEST and (not is_skipped or name in request.attributes):
            cost = size(name) + size(as_text(data[name])) + 4
        if cost <= room:
            fitted[name] = as_text(data[name])
            room -= cost
        else:
            left_out.append(name)
    if left_out:
        names = f"{len(left_out)} left out: {', '.join(left_out[:9])}"
        fitted["Truncated"] = truncate(names, LEFT_OUT)
    return fitted


# ---- the reason


def explain(request: Request, progress: Progress, failed: Outcome) -> str:
    """Return why it failed: one line, the most useful first, no final stop."""
    name = request.handler_arn.split(":function:")[-1].split(":")[0]
    where = f"full log: {progress.log_group or (f'/aws/lambda/{name}' if name else OWN_LOG)}"
    if request.no_echo:
        return f"{failed.error}; {where}"
    clauses = [truncate(f"{failed.error}: {failed.message}".rstrip(" .\n"), 1500)]
    if frames := "; at ".join(failed.frames).replace("/var/task/", ""):
        clauses += ["at " + truncate(frames, 600)]
    attempts = progress.failures + (progress.outcome.kind == "done")
    if attempts and request.max_attempts > 1:
        clauses += [f"attempt {attempts} of {request.max_attempts:g}"]
    if tail := " / ".join(filter(None, NOISE.sub("", failed.log).splitlines())):
        clauses += ["last log lines: " + truncate(tail[-800:], 900)]
    return " ".join("; ".join([*clauses, where]).split())
