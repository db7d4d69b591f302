"""The answer to CloudFormation: first the verdict, then what its bytes have room for.

Knows the answer of a custom resource and its 4,096 bytes. Refuses to know how it is delivered.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import hashlib
import os
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from trigger_provider.request import (
    ABSENT,
    PART,
    Map,
    Outcome,
    Progress,
    Request,
    execution_id,
    failed,
    marker,
    never_created,
)
from trigger_provider.result import given_id, valid_id
from trigger_provider.text import (
    as_json,
    as_map,
    beginning,
    fitting,
    size,
    truncate,
    truncate_start,
)

LIMIT: Final = 4095
"""Bytes of an answer; CloudFormation refuses more, and loses the reason."""

OWN: Final = ("Result", "Truncated", "Error")
"""The attributes of the provider, which a result cannot set."""

SHORTEST_REASON: Final = 20
"""Bytes reserved for the beginning of a reason, however many names an answer has."""

FORGIVEN: Final = 900
"""Bytes of a reason next to attributes: it is there twice, since Error repeats it."""

LEFT_OUT: Final = 150
"""Bytes of the attribute Truncated."""

TRIED: Final = 50_000
"""Parts of a result that are tried; an answer has room for some hundreds."""

LONGEST_PATH: Final = 512
"""Characters of the path of a map or a list whose parts are tried: each step back costs time."""

LISTED: Final = 9
"""Names that the attribute Truncated lists."""

NAME: Final = 6
"""Bytes of an attribute besides its name and value: a colon, a comma, spaces and quotes."""

COMPARED: Final = 1000
"""Names of a result that are searched for the one that the template means."""

LONGEST_MESSAGE: Final = 1500
"""Bytes of a message in a reason, where frames and a log follow."""

LONGEST_TAIL: Final = 900
"""Bytes of a log in a reason, except for a failed Create."""

OWN_LOG: Final = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "the trigger provider's")
NOISE: Final = (
    r'(?m)^(((INIT_|RESTORE_)?START|END|REPORT|XRAY) .*|{"time":.*"platform\..*|[\s^~]+)$'
)
"""Lines of a log that Lambda writes, and those that only underline another."""


def answer(request: Request, progress: Progress, outcome: Outcome) -> tuple[Map, str]:
    """Compose an answer of at most LIMIT bytes, whatever the outcome holds.

    Return the body for CloudFormation, and what went wrong, which is empty if nothing did.
    """
    result: Any = ABSENT
    if outcome.kind == "done" and request.kind != "Delete":
        result = outcome.result
        outcome = unusable(request, result) or outcome
    if outcome.kind != "failed":
        body, lost = success(request, progress, outcome.message or "done", result)
        if not lost:
            return body, ""
        message = f"the template reads {lost!r}, which does not fit into 4,096 bytes"
        outcome = failed("Attribute", message)
    body = failure(request, progress)
    reason = explain(request, progress, outcome, LIMIT - size(body))
    if is_forgiven(request, progress):
        body, _ = success(request, progress, reason, error=reason)
        return body, reason
    return body | {"Reason": truncate(reason, LIMIT - size(body))}, reason


# ---- the verdict


def is_forgiven(request: Request, progress: Progress) -> bool:
    """Return whether a failure does not fail the deployment.

    FAILED would wedge the stack in a Delete and in a rollback: nothing comes after those.
    """
    is_last = request.kind == "Delete" or bool(progress.rolling_back)
    return is_last or request.on_failure == "Continue"


def unusable(request: Request, result: Any) -> Outcome | None:
    """Return the failure of a result that CloudFormation or the template cannot use."""
    own = given_id(result)
    if own is not None and not valid_id(own):
        message = "it is not a string of 1 to 1,024 bytes"
        return failed("PhysicalResourceId", message)
    for name in request.attributes:
        if name not in OWN and attribute(result, name) is ABSENT:
            from difflib import get_close_matches  # noqa: PLC0415 (a cold start should not pay for it)

            names = (known for known, _ in attributes(result))
            near = "".join(get_close_matches(name, islice(names, COMPARED), 1))
            hint = f"; did you mean {near!r}?" if near else ""
            message = f"the template reads {name!r}, which the result lacks{hint}"
            return failed("Attribute", message)
    return None


# ---- the body


def failure(request: Request, progress: Progress) -> Map:
    """Return the body of a failure, whose reason may fill it."""
    # If a part that exists took the handler's id, its Delete would delete what the handler made.
    keeps_id = request.kind == "Delete" or (request.part_of and request.old_id)
    reported_id = "" if keeps_id else progress.physical_id
    # A handler deletes what it began: it was polled, its result could not be used, or nobody knows
    # how an attempt ended.
    last, new_id = progress.outcome, marker(request)
    has_returned = last.kind == "done" or last.error in {"Expect", "BadResult"}
    if request.execute_on_delete and (progress.polls or last.runs_until or has_returned):
        new_id = physical_id(request, progress)
    return echo(request, "FAILED", reported_id or request.old_id or new_id)


def success(
    request: Request, progress: Progress, reason: str, result: Any = ABSENT, error: str = ""
) -> tuple[Map, str]:
    """Return the body of a success, or of a failure that is forgiven, with as much as fits into it.

    The bytes are spent in this order: ids; the names of the attributes that the template reads,
    all of which CloudFormation looks for; reason and Error; the values of these attributes; the
    whole result; its other parts, maps and lists last. The second value is the first attribute
    that the template reads and that does not fit; it is empty if all of them fit.
    """
    body = echo(request, "SUCCESS", physical_id(request, progress))
    if request.kind == "Delete":
        return body | {"Reason": truncate(reason, FORGIVEN)}, ""
    data = dict.fromkeys(OWN, "")
    if request.undone_by:
        run_id = "" if result is ABSENT else execution_id(request.event, progress)
        data["TriggerRunId"] = "" if progress.rolling_back else f"{progress.began:.0f} {run_id}"
    body |= {"NoEcho": request.no_echo or progress.no_echo, "Data": data}
    room = LIMIT - SHORTEST_REASON - size(body)
    for name in request.attributes:
        cost = size(name) + NAME
        if name not in data and cost <= room:
            data[name] = ""
            room -= cost
    room += SHORTEST_REASON
    data["Error"] = truncate(error, min(FORGIVEN, (room - SHORTEST_REASON) // 2))
    room -= size(data["Error"]) - 2
    body["Reason"] = truncate(reason, min(FORGIVEN, room))
    room -= size(body["Reason"]) - 2
    if result is ABSENT:
        return body, ""
    for name in dict.fromkeys(request.attributes):
        if name in ("Truncated", "Error"):
            continue
        text = fitting(attribute(result, name), room)
        if name not in data or text is None:
            return body, name
        room -= size(text) - 2
        data[name] = text
    add_others(data, result, room)
    return body, ""


def echo(request: Request, status: str, physical_id: str) -> Map:
    """Return the fields of every answer."""
    body = {key: request.event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    return body | {"Status": status, "PhysicalResourceId": physical_id, "Reason": ""}


def physical_id(request: Request, progress: Progress) -> str:
    """Return the id from the handler, the previous id, or a generated one, which is stable."""
    if request.kind == "Delete" or request.run:
        return request.old_id
    name = request.part_of or request.name
    digest = hashlib.sha256((request.event["StackId"] + name).encode()).hexdigest()
    old_id = "" if never_created(request) else request.old_id.removeprefix(PART)
    return progress.physical_id or old_id or f"{name}-{digest[:12]}"


# ---- attributes


def attribute(result: Any, name: str) -> Any:
    """Return a part of a result by name, first in its Data; ABSENT if there is none."""
    if name == "Result":
        return as_json(result) if isinstance(result, str) else beginning(result, LIMIT)
    item = part(data_of(result), name)
    return part(result, name) if item is ABSENT else item


def data_of(result: Any) -> Any:
    """Return the Data of a result, None if it has none."""
    return as_map(result).get("Data")


def part(item: Any, path: str) -> Any:
    """Return the part of a map or a list that a path leads to, through keys that may hold dots."""
    value = step(item, path)
    for dot in re.finditer(r"\.", path):
        if value is not ABSENT:
            break
        if (child := step(item, path[: dot.start()])) is not ABSENT:
            value = part(child, path[dot.end() :])
    return value


def step(item: Any, key: str) -> Any:
    """Return the item of a map or a list at a key, ABSENT if there is none."""
    if isinstance(item, list) and re.fullmatch("0|[1-9][0-9]{0,7}", key) and int(key) < len(item):
        return item[int(key)]
    return as_map(item).get(key, ABSENT)


def attributes(result: Any) -> Iterator[tuple[str, Any]]:
    """Return what a result holds by name: `A`, `A.B`, `A.0`; what its Data holds comes first."""
    data = data_of(result)
    others = (each for each in parts(result) if data is None or part(data, each[0]) is ABSENT)
    return (each for each in chain(parts(data), others) if each[0] not in OWN)


def parts(item: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a map or a list, and theirs, by their paths, unless these are too long."""
    pending = [children(item, "")]
    while pending:
        for path, child in pending[-1]:
            yield path, child
            if isinstance(child, dict | list) and len(path) < LONGEST_PATH:
                pending.append(children(child, f"{path}."))
                break
        else:
            pending.pop()


def children(item: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the items of a map or a list by their paths."""
    items: Any = enumerate(item) if isinstance(item, list) else as_map(item).items()
    return ((f"{path}{key}", child) for key, child in items)


def add_others(data: dict[str, str], result: Any, room: int) -> None:
    """Add what else fits to the attributes; `Truncated` lists what does not.

    A result of 6 MB has millions of parts: those that have no room are counted, and not kept.
    Nobody waits for the last of them.
    """
    left_out: list[str] = []
    spare, count = room - LEFT_OUT, 0
    whole = [] if data["Result"] else [("Result", attribute(result, "Result"))]
    others = (
        each
        for is_nested in (False, True)
        for each in islice(attributes(result), TRIED)
        if isinstance(each[1], dict | list) == is_nested
    )
    for name, item in chain(whole, others):
        if name in data and name != "Result":
            continue
        cost = 0 if name == "Result" else size(name) + NAME
        # Once something is left out, maps and lists are not tried.
        is_tried = cost <= spare and not (count and isinstance(item, dict | list))
        if is_tried and (text := fitting(item, spare - cost)) is not None:
            data[name] = text
            spare -= cost + size(text) - 2
        else:
            count += 1
            left_out += [name] if count <= LISTED else []
    if count:
        over = "over " if any(True for _ in islice(attributes(result), TRIED, None)) else ""
        names = f"{over}{count} left out: {', '.join(left_out)}"
        data["Truncated"] = truncate(names, min(LEFT_OUT, spare + LEFT_OUT))


# ---- the reason


def explain(request: Request, progress: Progress, failed: Outcome, room: int) -> str:
    """Return why a request failed: one line, the most useful first, without a full stop.

    Each of the first parts has a share of the room; the end of the log gets what is left.
    """
    where = f"full log: {log_group(request, progress)}"
    if request.no_echo or progress.no_echo:
        return f"{failed.error}; {where}"
    what = ": ".join(filter(None, [failed.error, failed.message.strip()])).rstrip(" .")
    clauses = [truncate(what, min(LONGEST_MESSAGE, room // 2))]
    if frames := re.sub("(file://)?/var/task/", "", "; at ".join(failed.frames)):
        clauses += ["at " + truncate(frames, min(600, room // 4))]
    attempts = progress.failures + (progress.outcome.kind == "done")
    if attempts and request.max_attempts > 1:
        clauses += [f"attempt {attempts} of {request.max_attempts:g}"]
    if tail := " / ".join(filter(None, re.sub(NOISE, "", failed.log).splitlines())):
        room -= size("; ".join([*clauses, "last log lines: ", where]))
        tail = truncate_start(tail, room if request.kind == "Create" else min(LONGEST_TAIL, room))
        clauses += [f"last log lines: {tail}"] if tail else []
    return " ".join("; ".join([*clauses, where]).split())


def log_group(request: Request, progress: Progress) -> str:
    """Return where the full log is, and whether the rollback of a Create deletes it."""
    name = request.handler_arn.split(":function:")[-1].split(":")[0]
    group = progress.log_group or (f"/aws/lambda/{name}" if name else OWN_LOG)
    stack = request.event["StackId"].split("/")[1]
    of_stack = f"(?!/aws/lambda/)(.*/)?{re.escape(stack)}-[^/]+-[A-Za-z0-9]{{8,}}"
    if request.kind == "Create" and re.fullmatch(of_stack, group):
        return f"{group}, which a rollback deletes (--disable-rollback keeps it)"
    return group
