"""What cfn-lint says of a template with our rules and our override spec, in few words.

Knows how cfn-lint is called. A saying is `line:column rule message`; they are sorted by line.
"""

import functools
from pathlib import Path
from typing import Any, Final

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner
from cfnlint.runner.template import run_template_by_data, run_template_by_file_path
from cfnlint.schema import reset

from cfn_trigger.lint.configuration import RULES, SPEC

REGION: Final = "eu-central-1"


@functools.cache
def runner(*, ours: bool = True) -> Runner:
    """Load cfn-lint's rules, and ours with the override spec."""
    known: dict[str, Any] = {"append_rules": [RULES], "override_spec": str(SPEC)} if ours else {}
    return Runner(ConfigMixIn([], regions=[REGION], include_checks=["I9"], **known))


def said(path: Path) -> list[str]:
    """Return the findings of cfn-lint in a file."""
    used = runner()
    return _sorted(run_template_by_file_path(str(path), used.config, used.rules, False))  # noqa: FBT003 (cfn-lint's)


def said_of_text(text: str) -> list[str]:
    """Return the findings of cfn-lint in a template without a file, as from `sam validate`."""
    used = runner()
    template, wrong = decode_str(text)
    assert not wrong
    return _sorted(run_template_by_data(template, used.config, used.rules))


def said_without_us(path: Path) -> list[str]:
    """Return the findings of plain cfn-lint in a file, without our rules and spec."""
    reset()
    used = runner(ours=False)
    try:
        return _sorted(run_template_by_file_path(str(path), used.config, used.rules, False))  # noqa: FBT003 (cfn-lint's)
    finally:
        reset()
        runner.cache_clear()


def _sorted(matches: Any) -> list[str]:
    found = sorted((one.linenumber, one.columnnumber, one.rule.id, one.message) for one in matches)
    return [f"{line}:{column} {rule} {message}" for line, column, rule, message in found]


def ours(sayings: list[str]) -> list[str]:
    """Keep what our rules say."""
    return [one for one in sayings if one.split()[1][1:].startswith("95")]
