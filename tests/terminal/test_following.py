"""A deployment at a terminal while it is followed."""

import pytest

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import DeploymentState
from cfn_trigger.terminal import following
from tests.support.timelines import CREATION, at


def test_a_terminal_shows_the_running_triggers_in_its_last_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    state, lines = timeline.advance(DeploymentState(has_read=True), CREATION, ())

    following.show([(state, lines)], now=lambda: at(8), as_json=False)

    out, err = capsys.readouterr()
    assert "CREATE_IN_PROGRESS  Run (Custom::Trigger)" in out
    assert "… Run: attempt 1, 7 s" in out
    assert err == ""
