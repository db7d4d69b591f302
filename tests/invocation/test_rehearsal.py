"""A request carried to its end, as a deployment would: in virtual time."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from cfn_trigger.deployment.state import Line
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.rehearsal import Rehearsal, RehearsalEffects, rehearse
from cfn_trigger.terminal import lines
from cfn_trigger.terminal.rehearsals import rendered
from macro.model import Json
from tests.support.trigger_requests import build, options, template
from trigger_provider.request import RequestType
from trigger_provider.transport import Reply


@dataclass
class Function:
    """Lambda with one function, in virtual time; it checks the protocol of every call."""

    answers: list[Json]
    seconds: float = 0.0
    events: list[Json] = field(default_factory=list)
    contexts: list[Json] = field(default_factory=list)
    shown: list[Line] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 10, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds

    def call(  # noqa: PLR0917 as the provider calls
        self,
        service: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Reply:
        assert service == "lambda"
        if method == "GET":
            assert path == "/2015-03-31/functions/shop-Check-1/configuration"
            return 200, {}, json.dumps({"LoggingConfig": {"LogGroup": "/own"}}).encode()
        assert (method, path) == ("POST", "/2015-03-31/functions/shop-Check-1/invocations")
        assert headers["X-Amz-Invocation-Type"] == "RequestResponse"
        assert headers["X-Amz-Log-Type"] == "Tail"
        assert 1 <= seconds <= 905
        self.events.append(json.loads(body))
        if context := headers.get("X-Amz-Client-Context"):
            about = json.loads(base64.b64decode(context))["custom"]["trigger"]
            self.contexts.append(json.loads(about))
        self.seconds += 2
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            error = {"errorType": type(answer).__name__, "errorMessage": str(answer)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(error).encode()
        return 200, {}, json.dumps(answer).encode()

    def run(self, written: Mapping[str, Json], kind: RequestType = "Create") -> Rehearsal:
        effects = RehearsalEffects(
            now=self.now, sleep=self.sleep, call=self.call, show=self.shown.append
        )
        return rehearse(build(written, options(kind)), effects)

    def lines(self) -> list[str]:
        return [lines.rendered(line, UTC).plain for line in self.shown]


def test_a_handler_is_run_and_its_result_is_what_cloudformation_would_get() -> None:
    function = Function([{"Rows": 3, "Deep": {"A": True}}])

    report = function.run(template({"Number": 5}))

    assert function.events == [{"Number": 5}]
    assert (function.contexts[0]["RequestType"], function.contexts[0]["Attempt"]) == ("Create", 1)
    assert "\n".join(rendered(report)) == (
        "SUCCESS after 2 s\n"
        'result: {"Rows": 3, "Deep": {"A": true}}\n'
        "physical id: Run-184c90810dca\n"
        "attributes:\n"
        "  Rows    3\n"
        "  Deep.A  true\n"
        '  Deep    {"A": true}'
    )
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: done after 2 s",
    ]


def test_a_handler_in_progress_is_invoked_again_with_its_state() -> None:
    pending = {"Status": "IN_PROGRESS", "EventState": {"Job": 1}, "RetryAfter": 30}
    function = Function([pending | {"Progress": "1 of 2"}, pending, {"Rows": 3}])

    report = function.run(template({"Table": "t"}))

    again = {"Table": "t", "EventState": {"Job": 1}}
    assert function.events == [{"Table": "t"}, again, again]
    assert (report.status, report.seconds, report.event) == ("SUCCESS", 66, {"Table": "t"})
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: in progress after 2 s: 1 of 2",
        "10:00:34    Run: in progress after 34 s, poll 1",
        "10:01:06    Run: done after 1 min 6 s, poll 2",
    ]


def test_a_handler_that_takes_hours_is_polled_until_its_timeout() -> None:
    pending = {"Status": "IN_PROGRESS", "RetryAfter": 1800}
    function = Function([pending, pending, pending, {"Rows": 3}])

    report = function.run(template({"Table": "t"}, Timeout=7200))

    assert (report.status, report.seconds) == ("SUCCESS", 3 * 1802 + 2)


@dataclass
class Durable(Function):
    """Lambda with one durable function, which has ended the second time somebody asks."""

    polls: int = 0
    stops: list[Json] = field(default_factory=list)
    is_endless: bool = False

    def call(  # noqa: PLR0917 as the provider calls
        self,
        service: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Reply:
        assert service == "lambda"
        assert 1 <= seconds <= 10
        match method, path.rsplit("/", maxsplit=1)[-1]:
            case "GET", "configuration":
                return 200, {}, b'{"DurableConfig": {"ExecutionTimeout": 60}}'
            case "POST", "invocations":
                assert path.split("/")[-2] == "shop-Check-1%3A%24LATEST"
                assert headers["X-Amz-Invocation-Type"] == "Event"
                return 202, {"X-Amz-Durable-Execution-Arn": "arn:aws:lambda:x/1"}, b""
            case "POST", "stop":
                self.stops.append(json.loads(body))
                return 200, {}, b"{}"
        assert path == "/2025-12-01/durable-executions/arn%3Aaws%3Alambda%3Ax%2F1"
        self.polls += 1
        if self.polls == 1 or self.is_endless:
            return 200, {}, b'{"Status": "RUNNING"}'
        result = {"Status": "SUCCEEDED", "Result": json.dumps(self.answers.pop(0))}
        return 200, {}, json.dumps(result).encode()


def test_a_durable_handler_is_started_and_followed_to_its_end() -> None:
    function = Durable([{"Rows": 3}])

    report = function.run(template({"Number": 5}))

    assert (report.status, report.result) == ("SUCCESS", {"Rows": 3})
    assert function.stops == []


def test_a_durable_handler_is_stopped_at_the_end_of_timeout() -> None:
    function = Durable([], is_endless=True)

    report = function.run(template({"Number": 5}, Timeout=60))

    assert report.status == "FAILED"
    assert function.stops == [{"ErrorType": "Timeout", "ErrorMessage": "not done; Timeout is 60 s"}]


def test_an_answer_is_awaited_no_longer_than_a_function_can_run() -> None:
    assert Function([None]).run(template(Timeout=3540)).status == "SUCCESS"  # it checks


def test_a_handler_that_fails_is_tried_as_often_as_the_template_says() -> None:
    function = Function([LookupError("lost"), LookupError("gone")])

    report = function.run(template(Retry={"MaxAttempts": 2, "Interval": 5}))

    assert "\n".join(rendered(report)) == (
        "FAILED after 9 s\n  LookupError: gone\n  attempt 2 of 2\n  full log: /own"
    )
    assert function.lines() == [
        "10:00:00    Run: started, attempt 1",
        "10:00:02    Run: attempt 1 failed after 2 s: LookupError",
        "10:00:02    Run: lost",
        "10:00:07    Run: started, attempt 2",
        "10:00:09    Run: attempt 2 failed after 9 s: LookupError",
    ]


def test_an_expectation_that_is_met_is_reported() -> None:
    report = Function([{"Rows": 3}]).run(template(Expect={"Rows": 3}))

    assert list(rendered(report))[:3] == [
        "SUCCESS after 2 s", 'result: {"Rows": 3}', "Expect: met",
    ]  # fmt: skip


def test_an_expectation_is_not_compared_with_a_failure() -> None:
    assert Function([LookupError("lost")]).run(template(Expect={"Rows": 3})).expect == ""


def test_an_expectation_that_is_not_met_is_a_failure() -> None:
    report = Function([{"Rows": 2}]).run(template(Expect={"Rows": 3}))

    assert report.expect == "not met"
    assert (report.status, report.reason) == (
        "FAILED", "Expect: result.Rows is 2, expected 3; full log: /own",
    )  # fmt: skip


def test_a_failure_that_a_deployment_would_forgive_is_a_failure() -> None:
    report = Function([LookupError("lost")]).run(template(OnFailure="Continue"))

    assert (report.status, report.reason) == ("FAILED", "LookupError: lost; full log: /own")


def test_an_attribute_that_the_template_reads_must_be_there() -> None:
    written = template()
    written["Outputs"] = {"Rows": {"Value": {"Fn::GetAtt": ["Run", "Rows"]}}}

    report = Function([{"Row": 1}]).run(written)

    assert report.reason == (
        "Attribute: the template reads 'Rows', which the result lacks; did you mean 'Row'?;"
        " full log: /own"
    )


def test_noecho_masks_result_and_reason() -> None:
    good = Function([{"Token": "abc"}]).run(template(NoEcho=True))
    bad = Function([LookupError("abc"), LookupError("abc")])
    told = bad.run(template(NoEcho=True, Retry={"MaxAttempts": 2}))

    assert "abc" not in json.dumps([good.as_json(), told.as_json(), bad.lines()])
    assert (good.result, good.attributes["Token"]) == ("****", "****")


def test_a_rehearsal_as_json_is_one_object() -> None:
    assert Function([[1]]).run(template(5)).as_json() == {
        "trigger": "Run",
        "request": "Create",
        "invocation_type": "RequestResponse",
        "event": 5,
        "status": "SUCCESS",
        "reason": "",
        "result": [1],
        "expect": "",
        "physical_id": "Run-184c90810dca",
        "attributes": {"Result": "[1]", "Truncated": "", "Error": "", "0": "1"},
        "seconds": 2.0,
    }


@pytest.mark.parametrize(
    ("more", "kind", "why"),
    [
        ({}, "Delete", "ExecuteOnDelete is false"),
        ({"Enabled": False}, "Create", "Enabled is false"),
    ],
)
def test_a_request_that_a_deployment_would_skip_is_refused(
    more: Mapping[str, Json], kind: RequestType, why: str
) -> None:
    function = Function([])

    with pytest.raises(UsageError) as caught:
        function.run(template(**more), kind)

    assert caught.value.message == f"Run: a deployment would not run it; {why}"
    assert function.events == []


def test_an_update_runs_though_the_trigger_runs_only_once() -> None:
    function = Function([None])

    assert function.run(template(ExecuteOnHandlerChange=False), "Update").status == "SUCCESS"


def test_a_delete_has_the_physical_id() -> None:
    function = Function([None])

    function.run(template(ExecuteOnDelete=True), "Delete")

    assert (function.events[0]["RequestType"], function.events[0]["PhysicalResourceId"]) == (
        "Delete", "Run-1",
    )  # fmt: skip
