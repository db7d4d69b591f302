"""The real commands in a project whose `.cfnlintrc` is ours: cfn-lint and `sam validate --lint`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cfn_trigger.lint.configuration import configured

ROOT: Final = Path(__file__).parents[2]
BIN: Final = Path(sys.executable).parent

BAD: Final = """\
Transform: [AWS::Serverless-2016-10-31, Trigger]
Parameters:
  Attempts: {Type: Number}
Resources:
  Orders:
    Type: AWS::SQS::Queue
  Migrate:
    Type: AWS::Serverless::Function
    Metadata:
      Trigger:
        ExecuteAfter: [Orders]
        Timeout: soon
    Properties: {CodeUri: ./migrate, Handler: app.handler, Runtime: python3.13}
  Check:
    Type: Custom::Trigger
    Properties:
      Handler: Migrat
      Retry: {MaxAttempts: !Ref Attempts}
  Repeat:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      ExecuteBefore: [Order]
  Other:
    Type: Custom::Other
"""

REPORT: Final = """\
E9502 Migrate.Metadata.Trigger.Timeout: must be a whole number from 1 to 43200, not 'soon'
template.yaml:12:9

E9502 Check.Handler: no 'Migrat' in the template; did you mean 'Migrate'?
template.yaml:17:7

E9503 Repeat.ExecuteBefore: no resource 'Order' in the template; did you mean 'Orders'?
template.yaml:23:23

E3003 'ServiceToken' is a required property
template.yaml:24:3

"""

HEADS: Final = {
    "E3003": "Required Resource properties are missing",
    "E9502": "Triggers are written as the shorthand defines",
    "E9503": "Triggers are consistent with their template",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".cfnlintrc").write_text(f"regions: [eu-central-1]\n{configured(None).text}")
    (tmp_path / "template.yaml").write_text(BAD)
    return tmp_path


def called(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),  # as if it were installed next to cfn-lint
        "AWS_DEFAULT_REGION": "eu-central-1",
        "SAM_CLI_TELEMETRY": "0",
        "HOME": str(project),
    }
    return subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_cfn_lint_reports_what_is_wrong_line_by_line(project: Path) -> None:
    report = called(project, "cfn-lint", "template.yaml")

    assert report.stdout == REPORT
    assert report.stderr == ""
    assert report.returncode == 2


def test_cfn_lint_says_nothing_of_the_examples(project: Path) -> None:
    examples = [str(path) for path in ROOT.joinpath("examples").rglob("template.yaml")]

    report = called(project, "cfn-lint", "--template", *examples)

    assert examples
    assert (report.stdout, report.stderr, report.returncode) == ("", "", 0)


def test_sam_validate_finds_the_same(project: Path) -> None:
    report = called(project, "sam", "validate", "--lint")

    heads = [f"{rule}: {head}]" for rule, head in HEADS.items()]
    assert sorted(map(report.stdout.count, heads)) == [1, 1, 2]
    said = "(Check.Handler: no 'Migrat' in the template; did you mean 'Migrate'?) matched 17"
    assert said in report.stdout
    assert report.returncode == 1
