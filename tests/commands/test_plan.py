"""`cfn-trigger plan` at a terminal."""

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
    )


def test_an_old_parameter_is_the_value_before_the_update() -> None:
    outcome = run("plan", TEMPLATE, "--against", TEMPLATE, "--old-parameter", "Greeting=hi")

    assert outcome.stdout == (
        "SelfTest  will run\n"
        "            Payload.Message.Greeting (parameter 'Greeting': 'hi' → 'hello')\n"
    )
