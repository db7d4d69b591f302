"""The findings of cfn-lint in a template, with the rules for triggers.

Knows how cfn-lint is called. A finding is `line:column rule message`; findings are sorted by line.
"""

import functools
from pathlib import Path
from typing import Any, Final

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner
from cfnlint.runner.template import run_template_by_data, run_template_by_file_path
from cfnlint.schema import reset

from cfn_trigger.lint.configuration import RULES

REGION: Final = "eu-central-1"


@functools.cache
def runner(*, with_rules: bool = True) -> Runner:
    """Load cfn-lint's rules, and those for triggers."""
    known: dict[str, Any] = {"append_rules": [RULES]} if with_rules else {}
    return Runner(ConfigMixIn([], regions=[REGION], include_checks=["I9"], **known))


def findings_in(path: Path) -> list[str]:
    """Return the findings of cfn-lint in a file."""
    used = runner()
    return _sorted(run_template_by_file_path(str(path), used.config, used.rules, False))  # noqa: FBT003 (cfn-lint's)


def findings_in_text(text: str) -> list[str]:
    """Return the findings of cfn-lint in a template without a file, as from `sam validate`."""
    used = runner()
    template, wrong = decode_str(text)
    assert not wrong
    return _sorted(run_template_by_data(template, used.config, used.rules))


def findings_without_rules(path: Path) -> list[str]:
    """Return the findings of cfn-lint in a file, without what is for triggers."""
    reset()
    used = runner(with_rules=False)
    try:
        return _sorted(run_template_by_file_path(str(path), used.config, used.rules, False))  # noqa: FBT003 (cfn-lint's)
    finally:
        reset()
        runner.cache_clear()


def _sorted(matches: Any) -> list[str]:
    findings = sorted(
        (match.linenumber, match.columnnumber, match.rule.id, match.message) for match in matches
    )
    return [f"{line}:{column} {rule} {message}" for line, column, rule, message in findings]


def trigger_findings(findings: list[str]) -> list[str]:
    """Return the findings of the rules for triggers."""
    return [finding for finding in findings if finding.split()[1][1:].startswith("95")]
