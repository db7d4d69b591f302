"""A template as its author wrote it: its text, its values as JSON, and the line of each.

Knows YAML with CloudFormation's short forms, and JSON, by cfn-lint's reader. Refuses to know what
a template means.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yaml import YAMLError

from cfn_trigger.catalog import READABLE
from cfn_trigger.errors import Diagnostic, Span, TemplateProblems
from cfn_trigger.template import plain_reader, spans
from macro.model import Json

TemplatePath: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: the name of its file, its text, and its values.

    `values` are JSON, as CloudFormation gets them: keys and dates are strings.
    """

    name: str
    text: str
    values: dict[str, Json]

    def span(self, path: Sequence[str | int]) -> Span:
        """Return the span of a key or item, or of the deepest part of its path that exists."""
        return spans.span(self.text, path) or Span()


def parse_template(text: str, name: str) -> Template:
    """Parse a template; raises TemplateProblems, with the lines, for text that is not one."""
    nodes = plain_reader.values(text)
    if nodes is None:
        nodes = _read_by_cfn_lint(text, name)
    if not isinstance(nodes, dict) or not isinstance(nodes.get("Resources"), dict):
        message = "is not a template; it has no map of Resources"
        problem = Diagnostic(file=name, span=Span(), rule=READABLE.id, message=message)
        raise TemplateProblems([problem], {name: text})
    template = Template(name=name, text=text, values=through_json(nodes))
    if problems := [*_misshapen_parts(template)]:
        raise TemplateProblems(problems, {name: text})
    return template


def _read_by_cfn_lint(text: str, name: str) -> Any:
    # It takes a second to import.
    from cfn_trigger.template.decoding import decoded  # noqa: PLC0415

    try:
        nodes, matches = decoded(text)
    except YAMLError as error:
        raise TemplateProblems([_of_yaml(error, name)], {name: text}) from error
    if matches:
        raise TemplateProblems([_of_cfn_lint(match, name) for match in matches], {name: text})
    return nodes


_MAPS: Final = frozenset(
    ("Conditions", "Globals", "Mappings", "Metadata", "Outputs", "Parameters", "Rules")
)
"""Sections that are maps, next to Resources."""


def _misshapen_parts(template: Template) -> Iterator[Diagnostic]:
    """Yield sections and resources without a value, and sections that are not maps."""
    resources = template.values["Resources"]
    parts: dict[TemplatePath, Json] = {(name,): value for name, value in template.values.items()}
    parts |= {("Resources", name): value for name, value in resources.items()}
    parts |= {
        ("Resources", name, "Metadata"): value["Metadata"]
        for name, value in resources.items()
        if isinstance(value, dict) and "Metadata" in value
    }
    yield from _nameless_transforms(template)
    for path, value in parts.items():
        if value is None:
            yield _misshapen(path, "is empty, which CloudFormation refuses; remove it", template)
        elif _is_map(path) and not isinstance(value, dict):
            yield _misshapen(path, "must be a map, as CloudFormation requires", template)


def _nameless_transforms(template: Template) -> Iterator[Diagnostic]:
    """Yield entries of the Transform that name no macro: CloudFormation resolves no name."""
    written = template.values.get("Transform")
    for at, entry in enumerate(written if isinstance(written, list) else [written]):
        name = entry.get("Name") if isinstance(entry, dict) else entry
        if written is not None and not isinstance(name, str):
            path: TemplatePath = ("Transform", at) if isinstance(written, list) else ("Transform",)
            remedy = "write its name, or a map with its Name and its Parameters"
            place = "Transform" if path == ("Transform",) else f"Transform.{at}"
            yield Diagnostic(
                file=template.name,
                span=template.span(path),
                rule=READABLE.id,
                message=f"{place}: does not name a macro; {remedy}",
            )


def _is_map(path: TemplatePath) -> bool:
    """Whether a part has to be a map: a section, or the metadata of a resource."""
    match path:
        case (section,):
            return section in _MAPS
        case (_, _, _):
            return True
    return False


def _misshapen(path: TemplatePath, message: str, template: Template) -> Diagnostic:
    place = ".".join(map(str, path[1:] or path))  # without Resources, as the macro names places
    return Diagnostic(
        file=template.name,
        span=template.span(path),
        rule=READABLE.id,
        message=f"{place}: {message}",
    )


def through_json(value: Any) -> Json:
    """Return a value from YAML as JSON, as CloudFormation reads it: keys and dates are strings."""
    match value:
        case dict():
            return {spans.key_text(key): through_json(item) for key, item in value.items()}
        case list():
            return [through_json(item) for item in value]
        case None | bool() | int() | float():
            return value
    return str(value)


def _of_cfn_lint(match: Any, name: str) -> Diagnostic:
    # cfn-lint repeats the line in its message.
    message = match.message.partition(" (line ")[0].partition(" (char ")[0]
    return Diagnostic(
        file=name,
        span=Span(line=max(1, match.linenumber), column=max(1, match.columnnumber), width=1),
        rule=READABLE.id,
        message=f"cannot be read: {' '.join(message.split())}",
    )


def _of_yaml(error: Any, name: str) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if problem.startswith("but ") and error.context:
        problem = f"{error.context}, {problem}"
    span = Span(line=mark.line + 1, column=mark.column + 1, width=1) if mark else Span()
    return Diagnostic(file=name, span=span, rule=READABLE.id, message=f"cannot be read: {problem}")
