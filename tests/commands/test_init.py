"""`init` writes what teaches cfn-lint the shorthand, and keeps what is there."""

import json
from pathlib import Path

import pytest

from cfn_trigger.commands.init import step
from cfn_trigger.errors import UsageError
from cfn_trigger.lint.configuration import RULES, SPEC
from tests.support.recordings import run

OURS = f"append_rules:\n- {RULES}\noverride_spec: {SPEC}\n"


def test_a_project_without_a_configuration_gets_one(tmp_path: Path) -> None:
    done = step(None, tmp_path)

    assert (done.file, done.did, done.text) == (".cfnlintrc", "written", OURS)


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    mine = "# mine\nregions: [eu-west-1]\n"

    assert step(mine, tmp_path).text == mine + OURS
    assert step(mine, tmp_path).did == "extended"
    assert step(mine + OURS, tmp_path).did == "left as it is"


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        step("override_spec: mine.json\n", tmp_path)

    assert caught.value.message.startswith(
        ".cfnlintrc: override_spec: is 'mine.json', and cfn-lint takes only one; "
    )


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    file = tmp_path / ".cfnlintrc"

    first, second = (run("init", str(tmp_path)).stdout.splitlines()[0] for _ in range(2))

    assert (first, second) == (f"{file}: written", f"{file}: left as it is")
    assert file.read_text() == OURS
    assert json.loads(run("init", "--json", str(tmp_path)).stdout) == [
        {"file": ".cfnlintrc", "did": "left as it is", "text": OURS}
    ]
