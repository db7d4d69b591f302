"""Laws of the timeline: what is shown does not depend on when AWS was asked.

- However often a deployment is read, its lines are the same, in the same order.
- Reading what was read before changes nothing.
- However late entries of logs arrive, the end is the same.
"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import DeploymentState, Event, Line, LogEntry
from cfn_trigger.deployment.summary import summary
from tests.support.deployments import DEPLOYMENTS, Deployment
from tests.support.timelines import at

LAST = 120
MOMENTS = st.lists(st.floats(min_value=0, max_value=LAST), max_size=12).map(sorted)
NAMES = pytest.mark.parametrize("name", DEPLOYMENTS)


def read(
    deployment: Deployment, moments: Sequence[float], *, lateness: float = 0
) -> tuple[DeploymentState, list[Line]]:
    """Read a deployment at these moments and at its end; entries arrive late by some seconds."""
    state, lines = deployment.beginning(), list[Line]()
    for moment in (*moments, LAST, LAST + lateness):
        events, _ = deployment.until(moment)
        _, entries = deployment.until(moment - lateness)
        state, more = timeline.advance(state, events, entries)
        lines += more
    return state, lines


@NAMES
@given(moments=MOMENTS)
def test_the_lines_do_not_depend_on_how_often_a_deployment_is_read(
    name: str, moments: list[float]
) -> None:
    state, lines = read(DEPLOYMENTS[name], moments)
    whole_state, whole_lines = read(DEPLOYMENTS[name], [])

    assert lines == whole_lines
    assert summary(state) == summary(whole_state)


@NAMES
@given(moment=st.floats(min_value=0, max_value=LAST))
def test_reading_again_what_was_read_changes_nothing(name: str, moment: float) -> None:
    deployment = DEPLOYMENTS[name]
    state, _ = read(deployment, [moment])

    assert timeline.advance(state, *deployment.until(moment)) == (state, ())


@NAMES
@given(moments=MOMENTS, lateness=st.floats(min_value=0, max_value=30))
def test_late_entries_change_nothing_about_the_end(
    name: str, moments: list[float], lateness: float
) -> None:
    state, lines = read(DEPLOYMENTS[name], moments, lateness=lateness)
    whole_state, whole_lines = read(DEPLOYMENTS[name], [])

    assert summary(state) == summary(whole_state)
    assert (state.tally, state.succeeded) == (whole_state.tally, whole_state.succeeded)
    assert [line for line in lines if line.kind == "resource"] == [
        line for line in whole_lines if line.kind == "resource"
    ]
    assert {(line.kind, line.name, line.at) for line in lines} == {
        (line.kind, line.name, line.at) for line in whole_lines
    }


@NAMES
@given(moment=st.floats(min_value=0, max_value=LAST))
def test_what_is_done_never_exceeds_the_total(name: str, moment: float) -> None:
    tally = DEPLOYMENTS[name].state_at(moment).tally

    assert tally.total is None or 0 <= tally.done <= tally.total


def test_the_moments_reach_beyond_every_deployment() -> None:
    items: list[Event | LogEntry] = [item for each in DEPLOYMENTS.values() for item in each.news]

    assert max(item.at for item in items) < at(LAST)
