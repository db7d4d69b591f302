"""Errors and exits of functions, as Lambda's own runtimes report them.

Knows the emulator's workers for Python and Node.js: their scripts, their responses, where these
become the response to an invocation, and when a worker ends. Refuses to know who invokes, and every
other runtime.

The responses of the runtimes are in their sources: awslambdaric's `bootstrap.py` and, for Node.js,
https://github.com/aws/aws-lambda-nodejs-runtime-interface-client.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import inspect
import json
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from cfn_trigger.local_cloud import python_errors, python_imports

Response: TypeAlias = dict[str, Any]
Edit: TypeAlias = tuple[str, str]

_INIT_FAILED: Final = "Worker init failed: "
_DIED: Final = "Worker process died"

_PYTHON: Final[tuple[Edit, ...]] = (
    (
        'json.dumps({"status": "error", "error": str(e)})',
        (
            'json.dumps({"status": "error", "error":'
            " json.dumps(init_error(e, module_name, handler_name, code_dir))})"
        ),
    ),
    (
        '"error": str(e), "trace": traceback.format_exc()}',
        '"error": str(e), **handler_error(e, code_dir, _ms_ctx.get("request_id", ""))}',
    ),
    ('json.dumps({"status": "ok", "result": result})', "marshalled(result)"),
    (
        "    _ms_install_invoke_depth()\n    try:",
        '    before_import("botocore.session", _ms_install_invoke_depth)\n    try:',
    ),
)
_NODE_ERRORS: Final = r"""
function _there(text) {
  return text.split(process.env.LAMBDA_TASK_ROOT).join("/var/task");
}
function _payload(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: _there(String(error)), trace: [] };
  }
  const lines = _there(error.stack || "").split("\n");
  const last = lines.findLastIndex((line) => line.includes("/var/task"));
  const trace = last < 0 ? lines : lines.slice(0, last + 1);
  return { errorType: error.name, errorMessage: _there(error.message), trace };
}
function _failed(error) {
  const payload = _payload(error);
  return {
    status: "error", error: payload.errorMessage, error_payload: payload,
    trace: "ERROR\tInvoke Error\t" + JSON.stringify(payload),
  };
}
function _initError(error) {
  const payload = _payload(error);
  const isSyntax = error instanceof SyntaxError;
  if (isSyntax || error.code === "MODULE_NOT_FOUND") {
    payload.errorType = isSyntax ? "Runtime.UserCodeSyntaxError" : "Runtime.ImportModuleError";
    payload.errorMessage = _there(String(error));
  }
  return JSON.stringify(payload);
}
function _returned(result) {
  try {
    return JSON.stringify({ status: "ok", result });
  } catch {
    return JSON.stringify(_failed(new Error("Unable to stringify response body")));
  }
}
function _runtimeError(name, message) {
  const error = new Error(message);
  error.name = `Runtime.${name}`;
  error.stack = String(error);
  return error;
}
function _exitError() {
  return _runtimeError("NodeJsExit",
    "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly" +
    " caused by a Promise that was never settled. For more information, see" +
    " https://nodejs.org/docs/latest/api/process.html#exit-codes");
}
let _fail = null;
function _end(error, code) {
  if (_fail) { _fail(error); } else { console.error(error); }
  process.exit(code);
}
process.on("uncaughtException", (error) => _end(error, 129));
process.on("unhandledRejection", (reason) => {
  _end(_runtimeError("UnhandledPromiseRejection", String(reason)), 128);
});
"""
_NODE: Final[tuple[Edit, ...]] = (
    (
        'status: "error", error: e.message\n        }) + "\\n");\n      }\n      return;',
        'status: "error", error: _initError(e)\n        }) + "\\n");\n      }\n      return;',
    ),
    (
        "error: `Handler ${handlerName} is not a function in ${modPath}`",
        ('error: JSON.stringify({ errorType: "Runtime.HandlerNotFound", trace: [],'
        " errorMessage: `${modPath}.${handlerName} is undefined or not exported` })"),
    ),
    (
        ('{\n            status: "error", error: String(err.message || err),'
        ' trace: err.stack || ""\n          }'),
        "_failed(err)",
    ),
    ('{\n        status: "error", error: e.message, trace: e.stack\n      }', "_failed(e)"),
    (
        "if (err) {",
        ("process.stdin.ref();\n        process.off('beforeExit', idle);\n"
         "        if (err !== undefined && err !== null) {"),
    ),
    ("err => settle(err)", "err => settle(err ?? 'handled')"),
    ('settle(err || new Error("fail"))', "settle(err ?? 'handled')"),
    ('JSON.stringify({ status: "ok", result: res })', "_returned(res)"),
    # Standard input alone must not keep the process alive when nothing is left to do.
    (
        "const callback = (err, res) => settle(err, res);",
        ("const isAsync = handlerFn.constructor.name === 'AsyncFunction';\n"
        "      const idle = () => settle(isAsync ? _exitError() : null, null);\n"
        "      _fail = settle;\n"
        "      process.once('beforeExit', idle);\n"
        "      process.stdin.unref();\n"
        "      const callback = (err, res) => settle(err, res);"),
    ),
)  # fmt: skip

_payload: ContextVar[Any] = ContextVar("payload of an error", default=None)


def install() -> None:
    """Make functions respond as Lambda's runtimes do. Call it once, before the emulator serves."""
    python = _edited(lambda_runtime._PYTHON_WORKER_SCRIPT, _PYTHON)
    additions = map(inspect.getsource, (python_errors, python_imports))
    lambda_runtime._PYTHON_WORKER_SCRIPT = "".join(additions) + python
    node = _edited(lambda_runtime._NODEJS_WORKER_SCRIPT, _NODE)
    lambda_runtime._NODEJS_WORKER_SCRIPT = _NODE_ERRORS + node
    lambda_runtime.Worker.invoke = _remembering(lambda_runtime.Worker.invoke)
    lambda_svc._execute_function_warm = _with_its_payload(lambda_svc._execute_function_warm)
    functions = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    functions["delete"] = _with_its_workers(functions["delete"])


def _edited(script: str, edits: Iterable[Edit]) -> str:
    for old, new in edits:
        if script.count(old) != 1:
            raise RuntimeError(f"the emulator's worker is written differently: {old}")
        script = script.replace(old, new)
    return script


def _remembering(invoke: Callable[..., Response]) -> Callable[..., Response]:
    def remember(worker: Any, event: Any, request_id: str, **more: Any) -> Response:
        try:
            response = invoke(worker, event, request_id, **more)
        except RuntimeError as error:
            init = str(error).removeprefix(_INIT_FAILED)
            if init == str(error):
                raise
            response = {"status": "error", "error": init, "error_payload": json.loads(init)}
        _payload.set(_error(response, request_id))
        return response

    return remember


def _error(response: Response, request_id: str) -> Response | None:
    if response.get("status") == "ok":
        return None
    message = str(response.get("error"))
    if lambda_svc._RIE_TIMEOUT_TEXT_RE.fullmatch(message):
        return _sandbox("Sandbox.Timedout", request_id, message)
    if message == _DIED:
        return _sandbox(
            "Runtime.ExitError", request_id, "Runtime exited without providing a reason"
        )
    payload: Response | None = response.get("error_payload")
    return payload


def _sandbox(kind: str, request_id: str, message: str) -> Response:
    return {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}


def _with_its_payload(execute: Callable[..., Response]) -> Callable[..., Response]:
    def executed(function: Any, event: Any, request_id: str) -> Response:
        _payload.set(None)
        result = execute(function, event, request_id)
        payload = _payload.get()
        return result | {"body": payload} if result.get("error") and payload else result

    return executed


def _with_its_workers(delete: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """End the workers of a deleted function; an invocation that is running goes on to its end."""

    def deleted(name: str, properties: Any) -> None:
        delete(name, properties)
        with lambda_runtime._lock:
            pools = [
                pool for key, pool in lambda_runtime._workers.items() if key.split(":")[-2] == name
            ]
            idle = [worker for pool in pools for worker in pool if not worker.in_use]
            for pool in pools:
                pool[:] = [worker for worker in pool if worker.in_use]
        threading.Thread(target=lambda_runtime.kill_workers, args=[idle], daemon=True).start()

    return deleted
