"""The command line as a whole: how it ends, and its messages about bad input, word for word."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cfn_trigger.main import main
from tests.support.command_line import APART, CLEAN, ROOT, run
from tests.support.processes import ignoring_ctrl_c
from tests.support.waiting import PATIENCE

SELF_TEST = ROOT / "examples" / "self-test" / "template.yaml"
SUBCOMMANDS = ("expand", "check", "plan", "graph")
WRONG = """\
Transform: Trigger
Resources:
  Migrate:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/migrate
      Code: {ZipFile: x}
      Timout: 3
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrat
"""


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    return path


def test_ctrl_c_ends_a_command_silently_even_where_it_was_ignored(tmp_path: Path) -> None:
    template = tmp_path / "t.yaml"
    os.mkfifo(template)
    command = ignoring_ctrl_c(sys.executable, "-m", "cfn_trigger", "expand", template)
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    with template.open("w"):  # it is reading
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=PATIENCE)

    assert (running.returncode, output) == (130, b"")


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_a_missing_file_is_a_usage_error(command: str) -> None:
    outcome = run(command, "nowhere.yaml")

    assert outcome.exit_code == 2
    assert outcome.stderr == "cfn-trigger: nowhere.yaml: No such file or directory\n"


def test_a_file_that_is_not_utf_8_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xff\xfe\x00")

    outcome = run("plan", str(path))

    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {path}: is not UTF-8 text\n")


@pytest.mark.parametrize("command", ["expand", "plan", "graph"])
def test_a_text_without_resources_is_not_a_template(command: str) -> None:
    outcome = run(command, "-", stdin="a: b\n")

    assert outcome.exit_code == 1
    assert outcome.stderr == (
        "-:1:1: error[E0000] is not a template\n"
        " 1 | a: b\n"
        "   | ^\n"
        "   = it has no map of Resources\n"
        "\n"
    )


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_a_problem_of_the_template_has_its_line_and_exit_code_1(command: str, wrong: Path) -> None:
    outcome = run(command, str(wrong))

    assert outcome.exit_code == 1
    shown = outcome.stdout if command == "check" else outcome.stderr
    assert (
        f"{wrong}:14:7: error[E9502] Run.Handler: no 'Migrat' in the template\n"
        " 14 |       Handler: !Ref Migrat\n"
        "    |       ^^^^^^^\n"
        "    = did you mean 'Migrate'?\n"
    ) in shown


def test_check_includes_the_problems_of_cfn_lint_and_counts_all(wrong: Path) -> None:
    outcome = run("check", str(wrong), str(SELF_TEST), str(ROOT / "docs" / "decisions.md"))

    assert f"{wrong}:10:7: error[E3002] " in outcome.stdout
    assert outcome.stdout.endswith(
        "\n2 templates checked, 1 without triggers skipped, 2 problems\n"
    )


def test_check_accepts_a_template_from_standard_input() -> None:
    outcome = run("check", "-", stdin=SELF_TEST.read_text())

    assert (outcome.exit_code, outcome.stdout) == (0, "1 template checked, no problems\n")


def test_check_with_json_prints_a_list_of_problems(wrong: Path) -> None:
    found = json.loads(run("check", "--json", str(wrong)).stdout)

    assert [one for one in found if one["rule"].startswith("E95")] == [
        {
            "file": str(wrong), "rule": "E9502", "level": "error", "line": 14, "column": 7,
            "width": 7,
            "message": "Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_an_unknown_parameter_is_a_usage_error(command: str) -> None:
    outcome = run(command, str(SELF_TEST), "--parameter", "Greting=hi")

    assert outcome.exit_code == 2
    message = f"{SELF_TEST}: has no parameter 'Greting'; did you mean 'Greeting'?"
    assert outcome.stderr == f"cfn-trigger: {message}\n"


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_a_parameter_option_without_a_value_is_a_usage_error(command: str) -> None:
    outcome = run(command, str(SELF_TEST), "--parameter", "Greeting")

    assert outcome.exit_code == 2
    assert outcome.stderr == "cfn-trigger: --parameter Greeting: is not of the form NAME=VALUE\n"


def test_a_file_of_parameters_is_read(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"Parameters": {"Greeting": "hi"}}')
    arguments = ("plan", str(SELF_TEST), "--against", str(SELF_TEST))

    outcome = run(*arguments, "--parameters-file", str(file), "--old-parameter", "Greeting=hello")

    assert "(parameter 'Greeting': 'hello' → 'hi')" in outcome.stdout
    missing = run(*arguments, "--parameters-file", str(tmp_path / "nowhere"))
    assert missing.stderr == f"cfn-trigger: {tmp_path / 'nowhere'}: No such file or directory\n"


def test_a_missing_region_is_a_usage_error() -> None:
    outcome = run("plan", str(SELF_TEST), "--deployed-stack", "shop")

    assert outcome.exit_code == 2
    assert outcome.stderr == "cfn-trigger: no AWS region; pass --region, or set AWS_REGION\n"


def test_missing_credentials_are_a_usage_error() -> None:
    outcome = run(
        "plan", str(SELF_TEST), "--deployed-stack", "shop", AWS_DEFAULT_REGION="eu-west-1"
    )

    assert outcome.exit_code == 2
    message = "no AWS credentials; pass --profile, or set AWS_PROFILE or the keys, as for `aws`"
    assert outcome.stderr == f"cfn-trigger: {message}\n"


def test_an_unknown_profile_is_a_usage_error() -> None:
    outcome = run("plan", str(SELF_TEST), "--deployed-stack", "shop", AWS_PROFILE="nobody")

    assert outcome.exit_code == 2
    assert outcome.stderr == "cfn-trigger: The config profile (nobody) could not be found\n"


def test_an_unknown_subcommand_is_a_usage_error() -> None:
    outcome = run("exapnd")

    assert outcome.exit_code == 2
    assert "Error: No such command 'exapnd'." in outcome.stderr


def test_a_template_without_the_transform_is_printed_as_it_is_with_a_note() -> None:
    outcome = run("expand", "-", stdin="Resources:\n  A: {Type: B}  # mine\n")

    assert outcome.exit_code == 0
    assert outcome.stdout == "Resources:\n  A: {Type: B}  # mine\n"
    assert outcome.stderr == "cfn-trigger: -: its Transform does not list Trigger\n"


MISSED = """\
Resources:
  Migrate:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: index.handler, Role: r, Code: {ZipFile: x}}
  Run:
    Type: Custom::Trigger
    Properties: {Handler: !Ref Migrate}
"""


@pytest.mark.parametrize("command", ["expand", "plan", "graph"])
def test_a_forgotten_transform_is_a_problem_of_the_template(command: str) -> None:
    outcome = run(command, "-", stdin=MISSED)

    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        "-:6:5: error[E9501] Run: is a trigger, and no transform expands it\n"
        " 6 |     Type: Custom::Trigger\n"
        "   |     ^^^^\n"
        "   = add Trigger to the Transform\n"
        "\n"
    )


@pytest.mark.parametrize("command", ["expand", "plan", "graph"])
def test_a_misspelled_macro_is_a_problem_of_the_template(command: str) -> None:
    outcome = run(command, "-", stdin=f"Transform: Triggers\n{MISSED}")

    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        "-:1:1: error[E9501] Transform: 'Triggers' expands no triggers\n"
        " 1 | Transform: Triggers\n"
        "   | ^^^^^^^^^\n"
        "   = did you mean 'Trigger'?\n"
        "\n"
        "cfn-trigger: if the macro has another name in your account, pass --macro-name NAME\n"
    )


@pytest.mark.parametrize("command", ["expand", "plan", "graph"])
def test_the_macro_may_have_another_name(command: str) -> None:
    template = SELF_TEST.read_text().replace("Transform: Trigger", "Transform: Seed")

    outcome = run(command, "-", "--macro-name", "Seed", stdin=template)

    assert (outcome.exit_code, outcome.stderr) == (0, "")


OVERTAKEN = f"Transform: [AWS::Serverless-2016-10-31, Mine, Trigger]\n{MISSED}"


def test_a_template_is_not_expanded_out_of_turn() -> None:
    outcome = run("expand", "--sam", "-", stdin=OVERTAKEN)

    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        "-:1:41: error[E9503] Transform: 'Mine' runs before 'Trigger', and cannot run here\n"
        " 1 | Transform: [AWS::Serverless-2016-10-31, Mine, Trigger]\n"
        "   |                                         ^^^^\n"
        "   = put it after 'Trigger', or deploy this template with both macros\n"
        "\n"
    )


@pytest.mark.parametrize("command", ["plan", "graph"])
def test_a_macro_that_cannot_run_in_its_turn_is_noted(command: str) -> None:
    outcome = run(command, "-", stdin=OVERTAKEN)

    assert outcome.exit_code == 0
    note = "-: Mine runs before Trigger in a deployment, but not here"
    assert outcome.stderr == f"cfn-trigger: {note}\n"


def test_colors_are_for_terminals_that_want_them(wrong: Path) -> None:
    plain = run("graph", str(wrong)).stderr

    assert "\x1b[" not in plain
    assert "\x1b[" in run("graph", str(wrong), FORCE_COLOR="1").stderr
    assert "\x1b[3" not in run("graph", str(wrong), FORCE_COLOR="1", NO_COLOR="1").stderr


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from cfn_trigger.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'cfnlint', 'boto3', 'samtranslator', 'troposphere', 'rich', 'macro'}\n"
        "sys.exit(f'imported: {heavy & set(sys.modules)}' if heavy & set(sys.modules) else 0)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "expand" in ended.stdout


def test_every_subcommand_is_a_module_with_a_command() -> None:
    for name in (*SUBCOMMANDS, "init"):
        outcome = run(name, "--help")
        assert outcome.exit_code == 0
        assert outcome.stdout.startswith(f"Usage: cfn-trigger {name} ")


def test_a_folder_is_a_usage_error(tmp_path: Path) -> None:
    outcome = run("plan", str(tmp_path))

    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {tmp_path}: Is a directory\n")


def raising(error: Exception) -> click.Group:
    """Make a command like ours that ends with an error."""

    def end() -> None:
        raise error

    return type(main)(name="ours", callback=end, invoke_without_command=True)


def test_an_unexpected_error_is_one_line_and_exit_code_3() -> None:
    result = CliRunner(env=CLEAN, **APART).invoke(raising(KeyError("Run")))

    assert result.exit_code == 3
    assert result.stderr == (
        "cfn-trigger failed: KeyError: 'Run';"
        " please report it, CFN_TRIGGER_TRACEBACK=1 shows where\n"
    )


def test_a_file_that_cannot_be_written_is_a_usage_error() -> None:
    error = PermissionError(13, "Permission denied", ".cfnlintrc")

    result = CliRunner(env=CLEAN, **APART).invoke(raising(error))

    assert result.exit_code == 2
    assert result.stderr == "cfn-trigger: .cfnlintrc: Permission denied\n"
