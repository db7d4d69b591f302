"""The command line of `cfn-trigger run`."""

import json
from contextlib import chdir
from pathlib import Path

import pytest

from cfn_trigger.commands.run import parse_payload
from cfn_trigger.errors import UsageError
from macro.model import Json
from tests.support.command_line import Outcome, run
from tests.support.stack_endpoint import StackEndpoint
from tests.support.trigger_requests import template
from trigger_provider.request import ABSENT


@pytest.mark.parametrize(
    ("text", "value"), [('{"A": 1}', {"A": 1}), ("@some.json", [2]), (None, ABSENT)]
)
def test_a_payload_is_json_or_a_file_of_it(text: str | None, value: Json, tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("[2]")

    with chdir(tmp_path):
        assert parse_payload(text) == value


def test_a_payload_that_is_not_json_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_payload("{A: 1}")

    assert caught.value.message == (
        "--payload: must be JSON, or @ and the path of a JSON file (Expecting property name"
        " enclosed in double quotes: line 1 column 2 (char 1))"
    )


def test_the_stack_option_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    outcome = run("run", "template.yaml", "Run")

    assert outcome.exit_code == 2
    assert outcome.stderr.endswith("Error: Missing option '--stack', or '--deployed-stack'.\n")


def run_against(endpoint: StackEndpoint, folder: Path) -> Outcome:
    """Run a trigger whose handler the stack lacks, so that it is only read."""
    path = folder / "template.json"
    path.write_text(json.dumps(template()))
    with endpoint.serving() as environment:
        return run("run", str(path), "Run", "--stack", "shop", **environment)


def test_run_asks_aws_once_for_each_part_of_the_stack(tmp_path: Path) -> None:
    endpoint = StackEndpoint(template={"Resources": {}}, physical_ids={"Queue": "queue-1"})

    outcome = run_against(endpoint, tmp_path)

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: stack 'shop': has no 'Check'; deploy it first\n",
    )  # fmt: skip
    assert endpoint.requests == {"DescribeStacks": 1, "GetTemplate": 1, "ListStackResources": 1}


@pytest.mark.parametrize("operation", ["DescribeStacks", "GetTemplate", "ListStackResources"])
def test_a_throttled_run_says_to_try_again(operation: str, tmp_path: Path) -> None:
    throttled = StackEndpoint(
        template={"Resources": {}}, physical_ids={}, throttled=frozenset({operation})
    )

    outcome = run_against(throttled, tmp_path)

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: stack 'shop': Rate exceeded; try again in a minute\n",
    )  # fmt: skip


def test_run_refuses_a_stack_whose_creation_failed(tmp_path: Path) -> None:
    endpoint = StackEndpoint(template={}, physical_ids={}, status="ROLLBACK_COMPLETE")

    outcome = run_against(endpoint, tmp_path)

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        "cfn-trigger: stack 'shop': is ROLLBACK_COMPLETE, since its creation failed; delete it and"
        " deploy it again\n"
    )


def test_an_unknown_parameter_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template()))

    outcome = run("run", str(path), "Run", "--stack", "shop", "--parameter", "Levle=high")

    assert (outcome.exit_code, outcome.stderr) == (
        2, f"cfn-trigger: {path}: has no parameter 'Levle'; did you mean 'Level'?\n",
    )  # fmt: skip


# ---- a trigger as it is deployed


def deployed(**properties: Json) -> StackEndpoint:
    token = {"Fn::GetAtt": ["TriggerProvider", "Arn"]}
    handler = {"Fn::GetAtt": ["Check", "Arn"]}
    properties = {"ServiceToken": token, "HandlerArn": handler, **properties}
    return StackEndpoint(
        template={
            "Resources": {
                "Check": {"Type": "AWS::Lambda::Function", "Properties": {}},
                "Run": {"Type": "Custom::Trigger", "Properties": properties},
            }
        },
        physical_ids={"Check": "shop-Check-1", "Run": "Run-1"},
    )


def run_deployed(endpoint: StackEndpoint, folder: Path, *arguments: str) -> Outcome:
    with chdir(folder), endpoint.serving() as environment:
        return run("run", "--deployed-stack", "shop", *arguments, **environment)


QUESTION = (
    "Run of stack 'shop':\n"
    "  function  shop-Check-1 (Check)\n"
    "  account   123456789012\n"
    "  region    us-east-1\n"
    "  request   Update\n"
    '  payload   {"N": 5}\n'
)


def test_a_deployed_trigger_is_not_run_without_a_confirmation(tmp_path: Path) -> None:
    endpoint = deployed()

    outcome = run_deployed(endpoint, tmp_path, "Run", "--payload", '{"N": 5}')

    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == QUESTION + (
        "cfn-trigger: Run: needs a confirmation; pass --yes, since there is no terminal to ask on\n"
    )
    assert endpoint.requests == {"DescribeStacks": 1, "GetTemplate": 1, "ListStackResources": 1}


def test_a_stack_that_changes_is_noted_before_the_question(tmp_path: Path) -> None:
    endpoint = deployed()
    endpoint.status = "UPDATE_IN_PROGRESS"

    outcome = run_deployed(endpoint, tmp_path, "Run")

    assert outcome.stderr.startswith(
        "cfn-trigger: Run: the stack is UPDATE_IN_PROGRESS: what it has deployed may change"
        " meanwhile\nRun of stack 'shop':\n"
    )


def test_a_trigger_that_is_not_deployed_is_a_usage_error_with_the_nearest_name(
    tmp_path: Path,
) -> None:
    outcome = run_deployed(deployed(), tmp_path, "Ran", "--yes")

    assert (outcome.exit_code, outcome.stderr) == (
        2, "cfn-trigger: stack 'shop': has no trigger 'Ran'; did you mean 'Run'?\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("template.yaml", "Run", "--deployed-stack", "shop"),
            "runs what is deployed; leave out template.yaml, or pass --stack instead\n",
        ),
        (
            ("Run", "--deployed-stack", "shop", "--stack", "shop"),
            "cfn-trigger: --stack and --deployed-stack exclude each other; pass one\n",
        ),
        (("--deployed-stack", "shop"), "Error: Missing argument 'TRIGGER'.\n"),
        (
            ("Run", "--stack", "shop"),
            "Error: Missing argument: TEMPLATE and TRIGGER, or --deployed-stack.\n",
        ),
    ],
)
def test_the_two_forms_of_run_are_told_apart(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    outcome = run("run", *arguments)

    assert outcome.exit_code == 2
    assert outcome.stderr.endswith(message)


def test_a_throttled_request_is_repeated(tmp_path: Path) -> None:
    endpoint = deployed()
    endpoint.throttled_once = frozenset({"DescribeStacks"})

    with chdir(tmp_path), endpoint.serving() as environment:
        del environment["AWS_MAX_ATTEMPTS"]
        outcome = run("run", "--deployed-stack", "shop", "Run", **environment)

    assert outcome.stderr.endswith("pass --yes, since there is no terminal to ask on\n")
    assert endpoint.requests["DescribeStacks"] == 2
