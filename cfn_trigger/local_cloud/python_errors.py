"""Errors as Lambda's Python runtime reports them; this file runs in the worker of a function.

Knows the payloads and log lines of awslambdaric, version 4. Refuses to know the emulator: its
worker contains this file's text (`runtimes`), which therefore imports only the standard library.
"""

import json
import traceback
from typing import Any

_TASK_ROOT = "/var/task"


def handler_error(error: BaseException, code: str, request_id: str) -> dict[str, Any]:
    """Return the payload of an error that a handler raised, and its lines in the log."""
    frames = [line.replace(code, _TASK_ROOT) for line in _frames(error)]
    if isinstance(error, _MarshalError):
        frames = []
    message = str(error).replace(code, _TASK_ROOT)
    payload = {
        "errorMessage": message,
        "errorType": getattr(error, "error_type", type(error).__name__),
        "requestId": request_id,
        "stackTrace": frames,
    }
    heading = f"[ERROR] {payload['errorType']}: {message}\nTraceback (most recent call last):\n"
    return {"error_payload": payload, "trace": heading + "".join(frames).rstrip("\n")}


def init_error(error: Exception, module: str, handler: str, code: str) -> dict[str, Any]:
    """Return the payload of an error before the first invocation of a function."""
    kind, message = type(error).__name__, str(error)
    match error:
        case ImportError():
            kind = "Runtime.ImportModuleError"
            message = f"Unable to import module '{module}': {error}"
        case SyntaxError():
            kind = "Runtime.UserCodeSyntaxError"
            message = f"Syntax error in module '{module}': {error}"
        case AttributeError(name=str(name)) if name == handler:
            kind = "Runtime.HandlerNotFound"
            message = f"Handler '{handler}' missing on module '{module}'"
    frames = [line.replace(code, _TASK_ROOT) for line in _frames(error) if code in line]
    trace = frames if kind == type(error).__name__ else []
    message = message.replace(code, _TASK_ROOT)
    return {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": trace}


def marshalled(result: Any) -> str:
    """Return the worker's response with a handler's result; raises the runtime's own error."""
    try:
        return json.dumps({"status": "ok", "result": result})
    except (TypeError, ValueError) as error:
        raise _MarshalError(f"Unable to marshal response: {error}") from error


class _MarshalError(Exception):
    error_type = "Runtime.MarshalError"


def _frames(error: BaseException) -> list[str]:
    # The first frame is the worker's. Frames as tuples are formatted without columns.
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return traceback.format_list(
        [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames]
    )
