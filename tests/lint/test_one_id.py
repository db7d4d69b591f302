"""A problem is the same in cfn-lint and in every command: its rule, its words and its span."""

import functools

import pytest

from cfn_trigger.errors import Span, TemplateProblems
from cfn_trigger.lint.cfn_lint import CfnLint
from cfn_trigger.template.source import parse_template
from cfn_trigger.template.transforms import Context, process
from tests.support.golden_cases import FOLDER, cases

Shown = set[tuple[str, str, Span]]


@functools.cache
def linter() -> CfnLint:
    return CfnLint()


def by_cfn_lint(name: str, text: str) -> Shown:
    return {
        (match.rule, match.message, match.span)
        for match in linter().source_matches(parse_template(text, name))
        if match.rule.startswith("E95")
    }


def by_commands(name: str, text: str) -> Shown:
    with pytest.raises(TemplateProblems) as caught:
        process(parse_template(text, name), Context(values={}))
    return {(each.rule, each.message, each.span) for each in caught.value.diagnostics}


@pytest.mark.parametrize("case", cases("problem.txt"))
def test_a_problem_has_one_rule_one_message_and_one_span(case: str) -> None:
    path = FOLDER / case / "template.yaml"
    text = path.read_text()

    assert by_cfn_lint(str(path), text) == by_commands(str(path), text)
