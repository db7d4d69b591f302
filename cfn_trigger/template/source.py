"""A template as its author wrote it: its text, its values as JSON, and the line of each.

Knows YAML with CloudFormation's short forms, and JSON, by cfn-lint's reader. Refuses to know what
a template means.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from cfnlint.decode import decode_str
from yaml import YAMLError

from cfn_trigger.errors import Diagnostic, Span, TemplateProblems
from macro.model import Json

TemplatePath: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: the name of its file, its text, and its values.

    `values` are JSON, as CloudFormation gets them: keys and dates are strings. `nodes` are the
    same values as cfn-lint reads them, each with its line.
    """

    name: str
    text: str
    values: dict[str, Json]
    nodes: Any

    def span(self, path: Sequence[str | int]) -> Span:
        """Return the span of a key or item, or of the deepest part of its path that exists."""
        node, span = self.nodes, Span(line=1, column=1, width=1)
        for step in path:
            match node:
                case dict():
                    key = next((key for key in node if str(key) == str(step)), None)
                    if key is None:
                        return span
                    span, node = _span_of(key, len(str(key))) or span, node[key]
                case list() if isinstance(step, int) and step < len(node):
                    node = node[step]
                    span = _span_of(node, len(node) if isinstance(node, str) else 1) or span
                case _:
                    return span
        return span


def _span_of(node: Any, width: int) -> Span | None:
    mark = getattr(node, "start_mark", None)
    if mark is None:
        return None
    return Span(line=mark.line + 1, column=mark.column + 1, width=max(width, 1))


def parse_template(text: str, name: str) -> Template:
    """Parse a template; raises TemplateProblems, with the lines, for text that is not one."""
    try:
        nodes, matches = decode_str(text)
    except YAMLError as error:
        raise TemplateProblems([_of_yaml(error, name)], {name: text}) from error
    if matches:
        problems = [_of_cfn_lint(match, name) for match in matches]
        raise TemplateProblems(problems, {name: text})
    if not isinstance(nodes, dict) or not isinstance(nodes.get("Resources"), dict):
        message = "is not a template; it has no map of Resources"
        problem = Diagnostic(file=name, span=Span(), rule="template", message=message)
        raise TemplateProblems([problem], {name: text})
    return Template(name=name, text=text, values=through_json(nodes), nodes=nodes)


def through_json(value: Any) -> Json:
    """Return a value from YAML as JSON, as CloudFormation reads it: keys and dates are strings."""
    match value:
        case dict():
            return {_key(key): through_json(item) for key, item in value.items()}
        case list():
            return [through_json(item) for item in value]
        case None | bool() | int() | float():
            return value
    return str(value)


def _key(key: Any) -> str:
    return str(key) if isinstance(key, str) else json.dumps(key, default=str).strip('"')


def _of_cfn_lint(match: Any, name: str) -> Diagnostic:
    # cfn-lint repeats the line in its message.
    message = match.message.partition(" (line ")[0].partition(" (char ")[0]
    return Diagnostic(
        file=name,
        span=Span(line=match.linenumber, column=match.columnnumber, width=1),
        rule="template",
        message=f"cannot be read: {' '.join(message.split())}",
    )


def _of_yaml(error: YAMLError, name: str) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    span = Span(line=mark.line + 1, column=mark.column + 1, width=1) if mark else Span()
    return Diagnostic(file=name, span=span, rule="template", message=f"cannot be read: {problem}")
