"""The logs of functions: each line at the time at which it was printed.

Knows how the emulator collects what a function prints, and when it writes that to the log.
Refuses to know what is printed.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeAlias

from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, lambda_svc

Line: TypeAlias = tuple[str, int]
"""What was printed, and when, in milliseconds since 1970."""

LogEvent: TypeAlias = dict[str, Any]

# The start of the execution in this context, followed by the lines that its worker printed.
_printed: ContextVar[tuple[Line, ...]] = ContextVar("printed", default=())
_is_emitting: ContextVar[bool] = ContextVar("is emitting", default=False)


def install() -> None:
    """Log each line with its own time. Call it once, before the emulator serves."""
    lambda_runtime.Worker._read_stderr = _read
    lambda_runtime.Worker.invoke = _remembering(lambda_runtime.Worker.invoke)
    lambda_svc._emit_lambda_logs = _emitting(lambda_svc._emit_lambda_logs)
    cloudwatch_logs._append_log_events = _at_their_times(cloudwatch_logs._append_log_events)


def timed(events: list[LogEvent], printed: tuple[Line, ...]) -> Iterator[LogEvent]:
    """Yield log events at the times at which their messages were printed, in the same order.

    An event that was not printed, such as one of the runtime, has the time of the event before it;
    the last event keeps its own.
    """
    left, at = deque(printed), printed[0][1] if printed else 0
    for number, event in enumerate(events, 1):
        while any(line == event["message"] for line, _ in left):
            line, at = left.popleft()
            if line == event["message"]:
                break
        is_last = number == len(events)
        yield event if is_last or not printed else event | {"timestamp": at}


def _read(worker: Any) -> None:
    # Replaces the emulator's method, and runs on the thread that the emulator starts for it.
    worker.printed = deque()
    for line in worker._proc.stderr:
        worker.printed.append((line.rstrip("\n"), _now()))
        worker._stderr_queue.put(line.rstrip("\n"))


def _remembering(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def remember(worker: Any, event: Any, request_id: str, **more: Any) -> Any:
        began = f"START RequestId: {request_id}", _now()
        _printed.set((began,))
        response = invoke(worker, event, request_id, **more)
        lines: deque[Line] = getattr(worker, "printed", deque())
        _printed.set((began, *(lines.popleft() for _ in range(len(lines)))))
        return response

    return remember


def _emitting(emit: Callable[..., None]) -> Callable[..., None]:
    """Write a log, but do not create its group again after function and group were deleted."""

    def emitted(function: Any, *rest: Any, **more: Any) -> None:
        configuration = function.get("config") or function
        group = (configuration.get("LoggingConfig") or {}).get("LogGroup")
        has_group = group in cloudwatch_logs._log_groups
        if not (has_group or configuration.get("FunctionName", "") in lambda_svc._functions):
            return
        token = _is_emitting.set(True)
        try:
            emit(function, *rest, **more)
        finally:
            _is_emitting.reset(token)
            _printed.set(())

    return emitted


def _at_their_times(append: Callable[..., Any]) -> Callable[..., Any]:
    def appended(stream: Any, events: list[LogEvent], *rest: Any) -> Any:
        timed_events = list(timed(events, _printed.get())) if _is_emitting.get() else events
        return append(stream, timed_events, *rest)

    return appended


def _now() -> int:
    return int(time.time() * 1000)  # noqa: TID251 the clock of the emulator's logs
