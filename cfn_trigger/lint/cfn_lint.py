"""cfn-lint, as the `.cfnlintrc` of this folder configures it, extended by the shorthand.

Knows how cfn-lint is run from Python. Refuses to know rules: those of triggers are in `rules`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cfnlint.config import ConfigMixIn
from cfnlint.decode.mark import Mark
from cfnlint.decode.node import str_node
from cfnlint.runner import Runner
from cfnlint.runner.template.runner import _run_template, run_template_by_data

from cfn_trigger.catalog import BY_ID, Rule
from cfn_trigger.environment import STANDARD_INPUT
from cfn_trigger.errors import Level, Span
from cfn_trigger.lint import configuration
from cfn_trigger.lint.checked_file import Match
from cfn_trigger.lint.macro_name import passed
from cfn_trigger.template.decoding import decoded
from cfn_trigger.template.source import Template, TemplatePath
from cfn_trigger.template.spans import key_text
from macro.model import TRANSFORM, Json

_LEVELS: Final[Mapping[str, Level]] = {
    "error": "error", "warning": "warning", "informational": "info",
}  # fmt: skip


@dataclass(slots=True)
class CfnLint:
    """Lints templates by cfn-lint; see `checked_file.Linter`."""

    macro_name: str = TRANSFORM
    runner: Any = field(init=False)

    def __post_init__(self) -> None:
        arguments = ["--append-rules", configuration.RULES]
        self.runner = Runner(ConfigMixIn(arguments))

    def rules(self) -> dict[str, Rule]:
        """Return the rules that a template may break, by id."""
        return {
            name: Rule(
                id=name,
                level=_LEVELS[rule.severity],
                title=rule.shortdesc,
                description=rule.description,
                source=rule.source_url,
            )
            for name, rule in self.runner.rules.items()
        } | dict(BY_ID)

    def source_matches(self, template: Template) -> Iterator[Match]:
        """Lint the template as its author wrote it."""
        nodes, _ = decoded(template.text)
        nodes = _with_text_keys(nodes, template, ())
        name = None if template.name == STANDARD_INPUT else template.name
        with passed(self.macro_name):
            matches = [*_run_template(name, nodes, self.runner.config, self.runner.rules)]
        yield from map(_match, matches)

    def expansion_matches(self, expansion: Mapping[str, Json]) -> Iterator[Match]:
        """Lint its expansion."""
        nodes, _ = decoded(json.dumps(expansion))
        yield from map(_match, run_template_by_data(nodes, self.runner.config, self.runner.rules))


def _with_text_keys(node: Any, template: Template, path: TemplatePath) -> Any:
    """Return a node in which every key is a string, as CloudFormation reads it.

    cfn-lint does not expect keys such as `on` and dates, which YAML reads as other values.
    """
    match node:
        case dict():
            for key, value in [*node.items()]:
                text = key_text(key)
                del node[key]  # to keep the order
                inner = _with_text_keys(value, template, (*path, text))
                node[key if isinstance(key, str) else _marked(text, template, path)] = inner
        case list():
            for index, item in enumerate(node):
                node[index] = _with_text_keys(item, template, (*path, index))
    return node


def _marked(key: str, template: Template, path: TemplatePath) -> Any:
    span = template.span((*path, key))
    line, column = span.line - 1, span.column - 1
    return str_node(key, Mark(line, column), Mark(line, column + span.width))


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
