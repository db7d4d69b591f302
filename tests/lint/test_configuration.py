"""The `.cfnlintrc` of a project: written for one that has none, added to one that has."""

from pathlib import Path
from typing import Final

import pytest
from cfnlint.config import ConfigFileArgs

from cfn_trigger.lint.configuration import SPEC, ConflictError, merged, text

ROOT: Final = Path(__file__).parents[2]
OURS: Final = f"append_rules:\n- cfn_trigger.lint.rules\noverride_spec: {SPEC}\n"


def test_a_project_without_one_gets_the_rules_and_the_spec(tmp_path: Path) -> None:
    assert text(tmp_path) == OURS


def test_what_is_installed_in_the_project_is_named_from_there() -> None:
    spec = "cfn_trigger/lint/custom-resource.json"

    assert text(ROOT) == f"append_rules:\n- cfn_trigger.lint.rules\noverride_spec: {spec}\n"


def test_cfn_lint_takes_it(tmp_path: Path) -> None:
    path = tmp_path / ".cfnlintrc"
    path.write_text(text(tmp_path))

    assert ConfigFileArgs(config_file=path).file_args == {
        "append_rules": ["cfn_trigger.lint.rules"],
        "override_spec": str(SPEC),
    }


@pytest.mark.parametrize("existing", ["", "\n", "# nothing yet\n"])
def test_an_empty_one_becomes_that(existing: str, tmp_path: Path) -> None:
    assert merged(existing, tmp_path) == f"{existing}{OURS}".lstrip()


def test_what_is_there_keeps_its_text(tmp_path: Path) -> None:
    existing = "# ours alone\nregions: [eu-central-1]   # Frankfurt\n"

    assert merged(existing, tmp_path) == f"{existing}{OURS}"


def test_rules_that_are_there_stay_first(tmp_path: Path) -> None:
    existing = "regions: [eu-central-1]\nappend_rules: [house.rules]\n"

    assert merged(existing, tmp_path) == (
        "regions:\n- eu-central-1\n"
        "append_rules:\n- house.rules\n- cfn_trigger.lint.rules\n"
        f"override_spec: {SPEC}\n"
    )


def test_one_that_has_ours_stays_as_it_is(tmp_path: Path) -> None:
    existing = f"# kept\n{OURS}"

    assert merged(existing, tmp_path) == existing


def test_a_spec_of_ours_that_has_moved_is_found_again(tmp_path: Path) -> None:
    old_spec = "/old/cfn_trigger/lint/custom-resource.json"
    moved = f"append_rules: [cfn_trigger.lint.rules]\noverride_spec: {old_spec}\n"

    assert merged(moved, tmp_path) == OURS


def test_a_spec_of_somebody_else_is_a_conflict(tmp_path: Path) -> None:
    with pytest.raises(ConflictError) as caught:
        merged("override_spec: house.json\n", tmp_path)

    assert str(caught.value) == (
        "override_spec: is 'house.json', and cfn-lint takes only one;"
        f" add to it the patches of {SPEC}"
    )
