"""The `.cfnlintrc` of a project: created where there is none, extended where there is one."""

from pathlib import Path
from typing import Final

import pytest
from cfnlint.config import ConfigFileArgs

from cfn_trigger.errors import UsageError
from cfn_trigger.lint.configuration import SPEC, configured

ROOT: Final = Path(__file__).parents[2]
OURS: Final = f"append_rules:\n- cfn_trigger.lint.rules\noverride_spec: {SPEC}\n"


def text(existing: str | None, project: Path) -> str:
    return configured(existing, project).text


def refusal(existing: str, project: Path) -> str:
    with pytest.raises(UsageError) as caught:
        configured(existing, project)
    return caught.value.message


def test_a_project_without_a_configuration_gets_the_rules_and_the_spec(tmp_path: Path) -> None:
    change = configured(None, tmp_path)

    assert change.as_json() == {"file": ".cfnlintrc", "status": "created", "text": OURS}


def test_a_spec_inside_the_project_has_a_relative_path() -> None:
    spec = "cfn_trigger/lint/custom-resource.json"

    assert text(None, ROOT) == f"append_rules:\n- cfn_trigger.lint.rules\noverride_spec: {spec}\n"


def test_cfn_lint_accepts_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / ".cfnlintrc"
    path.write_text(text(None, tmp_path))

    assert ConfigFileArgs(config_file=path).file_args == {
        "append_rules": ["cfn_trigger.lint.rules"],
        "override_spec": str(SPEC),
    }


@pytest.mark.parametrize("existing", ["", "\n", "# nothing yet\n"])
def test_an_empty_configuration_is_extended(existing: str, tmp_path: Path) -> None:
    assert text(existing, tmp_path) == f"{existing}{OURS}".lstrip()


def test_settings_and_comments_stay(tmp_path: Path) -> None:
    existing = "# ours alone\nregions: [eu-central-1]   # Frankfurt\n"

    change = configured(existing, tmp_path)

    assert (change.status, change.text) == ("extended", f"{existing}{OURS}")


def test_other_rules_stay_first(tmp_path: Path) -> None:
    existing = "regions: [eu-central-1]\nappend_rules: [house.rules]\n"

    assert text(existing, tmp_path) == (
        "regions:\n- eu-central-1\n"
        "append_rules:\n- house.rules\n- cfn_trigger.lint.rules\n"
        f"override_spec: {SPEC}\n"
    )


def test_a_complete_configuration_is_unchanged(tmp_path: Path) -> None:
    existing = f"# kept\n{OURS}"

    change = configured(existing, tmp_path)

    assert (change.status, change.text) == ("unchanged", existing)


def test_an_old_path_of_the_spec_is_replaced(tmp_path: Path) -> None:
    old_spec = "/old/cfn_trigger/lint/custom-resource.json"
    moved = f"append_rules: [cfn_trigger.lint.rules]\noverride_spec: {old_spec}\n"

    assert text(moved, tmp_path) == OURS


def test_another_override_spec_is_a_usage_error(tmp_path: Path) -> None:
    assert refusal("override_spec: house.json\n", tmp_path) == (
        ".cfnlintrc: override_spec is 'house.json', and cfn-lint accepts only one;"
        f" add the patches of {SPEC} to it"
    )


@pytest.mark.parametrize(
    ("existing", "problem"), [("a: [", "is not YAML"), ("[a]", "is not a map of settings")]
)
def test_a_broken_configuration_is_a_usage_error(
    existing: str, problem: str, tmp_path: Path
) -> None:
    assert refusal(existing, tmp_path) == f".cfnlintrc: {problem}; correct it, or remove it"
