"""What a failure becomes: one line that says what happened, where, and where to read on."""

import json
from typing import Any

import pytest

from tests.provider.cloudformation import Stack, sent
from tests.provider.world import (
    HANDLER,
    SECRET,
    Behavior,
    Handler,
    World,
    fails_with,
    raises,
    refused,
    returns,
    state,
)

LOG = "full log: /aws/lambda/shop-Migrate-1A2B3C"


# ---- error payloads, runtime by runtime


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(
            {
                "errorMessage": "relation orders does not exist",
                "errorType": "ProgrammingError",
                "requestId": "8f5b",
                "stackTrace": [
                    '  File "/var/task/app.py", line 7, in handler\n    migrate()\n',
                    '  File "/var/task/db.py", line 3, in migrate\n    run(sql)\n',
                ],
            },
            "ProgrammingError: relation orders does not exist; "
            'at File "db.py", line 3, in migrate run(sql); '
            'at File "app.py", line 7, in handler migrate()',
            id="Python",
        ),
        pytest.param(
            {
                "errorType": "ReferenceError",
                "errorMessage": "orders is not defined",
                "trace": [
                    "ReferenceError: orders is not defined",
                    "    at migrate (/var/task/db.js:3:9)",
                    "    at exports.handler (/var/task/index.js:7:3)",
                ],
            },
            "ReferenceError: orders is not defined; "
            "at migrate (db.js:3:9); at exports.handler (index.js:7:3)",
            id="Node",
        ),
        pytest.param(
            {
                "errorMessage": "no orders",
                "errorType": "java.lang.IllegalStateException",
                "stackTrace": [
                    "shop.Database.migrate(Database.java:9)",
                    "shop.Handler.handleRequest(Handler.java:5)",
                ],
            },
            "java.lang.IllegalStateException: no orders; "
            "at shop.Database.migrate(Database.java:9); "
            "at shop.Handler.handleRequest(Handler.java:5)",
            id="Java",
        ),
        pytest.param(
            {
                "errorMessage": "no orders",
                "errorType": "Function<RuntimeError>",
                "stackTrace": ["/var/task/db.rb:3:in `migrate'", "/var/task/app.rb:7:in `handler'"],
            },
            "Function<RuntimeError>: no orders; at db.rb:3:in `migrate'; at app.rb:7:in `handler'",
            id="Ruby",
        ),
        pytest.param(
            {
                "errorType": "InvalidOperationException",
                "errorMessage": "no orders",
                "stackTrace": [
                    "at Shop.Database.Migrate() in /src/Database.cs:line 9",
                    "at Shop.Function.Handler(String input)",
                ],
            },
            "InvalidOperationException: no orders; "
            "at Shop.Database.Migrate() in /src/Database.cs:line 9; "
            "at Shop.Function.Handler(String input)",
            id=".NET",
        ),
        pytest.param(
            {"errorMessage": "no orders", "errorType": "errorString"},
            "errorString: no orders",
            id="Go",
        ),
        pytest.param(
            {"errorType": "&alloc::string::String", "errorMessage": "no orders"},
            "&alloc::string::String: no orders",
            id="Rust",
        ),
        pytest.param(
            {"errorMessage": "no orders", "stackTrace": "at migrate\nat handler"},
            "Error: no orders; at migrate; at handler",
            id="a custom runtime with a stack trace as text",
        ),
        pytest.param(
            {"errorMessage": "no orders", "errorType": "E", "stackTrace": 7},
            "E: no orders",
            id="a custom runtime with a stack trace as number",
        ),
        pytest.param(
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: 8f5b Error: Task timed out after 3.00 seconds",
            },
            "Sandbox.Timedout: RequestId: 8f5b Error: Task timed out after 3.00 seconds",
            id="time-out",
        ),
        pytest.param(
            {"errorMessage": "2026-11-21T14:00:00.000Z 8f5b Task timed out after 3.00 seconds"},
            "Error: 2026-11-21T14:00:00.000Z 8f5b Task timed out after 3.00 seconds",
            id="time-out, the older form",
        ),
        pytest.param(
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "RequestId: 8f5b Error: Runtime exited with error: signal: killed",
            },
            "Runtime.ExitError: RequestId: 8f5b Error: Runtime exited with error: signal: killed",
            id="out of memory",
        ),
        pytest.param(
            {
                "errorMessage": "Unable to import module 'app': No module named 'psycopg'",
                "errorType": "Runtime.ImportModuleError",
                "requestId": "",
                "stackTrace": [],
            },
            "Runtime.ImportModuleError: Unable to import module 'app': No module named 'psycopg'",
            id="init failure",
        ),
        pytest.param({}, "Error: {}", id="nothing"),
        pytest.param("no orders", 'Error: "no orders"', id="a text"),
        pytest.param(None, "Error: null", id="null"),
        pytest.param([1], "Error: [1]", id="a list"),
        pytest.param(b"no orders", "Error: no orders", id="no JSON"),
        pytest.param(b"", "Error: no message", id="no body"),
    ],
)
def test_the_error_of_any_runtime_is_reported_with_its_innermost_frames(
    stack: Stack, handler: Handler, payload: Any, reason: str
) -> None:
    handler.plays(fails_with(payload))

    assert stack.asks("Create").reason == f"{reason}; {LOG}"


def test_the_three_innermost_of_many_frames_are_reported(stack: Stack, handler: Handler) -> None:
    frames = [f'  File "/var/task/app.py", line {n}, in f{n}\n' for n in range(9)]
    handler.plays(raises("E", "no", stackTrace=frames))

    assert stack.asks("Create").reason == (
        'E: no; at File "app.py", line 8, in f8; at File "app.py", line 7, in f7; '
        f'at File "app.py", line 6, in f6; {LOG}'
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(
            {
                "errorType": "A",
                "errorMessage": "a",
                "cause": {"errorType": "B", "errorMessage": "b", "cause": {
                    "errorType": "C", "errorMessage": "c", "cause": {
                        "errorType": "D", "errorMessage": "d", "cause": {
                            "errorType": "Root", "errorMessage": "no disk"}}}},
            },
            "A: a; caused by C: c; caused by D: d; caused by Root: no disk",
            id="five errors",
        ),
        pytest.param(
            {
                "errorType": "A",
                "errorMessage": "a",
                "stackTrace": "A: a\n\tat x.Y.z(Y.java:1)\nCaused by: B: b\nCaused by: C: c\n"
                "Caused by: D: d\nCaused by: Root: no disk\n",
            },
            "A: a; caused by C: c; caused by D: d; caused by Root: no disk; at x.Y.z(Y.java:1)",
            id="five errors in one text",
        ),
        pytest.param(  # https://github.com/aws/aws-lambda-dotnet, ExceptionInfo of RuntimeSupport
            {
                "errorType": "AggregateException",
                "errorMessage": "One or more errors occurred. (no table) (no disk)",
                "cause": {"errorType": "SqlException", "errorMessage": "no table"},
                "causes": [
                    {"errorType": "SqlException", "errorMessage": "no table"},
                    {"errorType": "IOException", "errorMessage": "no file", "cause": {
                        "errorType": "Win32Exception", "errorMessage": "no disk"}},
                ],
            },
            "AggregateException: One or more errors occurred. (no table) (no disk); caused by "
            "SqlException: no table; caused by IOException: no file; caused by "
            "Win32Exception: no disk",
            id="several errors at once",
        ),
        pytest.param(
            {"errorType": "A", "errorMessage": "a", "causes": 5, "cause": {"errorMessage": "b"}},
            "A: a; caused by Error: b",
            id="causes that are none",
        ),
    ],
)  # fmt: skip
def test_the_root_cause_is_reported(
    stack: Stack, handler: Handler, payload: Any, reason: str
) -> None:
    handler.plays(fails_with(payload))

    assert stack.asks("Create").reason == f"{reason}; {LOG}"


def test_a_stack_trace_of_python_may_be_one_text(stack: Stack, handler: Handler) -> None:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/var/task/app.py", line 7, in handler\n    migrate()\n    ~~~~~~~^^\n'
        '  File "/var/task/db.py", line 3, in migrate\n    run(sql)\n'
    )
    handler.plays(raises("E", "no", stackTrace=trace))

    assert stack.asks("Create").reason == (
        'E: no; at File "db.py", line 3, in migrate run(sql); '
        f'at File "app.py", line 7, in handler migrate(); {LOG}'
    )


LIBRARY = '  File "/var/task/site-packages/psycopg/cursor.py", line 9, in execute\n'


@pytest.mark.parametrize(
    ("trace", "frames"),
    [
        (
            ['  File "/var/task/app.py", line 7, in handler\n', *[LIBRARY] * 9],
            (
                'at File "site-packages/psycopg/cursor.py", line 9, in execute; '
                'at File "site-packages/psycopg/cursor.py", line 9, in execute; '
                'at File "app.py", line 7, in handler'
            ),
        ),
        (
            [
                "E: no",
                "    at Object.query (/var/task/node_modules/pg/lib/client.js:526:17)",
                "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
                "    at async pool (/var/task/node_modules/pg-pool/index.js:45:11)",
                "    at new Promise (<anonymous>)",
                "    at async retry (/opt/nodejs/node_modules/retry/index.js:4:1)",
                "    at async migrate (/var/task/db.js:12:9)",
                "    at async Runtime.handler (/var/task/index.js:4:3)",
            ],
            (
                "at Object.query (node_modules/pg/lib/client.js:526:17); "
                "at async pool (node_modules/pg-pool/index.js:45:11); at async migrate (db.js:12:9)"
            ),
        ),
    ],
    ids=["Python", "Node"],
)
def test_the_frames_of_a_library_leave_room_for_the_handlers_own(
    stack: Stack, handler: Handler, trace: list[str], frames: str
) -> None:
    handler.plays(raises("E", "no", stackTrace=trace))

    assert stack.asks("Create").reason == f"E: no; {frames}; {LOG}"


@pytest.mark.parametrize(
    ("trace", "frames"),
    [
        (
            [
                "Error: no",
                "    at migrate (/var/task/db.js:12:9)",
                "    at process.emit (node:events:519:28)",
                "    at Runtime.handleOnce (/var/runtime/Runtime.js:74:25)",
                "    at async start (file:///var/runtime/index.mjs:1282:5)",
            ],
            "at migrate (db.js:12:9)",
        ),
        (
            [
                "shop.Handler.handleRequest(Handler.java:11)",
                "jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)",
                "com.amazonaws.services.lambda.runtime.api.client.AWSLambda.main(AWSLambda.java:5)",
            ],
            "at shop.Handler.handleRequest(Handler.java:11)",
        ),
        (
            ["    at _loadUserApp (file:///var/runtime/index.mjs:1084:17)"],
            "at _loadUserApp (file:///var/runtime/index.mjs:1084:17)",
        ),
    ],
    ids=["Node", "Java", "no other"],
)
def test_frames_of_a_runtime_are_reported_only_where_there_are_no_others(
    stack: Stack, handler: Handler, trace: list[str], frames: str
) -> None:
    handler.plays(raises("E", "no", trace=trace))

    assert stack.asks("Create").reason == f"E: no; {frames}; {LOG}"


def test_the_part_that_python_underlines_is_not_told(stack: Stack, handler: Handler) -> None:
    frame = '  File "/var/task/app.py", line 7, in handler\n    migrate()\n    ~~~~~~~^^\n'
    handler.plays(raises("E", "no", stackTrace=[frame]))

    assert stack.asks("Create").reason == (
        f'E: no; at File "app.py", line 7, in handler migrate(); {LOG}'
    )


@pytest.mark.parametrize(
    ("group", "where"),
    [
        ("shop-RunLogGroup-1A2B3C4D5E6F",
         "shop-RunLogGroup-1A2B3C4D5E6F, which a rollback deletes (--disable-rollback keeps it)"),
        ("/shop/migrate", "/shop/migrate"),
        ("/aws/lambda/shop-Migrate-1A2B3C4D", "/aws/lambda/shop-Migrate-1A2B3C4D"),
    ],
)  # fmt: skip
def test_a_failed_create_says_that_a_rollback_deletes_the_stacks_log_group(
    stack: Stack, handler: Handler, group: str, where: str
) -> None:
    handler.looks.always(state(LoggingConfig={"LogGroup": group}))
    handler.always(raises("E", "no"))

    assert stack.asks("Create").reason == f"E: no; full log: {where}"
    assert stack.asks("Update").reason == f"E: no; full log: {group}"


def test_the_log_of_a_failed_create_takes_all_the_room_that_is_left(
    stack: Stack, handler: Handler
) -> None:
    log = "\n".join(f"line {number}: é" for number in range(1000))
    handler.always(raises("E", "no", log=log[-4000:]))

    created, updated = stack.asks("Create"), stack.asks("Update")

    assert len(json.dumps(created.body, ensure_ascii=False).encode()) in range(4060, 4096)
    assert len(updated.reason.encode()) < 1000
    for answer in (created, updated):
        assert answer.reason.endswith(f" / line 999: é; {LOG}")


def test_the_final_stop_of_a_message_is_cloudformations_to_set(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(raises("E", "No such table.\n"))

    assert stack.asks("Create").reason == f"E: No such table; {LOG}"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"Status": "FAILED", "Reason": "no orders"}, "Failed: no orders"),
        ({"Status": "FAILURE", "Reason": "no orders."}, "Failed: no orders"),
        ({"Status": "FAILED"}, "Failed: no Reason was given"),
        ({"Status": "FAILED", "Reason": None}, "Failed: no Reason was given"),
        ({"Status": "FAILED", "Reason": ""}, "Failed: no Reason was given"),
    ],
)
def test_a_handler_that_says_it_failed_is_reported_in_its_own_words(
    stack: Stack, handler: Handler, result: object, reason: str
) -> None:
    handler.plays(returns(result))

    assert stack.asks("Create").reason == f"{reason}; {LOG}"


def test_an_error_of_lambda_itself_is_reported_in_its_own_words(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(refused(404, "ResourceNotFoundException", "Function not found: shop"))

    reason = stack.asks("Create").reason

    assert reason == f"ResourceNotFoundException: Function not found: shop; {LOG}"


# ---- the end of the log


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("migrating orders\n", "last log lines: migrating orders"),
        ("one\n\n  \ntwo\n", "last log lines: one / two"),
        (
            "START RequestId: 8f5b\nmigrating\nEND RequestId: 8f5b\nREPORT RequestId: 8f5b\n",
            "last log lines: migrating",
        ),
        ("INIT_START Runtime Version: python:3.13\n", ""),
        ("RESTORE_START Runtime Version: java:21\nXRAY TraceId: 1-5\tSegmentId: 8f\n", ""),
        (
            (
                '{"time": "2026-11-25T10:00:00.000Z", "type": "platform.start", "record": {}}\n'
                '{"timestamp": "2026-11-25T10:00:00Z", "message": "migrating"}\n'
                '{"time":"2026-11-25T10:00:01.000Z","type":"platform.report","record":{"a":1}}\n'
            ),
            'last log lines: {"timestamp": "2026-11-25T10:00:00Z", "message": "migrating"}',
        ),
        (
            "INIT_REPORT Init Duration: 9999.08 ms\tPhase: init\tStatus: timeout\n",
            "last log lines: INIT_REPORT Init Duration: 9999.08 ms Phase: init Status: timeout",
        ),
        ("", ""),
    ],
)
def test_the_last_lines_of_the_log_are_reported_without_lambdas_own(
    stack: Stack, handler: Handler, log: str, reason: str
) -> None:
    handler.plays(raises("E", "no", log=log))

    assert stack.asks("Create").reason == "; ".join(filter(None, ["E: no", reason, LOG]))


def test_the_end_of_a_long_log_is_reported(stack: Stack, handler: Handler) -> None:
    handler.plays(raises("E", "no", log="\n".join(f"line {n}" for n in range(400))))

    reason = stack.asks("Create").reason

    assert "line 399; full log: " in reason
    assert "line 0 " not in reason


# ---- where to read on


@pytest.mark.parametrize(
    ("looked", "where"),
    [
        (state(LoggingConfig={"LogGroup": "/shop/migrate"}), "/shop/migrate"),
        (state(), "/aws/lambda/shop-Migrate-1A2B3C"),
        (refused(403, "AccessDeniedException", "no"), "/aws/lambda/shop-Migrate-1A2B3C"),
    ],
)
def test_the_full_log_is_in_the_handlers_log_group_or_in_its_usual_one(
    stack: Stack, handler: Handler, looked: Behavior, where: str
) -> None:
    handler.looks.plays(looked)
    handler.plays(raises("E", "no"))

    assert stack.asks("Create").reason == f"E: no; full log: {where}"


def test_the_log_group_of_an_alias_is_that_of_its_function(stack: Stack, handler: Handler) -> None:
    handler.plays(raises("E", "no"))

    assert stack.asks("Create", HandlerArn=f"{HANDLER}:live").reason == f"E: no; {LOG}"


# ---- attempts


@pytest.mark.parametrize(
    ("attempts", "reason"), [(1, f"E: no; {LOG}"), (2, f"E: no; attempt 2 of 2; {LOG}")]
)
def test_with_retry_the_attempts_are_counted(
    stack: Stack, handler: Handler, attempts: int, reason: str
) -> None:
    handler.always(raises("E", "no"))

    assert stack.asks("Create", Retry={"MaxAttempts": attempts}).reason == reason


@pytest.mark.parametrize(
    ("before", "attempt"), [([], 1), ([raises("E", "no")], 2)], ids=["the first", "the second"]
)
def test_an_attempt_whose_result_is_no_use_is_counted_as_the_one_it_was(
    stack: Stack, handler: Handler, before: list[Behavior], attempt: int
) -> None:
    handler.plays(*before, returns({}))

    reason = stack.asks("Create", Retry={"MaxAttempts": 3}, Attributes=["Rows"]).reason

    assert f"; attempt {attempt} of 3; " in reason


def test_no_attempt_is_counted_that_was_never_made(stack: Stack, handler: Handler) -> None:
    handler.looks.always(state("Pending"))

    assert "attempt 0" not in stack.asks("Create", Retry={"MaxAttempts": 3}, Timeout=60).reason


# ---- NoEcho


@pytest.mark.parametrize(
    ("ends", "error"),
    [
        (raises("E", SECRET, log=SECRET, stackTrace=[SECRET]), "E"),
        (returns({"Status": "FAILED", "Reason": SECRET}), "Failed"),
        (returns({"Password": SECRET}), "Expect"),
        (returns({"Status": "IN_PROGRESS", "RetryAfter": SECRET}), "BadResult"),
    ],
    ids=["raises", "says FAILED", "not as expected", "bad poll"],
)
def test_with_no_echo_only_the_error_type_is_reported_and_nothing_logged(
    stack: Stack, handler: Handler, ends: Behavior, error: str
) -> None:
    handler.plays(ends)

    answer = stack.asks("Create", NoEcho=True, Expect=sent({"Password": "x"}))

    assert answer.reason == f"{error}; {LOG}"


@pytest.mark.parametrize("error", [f"{SECRET} and more", f"no such\n{SECRET}"])
def test_with_no_echo_an_error_type_that_is_a_sentence_is_not_told(
    stack: Stack, handler: Handler, error: str
) -> None:
    handler.plays(raises(error, "no"))

    assert stack.asks("Create", NoEcho=True).reason == f"Error; {LOG}"


def test_with_no_echo_the_attribute_error_tells_no_more_than_the_reason(
    stack: Stack, handler: Handler
) -> None:
    handler.plays(raises("E", SECRET))

    assert stack.asks("Create", NoEcho=True, OnFailure="Continue").data["Error"] == f"E; {LOG}"


def test_with_no_echo_properties_that_cannot_be_read_are_not_quoted(
    stack: Stack, world: World
) -> None:
    answer = stack.asks("Create", NoEcho=True, Payload={"Skeleton": "{}", "Values": SECRET})

    assert SECRET not in answer.reason
    assert world.ends == ["returned"]
