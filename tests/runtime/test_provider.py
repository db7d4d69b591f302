"""The provider under Lambda's own runtime client, against services that fault on the wire.

Knows what CloudFormation, the handler and the stack's author get to see. Refuses to know how the
provider decides: `tests/provider` plays that in virtual time; here time is real, and kept short.
"""

import json
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from macro.embedding import IMPORT
from tests.support.endpoints import (
    LONGEST_PAUSE,
    Bytes,
    Endpoints,
    Reply,
    Reset,
    denied,
    endpoints,
    function_error,
    half,
    ok,
    refused,
    stack,
    stack_error,
    state,
    throttled,
)
from tests.support.lambda_function import REPOSITORY, Function, built_by_make, function

EMBEDDED = REPOSITORY / "trigger_provider" / "embedded.py"
POLLING = {"Status": "IN_PROGRESS", "EventState": {"page": 2}, "RetryAfter": 0.2}
TWICE = {"MaxAttempts": "2", "Interval": "0"}


@pytest.fixture
def aws() -> Iterator[Endpoints]:
    with endpoints() as served:
        yield served


@pytest.fixture
def provider(aws: Endpoints) -> Iterator[Function]:
    with provided(aws.environment) as made:
        yield made


@contextmanager
def provided(environment: dict[str, str], *, timeout: int = 900) -> Iterator[Function]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(EMBEDDED, Path(folder) / "index.py")
        with function(
            Path(folder), "index.handler", name="provider", timeout=timeout, environment=environment
        ) as running:
            yield running


def sent(payload: Any) -> dict[str, Any]:
    return {"Skeleton": json.dumps(payload)}


def log_entries(log: str) -> list[dict[str, Any]]:
    emulators = ("START RequestId", "END RequestId", "REPORT RequestId")
    return [
        json.loads(line) for line in log.splitlines() if line and not line.startswith(emulators)
    ]


# ---- where its code is


def test_the_layer_has_all_that_the_code_in_a_template_imports(
    aws: Endpoints, tmp_path: Path
) -> None:
    aws.handler.plays(ok({"Rows": 5}))
    folder = built_by_make("build-ProviderLayer", tmp_path) / "python"
    (folder / "index.py").write_text(IMPORT)

    with function(folder, "index.handler", environment=aws.environment) as provider:
        provider.invoke(aws.event())

    assert (aws.answer["Status"], aws.answer["Data"]["Rows"]) == ("SUCCESS", "5")


# ---- what a handler's result becomes


def test_a_synchronous_handlers_result_becomes_attributes(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok({"Rows": 5, "Tables": [{"Name": "orders"}]}))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "SUCCESS"
    assert aws.answer["Data"] == {
        "Rows": "5",
        "Tables": '[{"Name": "orders"}]',
        "Tables.0": '{"Name": "orders"}',
        "Tables.0.Name": "orders",
        "Result": '{"Rows": 5, "Tables": [{"Name": "orders"}]}',
        "Error": "",
        "Truncated": "",
    }


def test_a_handler_without_payload_gets_a_description_of_the_event(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(None))
    event = aws.event()

    provider.invoke(event)

    described = aws.handler.asked[0].body
    assert len(described.pop("ExecutionId")) >= 16
    assert described == {
        "RequestType": "Create",
        "RequestId": event["RequestId"],
        "StackId": event["StackId"],
        "LogicalResourceId": "RunMigration",
        "Attempt": 1,
    }


def test_a_payload_arrives_verbatim_and_the_description_as_client_context(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(None))
    payload = {"n": 5, "on": True, "text": "grün"}

    provider.invoke(aws.event(Payload=sent(payload)))

    asked = aws.handler.asked[0]
    assert asked.body == payload
    assert json.loads(asked.client_context["custom"]["trigger"])["RequestType"] == "Create"


@pytest.mark.parametrize("text", ["x" * 20_000, "€" * 20_000, '"\n' * 10_000])
def test_a_result_too_long_for_an_answer_is_left_out_and_listed_as_truncated(
    aws: Endpoints, provider: Function, text: str
) -> None:
    aws.handler.plays(ok({"Long": text, "Rows": 5}))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "SUCCESS"
    assert aws.answer["Data"]["Rows"] == "5"
    assert "Long" in aws.answer["Data"]["Truncated"]
    assert "Long" not in aws.answer["Data"]


def test_a_result_of_six_megabytes_is_read_and_answered(aws: Endpoints, provider: Function) -> None:
    aws.handler.plays(ok({"Long": "x" * 6_000_000, "Rows": 5}))

    provider.invoke(aws.event())

    assert aws.answer["Data"]["Rows"] == "5"


def test_a_result_of_very_many_items_is_read_and_answered(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok({"Rows": 5, "Ids": [1] * 500_000}))

    provider.invoke(aws.event())

    assert aws.answer["Data"]["Rows"] == "5"


@pytest.mark.parametrize("depth", [100, 900, 990, 10_000])
def test_a_result_of_any_depth_is_answered(aws: Endpoints, provider: Function, depth: int) -> None:
    aws.handler.plays(Reply(body=b"[" * depth + b"]" * depth))

    provider.invoke(aws.event())

    assert aws.answer["Status"] in {"SUCCESS", "FAILED"}


def test_an_asynchronous_trigger_hands_its_event_over_and_goes_on(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(Reply(status=202))

    provider.invoke(aws.event(InvocationType="Event"))

    assert aws.handler.asked[0].headers["x-amz-invocation-type"] == "Event"
    assert aws.answer["Status"] == "SUCCESS"


def test_a_dry_run_asks_lambda_and_runs_nothing(aws: Endpoints, provider: Function) -> None:
    aws.handler.plays(Reply(status=204))

    provider.invoke(aws.event(InvocationType="DryRun"))

    assert aws.handler.asked[0].headers["x-amz-invocation-type"] == "DryRun"
    assert aws.answer["Status"] == "SUCCESS"


# ---- what a failure becomes


def test_the_handlers_error_type_and_log_tail_are_in_the_reason(
    aws: Endpoints, provider: Function
) -> None:
    failure = {
        "errorMessage": "relation orders does not exist",
        "errorType": "ProgrammingError",
        "requestId": "8f5b",
        "stackTrace": ['  File "/var/task/app.py", line 7, in handler\n    migrate()\n'],
    }
    log = "START RequestId: 8f5b\nmigrating orders\nEND RequestId: 8f5b\nREPORT RequestId: 8f5b\n"
    aws.handler_state.plays(state(log_group="/shop/migrate"))
    aws.handler.plays(function_error(failure, log))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "FAILED"
    assert aws.answer["Reason"] == (
        "ProgrammingError: relation orders does not exist; "
        'at File "app.py", line 7, in handler migrate(); '
        "last log lines: migrating orders; full log: /shop/migrate"
    )


@pytest.mark.parametrize("text", ["x" * 20_000, "€" * 20_000, "\U0001f600" * 9_000, '"\n' * 9_000])
def test_a_reason_of_any_length_and_script_fits_into_the_answer(
    aws: Endpoints, provider: Function, text: str
) -> None:
    aws.handler.plays(function_error({"errorType": "E", "errorMessage": text}, text[:4000]))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "FAILED"
    assert aws.answer["Reason"].startswith("E: ")


def test_an_error_of_lambda_itself_keeps_its_message(aws: Endpoints, provider: Function) -> None:
    message = "Function not found: shop-Migrate-1A2B3C"
    aws.handler.plays(refused(404, "ResourceNotFoundException", message))

    provider.invoke(aws.event())

    assert aws.answer["Reason"].startswith(f"ResourceNotFoundException: {message}; ")


def test_a_failed_attempt_is_repeated_by_retry_with_the_same_execution_id(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(function_error({"errorMessage": "not yet"}), ok({"Rows": 5}))

    provider.invoke(aws.event(Retry=TWICE))

    first, second = (asked.body for asked in aws.handler.asked)
    assert (first["Attempt"], second["Attempt"]) == (1, 2)
    assert first["ExecutionId"] == second["ExecutionId"]
    assert aws.answer["Status"] == "SUCCESS"


def test_fractions_of_seconds_and_of_rates_are_understood(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(function_error({"errorMessage": "not yet"}), ok({"Rows": 5}))
    retry = TWICE | {"Interval": "0.5", "BackoffRate": "1.5", "MaxInterval": "2.5"}

    provider.invoke(aws.event(Retry=retry, PollInterval="0.5"))

    assert aws.answer["Data"]["Rows"] == "5"


# ---- at most once


def test_a_handler_slower_than_every_other_limit_is_started_exactly_once(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok({"Rows": 5}, seconds=6))

    provider.invoke(aws.event())

    assert len(aws.handler.asked) == 1
    assert aws.answer["Data"]["Rows"] == "5"


def test_while_the_handler_runs_the_kernel_probes_the_connection_before_a_nat_forgets_it(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(None, seconds=0.5))

    provider.invoke(aws.event())

    (seconds,) = aws.keep_alive_seconds
    assert 0 < seconds < 350


@pytest.mark.parametrize(
    "ambiguous",
    [
        pytest.param(Reset(after_reading=True), id="reset after the request was read"),
        pytest.param(Reset(after_reading=False), id="reset before the request was read"),
        pytest.param(half({"Rows": 5}), id="half an answer"),
        pytest.param(Bytes(raw=b""), id="no answer"),
        pytest.param(Bytes(raw=b"\x16\x03\x01 nonsense\r\n\r\n"), id="no HTTP"),
        pytest.param(Reply(body=b"<html>busy</html>"), id="no JSON"),
        pytest.param(refused(500, "ServiceException", "internal"), id="500"),
        pytest.param(Reply(status=502, body=b"<html>bad gateway</html>"), id="502 of a proxy"),
        pytest.param(Reply(status=504), id="504 without a body"),
    ],
)
def test_an_ambiguous_reply_is_one_failed_attempt_and_never_a_second_start(
    aws: Endpoints, provider: Function, ambiguous: Any
) -> None:
    aws.handler.plays(ambiguous)

    provider.invoke(aws.event())

    assert len(aws.handler.asked) == 1
    assert aws.answer["Status"] == "FAILED"


def test_a_lost_connection_is_retried_only_where_the_author_says_so(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(Reset(after_reading=True), ok({"Rows": 5}))

    provider.invoke(aws.event(Retry=TWICE))

    assert [asked.body["Attempt"] for asked in aws.handler.asked] == [1, 2]
    assert aws.answer["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(denied(), id="AccessDenied"),
        pytest.param(throttled(), id="TooManyRequests"),
        pytest.param(refused(409, "ResourceConflictException", "Pending"), id="ResourceConflict"),
    ],
)
def test_a_reply_that_proves_that_the_handler_did_not_run_is_retried_without_retry(
    aws: Endpoints, provider: Function, proof: Reply
) -> None:
    aws.handler.plays(proof, ok({"Rows": 5}))

    provider.invoke(aws.event())

    assert [asked.body["Attempt"] for asked in aws.handler.asked] == [1, 1]
    assert aws.answer["Data"]["Rows"] == "5"


def test_a_permission_that_never_arrives_fails_with_lambdas_message(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.default = denied()

    provider.invoke(aws.event(Timeout="2"))

    assert aws.answer["Status"] == "FAILED"
    assert "is not authorized to perform: lambda:InvokeFunction" in aws.answer["Reason"]


def test_a_refused_connection_is_tried_again(aws: Endpoints, provider: Function) -> None:
    aws.handler.plays(ok({"Rows": 5}))
    aws.refuse_connections()
    accepting_again = threading.Timer(0.5, aws.accept_connections)

    accepting_again.start()
    provider.invoke(aws.event())
    accepting_again.join()

    assert aws.answer["Data"]["Rows"] == "5"


# ---- before the first invocation


@pytest.mark.parametrize(
    "unready",
    [state("Pending"), state("Active", "InProgress"), Reply(status=429)],
    ids=["Pending", "InProgress", "throttled"],
)
def test_the_handler_is_invoked_only_once_it_is_active_and_up_to_date(
    aws: Endpoints, provider: Function, unready: Reply
) -> None:
    aws.handler_state.plays(unready, state())
    aws.handler.plays(ok(None))

    provider.invoke(aws.event())

    assert aws.handler.asked[0].at >= aws.handler_state.asked[-1].at
    assert len(aws.handler_state.asked) == 2
    assert aws.answer["Status"] == "SUCCESS"


def test_a_denied_look_at_the_handler_stops_nothing(aws: Endpoints, provider: Function) -> None:
    aws.handler_state.plays(refused(403, "AccessDeniedException", "no"))
    aws.handler.plays(ok(None))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reset(after_reading=True), id="reset"),
        pytest.param(Reply(status=500), id="500"),
    ],
)
def test_a_broken_look_at_the_handler_stops_nothing(
    aws: Endpoints, provider: Function, broken: Any
) -> None:
    aws.handler_state.plays(broken)
    aws.handler.plays(ok(None))

    provider.invoke(aws.event())

    assert aws.answer["Status"] == "SUCCESS"


# ---- the answer


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(Reset(after_reading=True), id="reset"),
        pytest.param(Bytes(raw=b""), id="no answer"),
    ],
)
def test_an_answer_that_was_not_accepted_is_sent_again(
    aws: Endpoints, provider: Function, lost: Any
) -> None:
    aws.handler.plays(ok({"Rows": 5}))
    aws.bucket.plays(lost, Reply())

    provider.invoke(aws.event())

    assert len(aws.answers) == 2
    assert aws.answers[0] == aws.answers[1]
    assert len(aws.handler.asked) == 1


def test_an_answer_is_sent_a_third_time_after_a_500_and_a_503(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok({"Rows": 5}))
    aws.bucket.plays(Reply(status=500), Reply(status=503), Reply())

    provider.invoke(aws.event())

    assert len(aws.answers) == 3
    assert aws.answer["Status"] == "SUCCESS"


def test_an_event_that_cloudformation_no_longer_waits_for_is_dropped(
    aws: Endpoints, provider: Function
) -> None:
    provider.invoke(aws.event(seconds_ago=1000, Timeout="900", ServiceTimeout="960"))

    assert not aws.handler.asked
    assert not aws.answers


def test_unreadable_properties_are_answered_with_a_failure(
    aws: Endpoints, provider: Function
) -> None:
    provider.invoke(aws.event(Timeout="soon"))

    assert aws.answer["Status"] == "FAILED"


# ---- trust


def test_the_certificate_of_a_known_authority_is_accepted(tmp_path: Path) -> None:
    authority, server = certified(tmp_path)

    with endpoints(server) as aws:
        aws.handler.plays(ok({"Rows": 5}, seconds=0.2))
        with provided(aws.environment | {"SSL_CERT_FILE": str(authority)}) as provider:
            provider.invoke(aws.event())

        assert aws.answer["Data"]["Rows"] == "5"
        assert 0 < aws.keep_alive_seconds[0] < 350


def test_the_certificate_of_an_unknown_authority_is_refused_by_every_call(
    tmp_path: Path, aws: Endpoints
) -> None:
    _, server = certified(tmp_path)

    with endpoints(server) as impostor:
        environment = aws.environment | {"AWS_ENDPOINT_URL_LAMBDA": impostor.url}
        with provided(environment) as provider:
            provider.invoke(aws.event(Timeout="2"))

        assert not impostor.handler_state.asked
        assert not impostor.handler.asked
    assert "CERTIFICATE_VERIFY_FAILED" in aws.answer["Reason"]


def test_a_host_with_the_certificate_of_an_unknown_authority_gets_no_answer(
    tmp_path: Path, aws: Endpoints
) -> None:
    _, server = certified(tmp_path)
    aws.handler.plays(ok({"Rows": 5}))

    with endpoints(server) as impostor:
        with provided(aws.environment, timeout=2) as provider:
            log = provider.invoke(impostor.event()).log

        assert not impostor.answers
    assert "CERTIFICATE_VERIFY_FAILED" in log


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return folder / "authority.pem", context


# ---- longer than one execution


def test_a_provider_whose_time_runs_out_while_the_handler_runs_answers_before_its_own_end(
    aws: Endpoints,
) -> None:
    aws.handler.plays(ok(None, seconds=LONGEST_PAUSE))

    with provided(aws.environment, timeout=20) as provider:
        payload = provider.invoke(aws.event()).payload

    assert payload is None
    assert aws.answer["Status"] == "FAILED"
    assert aws.answer["Reason"].startswith("HandlerTooSlow: ")
    assert "IN_PROGRESS" in aws.answer["Reason"]


def test_a_handler_that_is_not_done_is_polled_with_its_state(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(POLLING), ok(POLLING | {"EventState": {"page": 3}}), ok({"Rows": 5}))

    provider.invoke(aws.event())

    states = [asked.body.get("EventState") for asked in aws.handler.asked]
    assert states == [None, {"page": 2}, {"page": 3}]
    assert {asked.body["Attempt"] for asked in aws.handler.asked} == {1}
    assert aws.answer["Data"]["Rows"] == "5"


def test_polls_with_a_payload_carry_the_state_in_it_and_in_the_client_context(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(POLLING), ok({"Rows": 5}))

    provider.invoke(aws.event(Payload=sent({"n": 1})))

    second = aws.handler.asked[1]
    assert second.body == {"n": 1, "EventState": {"page": 2}}
    assert json.loads(second.client_context["custom"]["trigger"])["EventState"] == {"page": 2}


def test_a_poll_comes_after_the_wait_that_the_handler_asked_for(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(POLLING | {"RetryAfter": 1}), ok(None))

    provider.invoke(aws.event(PollInterval="3000"))

    first, second = aws.handler.asked
    assert second.at - first.at >= 1


def test_a_poll_without_a_wait_of_its_own_comes_after_the_poll_interval(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok(POLLING | {"RetryAfter": None}), ok({"Rows": 5}))

    provider.invoke(aws.event(PollInterval="1"))

    first, second = aws.handler.asked
    assert second.at - first.at >= 1
    assert aws.answer["Data"]["Rows"] == "5"


def test_questions_about_the_stack_never_outlast_the_execution(aws: Endpoints) -> None:
    aws.handler.plays(ok(POLLING))
    aws.stack.default = stack_error(400, "Throttling", "Rate exceeded")

    with provided(aws.environment, timeout=11) as provider:
        payload = provider.invoke(aws.event()).payload

    assert payload is None
    assert len(aws.hand_over.asked) + len(aws.answers) == 1


def test_polling_stops_once_the_stack_rolls_back(aws: Endpoints, provider: Function) -> None:
    aws.handler.plays(ok(POLLING))
    aws.stack.plays(stack("UPDATE_ROLLBACK_IN_PROGRESS"))

    provider.invoke(aws.event(seconds_ago=30))  # before that, the status may be an earlier one

    assert aws.answer["Status"] == "FAILED"
    assert "UPDATE_ROLLBACK_IN_PROGRESS" in aws.answer["Reason"]


def test_a_poll_that_does_not_fit_is_handed_over_with_the_state_and_finished_there(
    aws: Endpoints,
) -> None:
    aws.handler.plays(ok(POLLING), ok({"Rows": 5}))
    event = aws.event(Payload=sent({"n": 1}))

    with provided(aws.environment, timeout=30) as provider:
        provider.invoke(event)
        answers_before, handed_over = list(aws.answers), aws.hand_over.asked[0]
        provider.cold()
        provider.invoke(handed_over.body)

        assert provider.arn.replace(":", "%3A") in handed_over.target
    assert answers_before == []
    assert len(aws.hand_over.asked) == 1
    assert handed_over.body.items() >= event.items()
    first, second = aws.handler.asked
    assert second.body == {"n": 1, "EventState": {"page": 2}}
    assert described(first)["ExecutionId"] == described(second)["ExecutionId"]
    assert aws.answer["Data"]["Rows"] == "5"


def test_a_retry_that_does_not_fit_is_handed_over_with_the_count_of_attempts(
    aws: Endpoints,
) -> None:
    aws.handler.plays(*[function_error({"errorType": "E", "errorMessage": "no"})] * 2)

    with provided(aws.environment, timeout=30) as provider:
        provider.invoke(aws.event(Retry=TWICE))
        provider.cold()
        provider.invoke(aws.hand_over.asked[0].body)

    assert [asked.body["Attempt"] for asked in aws.handler.asked] == [1, 2]
    assert "attempt 2 of 2" in aws.answer["Reason"]


def test_a_hand_over_that_lambda_throttles_is_tried_again(aws: Endpoints) -> None:
    aws.handler.plays(ok(POLLING))
    aws.hand_over.plays(throttled(), Reply(status=202))

    with provided(aws.environment, timeout=30) as provider:
        provider.invoke(aws.event())

    assert len(aws.hand_over.asked) == 2
    assert not aws.answers


def test_a_hand_over_that_may_have_succeeded_is_not_repeated_and_is_answered_by_one_alone(
    aws: Endpoints,
) -> None:
    aws.handler.plays(ok(POLLING), ok({"Rows": 5}))
    aws.hand_over.plays(Reset(after_reading=True))

    with provided(aws.environment, timeout=30) as provider:
        provider.invoke(aws.event())
        answers_before = list(aws.answers)
        provider.cold()
        provider.invoke(aws.hand_over.asked[0].body)

    assert len(aws.hand_over.asked) == 1
    assert answers_before == []
    assert aws.answer["Data"]["Rows"] == "5"


def described(asked: Any) -> Any:
    return json.loads(asked.client_context["custom"]["trigger"])


# ---- the life of a stack


def test_an_update_while_the_stack_rolls_back_runs_nothing(
    aws: Endpoints, provider: Function
) -> None:
    aws.stack.plays(stack("UPDATE_ROLLBACK_IN_PROGRESS"))
    event = aws.event("Update")

    provider.invoke(event)

    assert not aws.handler.asked
    assert aws.answer["Status"] == "SUCCESS"
    assert aws.answer["PhysicalResourceId"] == event["PhysicalResourceId"]


def test_a_throttled_question_about_the_stack_is_asked_again(
    aws: Endpoints, provider: Function
) -> None:
    aws.stack.plays(stack_error(400, "Throttling", "Rate exceeded"), stack("UPDATE_IN_PROGRESS"))
    aws.handler.plays(ok(None))

    provider.invoke(aws.event("Update"))

    assert len(aws.stack.asked) == 3  # the last is about the stack's events
    assert aws.answer["Status"] == "SUCCESS"


def test_a_denied_question_about_the_stack_is_a_warning_and_the_handler_runs(
    aws: Endpoints, provider: Function
) -> None:
    aws.stack.plays(stack_error(403, "AccessDenied"))
    aws.handler.plays(ok(None))

    log = provider.invoke(aws.event("Update")).log

    assert "WARN" in [entry.get("level") for entry in log_entries(log)]
    assert aws.answer["Status"] == "SUCCESS"


def test_a_delete_makes_no_calls_and_succeeds(aws: Endpoints, provider: Function) -> None:
    provider.invoke(aws.event("Delete"))

    assert not aws.handler_state.asked + aws.handler.asked + aws.stack.asked
    assert aws.answer["Status"] == "SUCCESS"


def test_a_handler_that_fails_at_delete_does_not_wedge_the_stack(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(function_error({"errorType": "E", "errorMessage": "gone"}))

    log = provider.invoke(aws.event("Delete", ExecuteOnDelete="true")).log

    assert aws.handler.asked[0].body["RequestType"] == "Delete"
    assert aws.answer["Status"] == "SUCCESS"
    assert "ERROR" in [entry.get("level") for entry in log_entries(log)]


# ---- the log


@pytest.mark.parametrize(
    ("outcomes", "answers"),
    [
        pytest.param([ok({"Token": "sesame-of-result"})], [], id="success"),
        pytest.param([ok("sesame-of-result")], [], id="a scalar"),
        pytest.param([ok(POLLING | {"EventState": "sesame-of-result"}), ok(1)], [], id="polls"),
        pytest.param([Reset(after_reading=True)], [], id="reset"),
        pytest.param([denied(), ok(None)], [], id="denied"),
        pytest.param([Reply(body=b"sesame-of-result")], [], id="no JSON"),
        pytest.param([half("sesame-of-result")], [], id="half an answer"),
        pytest.param([ok(None)], [Reset(after_reading=True), Reply()], id="answer reset"),
        pytest.param([ok(None)], [Reply(status=503), Reply()], id="answer refused"),
    ],
)
def test_the_log_is_json_and_holds_no_url_no_payload_and_no_result(
    aws: Endpoints, provider: Function, outcomes: list[Any], answers: list[Any]
) -> None:
    aws.handler.plays(*outcomes)
    aws.bucket.plays(*answers)
    event = aws.event(Payload=sent({"password": "sesame-of-payload"}))

    log = provider.invoke(event).log

    entries = log_entries(log)
    assert {entry["trigger"] for entry in entries} == {"RunMigration"}
    secrets = ["sesame", event["ResponseURL"].partition("?")[2], "X-Amz-Signature", "5ec2e7"]
    assert [secret for secret in secrets if secret in log] == []


def test_a_result_that_is_not_as_expected_is_not_in_the_log(
    aws: Endpoints, provider: Function
) -> None:
    aws.handler.plays(ok({"Token": "sesame-of-result"}))

    log = provider.invoke(aws.event(Expect=sent({"Token": "another"}))).log

    assert aws.answer["Status"] == "FAILED"
    assert "sesame" not in log
