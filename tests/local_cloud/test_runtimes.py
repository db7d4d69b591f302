"""Functions in the running cloud: what their invocations answer, as Lambda's own runtimes do."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local_cloud.account import Account, function
from tests.support.clients import Clients
from tests.support.processes import with_environment
from tests.support.waiting import wait_until

Invoke = Callable[..., tuple[Any, str]]

PYTHON = """
class NoTable(Exception):
    pass

def find(name):
    raise NoTable('no table ' + name)

def handler(event, context):
    if event == 'exit':
        import os
        os._exit(1)
    if event == 'sleep':
        import time
        time.sleep(60)
    if event == 'unserializable':
        return {1, 2}
    return find('orders')
"""
CLIENT = """
def client():
    import botocore.session
    return botocore.session.get_session().create_client("sts")

module_client = client() if EARLY else None

def handler(event, context):
    sts, names = module_client or client(), []
    sts.meta.events.register("before-send", lambda request, **more: names.extend(request.headers))
    sts.get_caller_identity()
    return [name.lower() for name in names]
"""
NODE = """
class NoTable extends Error { constructor(m) { super(m); this.name = 'NoTable'; } }
exports.handler = (event, context, callback) => {
  if (event === 'raise') { throw new NoTable('no table orders'); }
  if (event === 'throw a string') { throw 'a string'; }
  if (event === 'reject') { return Promise.reject(new NoTable('no table orders')); }
  if (event === 'call back later') { setTimeout(() => callback(null, 'later'), 50); return; }
  if (event === 'work on') { setTimeout(() => {}, 50); return; }
  if (event === 'reject with nothing') { return Promise.reject(null); }
  if (event === 'fail with nothing') { context.fail(); return; }
  if (event === 'raise later') { setTimeout(() => { throw new NoTable('no table'); }, 5); return; }
  if (event === 'forget a rejection') {
    Promise.reject(new NoTable('no table'));
    setTimeout(() => callback(null, 'done'), 5000);
    return;
  }
  if (event === 'return a circle') { event = {}; event.e = event; return Promise.resolve(event); }
  if (event === 'return a big integer') { return Promise.resolve({ rows: 5n }); }
};
"""
NEVER_SETTLED = "exports.handler = async () => { await new Promise(() => {}); };"
NOT_SETTLED = (
    "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly"
    " caused by a Promise that was never settled. For more information, see"
    " https://nodejs.org/docs/latest/api/process.html#exit-codes"
)


@pytest.fixture
def invoke(account: Account, clients: Clients) -> Iterator[Invoke]:
    """Invoke a function of this code: what comes back, and whether it is an error."""
    stacks = []

    def invoked(code: str, event: Any, **properties: Any) -> tuple[Any, str]:
        template = function(code, **properties)
        stacks.append(account.create(template, capabilities=["CAPABILITY_IAM"]))
        name = account.physical_id(stacks[-1], "Function")
        client = clients.boto("lambda")
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        response = client.invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(response["Payload"].read()), response.get("FunctionError", "")

    yield invoked
    for stack in stacks:
        account.delete(stack)


def test_an_error_of_a_python_handler_has_its_type_and_its_stack(invoke: Invoke) -> None:
    payload, error = invoke(PYTHON, "raise")

    assert error == "Unhandled"
    assert payload == {
        "errorMessage": "no table orders",
        "errorType": "NoTable",
        "requestId": payload["requestId"],
        "stackTrace": [
            "  File \"/var/task/index.py\", line 17, in handler\n    return find('orders')\n",
            (
                '  File "/var/task/index.py", line 6, in find\n'
                "    raise NoTable('no table ' + name)\n"
            ),
        ],
    }


def test_a_result_that_is_not_json_is_a_marshal_error(invoke: Invoke) -> None:
    payload, error = invoke(PYTHON, "unserializable")

    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == (
        "Runtime.MarshalError",
        "Unable to marshal response: Object of type set is not JSON serializable",
    )


def test_a_function_that_ends_its_process_is_an_exit_error(invoke: Invoke) -> None:
    payload, error = invoke(PYTHON, "exit")

    assert error == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith(" Error: Runtime exited without providing a reason")


def test_a_function_that_takes_too_long_says_so_with_its_request(invoke: Invoke) -> None:
    payload, error = invoke(PYTHON, "sleep", Timeout=1)

    assert error == "Unhandled"
    assert payload["errorType"] == "Sandbox.Timedout"
    assert payload["errorMessage"].startswith("RequestId: ")
    assert payload["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (
            "import no_such_module",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'no_such_module'",
        ),
        (
            "import os\nopen(os.environ['LAMBDA_TASK_ROOT'] + '/orders.csv')",
            "FileNotFoundError",
            "[Errno 2] No such file or directory: '/var/task/orders.csv'",
        ),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("raise ValueError('at import')", "ValueError", "at import"),
    ],
)
def test_a_function_that_cannot_begin_says_why(
    invoke: Invoke, code: str, kind: str, message: str
) -> None:
    payload, error = invoke(code, "begin")

    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == (kind, message)


def test_a_function_that_uses_no_client_does_not_load_botocore(invoke: Invoke) -> None:
    code = "import sys\ndef handler(event, context): return 'botocore' in sys.modules"

    assert invoke(code, "load") == (False, "")


@pytest.mark.parametrize("scope", ["module", "handler"])
def test_a_function_that_uses_a_client_reports_how_deep_functions_invoke_each_other(
    invoke: Invoke, scope: str
) -> None:
    is_early = scope == "module"

    headers, error = invoke(CLIENT.replace("EARLY", str(is_early)), "call")

    assert error == ""
    assert headers.count("x-ministack-invoke-depth") == 1


@pytest.mark.parametrize("how", ["raise", "reject"])
def test_an_error_of_a_node_handler_has_its_type_and_its_trace(invoke: Invoke, how: str) -> None:
    payload, error = invoke(NODE, how, Runtime="nodejs22.x")

    assert error == "Unhandled"
    assert set(payload) == {"errorType", "errorMessage", "trace"}
    assert (payload["errorType"], payload["errorMessage"]) == ("NoTable", "no table orders")
    heading, frame = payload["trace"]
    assert heading == "NoTable: no table orders"
    assert frame.startswith("    at ")
    assert "/var/task/index.js:" in frame


def test_what_a_node_handler_throws_need_not_be_an_error(invoke: Invoke) -> None:
    payload, error = invoke(NODE, "throw a string", Runtime="nodejs22.x")

    assert error == "Unhandled"
    assert payload == {"errorType": "string", "errorMessage": "a string", "trace": []}


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("reject with nothing", "string", "handled"),
        ("fail with nothing", "string", "handled"),
        ("raise later", "NoTable", "no table"),
        ("forget a rejection", "Runtime.UnhandledPromiseRejection", "NoTable: no table"),
        ("return a circle", "Error", "Unable to stringify response body"),
        ("return a big integer", "Error", "Unable to stringify response body"),
    ],
)
def test_a_node_handler_that_fails_outside_its_promise_reports_the_error(
    invoke: Invoke, how: str, kind: str, message: str
) -> None:
    payload, error = invoke(NODE, how, Runtime="nodejs22.x", Timeout=10)

    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == (kind, message)


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (
            "exports.handler = async () => {",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected end of input",
        ),
        (
            "require('./orders')",
            "Runtime.ImportModuleError",
            "Error: Cannot find module './orders'\nRequire stack:\n- /var/task/index.js\n- ",
        ),
        (NEVER_SETTLED, "Runtime.NodeJsExit", NOT_SETTLED),
    ],
)
def test_a_node_handler_that_cannot_begin_or_end_says_why(
    invoke: Invoke, code: str, kind: str, message: str
) -> None:
    payload, error = invoke(code, "begin", Runtime="nodejs22.x", Timeout=10)

    assert (payload["errorType"], error) == (kind, "Unhandled")
    assert payload["errorMessage"].startswith(message)


@pytest.mark.parametrize(
    ("what", "expected"), [("nothing", None), ("work on", None), ("call back later", "later")]
)
def test_a_node_handler_without_a_promise_ends_when_nothing_is_left_to_do(
    invoke: Invoke, what: str, expected: str | None
) -> None:
    assert invoke(NODE, what, Runtime="nodejs22.x", Timeout=10) == (expected, "")


def test_the_processes_of_a_function_end_with_it(account: Account, clients: Clients) -> None:
    code = "def handler(event, context): return {}"
    stack = account.create(function(code), capabilities=["CAPABILITY_IAM"])
    name = account.physical_id(stack, "Function")
    client = clients.boto("lambda")
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    client.invoke(FunctionName=name, Payload=b"{}")
    variable = f"AWS_LAMBDA_FUNCTION_NAME={name}"
    assert len(with_environment(variable)) == 1

    account.delete(stack)

    wait_until(lambda: with_environment(variable) == [])
