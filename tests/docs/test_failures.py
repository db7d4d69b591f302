"""The tables of failures in docs/troubleshooting.md contain the messages that exist."""

import re
from functools import cache
from typing import Final

import pytest

from tests.docs.pages import ROOT, first_cells

PAGE: Final = ROOT / "docs" / "troubleshooting.md"
HEADING: Final = "What a failure looks like"
SOURCES: Final = ("macro/*.py", "trigger_provider/*.py", "cfn_trigger/local_cloud/*.py")
TESTS: Final = (
    "tests/golden/*/problem.txt", "tests/local_cloud/*.py", "tests/provider/*.py",
    "tests/provider/lives/*.py",
    "tests/runtime/*.py", "tests/macro/*.py",
)  # fmt: skip


def messages() -> list[str]:
    """List the messages in the tables; `…` stands for the parts that vary."""
    return list(first_cells(PAGE, HEADING))


@cache
def sources() -> str:
    """Return the source of everything that emits such messages, and of the tests that assert them.

    The parts of a message that are filled in at run time are `…` here too.
    """
    paths = (path for pattern in (*SOURCES, *TESTS) for path in sorted(ROOT.glob(pattern)))
    text = "\n".join(path.read_text() for path in paths)
    return text + re.sub(r"\{[^{}\n]+\}", "…", text)


@pytest.mark.parametrize("message", messages())
def test_a_message_in_the_docs_exists_in_the_code(message: str) -> None:
    clauses = [clause for clause in re.split("; |: ", message) if clause.strip("… ")]

    assert clauses
    for clause in clauses:
        pattern = ".+?".join(map(re.escape, clause.split("…")))
        assert re.search(pattern, sources()), clause


def test_every_failure_of_the_provider_is_in_the_table() -> None:
    source = "\n".join(path.read_text() for path in ROOT.glob("trigger_provider/*.py"))
    named = set(re.findall(r'(?:\bfailed\(|Outcome\(\s*"refused",)\s*"(\w+)"', source))

    assert len(named) > 5
    assert named <= {message.split(":")[0] for message in messages()}
