"""What happens in a deployment, as lines: a fold, without a clock and without a cloud."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import (
    DeploymentState,
    Event,
    ExpectedChanges,
    Line,
    LogEntry,
    Weight,
)
from cfn_trigger.deployment.summary import changing_resources, phase, running_triggers, summary
from tests.support.timelines import (
    CREATION,
    NESTED_ID,
    REASON,
    after,
    as_text,
    at,
    entry,
    event,
    expecting,
    step,
)

# ---- which deployment


def test_a_deployment_in_progress_is_shown_from_its_beginning_and_no_earlier() -> None:
    history = [
        event(0, "shop", "CREATE_IN_PROGRESS"),
        event(1, "shop", "CREATE_COMPLETE"),
        event(60, "shop", "UPDATE_IN_PROGRESS"),
        event(61, "Queue", "UPDATE_COMPLETE"),
    ]

    state, lines = timeline.advance(DeploymentState(), history, ())

    assert (state.first_status, state.ended) == ("UPDATE_IN_PROGRESS", None)
    assert as_text(lines) == [
        "10:01:00      0  UPDATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:01:01      1  UPDATE_COMPLETE     Queue (AWS::SQS::Queue)",
    ]


def test_a_deployment_that_ended_before_the_first_look_is_not_shown() -> None:
    history = [event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "shop", "CREATE_COMPLETE")]

    state, lines = timeline.advance(DeploymentState(), history, ())

    assert (state.first_status, lines) == ("", ())


def test_a_deployment_that_begins_and_ends_between_two_looks_is_shown() -> None:
    history = [event(0, "shop", "CREATE_IN_PROGRESS"), event(1, "shop", "CREATE_COMPLETE")]
    state, _ = timeline.advance(DeploymentState(), history, ())
    news = [event(9, "shop", "UPDATE_IN_PROGRESS"), event(10, "shop", "UPDATE_COMPLETE")]

    state, lines = timeline.advance(state, [*history, *news], ())

    assert (state.succeeded, state.ended) == (True, at(10))
    assert [line.message.split()[0] for line in lines] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_change_set_alone_is_not_a_deployment() -> None:
    state, lines = after(event(0, "shop", "REVIEW_IN_PROGRESS"))

    assert (state.first_status, lines) == ("", [])


def test_events_and_entries_that_were_seen_yield_no_lines_again() -> None:
    entries = [entry(2, "hello")]
    state, first = timeline.advance(DeploymentState(has_read=True), CREATION, entries)

    again, second = timeline.advance(state, CREATION, entries)

    assert (len(first), second, again) == (3, (), state)


def test_events_of_a_later_deployment_yield_no_lines() -> None:
    ended = event(2, "shop", "CREATE_COMPLETE")

    state, lines = after(*CREATION, ended, event(3, "shop", "DELETE_IN_PROGRESS"))

    assert state.status == "CREATE_COMPLETE"
    assert lines[-1] == "10:00:02      0  CREATE_COMPLETE     shop (AWS::CloudFormation::Stack)"


# ---- resources


def test_a_creation_yields_one_line_though_it_has_two_events() -> None:
    initiated = event(2, "Queue", "CREATE_IN_PROGRESS", "Resource creation Initiated")

    state, lines = after(CREATION[0], event(1, "Queue", "CREATE_IN_PROGRESS"), initiated)

    assert lines[1:] == ["10:00:01      0  CREATE_IN_PROGRESS  Queue (AWS::SQS::Queue)"]
    assert state.physical_ids["Queue"] == "shop-Queue-1"


def test_the_line_of_a_trigger_that_fails_has_what_its_handler_says() -> None:
    _, lines = after(*CREATION, event(2, "Run", "CREATE_FAILED", REASON))

    assert lines[-1] == (
        "10:00:02      1  CREATE_FAILED       Run (Custom::Trigger), 1 s: LookupError: lost"
    )


def test_no_punctuation_of_a_handler_cuts_its_message() -> None:
    reason = "LookupError: no table; not in this account; full log: /aws/lambda/shop-Check-1"

    _, lines = after(*CREATION, event(2, "Run", "CREATE_FAILED", reason))

    assert lines[-1].endswith(": LookupError: no table; not in this account")


def test_a_reason_that_was_shown_is_not_shown_again() -> None:
    failed = event(2, "Queue", "CREATE_FAILED", "no room", path="Orders/")
    parent = event(3, "Orders", "CREATE_FAILED", "no room")

    _, lines = after(CREATION[0], failed, parent)

    assert lines[1:] == [
        "10:00:02      1  CREATE_FAILED       Orders/Queue (AWS::SQS::Queue): no room",
        "10:00:03      2  CREATE_FAILED       Orders (AWS::CloudFormation::Stack)",
    ]


def test_a_change_has_the_duration_between_its_events() -> None:
    _, lines = after(
        CREATION[0], event(1, "Queue", "CREATE_IN_PROGRESS"), event(1.4, "Queue", "CREATE_COMPLETE")
    )

    assert lines[-1] == "10:00:01      1  CREATE_COMPLETE     Queue (AWS::SQS::Queue), 0.4 s"


# ---- how many are left


def test_resources_are_counted_out_of_those_expected() -> None:
    state = expecting(DeploymentState(has_read=True), "", "Run", "Queue")
    events = [
        *CREATION,
        event(2, "Queue", "CREATE_IN_PROGRESS"),
        event(3, "Run", "CREATE_COMPLETE"),
    ]

    state, _ = timeline.advance(state, events, ())

    assert (state.tally.done, state.tally.total) == (1, 2)


def test_a_resource_that_was_not_expected_counts_once_it_begins() -> None:
    state = expecting(DeploymentState(has_read=True), "", "Run")

    state, _ = timeline.advance(state, [*CREATION, event(2, "Queue", "CREATE_IN_PROGRESS")], ())

    assert (state.tally.done, state.tally.total) == (0, 2)


def test_resources_of_nested_stacks_count_with_those_of_the_stack() -> None:
    state = expecting(DeploymentState(has_read=True), "", "Orders")

    state = expecting(state, "Orders/", "Run", "Queue")

    assert state.tally.total == 3


def test_the_resources_of_a_nested_stack_alone_are_no_total() -> None:
    state = expecting(DeploymentState(has_read=True), "Orders/", "Run", "Queue")

    assert state.tally.total is None


def test_a_rollback_counts_anew_what_has_changed() -> None:
    state = expecting(DeploymentState(has_read=True), "", "Run", "Queue", "Other")
    events = [
        *CREATION,
        event(2, "Queue", "CREATE_COMPLETE"),
        event(3, "Run", "CREATE_FAILED", "lost"),
        event(3, "shop", "ROLLBACK_IN_PROGRESS"),
        event(4, "Queue", "DELETE_COMPLETE"),
    ]

    state, _ = timeline.advance(state, events, ())

    assert (state.tally.done, state.tally.total) == (1, 2)


@pytest.mark.parametrize(
    ("status", "expected_phase"),
    [
        ("CREATE_IN_PROGRESS", "creating"),
        ("UPDATE_IN_PROGRESS", "updating"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "cleaning up"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "rolling back"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "cleaning up"),
        ("DELETE_IN_PROGRESS", "deleting"),
        ("IMPORT_IN_PROGRESS", "importing"),
        ("EXPRESS_IN_PROGRESS", "in progress"),
    ],
)
def test_the_phase_follows_from_the_status(status: str, expected_phase: str) -> None:
    assert phase(DeploymentState(status=status)) == expected_phase


# ---- nested stacks


def test_triggers_of_nested_stacks_have_the_path_in_their_name() -> None:
    _, lines = after(
        CREATION[0],
        event(1, "Orders", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        event(1, "Orders", "CREATE_IN_PROGRESS", path="Orders/"),
        event(2, "Run", "CREATE_IN_PROGRESS", path="Orders/"),
        step(3, "invoke", source="Orders/TriggerProvider", attempt=1),
        entry(4, "hello", "Orders/Check"),
        event(5, "Run", "CREATE_COMPLETE", path="Orders/"),
    )

    assert lines[1:] == [
        "10:00:02      0  CREATE_IN_PROGRESS  Orders/Run (Custom::Trigger)",
        "10:00:03    Orders/Run: started, attempt 1",
        "10:00:04    Orders/Check | hello",
        "10:00:05      1  CREATE_COMPLETE     Orders/Run (Custom::Trigger), 3 s",
    ]


def test_the_ids_of_nested_stacks_are_known_by_their_paths() -> None:
    inner = replace(event(2, "Orders", "CREATE_IN_PROGRESS"), path="Orders/", is_of_stack=False)

    state, _ = after(CREATION[0], event(1, "Orders", "CREATE_IN_PROGRESS"), inner)

    assert state.stack_ids == {"Orders/": NESTED_ID, "Orders/Orders/": NESTED_ID}


# ---- triggers in parts


IN_PARTS = {
    "RunPart1": {"Properties": {"PartOf": "Run"}},
    "RunPart2": {"Properties": {"PartOf": "Run"}},
    "Run": {"Properties": {}},
}


def part(seconds: float, name: str, status: str, reason: str = "") -> Event:
    return replace(event(seconds, "Run", status, reason), logical_id=name)


def beginning_in_parts() -> DeploymentState:
    changes = ExpectedChanges(
        logical_ids=frozenset({"RunPart1", "RunPart2", "Run", "Queue"}),
        template={"Resources": IN_PARTS},
    )
    return timeline.expecting(DeploymentState(has_read=True), "", changes)


FIRST_PART = (
    CREATION[0],
    part(1, "RunPart1", "CREATE_IN_PROGRESS"),
    part(3500, "RunPart1", "CREATE_COMPLETE"),
    part(3501, "RunPart2", "CREATE_IN_PROGRESS"),
)
LAST_PARTS = (
    part(7000, "RunPart2", "CREATE_COMPLETE"),
    part(7001, "Run", "CREATE_IN_PROGRESS"),
    part(9001, "Run", "CREATE_COMPLETE"),
)


def shown(lines: Iterable[Line]) -> list[str]:
    return as_text([line for line in lines if line.weight != "detail"])


def test_the_parts_of_a_trigger_are_shown_and_counted_as_one() -> None:
    state = beginning_in_parts()
    entries = [
        step(2, "invoke", trigger="RunPart1", attempt=1),
        step(10, "pending", trigger="RunPart1", error="", progress="1 of 3"),
        step(3502, "invoke", trigger="RunPart2", attempt=1),
        step(9000, "done", trigger="Run", error=""),
    ]

    state, lines = timeline.advance(state, [*FIRST_PART, *LAST_PARTS], entries)

    assert shown(lines)[1:] == [
        "10:00:01    0/2  CREATE_IN_PROGRESS  Run (Custom::Trigger)",
        "10:00:02    Run: started, attempt 1",
        "10:00:10    Run: in progress after 9 s: 1 of 3",
        "12:30:00    Run: done after 2 h 29 min, poll 1",
        "12:30:01    1/2  CREATE_COMPLETE     Run (Custom::Trigger), 2 h 30 min",
    ]


def test_a_trigger_runs_until_its_last_part_has_answered() -> None:
    state, _ = timeline.advance(beginning_in_parts(), FIRST_PART, ())

    assert running_triggers(state, at(3541)) == ("Run: attempt 1, 59 min 0 s",)
    assert (state.tally.done, state.tally.total) == (0, 2)


def test_all_parts_are_lines_of_interest_only_if_something_is_wrong() -> None:
    _, lines = timeline.advance(beginning_in_parts(), [*FIRST_PART, *LAST_PARTS], ())

    details = [line.message for line in lines if line.weight == "detail"]
    assert details == [
        "CREATE_COMPLETE RunPart1 (Custom::Trigger)",
        "CREATE_IN_PROGRESS Run (Custom::Trigger)",
        "CREATE_COMPLETE RunPart2 (Custom::Trigger)",
        "CREATE_IN_PROGRESS Run (Custom::Trigger)",
    ]


def test_a_part_that_fails_is_the_failure_of_its_trigger() -> None:
    failed = part(3600, "RunPart2", "CREATE_FAILED", REASON)
    rollback = [
        event(3601, "shop", "ROLLBACK_IN_PROGRESS"),
        part(3602, "RunPart2", "DELETE_COMPLETE"),
        event(3603, "shop", "ROLLBACK_COMPLETE"),
    ]

    state, lines = timeline.advance(beginning_in_parts(), [*FIRST_PART, failed, *rollback], ())

    assert shown(lines)[2] == (
        "11:00:00    1/2  CREATE_FAILED       Run (Custom::Trigger), 59 min 59 s: LookupError: lost"
    )
    assert [line.name for line in summary(state)] == ["Run", "shop"]
    assert running_triggers(state, at(3603)) == ()
    assert (state.tally.done, state.tally.total) == (1, 1)


def test_a_rollback_of_some_parts_ends_with_the_last_of_them() -> None:
    events = [
        event(0, "shop", "UPDATE_IN_PROGRESS"),
        part(1, "RunPart1", "UPDATE_IN_PROGRESS"),
        part(2, "RunPart1", "UPDATE_FAILED", REASON),
        event(3, "shop", "UPDATE_ROLLBACK_IN_PROGRESS"),
        part(4, "RunPart1", "UPDATE_IN_PROGRESS"),
        part(5, "RunPart1", "UPDATE_COMPLETE"),
    ]

    state, _ = timeline.advance(beginning_in_parts(), events, ())

    assert running_triggers(state, at(6)) == ()
    assert state.tally.done == 1


def test_a_part_is_known_by_its_physical_id_where_the_template_is_not() -> None:
    answered = replace(part(3500, "RunPart1", "CREATE_COMPLETE"), physical_id="part of Run-1")

    _, lines = timeline.advance(DeploymentState(has_read=True), [CREATION[0], answered], ())

    assert shown(lines)[1:] == []


# ---- which lines matter


@pytest.mark.parametrize(
    ("item", "weight"),
    [
        (event(1, "Queue", "CREATE_IN_PROGRESS"), "start"),
        (event(1, "Queue", "CREATE_COMPLETE"), "event"),
        (event(1, "Queue", "CREATE_FAILED", "no room"), "event"),
        (event(1, "Queue", "CREATE_FAILED", "Resource creation cancelled"), "detail"),
        (event(1, "TriggerProvider", "CREATE_COMPLETE"), "detail"),
        (event(1, "TriggerProviderRole", "CREATE_IN_PROGRESS"), "detail"),
        (event(1, "TriggerProvider", "CREATE_FAILED", "no room"), "event"),
        (event(1, "Run", "CREATE_IN_PROGRESS"), "event"),
        (event(1, "Run", "CREATE_COMPLETE"), "outcome"),
        (event(1, "Run", "UPDATE_FAILED", "lost"), "outcome"),
        (event(1, "Run", "DELETE_COMPLETE"), "event"),
        (step(1, "respond", level="INFO", status="SUCCESS", reason="not enabled"), "outcome"),
        (step(1, "respond", level="INFO", type="Delete", reason="it was never created"), "detail"),
        (
            step(1, "respond", level="ERROR", type="Delete", status="SUCCESS", reason=REASON),
            "outcome",
        ),
        (step(1, "invoke", attempt=1), "event"),
        (step(1, "invoke", trigger="RunUndo0123456789", attempt=1), "event"),
        (step(1, "done", trigger="RunUndo0123456789", error=""), "outcome"),
        (
            step(1, "respond", trigger="RunUndo0123456789", level="INFO", reason="nothing to undo"),
            "detail",
        ),
        (entry(1, "hello"), "event"),
    ],
)
def test_every_line_has_a_weight(item: Event | LogEntry, weight: Weight) -> None:
    events = [CREATION[0], *([item] if isinstance(item, Event) else [])]
    entries = [item] if isinstance(item, LogEntry) else []

    _, lines = timeline.advance(DeploymentState(has_read=True), events, entries)

    assert lines[-1].weight == weight


# ---- triggers


def test_a_polled_handler_is_followed_with_its_progress() -> None:
    _, lines = after(
        *CREATION,
        step(2, "look", attempt=1, seconds=890),
        step(2, "invoke", attempt=1, seconds=890),
        step(3, "pending", error="", progress="1 of 3 tables"),
        step(3, "ask", attempt=1, seconds=10),
        step(3, "wait", attempt=1, seconds=10),
        step(13, "invoke", attempt=1, seconds=880),
        step(14, "pending", error=""),
        step(24, "invoke", attempt=1, seconds=870),
        step(26, "done", error=""),
        step(26, "respond", level="INFO", status="SUCCESS", reason=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: started, attempt 1",
        "10:00:03    Run: in progress after 2 s: 1 of 3 tables",
        "10:00:14    Run: in progress after 13 s, poll 1",
        "10:00:26    Run: done after 25 s, poll 2",
    ]


def test_a_handler_that_cannot_be_started_yields_one_line_per_cause() -> None:
    _, lines = after(
        *CREATION,
        step(2, "refused", error="NotReady"),
        step(3, "invoke", attempt=1),
        step(4, "refused", error="AccessDeniedException"),
        step(5, "invoke", attempt=1),
        step(6, "refused", error="AccessDeniedException"),
        step(7, "invoke", attempt=1),
        step(8, "done", error=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: not started after 1 s: NotReady",
        "10:00:03    Run: started, attempt 1",
        "10:00:04    Run: not started after 3 s: AccessDeniedException",
        "10:00:08    Run: done after 7 s",
    ]


def test_every_attempt_yields_a_line_and_counts_its_polls_anew() -> None:
    _, lines = after(
        *CREATION,
        step(2, "invoke", attempt=1),
        step(2, "pending", error=""),
        step(3, "invoke", attempt=1),
        step(4, "failed", error="LookupError"),
        step(5, "invoke", attempt=2),
        step(6, "done", error=""),
    )

    assert lines[2:] == [
        "10:00:02    Run: started, attempt 1",
        "10:00:02    Run: in progress after 1 s",
        "10:00:04    Run: attempt 1 failed after 3 s, poll 1: LookupError",
        "10:00:05    Run: started, attempt 2",
        "10:00:06    Run: done after 5 s",
    ]


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            step(2, "respond", level="INFO", status="SUCCESS", reason="the stack is rolling back"),
            "Run: did not run: the stack is rolling back",
        ),
        (
            step(2, "respond", level="ERROR", status="SUCCESS", reason="LookupError: lost"),
            "Run: failed, and the deployment goes on: LookupError: lost",
        ),
        (step(2, "hand over", attempt=1), "Run: continues in a fresh execution after 1 s"),
        (
            step(2, "the response was not accepted", level="ERROR", status=503, why=""),
            "Run: the response was not accepted: 503",
        ),
        (
            step(2, "provider failed", level="ERROR", trace="KeyError: 'x'"),
            "Run: provider failed: KeyError: 'x'",
        ),
        (entry(2, "Segmentation fault", "TriggerProvider"), "TriggerProvider | Segmentation fault"),
    ],
)
def test_other_steps_of_the_provider_yield_a_line(entry: LogEntry, line: str) -> None:
    _, lines = after(*CREATION, entry)

    assert lines[2:] == [f"10:00:02    {line}"]


def test_a_failed_answer_yields_no_line_since_its_event_has_the_reason() -> None:
    answered = step(2, "respond", level="WARN", status="FAILED", reason=REASON)

    _, lines = after(*CREATION, answered)

    assert lines[2:] == []


def test_what_a_handler_prints_yields_lines_and_what_lambda_logs_does_not() -> None:
    platform = '{"time":"2026-11-21T10:00:02Z","type":"platform.start","record":{}}'
    printed = ["START RequestId: 1 Version: 3", "one", "END RequestId: 1", platform, " ", "two\n"]

    _, lines = after(*CREATION, *(entry(2, text) for text in printed))

    assert lines[2:] == ["10:00:02    Check | one", "10:00:02    Check | two"]


@pytest.mark.parametrize(
    "text", ["INIT_START Runtime Version: 1", "EXTENSION\tName: insights", "LOGS\tName: x"]
)
def test_what_lambda_logs_of_its_own_yields_no_line(text: str) -> None:
    _, lines = after(*CREATION, entry(2, text))

    assert lines[2:] == []


def test_a_traceback_with_carriage_returns_is_shown_in_lines() -> None:
    text = "[ERROR] LookupError: lost\rTraceback (most recent call last):\r  File x\r\n"

    _, lines = after(*CREATION, entry(2, text))

    assert lines[2:] == [
        (
            "10:00:02    Check | [ERROR] LookupError: lost\n"
            "            Check | Traceback (most recent call last):\n"
            "            Check |   File x"
        )
    ]


@pytest.mark.parametrize(
    "code", ["\x1b[31m", "\x1b[2J", "\x1b[?25l", "\x1b[1;2H", "\x1b]0;title\x07", "\x1b]8;;u\x1b\\"]
)
def test_codes_for_terminals_that_a_handler_prints_are_left_out(code: str) -> None:
    _, lines = after(*CREATION, entry(2, f"a{code}b [1m]"))

    assert lines[2:] == ["10:00:02    Check | ab [1m]"]


def test_json_that_a_handler_prints_is_not_a_step_of_the_provider() -> None:
    text = '{"step": "done", "trigger": "Run", "error": ""}'

    _, lines = after(*CREATION, entry(2, text))

    assert lines[2:] == [f"10:00:02    Check | {text}"]


def test_a_second_request_of_a_trigger_is_counted_anew() -> None:
    pending = [step(2, "invoke", attempt=1), step(3, "pending", error="", progress="half")]
    failed = event(4, "Run", "UPDATE_FAILED", REASON)

    state, _ = after(*CREATION, *pending, failed, event(5, "Run", "UPDATE_IN_PROGRESS"))

    assert running_triggers(state, at(6)) == ("Run: attempt 1, 1 s",)


def test_entries_that_arrive_after_the_end_yield_lines() -> None:
    state, _ = after(*CREATION, event(2, "shop", "CREATE_COMPLETE"))

    _, lines = timeline.advance(state, (), [entry(1.5, "late")])

    assert as_text(lines) == ["10:00:01    Check | late"]


def test_a_late_entry_counts_for_the_request_that_it_is_of() -> None:
    state, _ = after(
        *CREATION,
        event(5, "Run", "CREATE_FAILED", REASON),
        event(6, "Run", "UPDATE_IN_PROGRESS"),
    )

    state, lines = timeline.advance(state, (), [step(4, "failed", error="LookupError")])

    assert as_text(lines) == ["10:00:04    Run: attempt 1 failed after 3 s: LookupError"]
    assert running_triggers(state, at(7)) == ("Run: attempt 1, 1 s",)


def test_a_running_trigger_has_a_status_line_until_it_is_done() -> None:
    state, _ = after(*CREATION, step(1, "invoke", attempt=1))
    assert running_triggers(state, at(8)) == ("Run: attempt 1, 7 s",)

    pending = [step(9, "pending", error="", progress="3 of 10"), step(19, "invoke", attempt=1)]
    state, _ = timeline.advance(state, (), pending)
    assert running_triggers(state, at(20)) == ("Run: attempt 1, poll 1, 19 s: 3 of 10",)

    state, _ = timeline.advance(state, [event(21, "Run", "CREATE_COMPLETE")], ())
    assert running_triggers(state, at(22)) == ()


def test_the_status_line_of_a_trigger_says_what_it_waits_for() -> None:
    state, _ = after(
        *CREATION,
        step(1, "invoke", attempt=1),
        step(2, "pending", error=""),
        step(2, "wait", attempt=1, seconds=10),
    )
    assert running_triggers(state, at(8)) == ("Run: attempt 1, 7 s, next poll in 4 s",)

    failed = [step(12, "failed", error="LookupError"), step(12, "wait", attempt=2, seconds=60)]
    state, _ = timeline.advance(state, (), failed)
    assert running_triggers(state, at(13)) == ("Run: attempt 1, 12 s, next attempt in 59 s",)

    state, _ = timeline.advance(state, (), [step(20, "hand over", attempt=2)])
    assert running_triggers(state, at(21)) == ("Run: attempt 1, execution 2, 20 s",)

    state, _ = timeline.advance(state, (), [step(22, "refused", error="NotReady")])
    assert running_triggers(state, at(23)) == (
        "Run: attempt 1, execution 2, 22 s: not started: NotReady",
    )


def test_changing_resources_have_status_lines_and_the_plumbing_has_one() -> None:
    state, _ = after(
        *CREATION,
        event(1, "Queue", "CREATE_IN_PROGRESS"),
        event(2, "TriggerProvider", "CREATE_IN_PROGRESS"),
        event(2, "TriggerProviderRole", "CREATE_COMPLETE"),
    )

    assert changing_resources(state, at(65)) == (
        "Queue (AWS::SQS::Queue), 1 min 4 s",
        "resources that run the triggers: 1 left",
    )


# ---- how it ended


def test_the_summary_of_a_success_is_one_line() -> None:
    state, _ = after(*CREATION, event(9, "shop", "CREATE_COMPLETE"))

    assert state.succeeded
    assert as_text(summary(state)) == ["shop: CREATE_COMPLETE after 9 s"]


def test_the_summary_of_a_failure_has_every_whole_reason_and_where_to_look() -> None:
    state, _ = after(
        *CREATION,
        event(2, "Queue", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "Run", "CREATE_FAILED", REASON),
        event(
            4, "shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Run]"
        ),
        event(9, "shop", "ROLLBACK_COMPLETE"),
    )

    assert not state.succeeded
    assert "\n".join(as_text(summary(state))) == (
        "CREATE_FAILED Run (Custom::Trigger)\n"
        "  LookupError: lost\n"
        "  at f\n"
        "  last log lines:\n"
        "    one\n"
        "    two\n"
        "  full log: /aws/lambda/shop-Check-1\n"
        "  read it: aws logs tail /aws/lambda/shop-Check-1 --since 1h\n"
        "canceled because of that: Queue\n"
        "shop: ROLLBACK_COMPLETE after 9 s"
    )


ROLLBACK = "The following resource(s) failed to create: [Orders]. Rollback requested by user."
EMBEDDED = f"Embedded stack {NESTED_ID} was not successfully created: "


def test_what_only_follows_from_a_failure_is_not_in_the_summary() -> None:
    inner = "The following resource(s) failed to create: [Queue]."
    state, _ = after(
        CREATION[0],
        event(2, "Queue", "CREATE_FAILED", "no room", path="Orders/"),
        event(2, "Orders", "CREATE_FAILED", inner, path="Orders/"),
        event(3, "Orders", "CREATE_FAILED", EMBEDDED + inner),
        event(3, "shop", "ROLLBACK_IN_PROGRESS", ROLLBACK),
        event(4, "shop", "ROLLBACK_COMPLETE"),
    )

    assert as_text(summary(state)) == [
        "CREATE_FAILED Orders/Queue (AWS::SQS::Queue)\n  no room",
        "shop: ROLLBACK_COMPLETE after 4 s",
    ]


def test_the_same_reason_is_in_the_summary_once() -> None:
    state, _ = after(
        CREATION[0],
        event(2, "Queue", "CREATE_FAILED", "no room", path="Orders/"),
        event(3, "Orders", "CREATE_FAILED", f"{EMBEDDED}no room"),
        event(4, "shop", "ROLLBACK_COMPLETE"),
    )

    assert len(summary(state)) == 2


def test_the_failure_of_a_nested_stack_that_could_not_be_read_is_in_the_summary() -> None:
    inner = "The following resource(s) failed to create: [Queue]"
    state, _ = after(
        CREATION[0],
        event(3, "Orders", "CREATE_FAILED", f"{EMBEDDED}{inner}. "),
        event(4, "shop", "ROLLBACK_IN_PROGRESS", ROLLBACK),
        event(4, "shop", "ROLLBACK_COMPLETE"),
    )

    assert as_text(summary(state))[0] == (
        f"CREATE_FAILED Orders (AWS::CloudFormation::Stack)\n  {inner}."
    )


def test_the_whole_message_of_a_macro_is_in_the_summary() -> None:
    problems = "Run.Handlr: unknown property; did you mean 'Handler'? | Run: has no Handler"
    reason = f"Transform 1::Trigger failed with: {problems}.. Rollback requested by user."
    state, lines = after(
        CREATION[0],
        event(1, "shop", "ROLLBACK_IN_PROGRESS", reason),
        event(2, "shop", "ROLLBACK_COMPLETE"),
    )

    assert lines[1] == (
        "10:00:01      0  ROLLBACK_IN_PROGRESS  shop (AWS::CloudFormation::Stack): "
        "Transform 1::Trigger failed"
    )
    assert "\n".join(as_text(summary(state))) == (
        "ROLLBACK_IN_PROGRESS shop (AWS::CloudFormation::Stack)\n"
        "  Transform 1::Trigger failed with:\n"
        "    Run.Handlr: unknown property; did you mean 'Handler'?\n"
        "    Run: has no Handler\n"
        "shop: ROLLBACK_COMPLETE after 2 s"
    )


def test_a_failure_without_a_reason_is_in_the_summary() -> None:
    ended = event(4, "shop", "CREATE_FAILED", "The following resource(s) failed to create: [Run]")

    state, _ = after(*CREATION, event(3, "Run", "CREATE_FAILED"), ended)

    assert as_text(summary(state)) == [
        "CREATE_FAILED Run (Custom::Trigger)\n  CloudFormation gives no reason",
        "shop: CREATE_FAILED after 4 s",
    ]


def test_a_failure_that_was_reported_as_a_success_is_in_the_summary() -> None:
    answered = step(2, "respond", level="ERROR", status="SUCCESS", reason=REASON)

    state, lines = after(*CREATION, answered, event(3, "shop", "CREATE_COMPLETE"))

    assert state.succeeded
    assert lines[2] == "10:00:02    Run: failed, and the deployment goes on: LookupError: lost"
    assert "\n".join(as_text(summary(state))) == (
        "Run failed, and the deployment went on\n"
        "  LookupError: lost\n"
        "  at f\n"
        "  last log lines:\n"
        "    one\n"
        "    two\n"
        "  full log: /aws/lambda/shop-Check-1\n"
        "  read it: aws logs tail /aws/lambda/shop-Check-1 --since 1h\n"
        "shop: CREATE_COMPLETE after 3 s"
    )


def test_a_rollback_that_was_requested_succeeds() -> None:
    begun = event(0, "shop", "UPDATE_ROLLBACK_IN_PROGRESS")

    state, _ = after(begun, event(1, "shop", "UPDATE_ROLLBACK_COMPLETE"))

    assert state.succeeded


def test_a_line_as_json_is_an_object() -> None:
    state, _ = after(*CREATION, step(2, "invoke", attempt=1))
    _, lines = timeline.advance(state, [], [step(3, "done", error="")])

    assert [line.as_json() for line in lines] == [
        {
            "at": "2026-11-21T10:00:03.000+00:00",
            "kind": "trigger",
            "name": "Run",
            "message": "done after 2 s",
            "tone": "good",
        }
    ]


def test_a_line_of_a_resource_as_json_has_its_change() -> None:
    _, lines = timeline.advance(
        expecting(DeploymentState(has_read=True), "", "Run", "Queue"),
        [*CREATION, event(3, "Run", "CREATE_FAILED", "LookupError: lost; full log: /a")],
        (),
    )

    assert lines[-1].as_json() == {
        "at": "2026-11-21T10:00:03.000+00:00",
        "kind": "resource",
        "name": "Run",
        "message": "CREATE_FAILED Run (Custom::Trigger), 2 s: LookupError: lost",
        "tone": "bad",
        "status": "CREATE_FAILED",
        "type": "Custom::Trigger",
        "reason": "LookupError: lost",
        "seconds": 2.0,
        "done": 1,
        "total": 2,
    }
