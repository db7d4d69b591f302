"""With `--json`, an error is an object on standard output, whatever went wrong."""

import json
import re
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cfn_trigger.errors import Message, parse_message
from cfn_trigger.main import main
from tests.support.command_line import APART, CLEAN, ROOT, run

SELF_TEST = str(ROOT / "examples" / "self-test" / "template.yaml")


def failed(*arguments: str, stdin: str = "") -> tuple[int, Any]:
    """Run a command; nothing may stand on standard error."""
    outcome = run(*arguments, stdin=stdin)
    assert outcome.stderr == ""
    return outcome.exit_code, json.loads(outcome.stdout)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: b; c", Message(place="a", problem="b", remedy="c")),
        ("b; c: d", Message(place="", problem="b", remedy="c: d")),
        ("a: b", Message(place="a", problem="b", remedy="")),
        ("b", Message(place="", problem="b", remedy="")),
        ("a: b: c; d; e", Message(place="a", problem="b: c", remedy="d; e")),
    ],
)
def test_a_message_has_a_place_a_problem_and_a_remedy(text: str, parts: Message) -> None:
    assert parse_message(text) == parts


def test_a_usage_error_is_an_object() -> None:
    assert failed("plan", SELF_TEST, "--parameter", "Greting=hi", "--json") == (
        2,
        {
            "place": SELF_TEST,
            "message": "has no parameter 'Greting'",
            "remedy": "did you mean 'Greeting'?",
            "notes": [],
        },
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("exapnd", "--json"), "No such command 'exapnd'. Did you mean 'expand'?"),
        (("plan", "--json"), "Missing argument 'TEMPLATE'."),
        (("check", "--json"), "Missing argument 'TEMPLATE...'."),
        (
            ("local", "--json", "--port", "99999"),
            "Invalid value for '--port': 99999 is not in the range 0<=x<=65535.",
        ),
    ],
)
def test_a_wrong_command_line_is_an_object(arguments: tuple[str, ...], message: str) -> None:
    code, error = failed(*arguments)

    assert code == 2
    assert f"{error['place']}: {error['message']}".removeprefix(": ") == message


def test_an_unknown_option_is_an_object() -> None:
    code, error = failed("graph", SELF_TEST, "--jsn", "--json")

    assert code == 2
    text = f"{error['place']} {error['message']}"  # its punctuation depends on click's version
    assert re.findall(r"[\w-]+", text) == [
        "No", "such", "option", "--jsn", "Did", "you", "mean", "--json",
    ]  # fmt: skip


def test_a_wrong_template_is_an_object_with_all_problems() -> None:
    stdin = (
        "Transform: Trigger\nResources:\n  A: {Type: Custom::Trigger, Properties: {Timout: 3}}\n"
    )

    code, error = failed("expand", "-", "--json", stdin=stdin)

    assert code == 1
    assert error["place"] == f"-:{error['problems'][0]['line']}:{error['problems'][0]['column']}"
    assert (error["message"], error["remedy"]) == (
        "A.Timout: unknown property", "did you mean 'Timeout'?",
    )  # fmt: skip
    assert error["problems"][0]["message"] == (
        "A.Timout: unknown property; did you mean 'Timeout'?"
    )


def raising(error: BaseException) -> click.Group:
    """Make a command like ours that ends with an error."""

    def end() -> None:
        raise error

    option = click.Option(["--json"], is_flag=True, expose_value=False)
    return type(main)(name="ours", callback=end, invoke_without_command=True, params=[option])


def test_a_bug_is_an_object() -> None:
    result = CliRunner(env=CLEAN, **APART).invoke(raising(KeyError("Run")), ["--json"])

    assert (result.exit_code, result.stderr) == (3, "")
    assert json.loads(result.stdout) == {
        "place": "cfn-trigger failed",
        "message": "KeyError: 'Run'",
        "remedy": "please report it, CFN_TRIGGER_TRACEBACK=1 shows where",
        "notes": [],
    }


def test_an_option_after_the_separator_asks_for_nothing() -> None:
    outcome = run("plan", "--", "--json")

    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == "cfn-trigger: --json: No such file or directory\n"


def test_an_interrupted_question_ends_as_every_interruption() -> None:
    interrupted = click.Abort()
    interrupted.__context__ = KeyboardInterrupt()

    codes = [
        CliRunner(env=CLEAN, **APART).invoke(raising(error)).exit_code
        for error in (interrupted, click.Abort())
    ]

    assert codes == [130, 1]
