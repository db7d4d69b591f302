"""The decision, in all its cells.

A cell is a situation (what is asked, where the stack is), the settings, the last outcome, the
attempts made, what is left of Timeout and of this execution, and whether it is fresh, the handler
ready, the next start due. Every law here is checked against every cell that it speaks of.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.provider.world import STACK_ID
from trigger_provider.decision import Action, Clock, decide, learn
from trigger_provider.request import Outcome, Progress, Request, RequestType

BEGAN, TIMEOUT = 1_800_000_000.0, 3000.0
OWN_ID, MARKER, MADE_UP = "own", "Run-create-failed", "shop-Run-1KXVQZ3F8R0B2"

SITUATIONS: dict[str, tuple[RequestType, bool, str]] = {
    "Create": ("Create", False, ""),
    "Update": ("Update", False, OWN_ID),
    "Update in a rollback": ("Update", True, OWN_ID),
    "Delete": ("Delete", False, OWN_ID),
    "Delete of a failed Create": ("Delete", False, MARKER),
    "Delete of a Create without answer": ("Delete", False, MADE_UP),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "not enabled": {"enabled": False},
    "on rollback": {"execute_on_rollback": True},
    "on delete": {"execute_on_delete": True},
    "unchanged": {"unchanged": True},
    "all": {"execute_on_rollback": True, "execute_on_delete": True},
}
OUTCOMES = {
    "none": Outcome("none"),
    "done": Outcome("done", result={"Rows": 5}),
    "pending": Outcome("pending"),
    "cancelled": Outcome("pending"),
    "failed": Outcome("failed", "E", "no"),
    "denied": Outcome("refused", "AccessDeniedException", "no"),
    "denied too long": Outcome("refused", "AccessDeniedException", "no"),
    "refused": Outcome("refused", "TooManyRequestsException", "no"),
}
FAILURES = (0, 2, 3)
OF_TIMEOUT = (-1.0, 3.0, 2000.0)
OF_EXECUTION = (5.0, 59.0, 300.0, 899.0)
PAUSES = (-5.0, 7.0, 700.0)
LONGEST = (0.0, 650.0)


class Cell(NamedTuple):
    situation: str
    settings: str
    outcome: str
    request: Request
    progress: Progress
    clock: Clock
    action: Action

    @property
    def skips(self) -> bool:
        """Whether the contract says that nothing runs."""
        pair = self.settings, self.situation
        on_delete, on_rollback = self.settings in {"on delete", "all"}, "rollback" in self.settings
        return (
            self.settings == "not enabled"
            or ("Delete" in self.situation and not on_delete)
            or self.situation == "Delete of a failed Create"
            or ("rollback" in self.situation and not (on_rollback or self.settings == "all"))
            or pair == ("unchanged", "Update")
        )

    @property
    def ends(self) -> bool:
        """Whether the last outcome is the last word."""
        spent = self.outcome == "failed" and self.progress.failures >= 3
        return spent or self.outcome in {"done", "cancelled", "denied too long"}

    @property
    def pause(self) -> float:
        return self.progress.resume_at - self.clock.now

    @property
    def due(self) -> float:
        return self.progress.began + TIMEOUT

    @property
    def is_late(self) -> bool:
        return max(self.clock.now, self.progress.resume_at) >= self.due

    @property
    def goes_on(self) -> bool:
        return not (self.skips or self.ends or self.is_late)


def request(situation: str, **settings: Any) -> Request:
    kind, _, old_id = SITUATIONS[situation]
    event = {"StackId": STACK_ID, "RequestId": "r", "LogicalResourceId": "Run"}
    return Request(event, kind, "Run", old_id, timeout=TIMEOUT, max_attempts=3, **settings)


@cache
def cells() -> tuple[Cell, ...]:
    return tuple(every_cell())


def every_cell() -> Iterator[Cell]:
    axes = FAILURES, OF_TIMEOUT, OF_EXECUTION, PAUSES, LONGEST, (True, False), (True, False)
    for situation, settings, outcome in itertools.product(SITUATIONS, SETTINGS, OUTCOMES):
        asked = request(situation, **SETTINGS[settings])
        for failures, of_timeout, left, pause, longest, fresh, ready in itertools.product(*axes):
            if (outcome == "failed") != (failures > 0):
                continue
            now = BEGAN + TIMEOUT - of_timeout
            progress = Progress(
                began=BEGAN,
                sent=BEGAN,
                has_failed=False,
                rolling_back=SITUATIONS[situation][1],
                ready=ready,
                failures=failures,
                refused_since=now - (61 if outcome == "denied too long" else 9),
                resume_at=now + pause,
                longest=longest,
                cancelled="ROLLBACK_IN_PROGRESS" if outcome == "cancelled" else "",
                outcome=OUTCOMES[outcome],
                fresh=fresh,
            )
            clock = Clock(now, left)
            action = decide(asked, progress, clock)
            yield Cell(situation, settings, outcome, asked, progress, clock, action)


def going_on() -> Iterator[Cell]:
    return (cell for cell in cells() if cell.goes_on)


# ---- the whole of it


def test_every_cell_has_an_action_of_a_known_kind() -> None:
    kinds = {cell.action.step for cell in cells()}

    assert kinds == {"look", "invoke", "wait", "hand over", "respond"}


def test_it_ends_when_nothing_runs_or_the_outcome_is_the_last_word_or_timeout_is_over() -> None:
    for cell in cells():
        responds = cell.skips or cell.ends or cell.is_late

        assert (cell.action.step == "respond") == responds, cell


def test_a_response_says_how_it_ended_and_a_failure_says_why() -> None:
    for cell in cells():
        if cell.action.step == "respond":
            outcome = cell.action.outcome

            assert outcome.kind in {"done", "failed", "skipped"}, cell
            assert outcome.message or outcome.kind == "done", cell
            assert outcome.error or outcome.kind != "failed", cell


def test_deciding_twice_decides_the_same() -> None:
    for cell in cells()[::97]:
        assert decide(cell.request, cell.progress, cell.clock) == cell.action


# ---- what runs nothing


def skipped_because(why: str) -> set[tuple[str, str]]:
    answer = Action("respond", outcome=Outcome("skipped", message=why))
    return {(cell.situation, cell.settings) for cell in cells() if cell.action == answer}


def test_a_trigger_that_is_not_enabled_runs_nothing_whatever_is_asked() -> None:
    skipped = skipped_because("Enabled is false")

    assert skipped == {(situation, "not enabled") for situation in SITUATIONS}


def test_a_delete_runs_nothing_unless_the_author_said_so() -> None:
    deletes = {situation for situation in SITUATIONS if situation.startswith("Delete")}
    silent = {"defaults", "on rollback", "unchanged"}

    assert skipped_because("ExecuteOnDelete is false") == set(itertools.product(deletes, silent))


def test_a_delete_of_what_was_never_created_runs_nothing() -> None:
    skipped = skipped_because("it was never created")

    assert skipped == {("Delete of a failed Create", settings) for settings in ("on delete", "all")}


def test_an_update_during_a_rollback_runs_nothing_unless_the_author_said_so() -> None:
    skipped = skipped_because("the stack is rolling back")

    assert skipped == {
        ("Update in a rollback", settings) for settings in ("defaults", "on delete", "unchanged")
    }


def test_only_an_update_can_be_skipped_because_nothing_changed() -> None:
    skipped = skipped_because("only settings changed")

    assert skipped == {("Update", "unchanged")}


# ---- what ends it


def test_what_is_done_is_answered_even_when_its_time_is_over() -> None:
    for cell in cells():
        if cell.outcome == "done" and not cell.skips:
            assert cell.action == Action("respond", outcome=OUTCOMES["done"]), cell


def test_attempts_end_with_the_last_that_retry_grants() -> None:
    for cell in cells():
        if cell.outcome == "failed" and not cell.skips and cell.progress.failures >= 3:
            assert cell.action.outcome == OUTCOMES["failed"], cell


def test_a_denied_invocation_is_retried_until_permissions_propagate() -> None:
    for cell in cells():
        if cell.outcome == "denied" and cell.goes_on:
            assert cell.action.step != "respond", cell
        if cell.outcome == "denied too long" and not cell.skips:
            failure = Outcome("failed", "AccessDeniedException", "no")

            assert cell.action == Action("respond", outcome=failure), cell


def test_a_poll_of_a_canceled_stack_ends_it_and_says_what_the_stack_does() -> None:
    expected = Outcome("failed", "Cancelled", "the stack is ROLLBACK_IN_PROGRESS")

    for cell in cells():
        if cell.outcome == "cancelled" and not cell.skips:
            assert cell.action == Action("respond", outcome=expected), cell


@pytest.mark.parametrize(
    ("outcome", "error", "message"),
    [
        ("none", "Timeout", "not done; Timeout is 3000 s"),
        ("pending", "Timeout", "not done; Timeout is 3000 s"),
        ("failed", "E", "no; Timeout is 3000 s"),
        ("refused", "TooManyRequestsException", "no; Timeout is 3000 s"),
        ("denied", "AccessDeniedException", "no; Timeout is 3000 s"),
    ],
)
def test_once_timeout_is_over_the_failure_says_so_and_what_came_last(
    outcome: str, error: str, message: str
) -> None:
    for cell in cells():
        if cell.outcome == outcome and cell.is_late and not (cell.skips or cell.ends):
            said = OUTCOMES[outcome]._replace(kind="failed", error=error, message=message)

            assert cell.action == Action("respond", outcome=said), cell


def test_a_wait_that_ends_after_timeout_is_not_begun() -> None:
    for cell in cells():
        if cell.action.step == "wait":
            assert cell.clock.now + cell.pause < cell.due, cell


# ---- waits


def test_nothing_starts_before_its_pause_is_over() -> None:
    for cell in going_on():
        if cell.pause > 0:
            assert cell.action.step in {"wait", "hand over"}, cell


def here(cell: Cell) -> float:
    """Return the seconds that an execution may wait: it hands over with a minute to spare."""
    ends_here = cell.due - cell.clock.now <= cell.clock.left - 10
    is_tiny = cell.progress.fresh and cell.clock.left <= 120
    is_brief = cell.pause <= min(10, cell.clock.left - 20)
    return cell.clock.left - (10 if ends_here or is_tiny or is_brief else 60)


def test_a_wait_lasts_until_the_next_start_or_leaves_time_for_what_comes_then() -> None:
    for cell in going_on():
        if cell.action.step == "wait":
            assert 0 < cell.action.seconds == min(cell.pause, max(here(cell), 1)), cell


def test_a_pause_that_fits_into_this_execution_is_waited_for_in_it() -> None:
    for cell in going_on():
        if 0 < cell.pause <= here(cell):
            assert cell.action == Action("wait", cell.pause), cell


# ---- starts


def test_a_fresh_execution_always_invokes_or_waits_first() -> None:
    for cell in going_on():
        if cell.progress.fresh:
            assert cell.action.step in {"look", "invoke", "wait"}, cell


def test_an_execution_that_lacks_the_time_for_another_attempt_hands_over() -> None:
    for cell in going_on():
        if not cell.progress.fresh and cell.pause <= 0:
            longest = cell.progress.longest
            is_refused = cell.progress.outcome.kind == "refused"
            need = longest + 10 if is_refused else 1.5 * longest
            left_of_timeout = cell.due - cell.clock.now
            enough = cell.clock.left >= min(max(60, min(need, 870)), left_of_timeout)

            assert (cell.action.step == "hand over") != enough, cell


def test_a_pause_that_does_not_fit_into_this_execution_is_waited_for_and_then_handed_over() -> None:
    for cell in going_on():
        if not cell.progress.fresh and cell.pause > max(here(cell), 0):
            expected = Action("wait", here(cell)) if here(cell) >= 1 else Action("hand over")

            assert cell.action == expected, cell


def test_the_handler_is_looked_at_until_it_is_ready_and_not_again() -> None:
    for cell in cells():
        if cell.action.step in {"look", "invoke"}:
            assert cell.action.step == ("invoke" if cell.progress.ready else "look"), cell


def test_an_invocation_may_take_what_is_left_of_timeout_and_of_the_execution_less_the_answer() -> (
    None
):
    for cell in going_on():
        if cell.action.step == "invoke":
            room = min(cell.clock.left - 10, cell.due - cell.clock.now)

            assert cell.action.seconds == max(1, room), cell


# ---- what is learnt

NOW = Clock(BEGAN + 100, 800)


def learnt(progress: Progress, outcome: Outcome, **settings: Any) -> Progress:
    return learn(request("Create", **settings), progress, outcome, NOW)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_after_any_outcome_an_execution_is_no_longer_fresh(outcome: str) -> None:
    latest = OUTCOMES[outcome]
    latest = latest._replace(result={}) if latest.kind == "pending" else latest

    assert not learnt(Progress(BEGAN), latest).fresh


def test_failures_are_counted_and_pauses_grow_to_their_longest() -> None:
    progress, pauses = Progress(BEGAN), []

    for _ in range(6):
        progress = learnt(
            progress, OUTCOMES["failed"], interval=3, backoff_rate=2.0, max_interval=20
        )
        pauses.append(progress.resume_at - NOW.now)

    assert progress.failures == 6
    assert pauses == [3, 6, 12, 20, 20, 20]


def test_pauses_grow_to_their_longest_however_many_attempts_there_are() -> None:
    progress = Progress(BEGAN, failures=1_100)

    progress = learnt(progress, OUTCOMES["failed"], backoff_rate=2.0, max_interval=20)

    assert progress.resume_at == NOW.now + 20


def test_refusals_count_no_attempt_and_their_pauses_grow_to_ten_seconds() -> None:
    progress, pauses = Progress(BEGAN, ready=True), []

    for _ in range(6):
        progress = learnt(progress, OUTCOMES["refused"])
        pauses.append(progress.resume_at - NOW.now)

    assert progress.failures == 0
    assert pauses == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize("between", ["failed", "pending"])
def test_what_is_not_refused_ends_a_row_of_refusals(between: str) -> None:
    progress = Progress(BEGAN, refusals=5, refused_since=BEGAN)

    progress = learnt(progress, OUTCOMES[between]._replace(result={}))

    assert (progress.refusals, progress.refused_since) == (0, 0)


@pytest.mark.parametrize(
    ("result", "pause"), [({}, 10), ({"RetryAfter": 3}, 3), ({"RetryAfter": None}, 10)]
)
def test_the_next_poll_is_due_when_the_handler_says_or_after_poll_interval(
    result: dict[str, Any], pause: float
) -> None:
    progress = learnt(Progress(BEGAN), Outcome("pending", result=result), poll_interval=10)

    assert progress.resume_at == NOW.now + pause


def test_the_last_state_that_a_handler_gave_is_the_one_that_is_kept() -> None:
    first = Outcome("pending", result={"EventState": {"page": 1}})
    second = Outcome("pending", result={"EventState": {"page": 2}})

    assert learnt(learnt(Progress(BEGAN), first), second).state == {"page": 2}


# ---- which execution starts an attempt


@pytest.mark.parametrize(
    ("function_timeout", "left", "step"),
    [(120, 141, "invoke"), (120, 139, "hand over"), (900, 871, "invoke"), (900, 869, "hand over")],
)
def test_an_attempt_starts_where_the_timeout_of_its_function_fits(
    function_timeout: float, left: float, step: str
) -> None:
    progress = Progress(
        BEGAN, BEGAN, ready=True, fresh=False, function_timeout=function_timeout, resume_at=BEGAN
    )

    assert decide(request("Create"), progress, Clock(BEGAN + 100, left)).step == step


@pytest.mark.parametrize(
    ("hops", "elapsed", "expected"),
    [
        (0, 100, Action("hand over")),
        (1, 100, Action("hand over")),
        (2, 100, Action("wait", 300 - 60)),
        (2, 700, Action("wait", 840 + 1 - 700)),
        (2, 842, Action("hand over")),
    ],
)
def test_what_does_not_fit_waits_for_its_execution_so_that_executions_are_few(
    hops: int, elapsed: float, expected: Action
) -> None:
    progress = Progress(
        BEGAN, BEGAN, ready=True, fresh=False, function_timeout=600, hops=hops, resume_at=BEGAN
    )

    assert decide(request("Create"), progress, Clock(BEGAN + elapsed, 300)) == expected


def test_a_poll_is_expected_to_take_no_longer_than_those_before() -> None:
    progress = Progress(
        BEGAN, BEGAN, ready=True, fresh=False, function_timeout=900, hops=9, longest=30,
        outcome=OUTCOMES["pending"],
    )  # fmt: skip

    assert decide(request("Create"), progress, Clock(BEGAN + 100, 300)).step == "invoke"
    assert decide(request("Create"), progress, Clock(BEGAN + 100, 59)).step == "hand over"


@pytest.mark.parametrize(
    ("refusals", "hops", "polls", "step"),
    [
        (1, 0, 0, "invoke"),
        (2, 0, 0, "hand over"),
        (3, 1, 0, "invoke"),
        (4, 1, 0, "hand over"),
        (2, 2, 0, "invoke"),
        (2, 2, 2, "hand over"),
    ],
)
def test_where_the_account_has_no_slot_to_spare_an_execution_gives_way_a_few_times(
    refusals: int, hops: int, polls: int, step: str
) -> None:
    crowded = Outcome("refused", "TooManyRequestsException", "no", is_crowded=True)
    progress = Progress(
        BEGAN, BEGAN, ready=True, fresh=False, refusals=refusals, hops=hops, polls=polls,
        outcome=crowded,
    )  # fmt: skip

    assert decide(request("Create"), progress, Clock(BEGAN + 100, 800)).step == step


def test_an_attempt_that_may_still_run_is_waited_for() -> None:
    lost = Outcome("failed", "ConnectionLost", "no", runs_until=BEGAN + 500)

    assert learnt(Progress(BEGAN, BEGAN), lost).resume_at == BEGAN + 500


# ---- does the stack roll back


UNKNOWN = Progress(BEGAN, BEGAN)


def test_an_update_asks_before_anything_else_whether_it_is_a_rollback() -> None:
    asked = request("Update")

    assert decide(asked, UNKNOWN, Clock(BEGAN + 1, 899)) == Action("ask", 10)
    waiting = UNKNOWN._replace(ask_at=BEGAN + 9)
    assert decide(asked, waiting, Clock(BEGAN + 1, 899)) == Action("wait", 8)


def test_an_update_of_which_that_is_never_known_runs_nothing_and_is_not_a_failure() -> None:
    asked = request("Update")._replace(service_timeout=960)

    for now in (950.0, 5000.0):
        action = decide(asked, UNKNOWN, Clock(BEGAN + now, 300))

        assert (action.step, action.outcome.kind) == ("respond", "skipped")
        assert action.outcome.error == "StatusUnknown"


@pytest.mark.parametrize("has_failed", [True, None])
def test_an_unchanged_trigger_whose_last_run_failed_or_is_unknown_runs(
    has_failed: bool | None,  # noqa: FBT001 (a row of the table)
) -> None:
    progress = Progress(BEGAN, BEGAN, rolling_back=False, has_failed=has_failed)

    step = decide(request("Update", unchanged=True), progress, Clock(BEGAN + 1, 899)).step

    assert step == "look"


def test_a_failure_that_no_other_attempt_can_mend_is_answered_at_once() -> None:
    final = Outcome("failed", "ImageDeleted", "no", is_final=True)
    progress = Progress(BEGAN, BEGAN, failures=1, outcome=final)

    assert decide(request("Create"), progress, Clock(BEGAN + 1, 899)).step == "respond"
