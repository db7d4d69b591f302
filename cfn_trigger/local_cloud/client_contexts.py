"""The client context of an invocation, put into the emulator's Lambda for Python functions.

Knows the emulator's internals on the way of an invocation: its headers, the worker that runs it,
the context object that the worker creates. Refuses to know what a client context says.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_WITHOUT = '"client_context": None,'
_WITH = """"client_context": (lambda sent: sent and type("ClientContext", (), {
                "custom": sent.get("custom"), "env": sent.get("env"), "client": None,
            })())(_ms_durable.get("client_context")),"""

_sent: ContextVar[Any] = ContextVar("client context", default=None)


def install() -> None:
    """Add client contexts to the emulator. Call it once, before the emulator serves."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_WITHOUT) != 1:
        raise RuntimeError("the emulator's worker creates its context differently")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_WITHOUT, _WITH)
    lambda_runtime.Worker.invoke = _handing_on(lambda_runtime.Worker.invoke)
    lambda_svc._invoke = _reading(lambda_svc._invoke)


def _reading(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def read(
        name: str, event: Any, headers: Mapping[str, str], *more: Any, **named: Any
    ) -> Any:
        by_name = {name.lower(): value for name, value in headers.items()}
        sent = by_name.get("x-amz-client-context")
        token = _sent.set(json.loads(base64.b64decode(sent)) if sent else None)
        try:
            return await invoke(name, event, headers, *more, **named)
        finally:
            _sent.reset(token)

    return read


def _handing_on(invoke: Callable[..., Any]) -> Callable[..., Any]:
    # Only the values of a durable execution reach the worker by name.
    def hand_on(worker: Any, event: Any, request_id: str, **more: Any) -> Any:
        durable = {**(more.pop("durable", None) or {}), "client_context": _sent.get()}
        return invoke(worker, event, request_id, durable=durable, **more)

    return hand_on
