import pytest

from cfn_trigger.deployment.reasons import (
    Reason,
    headline,
    is_without_changes,
    log_group_in,
    parse_reason,
    reason_lines,
    unwrapped,
)

WRAPPER = "Received response status [FAILED] from custom resource. Message returned: "
NESTED = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-Orders-1/2"
EMBEDDED = f"Embedded stack {NESTED} was not successfully"
ASSUME = "The role cannot be assumed by Lambda. (Service: Lambda, Request ID: 1)"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (f"{WRAPPER}no such table (RequestId: 4f7c-1)", "no such table"),
        (f"{WRAPPER}no such table", "no such table"),
        (f"{WRAPPER}one\ntwo (RequestId: 4f7c-1)", "one\ntwo"),
        (
            f"{WRAPPER}denied (RequestId: inner); full log: /aws (RequestId: 4f7c-1)",
            "denied (RequestId: inner); full log: /aws",
        ),
        (f"{WRAPPER} (RequestId: 4f7c-1)", ""),
        (
            (
                f'Resource handler returned message: "{ASSUME}" '
                "(RequestToken: 2, HandlerErrorCode: InvalidRequest)"
            ),
            ASSUME,
        ),
        ("WaitCondition received failed message: 'no \"x\"' for uniqueId: run-1", 'no "x"'),
        (f"{EMBEDDED} created: no room", "no room"),
        (f"{EMBEDDED} updated: {WRAPPER}lost (RequestId: 1)", "lost"),
        (
            "Transform 1::Trigger failed with: Run: has no Handler. Rollback requested by user.",
            "Transform 1::Trigger failed with: Run: has no Handler",
        ),
        (
            "Transform 1::Trigger failed with: Run: has no Handler.",
            "Transform 1::Trigger failed with: Run: has no Handler",
        ),
    ],
)
def test_a_reason_is_taken_out_of_its_wrapper(reason: str, expected: str) -> None:
    assert unwrapped(reason) == expected


@pytest.mark.parametrize(
    "reason",
    ["", "Resource creation cancelled", "Handler returned message: no (RequestId: 4f7c-1)"],
)
def test_any_other_reason_stays_as_it_is(reason: str) -> None:
    assert unwrapped(reason) == reason


FAILED = "The following resource(s) failed to create: [Run, Queue]"


@pytest.mark.parametrize(
    ("text", "expected_reason"),
    [
        ("User Initiated", Reason("requested")),
        ("Resource creation Initiated", Reason("initiated")),
        ("Resource creation cancelled", Reason("canceled")),
        ("Resource update cancelled", Reason("canceled")),
        ("the job was cancelled", Reason("cause", "the job was cancelled")),
        (f"{FAILED}. ", Reason("consequence", f"{FAILED}.")),
        (f"{FAILED}. Rollback requested by user.", Reason("consequence", FAILED)),
        (f"{EMBEDDED} created: {FAILED}.", Reason("consequence", f"{FAILED}.")),
        ("", Reason("cause", "")),
    ],
)
def test_the_kind_of_a_reason_says_whether_it_is_the_cause(
    text: str, expected_reason: Reason
) -> None:
    assert parse_reason(text) == expected_reason


PROVIDER = (
    "LookupError: no table; not here; at File 'index.py'; attempt 2 of 2; "
    "last log lines: one; / two / three; full log: /aws/lambda/x, which a rollback deletes"
)


def test_a_reason_of_the_provider_is_split_into_its_parts_and_nothing_else() -> None:
    assert reason_lines(PROVIDER) == (
        "LookupError: no table; not here",
        "at File 'index.py'",
        "attempt 2 of 2",
        "last log lines:",
        "  one;",
        "  two",
        "  three",
        "full log: /aws/lambda/x, which a rollback deletes",
    )
    assert headline(PROVIDER) == "LookupError: no table; not here"
    assert log_group_in(PROVIDER) == "/aws/lambda/x"


def test_any_other_reason_is_one_line_and_names_no_log() -> None:
    reason = "the role is invalid; use another"

    assert (reason_lines(reason), headline(reason)) == ((reason,), reason)
    assert not log_group_in(reason)


def test_the_problems_of_a_macro_are_a_line_each() -> None:
    reason = "Transform 1::Trigger failed with: A: no; use B | C: unknown"

    assert reason_lines(reason) == (
        "Transform 1::Trigger failed with:",
        "  A: no; use B",
        "  C: unknown",
    )
    assert headline(reason) == "Transform 1::Trigger failed"


def test_a_change_set_without_changes_is_known_by_its_reason() -> None:
    reasons = (
        (
            "The submitted information didn't contain changes. Submit different information to "
            "create a change set."
        ),
        "No updates are to be performed.",
        "Transform 1::Trigger failed with: Run: has no Handler",
    )

    assert [is_without_changes(reason) for reason in reasons] == [True, True, False]
