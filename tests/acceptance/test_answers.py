"""The records of AWS's answers, and the page that lists them."""

from pathlib import Path

import pytest

from acceptance.account import Account
from acceptance.answers import PAGE, Answer, masked, page, recorded, save
from acceptance.probes import PROBES, Probe

ANSWER = Answer(
    probe="a-probe",
    answer="arn:aws:lambda:eu-west-1:987654321098:function:f",
    region="eu-west-1",
    date="2026-11-25",
)


def unused(_: Account) -> str:
    raise AssertionError("nobody asks")


PROBE = Probe(
    name="a-probe",
    question="Is it so?",
    assumption="a|b",
    dependents="everything",
    ask=unused,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("account 987654321098", "account 111122223333"),
        ("arn:aws:iam::987654321098:role/r", "arn:aws:iam::111122223333:role/r"),
        ("ASIAABCDEFGHIJKLMNOP", "AKIAIOSFODNN7EXAMPLE"),
        ("(RequestId: 12345678-90ab-cdef-1234-567890abcdef)", "(RequestId: <uuid>)"),
        ("?X-Amz-Signature=0abc&x=1", "?X-Amz-Signature=<masked>&x=1"),
        ("1234567890123 is no account", "1234567890123 is no account"),
    ],
)
def test_a_record_has_no_ids_of_an_account(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_an_answer_is_recorded_masked(tmp_path: Path) -> None:
    save(ANSWER, tmp_path)

    assert recorded(tmp_path) == {
        "a-probe": Answer(
            probe="a-probe",
            answer="arn:aws:lambda:eu-west-1:111122223333:function:f",
            region="eu-west-1",
            date="2026-11-25",
        )
    }


def test_a_question_without_a_record_is_not_asked_yet() -> None:
    row = page({}, [PROBE]).splitlines()[-1]

    assert row == "| Is it so? | a\\|b | everything | not asked yet |"


def test_a_row_has_the_answer_with_its_region_and_date() -> None:
    row = page({"a-probe": ANSWER}, [PROBE]).splitlines()[-1]

    assert row.endswith(f"| {ANSWER.answer} (eu-west-1, 2026-11-25) |")


def test_the_page_in_the_documentation_is_that_of_the_records() -> None:
    assert PAGE.read_text() == page(recorded())


def test_every_record_answers_a_probe() -> None:
    assert set(recorded()) <= {probe.name for probe in PROBES}
