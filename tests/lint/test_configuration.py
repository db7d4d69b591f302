"""The `.cfnlintrc` of a project: created where there is none, extended where there is one."""

from pathlib import Path
from typing import Final

import pytest
from cfnlint.config import ConfigFileArgs

from cfn_trigger.errors import UsageError
from cfn_trigger.lint.configuration import configured

OURS: Final = "append_rules:\n  - cfn_trigger.lint.rules\n"


def text(existing: str | None) -> str:
    return configured(existing).text


def refusal(existing: str) -> str:
    with pytest.raises(UsageError) as caught:
        configured(existing)
    return caught.value.message


def test_a_project_without_a_configuration_gets_the_rules() -> None:
    change = configured(None)

    assert change.as_json() == {"file": ".cfnlintrc", "status": "created", "text": OURS}


def test_cfn_lint_accepts_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / ".cfnlintrc"
    path.write_text(text(None))

    assert ConfigFileArgs(config_file=path).file_args == {
        "append_rules": ["cfn_trigger.lint.rules"],
    }


@pytest.mark.parametrize("existing", ["", "\n", "# nothing yet\n"])
def test_an_empty_configuration_is_extended(existing: str) -> None:
    assert text(existing) == f"{existing}{OURS}".lstrip()


def test_settings_and_comments_stay() -> None:
    existing = "# ours alone\nregions: [eu-central-1]   # Frankfurt\n"

    change = configured(existing)

    assert (change.status, change.text) == ("extended", f"{existing}{OURS}")


@pytest.mark.parametrize(
    ("existing", "extended"),
    [
        ("append_rules: [a.b]  # ours\n", "append_rules: [a.b, cfn_trigger.lint.rules]  # ours\n"),
        (
            "append_rules:\n- a.b  # ours\n# end\n",
            "append_rules:\n- a.b  # ours\n- cfn_trigger.lint.rules\n# end\n",
        ),
        ("append_rules: []\r\n", "append_rules: [cfn_trigger.lint.rules]\r\n"),
        ('{"append_rules": ["a.b"]}', '{"append_rules": ["a.b", "cfn_trigger.lint.rules"]}'),
    ],
)
def test_other_rules_stay_first_and_comments_where_they_are(existing: str, extended: str) -> None:
    assert text(existing) == extended


def test_a_complete_configuration_is_unchanged() -> None:
    existing = f"# kept\n{OURS}"

    change = configured(existing)

    assert (change.status, change.text) == ("unchanged", existing)


def test_an_override_spec_of_the_project_stays() -> None:
    existing = "override_spec: house.json\n"

    assert text(existing) == f"{existing}{OURS}"


@pytest.mark.parametrize(
    ("existing", "problem"), [("a: [", "is not YAML"), ("[a]", "is not a map of settings")]
)
def test_a_broken_configuration_is_a_usage_error(existing: str, problem: str) -> None:
    assert refusal(existing) == f".cfnlintrc: {problem}; correct it, or remove it"
