"""`cfn-trigger plan` at a terminal."""

import json
from pathlib import Path

from tests.support.command_line import ROOT, run

TEMPLATE = str(ROOT / "examples" / "self-test" / "template.yaml")


def test_an_old_parameter_without_a_value_is_a_usage_error_about_its_option() -> None:
    outcome = run("plan", TEMPLATE, "--against", TEMPLATE, "--old-parameter", "Greeting")

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        "cfn-trigger: --old-parameter Greeting: is not of the form NAME=VALUE\n"
    )


def test_an_unknown_old_parameter_is_a_usage_error(tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text("Transform: Trigger\nParameters: {Level: {Type: String}}\nResources: {}\n")

    outcome = run("plan", TEMPLATE, "--against", str(old), "--old-parameter", "Levle=high")

    assert outcome.exit_code == 2
    assert outcome.stderr == (
        f"cfn-trigger: {old}: has no parameter 'Levle'; did you mean 'Level'?\n"
    )


def test_another_macro_may_change_what_exists(tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    text = Path(TEMPLATE).read_text().replace("Transform: Trigger", "Transform: [Mine, Trigger]")
    old.write_text(text)

    outcome = run("plan", str(old), "--against", str(old))

    assert outcome.stdout == (
        "SelfTest  unknown until deployment\n"
        "            Mine may change the template before Trigger runs\n"
        "\n"
        "0 will run, 1 unknown until deployment\n"
    )


def test_an_old_parameter_is_the_value_before_the_update() -> None:
    outcome = run("plan", TEMPLATE, "--against", TEMPLATE, "--old-parameter", "Greeting=hi")

    assert outcome.stdout == (
        "SelfTest  will run\n"
        "            Payload.Message.Greeting (parameter 'Greeting': 'hi' → 'hello')\n"
        "\n"
        "1 will run\n"
    )


# ---- for pipelines


UNKNOWN = """\
Transform: Trigger
Resources:
  Migrate:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: index.handler, Role: r, Code: {ZipFile: x}}
  Run:
    Type: Custom::Trigger
    Properties: {Handler: !Ref Migrate, Payload: "{{resolve:ssm:/level}}"}
"""


def test_json_has_the_triggers_and_their_counts() -> None:
    plan = json.loads(run("plan", TEMPLATE, "--json").stdout)

    assert plan == {
        "triggers": [
            {
                "trigger": "SelfTest",
                "verdict": "will run",
                "outcome": "will run",
                "request": "Create",
                "because": ["first time"],
                "differs": [],
                "undone_by": [],
            }
        ],
        "summary": {
            "will run": 1,
            "unchanged": 0,
            "updated without running": 0,
            "disabled": 0,
            "dry run": 0,
            "deleted without running": 0,
            "retained": 0,
            "unknown until deployment": 0,
        },
    }


def test_markdown_is_printed_for_a_pull_request() -> None:
    outcome = run("plan", TEMPLATE, "--markdown")

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"### Triggers of `{TEMPLATE}`\n\n| Trigger | Deployment |\n")
    assert outcome.stdout.endswith("\n</details>\n\n1 will run\n")


NESTED = """\
Transform: Run
Resources:
  Data:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml}
"""
CHILD = """\
Transform: Run
Resources:
  Run:
    Type: Custom::Trigger
    Properties: {Handler: "arn:aws:lambda:eu-west-1:123456789012:function:migrate"}
"""


def project(folder: Path) -> str:
    folder.mkdir()
    (folder / "child.yaml").write_text(CHILD)
    (folder / "template.yaml").write_text(NESTED)
    return str(folder / "template.yaml")


def test_nested_stacks_of_two_checkouts_are_compared(tmp_path: Path) -> None:
    new, old = project(tmp_path / "new"), project(tmp_path / "old")

    outcome = run("plan", new, "--against", old, "--macro-name", "Run", "--detailed-exitcode")

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("Data.Run  will not run\n")


def test_a_nested_stack_that_cannot_be_planned_may_run_something(tmp_path: Path) -> None:
    new = project(tmp_path / "new")
    arguments = ("plan", new, "--against", new, "--macro-name", "Run", "--detailed-exitcode")
    child = str(tmp_path / "new" / "child.yaml")
    note = (
        f"{new}: Data: is not planned: {child} is both its old and its new template;"
        " compare two checkouts"
    )

    outcome = run(*arguments)

    assert (outcome.exit_code, outcome.stderr) == (2, f"cfn-trigger: {note}\n")
    assert json.loads(run(*arguments, "--json").stdout)["notes"] == [note]
    assert f"Not planned: `{note}`" in run(*arguments, "--markdown").stdout


def test_a_detailed_exit_code_says_whether_something_runs(tmp_path: Path) -> None:
    unknown, stays = tmp_path / "unknown.yaml", ("plan", TEMPLATE, "--against", TEMPLATE)
    unknown.write_text(UNKNOWN)
    may_run = ("plan", str(unknown), "--against", str(unknown))

    assert run(*stays, "--detailed-exitcode").exit_code == 0
    assert run("plan", TEMPLATE, "--detailed-exitcode").exit_code == 2
    assert run("plan", TEMPLATE, "--detailed-exitcode", "--json").exit_code == 2
    assert run("plan", TEMPLATE, "--detailed-exitcode", "--markdown").exit_code == 2
    assert run(*may_run, "--detailed-exitcode").exit_code == 2
    assert run("plan", TEMPLATE).exit_code == 0


def test_an_error_has_exit_code_1_if_detailed_ones_are_asked_for(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(UNKNOWN.replace("Custom::Trigger", "Custom::Triger"))

    for arguments in (
        ("plan", "nowhere.yaml"),
        ("plan", TEMPLATE, "--nothing"),
        ("plan", TEMPLATE, "--against", "a", "--deployed-stack", "b"),
        ("plan", str(wrong)),
    ):
        outcome = run(*arguments, "--detailed-exitcode")
        assert outcome.exit_code == 1
        assert outcome.stderr
