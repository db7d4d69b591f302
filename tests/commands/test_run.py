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
    assert outcome.stderr.endswith("Error: Missing option '--stack'.\n")


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
