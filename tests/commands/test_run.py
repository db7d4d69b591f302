"""The command line of `cfn-trigger run`."""

from contextlib import chdir
from pathlib import Path

import pytest

from cfn_trigger.commands.run import parse_payload
from cfn_trigger.errors import UsageError
from macro.model import Json
from tests.support import recordings
from trigger_provider.request import ABSENT


@pytest.mark.parametrize(
    ("text", "value"), [('{"A": 1}', {"A": 1}), ("@some.json", [2]), (None, ABSENT)]
)
def test_a_payload_is_json_or_a_file_of_it(text: str | None, value: Json, tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("[2]")

    with chdir(tmp_path):
        assert parse_payload(text) == value


def test_a_payload_that_is_not_json_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_payload("{A: 1}")

    assert caught.value.message == (
        "--payload: takes JSON, or @ and a file of it (Expecting property name enclosed in double"
        " quotes: line 1 column 2 (char 1))"
    )


def test_the_stack_option_is_required() -> None:
    outcome = recordings.run("run", "template.yaml", "Run")

    assert outcome.exit_code == 2
    assert outcome.stderr.endswith("Error: Missing option '--stack'.\n")
