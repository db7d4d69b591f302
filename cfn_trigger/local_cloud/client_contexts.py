"""The client context of an invocation, put into the emulator's Lambda for Python functions.

Knows the emulator's inside where an invocation passes: its headers, the worker it is handed to,
the context object that the worker makes. Refuses to know what a client context says.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_LEFT_OUT = '"client_context": None,'
_GIVEN = """"client_context": (lambda told: told and type("ClientContext", (), {
                "custom": told.get("custom"), "env": told.get("env"), "client": None,
            })())(_ms_durable.get("client_context")),"""

_sent: ContextVar[Any] = ContextVar("client context", default=None)


def install() -> None:
    """Put client contexts into the emulator; do it once, before it serves."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_LEFT_OUT) != 1:
        raise RuntimeError("the emulator's worker makes its context in another way")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_LEFT_OUT, _GIVEN)
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
    # The values of a durable execution are what an invocation hands its worker by name.
    def hand_on(worker: Any, event: Any, request_id: str, **more: Any) -> Any:
        durable = {**(more.pop("durable", None) or {}), "client_context": _sent.get()}
        return invoke(worker, event, request_id, durable=durable, **more)

    return hand_on
