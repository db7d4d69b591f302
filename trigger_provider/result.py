"""What a handler's answer means: done, not done yet, or failed.

Knows the words of a result, the setting Expect, and the error payloads of Lambda's runtimes.
Refuses to know how the answer came, and what follows from it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from trigger_provider.request import (
    ABSENT,
    Map,
    Outcome,
    Request,
    failed,
    is_true,
    marker,
    never_created,
)
from trigger_provider.text import as_map, as_text, beginning, map_of, size, truncate, truncate_start

LONGEST_TEXT: Final = 4000
"""Bytes of a message or a log that are kept: no answer has room for more."""

QUOTED: Final = 300
"""Bytes of a value that a message quotes: two of them and a path leave room for the rest."""

FRAMES: Final = 3
"""Innermost frames of a failure that are reported: the line that raised, and its callers."""

CAUSES: Final = 3
"""Causes of an error that are reported, counted back from its root cause."""

LONGEST_ID: Final = 1024
"""Bytes of a physical id that CloudFormation accepts."""

UNFINISHED: Final = "ABORT|ERROR|FAIL|PENDING|PROGRESS|RUNNING|TIMED?OUT"
"""Words of a status, or of one in small letters, that say in other services that it is not done."""

BAD_REQUEST: Final = 400
"""The first HTTP status that is an error, as a handler behind an API returns it."""

RUNTIME: Final = (
    r"node:|\(<anonymous>\)|<frozen |/var/runtime/\w+\.m?js|^runtime/|aws-lambda-go|java\.base/|"
    r"jdk\.|sun\.reflect|lambda\.runtime\.|lambda_method|Lambda\.RuntimeSupport"
)
"""Frames of the runtimes themselves, which say nothing about the handler."""

LIBRARY: Final = (
    r"(site|dist)-packages|node_modules|/gems/|/opt/|/var/(runtime|lang)/|trigger_handler|@v\d"
)
"""Frames of what a handler uses: they say what happened, the handler's own say where."""


# ---- a result


def judge(request: Request, result: Any) -> Outcome:
    """Read a result: done, not done yet, or failed according to the result or to Expect."""
    words = as_map(result)
    physical_id = valid_id(given_id(result))
    # A handler may return the id that it received; a marker of a failed Create is not an id.
    is_marker = physical_id == marker(request) or (
        physical_id == request.old_id != "" and never_created(request)
    )
    return meaning(request, result, words)._replace(
        physical_id="" if is_marker else physical_id,
        no_echo=is_true(str(words.get("NoEcho")).lower()),
    )


def meaning(request: Request, result: Any, words: Map) -> Outcome:
    """Read what a result says of itself, in any case and with any separators; then Expect."""
    match spelled(words.get("Status")):
        case "INPROGRESS":
            return pending(words)
        case "FAILED" | "FAILURE":
            reason = truncate(as_text(words.get("Reason") or "no Reason was given"), LONGEST_TEXT)
            return failed("Failed", reason)
    is_complete = words.get("IsComplete", True) or False
    if str(is_complete).lower() == "false":  # as the Provider framework of AWS CDK
        hint = "return IN_PROGRESS to be polled"
        return failed("BadResult", f"IsComplete is false; {hint}")
    lacks = "" if request.expect is ABSENT else difference(request.expect, result, "result")
    if lacks:
        return failed("Expect", lacks, is_unexpected=True)
    return Outcome("done", result=result)


def pending(result: Map) -> Outcome:
    """Read a result that says IN_PROGRESS."""
    after = result.get("RetryAfter")
    if after is not None and not re.fullmatch(r"\d{1,9}(\.\d*)?", str(after)):
        return failed("BadResult", "RetryAfter is not a number of seconds")
    message = as_text(result.get("Progress") or result.get("Reason") or "")
    return Outcome("pending", message=truncate(message, LONGEST_TEXT), result=result)


def warning(request: Request, result: Any) -> str:
    """Return what is odd in a result that counts as done, without quotes; empty if nothing is."""
    words = as_map(result)
    if result is None and request.execute_on_delete:
        return "the handler returned nothing: does it return what its library returns?"
    code, status = words.get("statusCode"), words.get("Status") or words.get("status")
    if re.search(UNFINISHED, spelled(status)) or (isinstance(code, int) and code >= BAD_REQUEST):
        return "it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning"
    return ""


def spelled(status: Any) -> str:
    """Return a Status in capitals, without separators; empty if it is not a string."""
    return re.sub(r"[\W_]", "", status).upper() if isinstance(status, str) else ""


def given_id(result: Any) -> Any:
    """Return the physical id in a result, or in its Data; None if there is none."""
    words = as_map(result)
    data = as_map(words.get("Data"))
    top_level = words.get("PhysicalResourceId")
    return data.get("PhysicalResourceId") if top_level is None else top_level


def valid_id(physical_id: Any) -> str:
    """Return a physical id that CloudFormation accepts, empty for any other value.

    An answer has room for the longest id, unless it consists of control characters.
    """
    length = len(physical_id.encode(errors="replace")) if isinstance(physical_id, str) else 0
    fits = 0 < length <= LONGEST_ID and size(physical_id) - 2 <= 2 * LONGEST_ID
    return physical_id if fits else ""


def difference(expected: Any, actual: Any, path: str) -> str:
    """Return the first expected part that a result lacks, empty if it lacks none."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        differences = (
            difference(item, actual.get(key, ABSENT), f"{path}.{key}")
            for key, item in expected.items()
        )
        return next(filter(None, differences), "")
    if equal(expected, actual):
        return ""
    got = "absent" if actual is ABSENT else quoted(actual)
    return f"{path} is {got}, expected {quoted(expected)}"


def quoted(item: Any) -> str:
    """Return as much of a value as a message quotes."""
    return truncate(beginning(item, QUOTED), QUOTED)


def equal(left: Any, right: Any) -> bool:
    """Compare as JSON does; in Python, true equals 1."""
    if type(left) is type(right) is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if type(left) is type(right) is dict:
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


# ---- an error


def function_error(payload: bytes, log: str = "") -> Outcome:
    """Read the error payload of any runtime; none of its fields is sure to be there."""
    error = map_of(payload)
    if payload and not error:
        error = {"errorMessage": payload.decode(errors="replace")}
    return reported(error, log)


def reported(error: Map, log: str = "") -> Outcome:
    """Read an error, as its runtime or a durable execution reports it."""
    message, trace = message_of(error), lines_of(trace_of(error))
    kind = as_text(error.get("ErrorType") or error.get("errorType") or "Error")
    if not re.fullmatch(r"\S{1,200}", kind):  # not a sentence, which NoEcho must mask
        kind, message = "Error", f"{kind}: {message}"
    nested = re.findall("(?m)^(?:--->|Caused by:) (.*)", "\n".join(trace))
    behind = [*causes_of(error), *nested]
    messages = [truncate(message, LONGEST_TEXT // (2 if behind else 1))]
    messages += [f"caused by {truncate(cause, QUOTED)}" for cause in behind[-CAUSES:]]
    frames = innermost_frames(trace, f"{kind}: {message}".splitlines() + message.splitlines())
    tail = truncate_start(log, LONGEST_TEXT)
    return failed(kind, "; ".join(messages), frames=frames, log=tail)


def message_of(error: Map) -> str:
    """Return the message of an error, which may be empty."""
    keys = ("errorMessage", "ErrorMessage", "Message", "message")
    spellings = [error[key] for key in keys if error.get(key) is not None]
    return as_text(max(spellings, key=bool)) if spellings else "no message"


def trace_of(error: Map) -> Any:
    """Return the stack trace of an error, in whatever form its runtime gives it."""
    spellings = ("stackTrace", "StackTrace", "trace", "stack")
    return next(filter(None, map(error.get, spellings)), None)


def causes_of(error: Map) -> Iterator[str]:
    """Yield the errors behind an error that its payload nests, each with its innermost frame."""
    causes, inner = error.get("causes"), error.get("cause") or error.get("innerException")
    for cause in causes if isinstance(causes, list) else [inner]:
        if isinstance(cause, dict):
            kind, message = cause.get("errorType") or "Error", message_of(cause)
            frames = innermost_frames(lines_of(trace_of(cause)), message.splitlines())
            yield " at ".join([f"{kind}: {message}", *frames[:1]])
            yield from causes_of(cause)


def lines_of(trace: Any) -> list[str]:
    """Return the lines of a stack trace; those of Go are maps, those of Python hold their code."""
    items = trace.splitlines() if isinstance(trace, str) else trace
    lines = []
    for item in items if isinstance(items, list) else ():
        go = as_map(item)
        line = f"{go.get('path')}:{go.get('line')} {go.get('label')}" if go else str(item)
        # Python underlines a part of the code that it quotes.
        lines.append(re.sub(r"(^| )[~^]+(?= |$)", "", " ".join(line.split())))
    return lines


def innermost_frames(lines: list[str], message: list[str]) -> tuple[str, ...]:
    """Return the frames nearest to the failure, the innermost first, less the message's lines.

    Where all of these are a library's, the last makes way for the innermost of the handler's own.
    """
    frames = [line[3:] for line in lines if line.startswith("at ")]
    if not frames:
        of_message = {" ".join(line.split()) for line in message}
        frames = [line for line in lines if line and line not in of_message]
        # Python's innermost is last, and its code may stand in the next lines.
        of_python = re.findall(r'(?ms)^File ".*?(?=\nFile "|\Z)', "\n".join(frames))
        frames = of_python[::-1] or frames
    frames = [frame for frame in frames if not re.search(RUNTIME, frame)] or frames
    shown = frames[:FRAMES]
    if of_handler := [frame for frame in frames if not re.search(LIBRARY, frame)]:
        shown = shown if of_handler[0] in shown else [*shown[:-1], of_handler[0]]
    return tuple(truncate(frame, QUOTED) for frame in shown)
