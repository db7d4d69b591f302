"""Run a handler during a deployment and answer CloudFormation exactly once.

Knows the custom-resource protocol and Lambda's Invoke, refuses to know the shorthand, and ignores
what it doesn't know of an older or newer macro's properties. Every template that has a trigger
embeds this text, so it is terse, and private functions have a name instead of a docstring.
"""

import base64
import contextlib
import difflib
import functools
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import socket
import ssl
import time
import traceback
from calendar import timegm
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

RESERVE = 10  # seconds of an execution kept for the answer
PROPAGATION = 60  # seconds that IAM may take to know a new policy
OWN_LOG = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "the trigger provider's")
LIMIT = 4095  # bytes of an answer; CloudFormation refuses more and loses the reason
ABSENT: Any = type("Absent", (), {})()

Map = dict[str, Any]
Reply = tuple[int, Any, bytes]  # HTTP status or NOT_SENT or LOST, headers, body or why

# ---- vocabulary: what was asked, what came of it, what comes next; times in seconds


class Request(NamedTuple):
    """What CloudFormation asks, with the trigger's settings and their defaults."""

    event: Map
    kind: str
    name: str
    old_id: str
    payload: Any = ABSENT
    old_payload: Any = ABSENT
    expect: Any = ABSENT
    unchanged: bool = False
    handler_arn: str = ""
    timeout: float = 900.0
    service_timeout: float = 3600.0
    invocation_type: str = "RequestResponse"
    execute_on_handler_change: bool = True
    execute_on_rollback: bool = False
    execute_on_delete: bool = False
    enabled: bool = True
    max_attempts: float = 1.0
    interval: float = 5.0
    backoff_rate: float = 2.0
    max_interval: float = 60.0
    poll_interval: float = 10.0
    on_failure: str = "Fail"
    no_echo: bool = False
    attributes: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """`done`, `pending`, `skipped`, `failed` (it may have run) or `refused` (it did not run)."""

    kind: str
    error: str = ""
    message: str = ""
    frames: tuple[str, ...] = ()
    log: str = ""
    result: Any = ABSENT


class Progress(NamedTuple):
    """What is known so far; all but `fresh` survives a hand-over."""

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


class Clock(NamedTuple):
    """Now, and what is left of this execution."""

    now: float
    left: float


class Action(NamedTuple):
    """`look`, `invoke` and `wait` for so many seconds, `hand over`, or `respond`."""

    do: str
    seconds: float = 0
    outcome: Outcome = Outcome("none")


# ---- decision: pure functions from what is known to what comes next


def decide(request: Request, progress: Progress, clock: Clock) -> Action:
    """Say what comes next, for every request, progress and clock."""
    outcome, due = progress.outcome, progress.began + request.timeout
    pause, room = progress.resume_at - clock.now, clock.left - RESERVE
    if why := reason_to_skip(request, progress):
        return Action("respond", outcome=Outcome("skipped", message=why))
    if (ended := last_word(request, progress, clock)) or max(clock.now, progress.resume_at) >= due:
        return Action("respond", outcome=ended or too_late(request, outcome))
    if pause > 0 and (pause <= room or progress.fresh):
        return Action("wait", min(pause, max(room, 1)))
    need = 1.5 * progress.longest if outcome.kind != "refused" else progress.longest + RESERVE
    if not progress.fresh and (pause > 0 or clock.left < max(60, min(need, 840))):
        return Action("hand over")
    return Action("invoke" if progress.ready else "look", max(1, min(room, due - clock.now)))


def reason_to_skip(request: Request, progress: Progress) -> str:
    match request.kind:
        case _ if not request.enabled:
            return "Enabled is false"
        case "Delete" if not request.execute_on_delete:
            return "ExecuteOnDelete is false"
        case "Delete" if never_created(request):
            return "it was never created"
        case "Update" if progress.rolling_back and not request.execute_on_rollback:
            return "the stack is rolling back"
        case "Update" if request.unchanged:
            return "ExecuteOnHandlerChange is false"
    return ""


def never_created(request: Request) -> bool:
    stack = request.event["StackId"].split("/")[1]
    chosen = re.escape(f"{stack}-{request.name}-") + "[A-Z0-9]{8,}"  # since nobody answered
    return request.old_id == marker(request) or bool(re.fullmatch(chosen, request.old_id))


def marker(request: Request) -> str:
    return request.name + "-create-failed"


def last_word(request: Request, progress: Progress, clock: Clock) -> Outcome | None:
    """Return the outcome that ends it, if the last one does."""
    outcome = progress.outcome
    match outcome.kind:
        case "done":
            return outcome
        case "failed" if progress.failures >= request.max_attempts:
            return outcome
        case "refused" if "AccessDenied" in outcome.error:
            if clock.now - progress.refused_since >= PROPAGATION:
                return outcome._replace(kind="failed")
    if progress.cancelled:
        gone = Outcome("failed", "Cancelled", f"the stack is {progress.cancelled}")
        return outcome if outcome.kind == "failed" else gone
    return None


def too_late(request: Request, outcome: Outcome) -> Outcome:
    told = outcome.message.rstrip(" .") or "not done"
    told = f"{told}; Timeout is {request.timeout:g} s"
    return outcome._replace(kind="failed", error=outcome.error or "Timeout", message=told)


def learn(request: Request, progress: Progress, outcome: Outcome, clock: Clock) -> Progress:
    """Fold an outcome into what is known, with the time to go on."""
    news: Map = {"outcome": outcome, "fresh": False, "refusals": 0, "refused_since": 0}
    pause = 0.0
    match outcome.kind:
        case "refused":
            news["refusals"] = progress.refusals + 1
            if "AccessDenied" in outcome.error:
                news["refused_since"] = progress.refused_since or clock.now
            pause = min(2 ** min(progress.refusals, 4), 10)
        case "failed":
            news["failures"] = progress.failures + 1
            pause = request.interval * request.backoff_rate ** min(progress.failures, 60)
            pause = min(pause, request.max_interval)
        case "pending":
            news["state"] = outcome.result.get("EventState")
            after = outcome.result.get("RetryAfter")
            pause = max(1, request.poll_interval if after is None else float(after))
    return progress._replace(resume_at=clock.now + pause, **news)


NUMBER = r"\d+(\.\d*)?"


def judge(request: Request, result: Any) -> Outcome:
    """Read a result: done, not done yet, or failed by its own word or by Expect."""
    said = result if isinstance(result, dict) else {}
    match said.get("Status"):
        case "IN_PROGRESS":
            if (after := said.get("RetryAfter")) is None or re.fullmatch(NUMBER, str(after)):
                told = text(said.get("Progress") or said.get("Reason") or "")
                return Outcome("pending", message=told, result=result)
            return Outcome("failed", "BadResult", "its RetryAfter is no number of seconds")
        case "FAILED" | "FAILURE":
            return Outcome("failed", "Failed", str(said.get("Reason") or "no Reason was given"))
    lacks = "" if request.expect is ABSENT else difference(request.expect, result, "result")
    return Outcome("failed", "Expect", lacks) if lacks else Outcome("done", result=result)


def difference(expected: Any, actual: Any, path: str) -> str:
    if isinstance(expected, dict) and isinstance(actual, dict):
        pairs = [(v, actual.get(k, ABSENT), f"{path}.{k}") for k, v in expected.items()]
        return next((found for pair in pairs if (found := difference(*pair))), "")
    if equal(expected, actual):
        return ""
    got = "absent" if actual is ABSENT else cut(text(actual), 300)
    return f"{path} is {got}, expected {cut(text(expected), 300)}"


def equal(one: Any, other: Any) -> bool:
    """Compare as JSON does: Python alone takes true for 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def function_error(payload: bytes, log: str = "") -> Outcome:
    """Read the error payload of any runtime; none of its fields is sure to be there."""
    try:
        error = dict(json.loads(payload))
    except (ValueError, TypeError):
        error = {"errorMessage": payload.decode(errors="replace")}
    said = (error.get(key) for key in ("errorMessage", "Message", "message"))
    message = str(next(filter(None, said), "no message"))
    trace = error.get("stackTrace") or error.get("trace")
    trace = trace.splitlines() if isinstance(trace, str) else trace
    trace = trace if isinstance(trace, list) else []
    frames = [" ".join(str(f).split()).removeprefix("at ") for f in trace if message not in str(f)]
    if any('File "' in f for f in frames):
        frames.reverse()  # Python alone puts the innermost frame last
    return Outcome(
        "failed", str(error.get("errorType") or "Error"), message, tuple(frames[:3]), log
    )


def explain(request: Request, progress: Progress, failed: Outcome) -> str:
    """Say why: one line, the most useful first, no final stop."""
    name = request.handler_arn.split(":function:")[-1].split(":")[0]
    where = f"full log: {progress.log_group or ('/aws/lambda/' + name if name else OWN_LOG)}"
    if request.no_echo:
        return f"{failed.error}; {where}"
    parts = [cut(f"{failed.error}: {failed.message}".rstrip(" .\n"), 1500)]
    if failed.frames:
        parts += ["at " + cut("; at ".join(failed.frames).replace("/var/task/", ""), 600)]
    made = progress.failures + (progress.outcome.kind == "done")
    if made and request.max_attempts > 1:
        parts += [f"attempt {made} of {request.max_attempts:g}"]
    noise = r"(?m)^((START|END|REPORT|INIT_START) .*|[\s^~]+)$"
    if told := " / ".join(filter(None, re.sub(noise, "", failed.log).splitlines())):
        parts += ["last log lines: " + cut(told[-800:], 900)]
    return " ".join("; ".join([*parts, where]).split())


def answer(request: Request, progress: Progress, outcome: Outcome) -> tuple[Map, str]:
    """Compose an answer of at most LIMIT bytes, and say what went wrong, if anything did."""
    data = attributes(outcome.result) if outcome.kind == "done" else {}
    if data and request.kind != "Delete":
        outcome = unusable(request, data) or outcome
    reason = explain(request, progress, outcome) if outcome.kind == "failed" else ""
    forgiven = request.kind == "Delete" or progress.rolling_back or request.on_failure == "Continue"
    body = {key: request.event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    if reason and not forgiven:
        body |= {"Status": "FAILED", "PhysicalResourceId": request.old_id or marker(request)}
        return body | {"Reason": cut(reason, LIMIT - size(body | {"Reason": ""}))}, reason
    own = {} if reason else data
    body |= {"Status": "SUCCESS", "PhysicalResourceId": physical_id(request, own)}
    body["Reason"] = cut(reason or outcome.message or "done", 900)
    if request.kind != "Delete":
        body["NoEcho"] = request.no_echo
        body["Data"] = fitted(request, own, cut(reason, 900), body)
        for name in request.attributes:
            if name in own and body["Data"].get(name) != text(own[name]):
                said = f"the template reads {name!r}, too long for an answer of 4,096 bytes"
                return answer(request, progress, Outcome("failed", "Attribute", said))
    return body, reason


def attributes(result: Any) -> Map:
    """Name what a result holds: `A`, `A.B`, `A.0`, and `Result`, the whole."""

    def walk(item: Any, path: str = "") -> Iterator[tuple[str, Any]]:
        items = enumerate(item) if isinstance(item, list) else ()
        for key, child in item.items() if isinstance(item, dict) else items:
            yield f"{path}{key}", child
            yield from walk(child, f"{path}{key}.")

    own = result.get("Data") if isinstance(result, dict) else None
    whole = "" if result is ABSENT else as_json(result)
    data = dict(walk(result)) | dict(walk(own)) | {"Result": whole}
    return {name: item for name, item in data.items() if name not in OURS}


OURS = ("Error", "Truncated")


def unusable(request: Request, data: Map) -> Outcome | None:
    own = data.get("PhysicalResourceId")
    if own is not None and not (isinstance(own, str) and 0 < size(own) - 2 <= 1024):
        said = "the handler's own is no text of 1 to 1,024 bytes"
        return Outcome("failed", "PhysicalResourceId", said)
    for name in request.attributes:
        if name not in data and name not in OURS:
            near = "".join(difflib.get_close_matches(name, data, 1))
            hint = f"; did you mean {near!r}?" if near else ""
            message = f"the template reads {name!r}, the result has none{hint}"
            return Outcome("failed", "Attribute", message)
    return None


def physical_id(request: Request, data: Map) -> str:
    if request.kind == "Delete":
        return request.old_id
    made = hashlib.sha256((request.event["StackId"] + request.name).encode()).hexdigest()
    old = "" if never_created(request) else request.old_id
    return data.get("PhysicalResourceId") or old or f"{request.name}-{made[:12]}"


def fitted(request: Request, data: Map, error: str, body: Map) -> dict[str, str]:
    """Choose the attributes that fit: those the template reads, the whole, single values, parts.

    Parts (maps and lists) are tried only where all else fits: a result of 6 MB has many.
    """
    kept = {"Result": "", "Truncated": "", "Error": error}
    room = LIMIT - 200 - size(body | {"Data": kept})
    for name in request.attributes:
        room -= size(name) + 6 if name not in kept else 0
        kept |= {name: kept.get(name, "")} if room > 0 else {}
    parts = sorted(data, key=lambda name: isinstance(data[name], dict | list))
    left_out: list[str] = []
    for name in filter(data.__contains__, dict.fromkeys([*request.attributes, "Result", *parts])):
        skip = left_out and name not in request.attributes and isinstance(data[name], dict | list)
        cost = LIMIT if skip or room < 10 else size(name) + size(text(data[name])) + 4
        if cost <= room:
            kept[name], room = text(data[name]), room - cost
        else:
            left_out.append(name)
    told = f"{len(left_out)} left out: {', '.join(left_out[:9])}" if left_out else ""
    return kept | {"Truncated": cut(told, 150)}


as_json = json.JSONEncoder(ensure_ascii=False).encode


def text(item: Any) -> str:
    return item if isinstance(item, str) else as_json(item)


def encoded(item: Any) -> bytes:
    return as_json(item).encode(errors="replace")


def size(item: Any) -> int:
    return len(encoded(item))


def cut(item: str, room: int) -> str:
    """Shorten a text to so many bytes of JSON, less the quotes."""
    if size(item) - 2 <= room:
        return item
    item = item[:room]
    while size(item) > room - 1:
        item = item[: -1 - (size(item) - room) // 6]
    return item + "…"


# ---- effects: the only code that sleeps, reads a clock or opens a socket


class Effects(NamedTuple):
    """What the service needs of the world; the tests replace it."""

    clock: Callable[[], Clock]
    sleep: Callable[[float], None]
    call: Callable[[str, str, str, bytes, Map, float], Reply]  # as signed_call
    put: Callable[[str, bytes], Reply]
    log: Callable[[Map], None]


KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 5}  # NAT forgets in 350 s
TRUST = ssl.create_default_context()
REGION = os.environ.get("AWS_REGION", "us-east-1")
NOT_SENT, LOST = 0, 1
KEPT: dict[str, tuple[http.client.HTTPConnection, float]] = {}  # by host, since its last answer


def exchange(method: str, url: str, body: bytes, headers: Map, seconds: float) -> Reply:
    """Send a request once: its status, headers and body, or NOT_SENT or LOST, and why.

    The last connection to a host is used again. One that was idle may be dead, and what was lost
    on it may have run: a POST takes it only just after an answer, others fall back on a fresh one.
    """
    parts = urlsplit(url)
    kept, since = KEPT.pop(parts.netloc, (None, 0.0))
    if kept and 0 <= time.time() - since < (1 if method == "POST" else 4) and not ended(kept):
        reply = sent(kept, method, url, body, headers, seconds)
        if method == "POST" or reply[0] != LOST:
            return reply
    elif kept:
        kept.close()
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=5, context=TRUST)
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return NOT_SENT, {}, f"{type(error).__name__} {error}".encode()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, number in KEEP_ALIVE.items() if hasattr(socket, "TCP_KEEPIDLE") else ():
        connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), number)
    return sent(connection, method, url, body, headers, seconds)


def ended(connection: http.client.HTTPConnection) -> bool:
    return bool(select.select([connection.sock], [], [], 0)[0])  # only its end is to read now


def sent(
    connection: http.client.HTTPConnection,
    method: str,
    url: str,
    body: bytes,
    headers: Map,
    seconds: float,
) -> Reply:
    host = urlsplit(url).netloc
    lines = {"Host": host, "Content-Length": len(body)} | headers
    head = [f"{method} {url.split(host, 1)[1] or '/'} HTTP/1.1"]
    head += [f"{name}: {told}" for name, told in lines.items()]
    try:
        connection.sock.settimeout(seconds)
        connection.sock.sendall("\r\n".join([*head, "\r\n"]).encode() + body)  # in one write
        reply = http.client.HTTPResponse(connection.sock, method=method)
        reply.begin()
        told = reply.status, reply.headers, reply.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return LOST, {}, f"{type(error).__name__} {error}".encode()
    if reply.will_close:
        connection.close()
    else:
        KEPT[host] = connection, time.time()
    return told


def signed_call(
    service: str, method: str, path: str, body: bytes, headers: Map, seconds: float
) -> Reply:
    env = os.environ
    home = f"https://{service}.{REGION}.{env.get('URL_SUFFIX', 'amazonaws.com')}"
    home = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL") or home
    url, date = home.rstrip("/") + path, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    headers = signed(service, method, url, body, headers, date, *map(env.get, names))
    return exchange(method, url, body, headers, seconds)


def signed(
    service: str,
    method: str,
    url: str,
    body: bytes,
    headers: Map,
    date: str,
    key_id: str | None,
    secret: str | None,
    token: str | None,
) -> Map:
    """Add Signature Version 4 to a request without a query.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    parts = urlsplit(url)
    headers = headers | {"Host": parts.netloc, "X-Amz-Date": date}
    headers |= {"X-Amz-Security-Token": token} if token else {}
    names = sorted(headers, key=str.lower)
    lines = "".join(f"{name.lower()}:{headers[name]}\n" for name in names)
    listed = ";".join(names).lower()
    content = hashlib.sha256(body).hexdigest()
    twice = parts.path.replace("%", "%25")  # it is quoted already; the signature is of it again
    canonical = f"{method}\n{twice}\n\n{lines}\n{listed}\n{content}"
    scope = f"{date[:8]}/{REGION}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    who = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}"
    return headers | {"Authorization": f"{who}, SignedHeaders={listed}, Signature={key.hex()}"}


# ---- service: carries the decisions out; one guard, one answer

Log = Callable[..., None]


def serve(event: Map, effects: Effects, me: str) -> None:
    """Serve one event until it is answered or handed on."""
    props, known = event.get("ResourceProperties", {}), event.get("Progress", {})
    secret = str(props.get("NoEcho", "false")) == "true"
    request = asked(event, no_echo=secret, on_failure=props.get("OnFailure", "Fail"))
    progress = Progress(effects.clock().now, known.get("rolling_back"))

    def log(step: str, **more: Any) -> None:
        effects.log({"step": step, "trigger": request.name, "type": request.kind} | more)

    try:
        request, progress = read(event, progress)
        if effects.clock().now > progress.began + request.service_timeout:
            log("dropped: CloudFormation no longer waits", level="ERROR")
            return
        progress = notice_rollback(request, progress, effects, log)
        progress = notice_cancel(request, progress, effects, log) if known else progress
        while (action := decide(request, progress, effects.clock())).do != "respond":
            log(action.do, attempt=progress.failures + 1, seconds=action.seconds)
            if action.do == "hand over":
                hand_over(event, progress, effects, me)
                return
            progress = carry_out(action, request, progress, effects, log)
        outcome = action.outcome
        body, reason = answer(request, progress, outcome)
    except Exception as error:  # noqa: BLE001 (CloudFormation is answered, whatever happens)
        log("provider failed", level="ERROR", trace=traceback.format_exc())
        outcome = Outcome("failed", type(error).__name__, str(error))
        progress = notice_rollback(request, progress, effects, log)
        body, reason = answer(request, progress, outcome)
    level = "INFO" if not reason else "WARN" if body["Status"] == "FAILED" else "ERROR"
    told = "Expect is not met" if reason.startswith("Expect") else reason or outcome.message
    log("respond", level=level, status=body["Status"], reason=told)
    for pause in (1, 2, 4, 8, 0):
        status, _, why = effects.put(event["ResponseURL"], encoded(body))
        if 200 <= status < 300:
            return
        why = why if status in (NOT_SENT, LOST) else b""
        log("the answer was not taken", level="ERROR", status=status, why=why.decode())
        effects.sleep(pause)


def notice_rollback(request: Request, progress: Progress, effects: Effects, log: Log) -> Progress:
    if progress.rolling_back is not None:
        return progress
    if request.kind != "Update":
        return progress._replace(rolling_back=False)
    if not (status := stack_status(request, progress, effects, log)):
        return progress  # the first status that can be read decides
    return progress._replace(rolling_back=status.startswith("UPDATE_ROLLBACK"))


def notice_cancel(request: Request, progress: Progress, effects: Effects, log: Log) -> Progress:
    was_unknown = progress.rolling_back is None
    progress = notice_rollback(request, progress, effects, log)
    if request.kind == "Delete" or progress.rolling_back or was_unknown:
        return progress
    status = stack_status(request, progress, effects, log)
    gone = "ROLLBACK" in status or "DELETE" in status
    return progress._replace(cancelled=status if gone else "")


def carry_out(
    action: Action, request: Request, progress: Progress, effects: Effects, log: Log
) -> Progress:
    if action.do == "wait":
        effects.sleep(action.seconds)
        return notice_cancel(request, progress._replace(fresh=False), effects, log)
    if action.do == "look":
        outcome = look(request, effects)
        if outcome.kind == "done":
            return progress._replace(ready=True, log_group=outcome.result)
    else:
        began = effects.clock().now
        outcome = invoke(request, progress, effects, action.seconds)
        took = effects.clock().now - began
        progress = progress._replace(longest=max(progress.longest, took))
    told = outcome.message if outcome.kind == "pending" and not request.no_echo else ""
    log(outcome.kind, error=outcome.error, **({"progress": cut(told, 300)} if told else {}))
    return learn(request, progress, outcome, effects.clock())


def look(request: Request, effects: Effects) -> Outcome:
    """See whether the handler can be invoked; its log group is the result."""
    where = path(request.handler_arn, "configuration")
    status, _, body = effects.call("lambda", "GET", where, b"", {}, 10)
    if status in (NOT_SENT, LOST, 429):
        return Outcome("refused", "Unreachable", body.decode(errors="replace"))
    told: Map = {}
    with contextlib.suppress(ValueError):
        told = json.loads(body) if status == 200 else {}  # denied: go on
    if told.get("State") == "Pending" or told.get("LastUpdateStatus") == "InProgress":
        return Outcome("refused", "NotReady", "the handler is still being created or updated")
    return Outcome("done", result=told.get("LoggingConfig", {}).get("LogGroup", ""))


DID_NOT_RUN = re.compile("AccessDenied|ResourceConflict|NotReady|TooManyRequests|Throttl")


def invoke(request: Request, progress: Progress, effects: Effects, seconds: float) -> Outcome:
    payload, context = invocation(request, progress)
    sync = request.invocation_type == "RequestResponse"
    headers = {"X-Amz-Invocation-Type": request.invocation_type}
    headers |= {"X-Amz-Log-Type": "Tail"} if sync else {}
    headers |= {"X-Amz-Client-Context": context} if sync and context else {}
    if sync and len(context) > 3583:
        return Outcome("failed", "ClientContext", "EventState and Old are over 3,583 bytes")
    where = path(request.handler_arn, "invocations")
    status, told, body = effects.call("lambda", "POST", where, payload, headers, seconds)
    why = body.decode(errors="replace")
    if status == NOT_SENT:
        return Outcome("refused", "Unreachable", why)
    if status == LOST and "timed out" in why and "Errno" not in why:
        due = progress.began + request.timeout
        hint = "return IN_PROGRESS in time, to be polled"
        hint = f"Timeout is {request.timeout:g} s" if effects.clock().now + 1 >= due else hint
        return Outcome("failed", "HandlerTooSlow", f"no answer in {seconds:.0f} s; {hint}")
    if status == LOST:
        return Outcome("failed", "ConnectionLost", f"{why}; the handler may have run")
    if status >= 300:
        error = (told.get("X-Amzn-ErrorType") or f"HTTP {status}").split(":")[0]
        kind = "refused" if DID_NOT_RUN.search(error) else "failed"
        return function_error(body)._replace(kind=kind, error=error)
    if told.get("X-Amz-Function-Error"):
        tail = base64.b64decode(told.get("X-Amz-Log-Result", ""))
        return function_error(body, tail.decode(errors="replace"))
    try:
        return judge(request, json.loads(body or b"null")) if sync else Outcome("done")
    except ValueError:
        return Outcome("failed", "BadResult", "the handler's result is no JSON")


@functools.cache
def path(function: str, what: str) -> str:
    return f"/2015-03-31/functions/{quote(function, safe='')}/{what}"


def invocation(request: Request, progress: Progress) -> tuple[bytes, str]:
    """Compose the handler's event, and the client context that describes it beside a payload."""
    keys = ("RequestType", "RequestId", "StackId", "LogicalResourceId", "PhysicalResourceId")
    about = {key: request.event[key] for key in keys if key in request.event}
    state = {} if progress.state is None else {"EventState": progress.state}
    # CloudFormation reuses RequestId when a deployment is retried: no key without the date
    parts = [*(request.event[key] for key in keys[1:4]), url_date(request.event)]
    about["ExecutionId"] = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    about |= {"Attempt": progress.failures + 1} | state
    about |= {} if request.old_payload is ABSENT else {"Old": request.old_payload}
    if request.payload is ABSENT:
        return encoded(about), ""
    context = json.dumps({"custom": {"trigger": json.dumps(about)}}).encode()
    payload = request.payload
    payload = payload | state if isinstance(payload, dict) else payload
    return encoded(payload), base64.b64encode(context).decode()


def stack_status(request: Request, progress: Progress, effects: Effects, log: Log) -> str:
    query = {"Action": "DescribeStacks", "StackName": request.event["StackId"]}
    form = urlencode(query | {"Version": "2010-05-15"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status = 0
    for pause in (1, 2, 4, 8, 16, 0):
        now, left = effects.clock()
        if (room := min(left - RESERVE, progress.began + request.timeout - now)) <= 0:
            break
        seconds = min(room, RESERVE)
        status, _, body = effects.call("cloudformation", "POST", "/", form, headers, seconds)
        if found := re.search(b"<StackStatus>(.*?)</", body):
            return found[1].decode()
        if 200 <= status < 500 and b"Throttling" not in body:
            break
        effects.sleep(min(pause, room))
    log("stack status unknown, taken as not rolling back", level="WARN", status=status)
    return ""


def hand_over(event: Map, progress: Progress, effects: Effects, me: str) -> None:
    outcome = progress.outcome._replace(result=None)
    kept = progress._replace(outcome=outcome, fresh=True)._asdict()
    body = encoded(event | {"Progress": kept})
    headers = {"X-Amz-Invocation-Type": "Event"}
    told = b""
    for pause in (1, 2, 3, 0):
        status, _, told = effects.call("lambda", "POST", path(me, "invocations"), body, headers, 5)
        if status == 202:
            return
        if status == LOST or effects.clock().left < 2 * RESERVE:
            break
        effects.sleep(pause)
    raise RuntimeError(f"no fresh execution to go on in: {told.decode(errors='replace')}")


# ---- lambda: the entry, and what it reads


def asked(event: Map, **settings: Any) -> Request:
    old_id = event.get("PhysicalResourceId", "")
    return Request(event, event["RequestType"], event["LogicalResourceId"], old_id, **settings)


def read(event: Map, progress: Progress) -> tuple[Request, Progress]:
    props, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    given = props | props.get("Retry", {})
    typed: Map = {}
    for field, default in Request._field_defaults.items():
        told = given.get(field.title().replace("_", ""))
        if told is not None and default is not ABSENT:
            typed[field] = told == "true" if isinstance(default, bool) else type(default)(told)
    same = all(props.get(key) == old.get(key) for key in ("Fingerprint", "Payload", "Enabled"))
    typed["payload"], typed["expect"] = (assembled(props.get(k)) for k in ("Payload", "Expect"))
    with contextlib.suppress(Exception):  # told for information, by whatever macro
        typed["old_payload"] = assembled(old.get("Payload"))
    request = asked(event, **typed)
    once = not (request.execute_on_handler_change or request.attributes or never_created(request))
    date = url_date(event)
    if date:
        progress = progress._replace(began=timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")))
    kept = event.get("Progress", {"outcome": progress.outcome})
    progress = progress._replace(**{key: kept[key] for key in kept if key in Progress._fields})
    progress = progress._replace(outcome=Outcome(*progress.outcome))
    return request._replace(unchanged=once and same), progress


def url_date(event: Map) -> str:
    found = re.search(r"[?&]X-Amz-Date=(\w+)", event["ResponseURL"])
    return found[1] if found else ""


def assembled(sent: Map | None) -> Any:
    """Put a JSON skeleton and the values only CloudFormation could resolve together."""
    if sent is None:
        return ABSENT
    whole = [json.loads(sent["Skeleton"])]
    for hole in reversed(sent.get("Values", [])):
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


def handler(event: Map, context: Any) -> None:
    """Serve one event of CloudFormation, or one that an earlier execution handed over."""
    effects = Effects(  # the one place with a clock
        clock=lambda: Clock(time.time(), context.get_remaining_time_in_millis() / 1000),
        sleep=time.sleep,
        call=signed_call,
        put=lambda url, body: exchange("PUT", url, body, {"Content-Type": ""}, 5),
        log=lambda entry: print(json.dumps(entry), flush=True),
    )
    serve(event, effects, context.invoked_function_arn)
