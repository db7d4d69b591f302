"""Every problem of a template, with lines in its author's source.

Knows where the author wrote what a linter finds in the expansion: at the same resource, or at the
trigger that a resource was created for. Refuses to judge: the macro and the linter do.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from cfn_trigger.errors import Diagnostic, Level, Span, TemplateProblems, UsageError
from cfn_trigger.template import places, transforms
from cfn_trigger.template.source import Template, TemplatePath, parse_template
from cfn_trigger.template.triggers import undo_of
from macro.cloudformation import section
from macro.model import TRANSFORM, Json, Trigger
from macro.readers import is_shorthand

_ABOUT_SOURCE: Final = frozenset({"W2001", "W7001", "W8001"})
"""Rules about unused parameters, mappings and conditions: the expansion no longer contains those
that only the macro uses, so these rules apply to the source alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A match of a linter's rule, at a span of the text and a path in the values."""

    rule: str
    level: Level
    message: str
    span: Span
    path: TemplatePath = ()


class Linter(Protocol):
    """Lints a template in both of its forms."""

    def source_matches(self, template: Template) -> Iterable[Match]:
        """Lint the template as its author wrote it."""

    def expansion_matches(self, expansion: Mapping[str, Json]) -> Iterable[Match]:
        """Lint its expansion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file and its problems; a file without triggers is skipped."""

    name: str
    status: Literal["checked", "skipped"]
    diagnostics: tuple[Diagnostic, ...] = ()


def check_file(
    text: str, name: str, context: Callable[[Template], transforms.Context], linter: Linter
) -> CheckedFile:
    """Find every problem of a template; raises UsageError if `context` does."""
    if TRANSFORM not in text:
        return CheckedFile(name=name, status="skipped")
    try:
        template = parse_template(text, name)
    except TemplateProblems as problems:
        is_template = "Resources:" in text or '"Resources"' in text
        if not is_template:
            return CheckedFile(name=name, status="skipped")
        return CheckedFile(name=name, status="checked", diagnostics=problems.diagnostics)
    if not _has_triggers(template):
        return CheckedFile(name=name, status="skipped")
    in_source = [
        _diagnostic(match, template, match.span) for match in linter.source_matches(template)
    ]
    in_expansion = _new(_expansion_diagnostics(template, context(template), linter), in_source)
    return CheckedFile(name=name, status="checked", diagnostics=(*in_source, *in_expansion))


def _has_triggers(template: Template) -> bool:
    names = [transform.name for transform in transforms.transforms_of(template.values)]
    resources = template.values["Resources"].values()
    return TRANSFORM in names or any(map(is_shorthand, resources))


def _diagnostic(match: Match, template: Template, span: Span) -> Diagnostic:
    return Diagnostic(
        file=template.name,
        span=span,
        rule=match.rule,
        level=match.level,
        message=" ".join(match.message.split()),
    )


def _expansion_diagnostics(
    template: Template, context: transforms.Context, linter: Linter
) -> Iterator[Diagnostic]:
    try:
        expansion = transforms.process(template, context)
    except TemplateProblems as problems:
        yield from problems.diagnostics
        return
    except UsageError as error:
        message = f"the expanded template was not checked: {error.message}"
        yield Diagnostic(
            file=template.name, span=Span(), rule="trigger", level="info", message=message
        )
        return
    reading = expansion.reading
    triggers = {trigger.logical_id: trigger for trigger in reading.triggers}
    created_for = triggers | {
        name: triggers[trigger] for name, trigger in reading.additions.created_for.items()
    }
    created_for |= {undo_of(name, expansion.template): triggers[name] for name in triggers}
    for match in linter.expansion_matches(expansion.template):
        if match.rule not in _ABOUT_SOURCE:
            path = authors_path(match.path, template.values, [*triggers.values()], created_for)
            yield _diagnostic(match, template, template.span(path))


def authors_path(
    path: TemplatePath,
    template: Mapping[str, Json],
    triggers: Sequence[Trigger],
    created_for: Mapping[str, Trigger],
) -> TemplatePath:
    """Return the path in the author's template for a path in the expansion.

    A resource that belongs to all triggers, such as the provider, counts as part of the first.
    """
    match path:
        case ["Resources", str(name), *rest]:
            trigger = created_for.get(name)
            if trigger is None and triggers and name not in section(template, "Resources"):
                trigger = triggers[0]
            if trigger is None:
                return path
            return (*places.path(trigger.place, template), *_path_in_trigger(name, rest, trigger))
    return path


def _path_in_trigger(name: str, rest: Sequence[str | int], trigger: Trigger) -> TemplatePath:
    """Return the path within a trigger for a path within a resource that was created for it."""
    match rest:
        case ["Properties", "HandlerArn", *_] if name == trigger.logical_id:
            return ("Handler",) if trigger.is_metadata else ("Properties", "Handler")
        case ["Properties", *inner] if name == f"{trigger.logical_id}Function":
            return ("Properties", "Function", *inner)
        case ["Properties", *inner] if name == trigger.logical_id and trigger.is_metadata:
            return tuple(inner)
        case _ if name == trigger.logical_id and not trigger.is_metadata:
            return tuple(rest)
    return ()


def _new(
    in_expansion: Iterable[Diagnostic], in_source: Sequence[Diagnostic]
) -> Iterator[Diagnostic]:
    """Leave out what the source has too: a rule at the same line, or the same problem."""
    rules = {(diagnostic.rule, diagnostic.span.line) for diagnostic in in_source}
    messages = {diagnostic.message for diagnostic in in_source}
    for diagnostic in dict.fromkeys(in_expansion):
        is_known_problem = diagnostic.rule == "trigger" and diagnostic.message in messages
        if not is_known_problem and (diagnostic.rule, diagnostic.span.line) not in rules:
            yield diagnostic
