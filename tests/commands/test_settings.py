"""Settings of a project: which files and keys are read, which wins, and what is said about it."""

import json
from pathlib import Path

import pytest

from cfn_trigger.errors import UsageError
from cfn_trigger.settings import read_settings
from tests.support.command_line import run

TEMPLATE = """\
Transform: Trigger
Parameters:
  Stage: {Type: String, Default: test}
Resources:
  Run:
    Type: Custom::Trigger
    Properties:
      Payload: {Stage: !Ref Stage, Where: !Ref AWS::Region}
      Function:
        Runtime: python3.13
        Handler: index.handler
        Code: {ZipFile: "def handler(event, context): return {}"}
"""
SAM = """\
version = 0.1
[default.global.parameters]
stack_name = "shop-test"
region = "eu-west-1"
[default.deploy.parameters]
template_file = "app/template.yaml"
parameter_overrides = 'Stage="in test" Other=x'
capabilities = "CAPABILITY_IAM"
[prod.deploy.parameters]
stack_name = "shop"
profile = "prod"
parameter_overrides = ["ParameterKey=Stage,ParameterValue=prod"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with samconfig.toml, a folder `app` and its template, and go there."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "samconfig.toml").write_text(SAM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def values(folder: Path, environment: str | None = None) -> dict[str, object]:
    return {name: setting.value for name, setting in read_settings(folder, environment).items()}


def pyproject(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'x'\n[tool.cfn-trigger]\n{text}\n")


def message(folder: Path, environment: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read_settings(folder, environment)
    return caught.value.message


# ---- what is read


def test_samconfig_is_read_as_the_sam_cli_reads_it(project: Path) -> None:
    assert values(project) == {
        "stack-name": "shop-test",
        "region": "eu-west-1",
        "template-file": "app/template.yaml",
        "parameter-overrides": {"Stage": "in test", "Other": "x"},
    }


def test_an_environment_selects_its_tables(project: Path) -> None:
    assert values(project, "prod") == {
        "stack-name": "shop", "profile": "prod", "parameter-overrides": {"Stage": "prod"},
    }  # fmt: skip


def test_samconfig_may_be_yaml(tmp_path: Path) -> None:
    (tmp_path / "samconfig.yaml").write_text(
        "default: {deploy: {parameters: {region: eu-west-1, parameter_overrides: {A: 1}}}}\n"
    )

    assert values(tmp_path) == {"region": "eu-west-1", "parameter-overrides": {"A": "1"}}


def test_settings_are_those_of_the_nearest_folder_above(project: Path) -> None:
    pyproject(project, "region = 'eu-west-2'")
    pyproject(project / "app", "region = 'eu-west-3'")

    assert values(project / "app")["region"] == "eu-west-3"
    assert values(project)["region"] == "eu-west-2"


def test_a_pyproject_without_the_table_does_not_end_the_search(project: Path) -> None:
    pyproject(project, "macro-name = 'Run'")
    (project / "app" / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    assert values(project / "app")["macro-name"] == "Run"


def test_pyproject_wins_over_samconfig_key_by_key(project: Path) -> None:
    pyproject(project, "region = 'eu-west-2'\nparameter-overrides = {Stage = 'dev', Debug = true}")

    settled = values(project)

    assert (settled["region"], settled["stack-name"]) == ("eu-west-2", "shop-test")
    assert settled["parameter-overrides"] == {"Stage": "dev", "Debug": "true"}


def test_a_project_without_files_has_no_settings(tmp_path: Path) -> None:
    assert values(tmp_path) == {}


# ---- what is wrong


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "regoin = 'x'",
            "pyproject.toml [tool.cfn-trigger]: unknown setting 'regoin'; did you mean 'region'?",
        ),
        (
            "stack_name = 'x'",
            (
                "pyproject.toml [tool.cfn-trigger]: unknown setting 'stack_name';"
                " did you mean 'stack-name'?"
            ),
        ),
        (
            "zzz = 1",
            (
                "pyproject.toml [tool.cfn-trigger]: unknown setting 'zzz'; the settings are"
                " macro-name, parameter-overrides, profile, region, s3-bucket, stack-name,"
                " template-file"
            ),
        ),
        (
            "region = 1",
            "pyproject.toml [tool.cfn-trigger] region: must be a non-empty string",
        ),
        (
            "parameter-overrides = 1",
            (
                "pyproject.toml [tool.cfn-trigger] parameter-overrides: must be a table, or a"
                " string or a list of NAME=VALUE"
            ),
        ),
        (
            "parameter-overrides = 'Stage'",
            (
                "pyproject.toml [tool.cfn-trigger] parameter-overrides: 'Stage' is not of the form"
                " NAME=VALUE"
            ),
        ),
        (
            "parameter-overrides = 'A=\"b'",
            (
                "pyproject.toml [tool.cfn-trigger] parameter-overrides: 'A=\"b' has an open"
                " quotation mark"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_a_usage_error(project: Path, text: str, problem: str) -> None:
    pyproject(project, text)

    assert message(project) == problem


def test_a_file_that_is_not_toml_is_a_usage_error(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool")

    assert message(project) == (
        "pyproject.toml: is not TOML (Expected ']' at the end of a table declaration"
        " (at end of document)); correct it"
    )


def test_an_unknown_environment_is_a_usage_error(project: Path) -> None:
    assert message(project, "prodd") == (
        "samconfig.toml: has no environment 'prodd'; did you mean 'prod'?"
    )


def test_an_environment_needs_a_samconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert message(tmp_path, "prod") == (
        "--config-env prod: there is no samconfig.toml in . or above; create it, or remove it"
    )


# ---- what commands do with them


def region_of(*arguments: str, **environment: str) -> str:
    """Return the region in which a template is planned, which the recorded notes name."""
    outcome = run("plan", *arguments, "--verbose", **environment)
    assert outcome.exit_code == 0, outcome.stderr
    return next(line for line in outcome.stderr.splitlines() if " region " in line)


def test_an_option_wins_over_the_environment_and_that_over_the_files(project: Path) -> None:
    sam = "cfn-trigger: region 'eu-west-1' is from samconfig.toml [default.global.parameters]"
    assert region_of() == sam

    pyproject(project, "region = 'eu-west-2'")
    file = "cfn-trigger: region 'eu-west-2' is from pyproject.toml [tool.cfn-trigger]"
    assert region_of() == file
    variable = "cfn-trigger: region 'eu-west-3' is from AWS_DEFAULT_REGION"
    assert region_of(AWS_DEFAULT_REGION="eu-west-3") == variable
    outcome = run("plan", "--verbose", "--region", "eu-west-4", AWS_DEFAULT_REGION="eu-west-3")
    assert " region " not in outcome.stderr


@pytest.mark.usefixtures("project")
def test_the_template_of_the_settings_is_the_default() -> None:
    outcome = run("expand", "--json")

    assert outcome.exit_code == 0, outcome.stdout
    assert json.loads(outcome.stdout)["Resources"]["Run"]["Type"] == "Custom::Trigger"
    assert run("check").stdout == "1 template checked, no problems\n"


def test_a_passed_parameter_wins_over_the_settings(project: Path) -> None:
    template = str(project / "app" / "template.yaml")
    arguments = ("plan", template, "--against", template, "--old-parameter")

    assert "will not run" in run(*arguments, "Stage=in test").stdout
    assert "'in test' → 'prod'" in (
        run(*arguments, "Stage=in test", "--parameter", "Stage=prod").stdout
    )


def test_the_region_is_that_in_which_a_template_is_expanded(project: Path) -> None:
    (project / "t.yaml").write_text(
        "Transform: [AWS::Serverless-2016-10-31, Trigger]\n"
        "Resources:\n"
        "  F:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.13, Handler: index.handler, InlineCode: x}\n"
    )

    assert "arn:aws:iam::aws:policy" in run("expand", "--sam", "t.yaml").stdout
    assert "arn:aws-cn:iam::aws:policy" in (
        run("expand", "--sam", "t.yaml", "--region", "cn-north-1").stdout
    )


def test_an_error_names_the_settings_that_were_used(project: Path) -> None:
    pyproject(project, "region = 'eu-west-2'\nprofile = 'nobody'")

    outcome = run("watch")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (
        2,
        "",
        (
            "cfn-trigger: The config profile (nobody) could not be found\n"
            "cfn-trigger: stack-name 'shop-test' is from samconfig.toml"
            " [default.global.parameters]\n"
            "cfn-trigger: profile 'nobody' is from pyproject.toml [tool.cfn-trigger]\n"
            "cfn-trigger: region 'eu-west-2' is from pyproject.toml [tool.cfn-trigger]\n"
        ),
    )


def test_keys_in_the_environment_win_over_a_profile_in_a_file(project: Path) -> None:
    pyproject(project, "profile = 'nobody'")

    outcome = run(
        *("watch", "--timeout", "0"),
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 no secret
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
    )

    assert "nobody" not in outcome.stderr


def test_a_wrong_setting_ends_every_command(project: Path) -> None:
    pyproject(project, "regoin = 'x'")

    outcome = run("expand", "app/template.yaml", "--json")

    assert (outcome.exit_code, outcome.stderr) == (2, "")
    assert json.loads(outcome.stdout) == {
        "place": "pyproject.toml [tool.cfn-trigger]",
        "message": "unknown setting 'regoin'",
        "remedy": "did you mean 'region'?",
        "notes": [],
    }
