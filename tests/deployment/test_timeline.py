"""What happens in a deployment, as lines: a fold, without a clock and without a cloud."""

import pytest

from cfn_trigger.deployment import timeline
from cfn_trigger.deployment.state import DeploymentState, LogEntry
from cfn_trigger.deployment.summary import status_lines, summary
from tests.support.timelines import CREATION, REASON, after, as_text, at, entry, event, step

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
        "10:01:00  UPDATE_IN_PROGRESS  shop (AWS::CloudFormation::Stack)",
        "10:01:01  UPDATE_COMPLETE     Queue (AWS::SQS::Queue)",
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
    assert lines[-1] == "10:00:02  CREATE_COMPLETE     shop (AWS::CloudFormation::Stack)"


# ---- resources


def test_a_creation_yields_one_line_though_it_has_two_events() -> None:
    initiated = event(2, "Queue", "CREATE_IN_PROGRESS", "Resource creation Initiated")

    state, lines = after(CREATION[0], event(1, "Queue", "CREATE_IN_PROGRESS"), initiated)

    assert lines[1:] == ["10:00:01  CREATE_IN_PROGRESS  Queue (AWS::SQS::Queue)"]
    assert state.physical_ids["Queue"] == "shop-Queue-1"


def test_an_event_line_has_the_first_part_of_its_reason() -> None:
    _, lines = after(*CREATION, event(2, "Run", "CREATE_FAILED", REASON))

    assert lines[-1] == "10:00:02  CREATE_FAILED       Run (Custom::Trigger): LookupError: lost; …"


# ---- triggers


def test_a_polled_handler_is_followed_with_its_progress() -> None:
    _, lines = after(
        *CREATION,
        step(2, "look", attempt=1, seconds=890),
        step(2, "invoke", attempt=1, seconds=890),
        step(3, "pending", error="", progress="1 of 3 tables"),
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


def test_json_that_a_handler_prints_is_not_a_step_of_the_provider() -> None:
    text = '{"step": "done", "trigger": "Run", "error": ""}'

    _, lines = after(*CREATION, entry(2, text))

    assert lines[2:] == [f"10:00:02    Check | {text}"]


def test_a_second_request_of_a_trigger_is_counted_anew() -> None:
    pending = [step(2, "invoke", attempt=1), step(3, "pending", error="", progress="half")]
    failed = event(4, "Run", "UPDATE_FAILED", REASON)

    state, _ = after(*CREATION, *pending, failed, event(5, "Run", "UPDATE_IN_PROGRESS"))

    assert status_lines(state, at(6)) == ("Run: attempt 1, 1 s",)


def test_entries_that_arrive_after_the_end_yield_lines() -> None:
    state, _ = after(*CREATION, event(2, "shop", "CREATE_COMPLETE"))

    _, lines = timeline.advance(state, (), [entry(1.5, "late")])

    assert as_text(lines) == ["10:00:01    Check | late"]


def test_a_running_trigger_has_a_status_line_until_it_is_done() -> None:
    state, _ = after(*CREATION, step(1, "invoke", attempt=1))
    assert status_lines(state, at(8)) == ("Run: attempt 1, 7 s",)

    pending = [step(9, "pending", error="", progress="3 of 10"), step(19, "invoke", attempt=1)]
    state, _ = timeline.advance(state, (), pending)
    assert status_lines(state, at(20)) == ("Run: attempt 1, poll 1, 19 s: 3 of 10",)

    state, _ = timeline.advance(state, [event(21, "Run", "CREATE_COMPLETE")], ())
    assert status_lines(state, at(22)) == ()


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
        event(4, "shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Run]"),
        event(9, "shop", "ROLLBACK_COMPLETE"),
    )

    assert not state.succeeded
    assert "\n".join(as_text(summary(state))) == (
        "shop: ROLLBACK_COMPLETE after 9 s\n"
        "CREATE_FAILED Run (Custom::Trigger)\n"
        "  LookupError: lost\n"
        "  at f\n"
        "  last log lines:\n"
        "    one\n"
        "    two\n"
        "  full log: /aws/lambda/shop-Check-1\n"
        "  look at it: aws logs tail /aws/lambda/shop-Check-1 --since 1h"
    )


def test_the_summary_does_not_count_the_stack_among_its_failed_resources() -> None:
    ended = event(4, "shop", "CREATE_FAILED", "The following resource(s) failed: [Run]")

    state, _ = after(*CREATION, event(3, "Run", "CREATE_FAILED"), ended)

    assert as_text(summary(state)) == [
        "shop: CREATE_FAILED after 4 s",
        "CREATE_FAILED Run (Custom::Trigger)\n  CloudFormation gives no reason",
    ]


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
