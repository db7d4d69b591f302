"""Durable functions, which the emulator has, but which behave differently when they are started.

Knows the emulator's internals on the way of a durable execution: the configuration of a function
that a template creates, its asynchronous invocation, the end of each of its runs. Refuses to know
what its steps are: that is between the emulator and the SDK of AWS.

https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from typing import Any, TypeAlias

from ministack.core.responses import error_response_json
from ministack.services import lambda_durable, lambda_svc
from ministack.services.cloudformation import provisioners

Response: TypeAlias = tuple[int, dict[str, str], bytes]

_FUNCTION = "AWS::Lambda::Function"


def install() -> None:
    """Add what the emulator lacks. Call it once, before the emulator serves."""
    create = _configured(provisioners._lambda_create)
    provisioners._lambda_create = create  # an update that replaces a function calls it
    provisioners._RESOURCE_HANDLERS[_FUNCTION]["create"] = create
    lambda_svc._invoke = _started(lambda_svc._invoke)
    lambda_durable.record_invocation_completed = _ended(lambda_durable.record_invocation_completed)


def _configured(create: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the DurableConfig of a template; the emulator heeds one that is `Enabled`."""

    def created(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        if config := props.get("DurableConfig"):
            durable = {key: int(value) for key, value in config.items() if str(value).isdigit()}
            function = lambda_svc._functions[name]["config"]
            function["DurableConfig"] = {**config, **durable, "Enabled": True}
        return name, attributes

    return created


def _started(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Start a durable execution by its name, and refuse a function without a qualifier."""

    async def start(
        name: str,
        event: Any,
        headers: Mapping[str, str],
        path_qualifier: str | None = None,
        query_params: Mapping[str, Any] | None = None,
    ) -> Any:
        config = lambda_svc._functions.get(name, {}).get("config", {}).get("DurableConfig")
        if not config:
            return await invoke(name, event, headers, path_qualifier, query_params)
        if not (path_qualifier or lambda_svc._qp_first(query_params or {}, "Qualifier")):
            message = "You cannot invoke a durable function using an unqualified ARN."
            return error_response_json("InvalidParameterValueException", message, 400)
        by_name = {key.lower(): value for key, value in headers.items()}
        if by_name.get("x-amz-invocation-type") != "Event":
            return await invoke(name, event, headers, path_qualifier, query_params)
        called = by_name.get("x-amz-durable-execution-name")
        return _begun(name, json.dumps(event), called, config.get("ExecutionTimeout"))

    return start


def _begun(function: str, payload: str, name: str | None, timeout: int | None) -> Response:
    """Begin an execution, or return the one of this name, if it has the same payload."""
    arn = lambda_svc._func_arn(function)
    for known in lambda_durable._executions.values():
        if name and (known["FunctionArn"], known["DurableExecutionName"]) == (arn, name):
            if known["InputPayload"] == payload:
                return _accepted(known)
            message = f"Durable execution {name} was already started with another payload."
            error: Response = error_response_json(
                "DurableExecutionAlreadyStartedException", message, 409
            )
            return error
    record = lambda_durable.create_execution_for_invoke(
        function_arn=arn,
        version="$LATEST",
        input_payload=payload,
        name=name,
        execution_timeout=timeout,
    )
    run = lambda_svc.invoke_durable_resume
    context, execution = copy_context(), record["DurableExecutionArn"]  # of account and region
    threading.Thread(target=lambda: context.run(run, function, execution, {}), daemon=True).start()
    return _accepted(record)


def _accepted(record: Mapping[str, Any]) -> Response:
    return 202, {"X-Amz-Durable-Execution-Arn": record["DurableExecutionArn"]}, b""


def _ended(record: Callable[..., None]) -> Callable[..., None]:
    """End an execution whose run failed before the SDK could say so."""

    def recorded(arn: str, *arguments: Any, error: Any = None, **more: Any) -> None:
        record(arn, *arguments, error=error, **more)
        if error:
            lambda_durable.mark_execution_completed(arn, None, _error_object(error))

    return recorded


def _error_object(error: Any) -> dict[str, Any]:
    """Return the payload of a function error as the API has errors of executions."""
    if isinstance(error, bytes | bytearray | str):
        error = json.loads(error)
    names = {"errorType": "ErrorType", "errorMessage": "ErrorMessage", "stackTrace": "StackTrace"}
    return {names[key]: value for key, value in error.items() if key in names}
