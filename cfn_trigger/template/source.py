"""A template as its author wrote it: its values, through JSON, and the line of each.

Knows YAML with CloudFormation's short forms, and JSON, by cfn-lint's reader. Refuses to know what
a template means.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cfnlint.decode import decode_str
from yaml import YAMLError

from cfn_trigger.errors import Diagnostic, Span, TemplateProblems
from macro.model import Json

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: what it is called, its text, its values and where they stand.

    `values` went through JSON, as on the way to CloudFormation: every key is a text, and so is a
    date. `marked` are the same values, and know their lines.
    """

    name: str
    text: str
    values: dict[str, Json]
    marked: Any

    def span(self, path: Path) -> Span:
        """Say where a value's key stands, or as much of its path as there is."""
        node, found = self.marked, Span(line=1, column=1, width=1)
        for step in path:
            match node:
                case dict():
                    key = next((key for key in node if str(key) == str(step)), None)
                    if key is None:
                        return found
                    found, node = _of(key, found, len(str(key))), node[key]
                case list() if isinstance(step, int) and step < len(node):
                    node = node[step]
                    found = _of(node, found, len(node) if isinstance(node, str) else 1)
                case _:
                    return found
        return found


def parsed(text: str, name: str) -> Template:
    """Read a template's text; raises TemplateProblems if it is none, with the line."""
    try:
        marked, wrong = decode_str(text)
    except YAMLError as error:
        raise TemplateProblems([_broken(error, name)], {name: text}) from error
    if wrong:
        raise TemplateProblems([_misread(one, name) for one in wrong], {name: text})
    if not isinstance(marked, dict) or not isinstance(marked.get("Resources"), dict):
        found = Diagnostic(
            file=name,
            span=Span(line=1, column=1, width=1),
            rule="template",
            message="is no template; it has no map of Resources",
        )
        raise TemplateProblems([found], {name: text})
    return Template(name=name, text=text, values=through_json(marked), marked=marked)


def through_json(value: Any) -> Json:
    """Return a value as CloudFormation reads it from YAML: keys are strings, and so is a date."""
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


def _of(node: Any, otherwise: Span, width: int) -> Span:
    mark = getattr(node, "start_mark", None)
    if mark is None:
        return otherwise
    return Span(line=mark.line + 1, column=mark.column + 1, width=max(width, 1))


def _misread(match: Any, name: str) -> Diagnostic:
    # cfn-lint says the line a second time, in its message.
    message = match.message.partition(" (line ")[0].partition(" (char ")[0]
    return Diagnostic(
        file=name,
        span=Span(line=match.linenumber, column=match.columnnumber, width=1),
        rule="template",
        message=f"cannot be read: {' '.join(message.split())}",
    )


def _broken(error: YAMLError, name: str) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error)
    place = Span(line=mark.line + 1, column=mark.column + 1, width=1) if mark else Span()
    return Diagnostic(file=name, span=place, rule="template", message=f"cannot be read: {said}")
