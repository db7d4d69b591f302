"""What `cfn-trigger watch` shows at a terminal."""

import re

import pytest

from cfn_trigger.commands import watch
from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.timeline import DeploymentState
from tests.support.timelines import CREATION


def test_a_terminal_shows_the_running_triggers_in_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    state, lines = timeline.advance(DeploymentState(has_looked=True), CREATION, ())

    watch.show([(state, lines)], as_json=False)

    out, err = capsys.readouterr()
    assert "CREATE_IN_PROGRESS  Run (Custom::Trigger)" in out
    assert re.search(r"… Run: attempt 1, \d+ s", out)
    assert err == ""
