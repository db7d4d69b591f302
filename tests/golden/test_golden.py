"""Templates as an author writes them, and what becomes of each: every folder here is a rule."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.golden_cases import EXAMPLES, FOLDER, actual, cases, examples, expected

CFN_LINT = Path(sys.executable).with_name("cfn-lint")


@pytest.mark.parametrize("case", cases())
def test_a_template_becomes_what_its_case_says(case: str) -> None:
    assert expected(case) == actual(case)


@pytest.mark.parametrize("case", cases())
def test_a_case_has_one_answer(case: str) -> None:
    template = [] if case in examples() else ["template.yaml"]
    answers = sorted(path.name for path in (FOLDER / case).iterdir())

    assert answers in (["expected.yaml", *template], ["problem.txt", *template])


def test_every_example_is_a_case_and_stands_in_the_gallery() -> None:
    folders = {path.parent for path in EXAMPLES.rglob("README.md")}
    described = folders - {folder.parent for folder in folders}
    linked = re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text())

    assert described == set(examples().values())
    assert described == {EXAMPLES / folder for folder in linked}
    assert {case for case in cases("expected.yaml") if case.startswith("example-")} == set(
        examples()
    )


@pytest.mark.parametrize("case", cases("problem.txt"))
def test_a_problem_is_a_place_with_what_is_wrong_and_what_to_do(case: str) -> None:
    for said in expected(case).text.splitlines():
        place, _, message = said.partition(": ")

        assert place
        assert message
        assert not message.endswith(".")


def test_cfn_lint_finds_nothing_in_what_was_expanded() -> None:
    files = [FOLDER / case / "expected.yaml" for case in cases("expected.yaml")]
    # W2001: a parameter that only a trigger's settings use is used no more.
    options = ["--regions", "eu-central-1", "--ignore-checks", "W2001"]

    linted = subprocess.run(
        [CFN_LINT, *options, "--template", *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (linted.stdout, linted.stderr, linted.returncode) == ("", "", 0)
