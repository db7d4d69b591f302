"""What `cfn-trigger init` writes, and what it prints."""

import json
from pathlib import Path

from cfn_trigger.lint.configuration import configured
from tests.support.command_line import run


def test_init_creates_the_configuration_once(tmp_path: Path) -> None:
    file = tmp_path / ".cfnlintrc"
    expected = configured(None).text

    first, second = (run("init", str(tmp_path)).stdout.splitlines()[0] for _ in range(2))

    assert (first, second) == (f"{file}: created", f"{file}: unchanged")
    assert file.read_text() == expected
    assert json.loads(run("init", "--json", str(tmp_path)).stdout) == [
        {"file": ".cfnlintrc", "status": "unchanged", "text": expected}
    ]
