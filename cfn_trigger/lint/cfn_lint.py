"""cfn-lint, as the `.cfnlintrc` of this folder configures it, extended by the shorthand.

Knows how cfn-lint is run from Python. Refuses to know rules: those of triggers are in `rules`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner
from cfnlint.runner.template.runner import run_template_by_data, run_template_by_file_path

from cfn_trigger.environment import STANDARD_INPUT
from cfn_trigger.errors import Level, Span
from cfn_trigger.lint import configuration
from cfn_trigger.lint.checked_file import Match
from cfn_trigger.template.source import Template
from macro.model import Json

_LEVELS: Final[Mapping[str, Level]] = {
    "error": "error", "warning": "warning", "informational": "info",
}  # fmt: skip


@dataclass(slots=True)
class CfnLint:
    """Lints templates by cfn-lint; see `checked_file.Linter`."""

    runner: Any = field(init=False)

    def __post_init__(self) -> None:
        arguments = ["--append-rules", configuration.RULES]
        arguments += ["--override-spec", str(configuration.SPEC)]
        self.runner = Runner(ConfigMixIn(arguments))

    def source_matches(self, template: Template) -> Iterator[Match]:
        """Lint the template as its author wrote it."""
        if template.name == STANDARD_INPUT:
            yield from self._text_matches(template.text)
        else:
            config, rules = self.runner.config, self.runner.rules
            yield from map(
                _match,
                run_template_by_file_path(template.name, config, rules, ignore_bad_template=False),
            )

    def expansion_matches(self, expansion: Mapping[str, Json]) -> Iterator[Match]:
        """Lint its expansion."""
        yield from self._text_matches(json.dumps(expansion))

    def _text_matches(self, text: str) -> Iterator[Match]:
        marked, _ = decode_str(text)
        yield from map(_match, run_template_by_data(marked, self.runner.config, self.runner.rules))


def _match(match: Any) -> Match:
    is_one_line = match.linenumber == match.linenumberend
    width = match.columnnumberend - match.columnnumber if is_one_line else 1
    return Match(
        rule=match.rule.id,
        level=_LEVELS[match.rule.severity],
        message=match.message,
        span=Span(line=match.linenumber, column=match.columnnumber, width=max(1, width)),
        path=tuple(getattr(match, "path", None) or ()),
    )
