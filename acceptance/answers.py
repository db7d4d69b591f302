"""AWS's answers to the probes: records without account ids, and the page that lists them.

Knows how an answer is stored and shown. Refuses to know how it was found out.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from acceptance.probes import PROBES, Probe

ROOT: Final = Path(__file__).parent.parent
RECORDS: Final = Path(__file__).parent / "answers"
PAGE: Final = ROOT / "docs" / "aws-answers.md"
NOT_ASKED: Final = "not asked yet"

_HEAD: Final = """\
# What AWS answers

cfn-trigger relies on some behavior of AWS that is not documented. Each row has a question about
it, what cfn-trigger assumes, what depends on that assumption, and the answer once it is known.
`make acceptance` asks the questions with small stacks in a real account and records the answers,
from which this page is generated.

| question | assumption | what depends on it | answer of AWS |
|---|---|---|---|
"""
_MASKS: Final = (
    (re.compile(r"\b\d{12}\b"), "111122223333"),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"), "AKIAIOSFODNN7EXAMPLE"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"X-Amz-(Signature|Security-Token|Credential)=[^&\s\"]+"), r"X-Amz-\1=<masked>"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What AWS answered to a probe; the date is in ISO 8601."""

    probe: str
    answer: str
    region: str
    date: str


def masked(text: str) -> str:
    """Replace account ids, access keys, request ids and signatures."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def save(answer: Answer, folder: Path = RECORDS) -> None:
    """Write a record, masked, in the place of an older one."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {key: masked(value) for key, value in asdict(answer).items()}
    path = folder / f"{answer.probe}.json"
    path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def recorded(folder: Path = RECORDS) -> dict[str, Answer]:
    """Return the recorded answers by the names of their probes."""
    records = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json"))
    return {record["probe"]: Answer(**record) for record in records}


def page(answers: Mapping[str, Answer], probes: Iterable[Probe] = PROBES) -> str:
    """Return the page that lists all questions and the answers so far."""
    return _HEAD + "".join(_row(probe, answers.get(probe.name)) for probe in probes)


def _row(probe: Probe, answer: Answer | None) -> str:
    text = f"{answer.answer} ({answer.region}, {answer.date})" if answer else NOT_ASKED
    cells = (probe.question, probe.assumption, probe.dependents, text)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def write_page() -> None:
    """Write docs/aws-answers.md from the records."""
    PAGE.write_text(page(recorded()), encoding="utf-8")
