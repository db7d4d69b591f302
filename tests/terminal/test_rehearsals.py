"""What is shown before and after a trigger is run."""

import json
from dataclasses import replace

import pytest

from cfn_trigger.invocation.rehearsal import Rehearsal
from cfn_trigger.terminal import rehearsals
from tests.support.trigger_requests import ARN, build, options, template
from trigger_provider.request import InvocationType


def test_the_question_names_what_is_invoked_where_and_with_what() -> None:
    request = build(template({"Rows": [1, "日本"]}), options("Update"))

    assert "\n".join(rehearsals.question(request)) == (
        "Run of stack 'shop':\n"
        "  function  shop-Check-1 (Check)\n"
        "  account   123456789012\n"
        "  region    us-east-1\n"
        "  request   Update\n"
        '  payload   {"Rows": [1, "日本"]}'
    )


def test_the_question_has_the_account_and_region_of_a_function_elsewhere() -> None:
    there = ARN.replace("us-east-1:123456789012", "eu-west-1:999999999999")
    request = replace(build(template(InvocationType="DryRun")), function=there, label="elsewhere")

    assert list(rehearsals.question(request))[1:] == [
        "  function  elsewhere",
        "  account   999999999999",
        "  region    eu-west-1",
        "  request   Create, DryRun",
        "  payload   the description of the request",
    ]


def test_a_long_payload_is_cut_in_the_question() -> None:
    payload = {"Text": "x" * 5000}

    last = list(rehearsals.question(build(template(payload))))[-1]

    text = json.dumps(payload)
    assert last == f"  payload   {text[:2000]}… ({len(text)} characters)"


@pytest.mark.parametrize(
    ("invocation_type", "line"),
    [
        ("Event", "handed over to Lambda, which does not return the result"),
        ("DryRun", "the handler may be invoked; nothing ran"),
    ],
)
def test_what_has_no_result_is_said_to_have_none(
    invocation_type: InvocationType, line: str
) -> None:
    rehearsal = Rehearsal(
        trigger="Run", request="Update", invocation_type=invocation_type, event={},
        status="SUCCESS", reason="", result=None, expect="", physical_id="Run-1", attributes={},
        seconds=0.2,
    )  # fmt: skip

    assert list(rehearsals.rendered(rehearsal)) == ["SUCCESS after 0.2 s", line]
