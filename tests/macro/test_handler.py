"""The envelope CloudFormation sends a macro, and the one it gets back."""

import json
import logging
import re
from typing import Any, Final

import pytest

from macro.handler import handler
from tests.support.templates import Template, function, table, template, trigger

REQUEST: Final = "9c8c2f4e-1f52-4a3c-8d1f-0a6c3b7b2c11"


def event(fragment: Any, **more: Any) -> dict[str, Any]:
    """Return the event that CloudFormation sends to a macro."""
    fields = {
        "region": "eu-central-1",
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::Trigger",
        "params": {},
        "requestId": REQUEST,
        "templateParameterValues": {},
    }
    through_json: dict[str, Any] = json.loads(json.dumps(fields | more))
    return through_json


def answered(fragment: Any, **more: Any) -> dict[str, Any]:
    """Return the response as CloudFormation reads it."""
    through_json: dict[str, Any] = json.loads(json.dumps(handler(event(fragment, **more), None)))
    return through_json


class Odd(dict[str, Any]):
    """A fragment that cannot be read, as no template is."""

    def get(self, key: str, default: Any = None) -> Any:
        raise ZeroDivisionError(key, default)


def test_a_success_has_the_request_and_the_fragment() -> None:
    answer = answered(template(Run=trigger()))

    assert sorted(answer) == ["fragment", "requestId", "status"]
    assert (answer["requestId"], answer["status"]) == (REQUEST, "success")
    assert "TriggerProvider" in answer["fragment"]["Resources"]


def test_a_failure_has_the_request_and_all_problems_in_one_line() -> None:
    fragment = template(Run=trigger(Timout=5, Enabled="perhaps"), Check=trigger("Migrat"))

    assert answered(fragment) == {
        "requestId": REQUEST,
        "status": "failure",
        "errorMessage": (
            "Run.Timout: unknown property; did you mean 'Timeout'?"
            " | Run.Enabled: must be true or false, not 'perhaps'"
            " | Check.Handler: no 'Migrat' in the template; did you mean 'Migrate'?"
        ),
    }


def test_an_exception_is_logged_and_answered_with_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = handler(event({}) | {"fragment": Odd(Resources={})}, None)

    assert answer == {
        "requestId": REQUEST,
        "status": "failure",
        "errorMessage": (
            f"cfn-trigger failed on this template; please report it with request {REQUEST}"
        ),
    }
    (record,) = caplog.records
    assert record.getMessage() == f"expanding failed, request {REQUEST}"
    assert record.exc_info
    assert record.exc_info[0] is ZeroDivisionError


def test_nothing_of_the_event_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    parameters = {"Parameters": {"Secret": {"Type": "String", "NoEcho": True}}}

    with caplog.at_level(logging.DEBUG):
        answered(template(parameters, Run=trigger()), templateParameterValues={"Secret": "hush"})
        answered(template(Run=trigger(Timout=5)))

    assert caplog.records == []


@pytest.mark.parametrize(
    "fragment",
    [
        {"Resources": {}},
        {"Resources": {"Orders": table(Size=5, Ratio=1.50, Text="zażółć\u2028\ud83d\ude80")}},
        {"Resources": {"B": function(), "A": {}}, "Outputs": None, "Description": ""},
        {"Resources": {"Theirs": {"Type": "Custom::Trigger", "Properties": {"ServiceToken": "x"}}}},
        {"Resources": {"Odd": ["text", None, {"Deep": [[[]]]}]}, "Unknown": 1e100},
    ],
)
def test_a_template_without_triggers_comes_back_byte_for_byte(fragment: Template) -> None:
    sent = event(fragment)
    before = json.dumps(sent["fragment"])

    assert json.dumps(handler(sent, None)["fragment"]) == before


@pytest.mark.parametrize("fragment", [{"Properties": {}}, [], "text", None, {}])
def test_a_part_of_a_template_is_refused(fragment: Any) -> None:
    assert answered(fragment)["errorMessage"] == (
        "Fn::Transform: Trigger transforms whole templates; put it in the template's Transform"
    )


@pytest.mark.parametrize("absent", ["params", "templateParameterValues"])
@pytest.mark.parametrize("kept", [True, False])
def test_an_event_may_lack_parameters(absent: str, *, kept: bool) -> None:
    sent = event(template(Run=trigger())) | {absent: None}
    if not kept:
        del sent[absent]

    assert handler(sent, None)["status"] == "success"


def test_the_request_dates_a_trigger_of_every_deployment() -> None:
    fragment = answered(template(Run=trigger(ExecuteOnEveryDeployment=True)))["fragment"]

    assert fragment["Resources"]["Run"]["Properties"]["Fingerprint"]["Deployment"] == REQUEST


def test_an_expansion_too_large_for_a_body_is_a_warning_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = answered(template({"Metadata": {"Note": "x" * 50_000}}, Run=trigger()))

    size = len(json.dumps(answer["fragment"]))
    assert caplog.messages == [
        (
            f"expands to {size} bytes; CloudFormation accepts 51200 in a request, "
            "so pass it through S3"
        )
    ]


def test_an_expansion_too_large_for_any_template_is_a_problem() -> None:
    fragment = template(Run=trigger(Payload="x" * 60_000, Timeout=43_200))

    answer = answered(fragment)

    assert answer["status"] == "failure"
    message = re.fullmatch(
        r"Resources: expands to (\d+) bytes; CloudFormation accepts 1000000 at most; "
        "split the template or shorten its payloads",
        answer["errorMessage"],
    )
    assert message
    assert int(message[1]) > 17 * 60_000


def test_an_expansion_that_fits_a_body_logs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    answered(template(Run=trigger()))

    assert caplog.messages == []


def test_what_may_surprise_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = answered(template(Run=trigger(InvocationType="Event")))

    assert answer["status"] == "success"
    (record,) = caplog.records
    assert record.getMessage() == (
        "Run.InvocationType: a failure of 'Migrate' would go unnoticed, since Lambda drops the "
        "event;"
        " give the trigger a FailureDestination or the function a dead-letter queue"
    )
