"""`check --format`: the same problems for people, programs, code scanning and GitHub."""

import json
from contextlib import chdir
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft4Validator

from cfn_trigger.errors import Diagnostic, Span
from cfn_trigger.terminal.reports import github, sarif
from tests.support.command_line import ROOT, Outcome, run

# From the npm package @microsoft/jest-sarif (MIT), as OASIS and schemastore publish it.
SCHEMA: Final = json.loads((ROOT / "tests/support/sarif-2.1.0-rtm.5.json").read_text())
FORMATS: Final = ("text", "json", "sarif", "github")
WRONG: Final = """\
Transform: Trigger
Resources:
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: arn:aws:lambda:eu-central-1:123456789012:function:f:$LATEST
      ExecuteAfter: [Nobody]
"""
RISKY: Final = WRONG.replace("      ExecuteAfter: [Nobody]\n", "")


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Any:
    (tmp_path / "my templates").mkdir()
    (tmp_path / "my templates" / "a,b.yaml").write_text(WRONG)
    (tmp_path / "risky.yaml").write_text(RISKY)
    (tmp_path / "other.yaml").write_text("Resources: {}\n")
    (tmp_path / "broken.yaml").write_text("Transform: Trigger\nResources: {A: [\n")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    with chdir(tmp_path):
        yield tmp_path


def sarif_of(*arguments: str) -> tuple[int, dict[str, Any]]:
    return read_sarif(run("check", "--format", "sarif", *arguments))


def read_sarif(outcome: Outcome) -> tuple[int, dict[str, Any]]:
    log = json.loads(outcome.stdout)
    Draft4Validator(SCHEMA).validate(log)
    assert outcome.stderr == ""
    (run_of_tool,) = log["runs"]
    assert run_of_tool["invocations"][0]["exitCode"] == outcome.exit_code
    return outcome.exit_code, run_of_tool


def test_sarif_has_rules_levels_regions_and_relative_uris() -> None:
    code, log = sarif_of("my templates/a,b.yaml")

    assert code == 1
    assert log["columnKind"] == "unicodeCodePoints"
    assert log["tool"]["driver"]["name"] == "cfn-trigger"
    assert log["tool"]["driver"]["version"] == version("cfn-trigger")
    (rule,) = [each for each in log["tool"]["driver"]["rules"] if each["id"] == "E9503"]
    assert rule["shortDescription"] == {"text": "Triggers are consistent with their template"}
    assert rule["defaultConfiguration"] == {"level": "error"}
    (result,) = [each for each in log["results"] if each["ruleId"] == "E9503"]
    assert log["tool"]["driver"]["rules"][result["ruleIndex"]] == rule
    assert (result["level"], result["message"]["text"]) == (
        "error", "Run.ExecuteAfter: no resource 'Nobody' in the template",
    )  # fmt: skip
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {
                    "uri": "my%20templates/a%2Cb.yaml", "uriBaseId": "%SRCROOT%",
                },
                "region": {"startLine": 7, "startColumn": 22, "endLine": 7, "endColumn": 28},
            }
        }
    ]  # fmt: skip


def test_sarif_has_a_warning_for_a_risk_and_its_rule() -> None:
    code, log = sarif_of("risky.yaml")

    assert code == 1
    assert [(each["ruleId"], each["level"]) for each in log["results"]] == [("W9505", "warning")]


def test_a_file_outside_the_folder_has_an_absolute_uri(project: Path) -> None:
    with chdir(project / "my templates"):
        _, log = sarif_of("../risky.yaml")

    (location,) = log["results"][0]["locations"]
    uri = (project / "risky.yaml").resolve().as_uri()
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_no_problem_is_a_log_without_results() -> None:
    code, log = sarif_of("other.yaml")

    assert (code, log["results"], log["tool"]["driver"]["rules"]) == (0, [], [])
    assert log["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_a_usage_error_is_a_log_that_was_not_successful() -> None:
    code, log = sarif_of("risky.yaml", "--parameter", "Nobody=1")

    message = "risky.yaml: has no parameter 'Nobody'"
    assert (code, log["results"]) == (2, [])
    assert log["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 2,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": message}}],
        }
    ]


def test_github_gets_a_command_for_each_problem() -> None:
    outcome = run("check", "--format", "github", "my templates/a,b.yaml")

    assert outcome.exit_code == 1
    assert (
        "::error title=E9503,file=my templates/a%2Cb.yaml,line=7,endLine=7,col=22,endColumn=28"
        "::Run.ExecuteAfter: no resource 'Nobody' in the template\n"
    ) in outcome.stdout
    assert outcome.stdout.endswith("\n1 template checked, 1 problem\n")


def test_what_would_end_a_command_is_escaped() -> None:
    problem = Diagnostic(
        file="a%:b,c\n.yaml",
        span=Span(line=1, column=2, width=3),
        rule="I9504",
        level="info",
        message="100 %: x,y\r\nz",
    )

    (command,) = github([problem])
    assert command == (
        "::notice title=I9504,file=a%25%3Ab%2Cc%0A.yaml,line=1,endLine=1,col=2,endColumn=5"
        "::100 %25: x,y%0D%0Az"
    )


def test_a_usage_error_is_a_command_for_github_and_words_for_people() -> None:
    outcome = run("check", "--format=github", "risky.yaml", "--parameter", "Nobody=1")

    message = "risky.yaml: has no parameter 'Nobody'"
    assert (outcome.exit_code, outcome.stdout) == (2, f"::error title=cfn-trigger::{message}\n")
    assert outcome.stderr == f"cfn-trigger: {message}\n"


def test_json_is_the_format_of_both_options() -> None:
    arguments = ("my templates/a,b.yaml", "risky.yaml")

    assert run("check", "--json", *arguments) == run("check", "--format", "json", *arguments)


# ---- files that cannot be read


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.yaml", "No such file or directory"), ("binary.yaml", "is not UTF-8 text")],
)
def test_a_file_that_cannot_be_read_is_a_problem_among_the_others(name: str, reason: str) -> None:
    outcomes = {form: run("check", "--format", form, name, "risky.yaml") for form in FORMATS}

    assert {outcome.exit_code for outcome in outcomes.values()} == {2}
    assert outcomes["text"].stderr == f"cfn-trigger: {name}: {reason}\n"
    assert outcomes["text"].stdout.endswith("\n1 template checked, 1 not readable, 2 problems\n")
    message = f"cannot be read: {reason}"
    first, second = json.loads(outcomes["json"].stdout)
    assert first == {
        "file": name, "rule": "E0000", "message": message, "level": "error",
        "line": 1, "column": 1, "width": 1,
    }  # fmt: skip
    assert second["rule"] == "W9505"
    commands = outcomes["github"].stdout.splitlines()
    assert commands[0] == (
        f"::error title=E0000,file={name},line=1,endLine=1,col=1,endColumn=2::{message}"
    )
    _, log = read_sarif(outcomes["sarif"])
    assert [each["ruleId"] for each in log["results"]] == ["E0000", "W9505"]


def test_text_that_is_not_yaml_is_a_problem_in_every_format() -> None:
    reason = "cannot be read: did not find expected node content"

    assert run("check", "broken.yaml").exit_code == 1
    (problem,) = json.loads(run("check", "broken.yaml", "--json").stdout)
    assert (problem["rule"], problem["line"], problem["message"]) == ("E0000", 3, reason)
    command = run("check", "broken.yaml", "--format", "github").stdout.splitlines()[0]
    assert command == (
        f"::error title=E0000,file=broken.yaml,line=3,endLine=3,col=1,endColumn=2::{reason}"
    )
    _, log = sarif_of("broken.yaml")
    assert log["results"][0]["message"]["text"] == reason


def test_a_rule_without_documentation_has_no_address_in_sarif() -> None:
    log = sarif([], {}, exit_code=0)

    Draft4Validator(SCHEMA).validate(log)
    assert log["version"] == "2.1.0"


# ---- the name of the macro


def test_the_macro_may_have_another_name() -> None:
    Path("named.yaml").write_text(WRONG.replace("Transform: Trigger", "Transform: Deploy"))

    with_option = run("check", "named.yaml", "--macro-name", "Deploy", "--json")
    Path("pyproject.toml").write_text('[tool.cfn-trigger]\nmacro-name = "Deploy"\n')
    with_setting = run("check", "named.yaml", "--json")

    assert with_option == with_setting
    assert [each["rule"] for each in json.loads(with_option.stdout)] == ["E9503"]


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("template.yaml", "😀"),
        ("template.json", "😀"),
        ("template.json", "\\ud83d\\ude00"),
        ("template.yaml", "\\u2028"),
        ("template.json", "\\u2028"),
    ],
)
def test_any_character_may_stand_in_a_template(name: str, character: str, tmp_path: Path) -> None:
    handler = "arn:aws:lambda:eu-west-1:123456789012:function:migrate"
    properties = f'{{"Handler": "{handler}", "Payload": "{character}"}}'
    resource = f'{{"Type": "Custom::Trigger", "Properties": {properties}}}'
    text = f'{{"Transform": "Trigger", "Resources": {{"Run": {resource}}}}}'
    path = tmp_path / name
    path.write_text(text)

    assert run("check", str(path)).stdout == "1 template checked, no problems\n"
