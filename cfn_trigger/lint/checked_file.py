"""Every problem of a template, with lines in its author's source.

Knows where the author wrote what a linter finds in the expansion: at the same resource, or at the
trigger that a resource was created for. Refuses to judge: the macro and the linter do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from cfn_trigger.catalog import CHECKED, EXPANDED, MEANING, READABLE, SPELLING, TRANSFORMABLE
from cfn_trigger.errors import Diagnostic, Level, Span, TemplateProblems, UsageError
from cfn_trigger.lint.problems import certain, findings
from cfn_trigger.template import places, transforms
from cfn_trigger.template.source import Template, TemplatePath, parse_template
from cfn_trigger.template.triggers import undo_of
from cfn_trigger.template.unexpanded import unexpanded
from macro.cloudformation import SERVERLESS_TRANSFORM, properties_of, section, type_of
from macro.model import TRANSFORM, Json, Trigger
from macro.references import mentions
from macro.shorthand import ON_ROLLBACK, PROPERTIES, RETRY

_RESOURCES: Final = "Resources"
_RESOURCE_DEPTH: Final = len(("Resources", "its logical id"))

_LINTED: Final = ("Properties", "DependsOn", "Metadata")
"""What a resource does not need so that others can refer to it."""
_DECLARATIONS: Final = ("AWSTemplateFormatVersion", "Parameters", "Mappings", "Conditions")
"""The sections that resources refer to."""

_MACRO_RULES: Final = (EXPANDED.id, SPELLING.id, MEANING.id)
_VALUE_RULES: Final = frozenset({"E3001", "E3006", "E3012"})
"""cfn-lint's rules about the type of a value or of a resource."""
_REFERENCE_RULES: Final = {"E1010": "Fn::GetAtt", "E1019": "Fn::Sub", "E1020": "Ref"}
"""cfn-lint's rules about unknown names, with the function that contains the name."""
_PROPERTIES: Final = {*PROPERTIES, *RETRY, *ON_ROLLBACK}

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
    status: Literal["checked", "skipped", "unreadable"]
    diagnostics: tuple[Diagnostic, ...] = ()


def unreadable_file(name: str, reason: str) -> CheckedFile:
    """Return a file that cannot be read, which is its only problem."""
    diagnostic = Diagnostic(
        file=name,
        span=Span(),
        rule=READABLE.id,
        level=READABLE.level,
        message=f"cannot be read: {reason}",
    )
    return CheckedFile(name=name, status="unreadable", diagnostics=(diagnostic,))


def check_file(
    text: str,
    name: str,
    context: Callable[[Template], transforms.Context],
    linter: Linter,
    *,
    macro_name: str = TRANSFORM,
) -> CheckedFile:
    """Find every problem of a template; raises UsageError if `context` does."""
    if _RESOURCES not in text:
        return CheckedFile(name=name, status="skipped")
    try:
        template = parse_template(text, name)
    except TemplateProblems as problems:
        if macro_name not in text or not re.search(rf"{_RESOURCES}['\"]?\s*:", text):
            return CheckedFile(name=name, status="skipped")
        return CheckedFile(name=name, status="checked", diagnostics=problems.diagnostics)
    if not _has_triggers(template, macro_name):
        return CheckedFile(name=name, status="skipped")
    matches = [*_without_repetitions([*linter.source_matches(template)])]
    in_source = [_in_source(match, template) for match in matches if match.rule != TRANSFORMABLE.id]
    is_linted = len(in_source) == len(matches)
    in_expansion = _in_expansion(template, context(template), linter, is_linted=is_linted)
    diagnostics = (*in_source, *_new(in_expansion, matches))
    in_order = sorted(diagnostics, key=lambda diagnostic: diagnostic.span)
    return CheckedFile(name=name, status="checked", diagnostics=tuple(in_order))


def _has_triggers(template: Template, macro_name: str) -> bool:
    """Return whether a template has anything for the macro, even if nothing expands it."""
    names = [transform.name for transform in transforms.transforms_of(template.values)]
    return macro_name in names or bool(unexpanded(template.values, macro_name))


def _without_repetitions(matches: Sequence[Match]) -> Iterator[Match]:
    """Yield matches, except those about a value that the macro refuses too.

    The macro's message is better: it suggests the nearest name, or lists what is allowed.
    """
    refused = {match.path for match in matches if match.rule in _MACRO_RULES}
    for match in matches:
        if _refused_value(match) not in refused:
            yield match


def _refused_value(match: Match) -> TemplatePath | None:
    """Return the path at which the macro would refuse the value of a match, None if it would not.

    An unknown name in an unknown property is two problems.
    """
    match match.rule, match.path:
        case rule, path if rule in _VALUE_RULES:
            return path
        case "E3003", [section, resource, "Properties"]:  # a misspelled type requires a token
            return (section, resource, "Type")
    function = _REFERENCE_RULES.get(match.rule)
    if function not in match.path:
        return None
    path = match.path[: match.path.index(function)]
    names = [step for step in path if isinstance(step, str)]
    return path if names and names[-1] in _PROPERTIES else None


def _in_source(match: Match, template: Template) -> Diagnostic:
    """Return the diagnostic of a match in the source; SAM leaves many parts without their lines."""
    names = [transform.name for transform in transforms.transforms_of(template.values)]
    if SERVERLESS_TRANSFORM in names and match.path:
        span = template.span(places.written_path(match.path, template.values))
        return _diagnostic(match, template, max(span, match.span))
    return _diagnostic(match, template, match.span)


def _diagnostic(match: Match, template: Template, span: Span) -> Diagnostic:
    return Diagnostic(
        file=template.name,
        span=span,
        rule=match.rule,
        level=match.level,
        message=" ".join(match.message.split()),
    )


_Found = tuple[Diagnostic, TemplatePath]
"""A diagnostic, and the path of what it is about, if that is known."""


def _in_expansion(
    template: Template, context: transforms.Context, linter: Linter, *, is_linted: bool
) -> Iterator[_Found]:
    """Yield what keeps a template from being expanded, or what is wrong in its expansion.

    `is_linted` says whether the linter has seen the template as the macro receives it.
    """
    try:
        expansion = transforms.process(template, context)
    except TemplateProblems as problems:
        yield from ((diagnostic, ()) for diagnostic in problems.diagnostics)
        if any(diagnostic.rule == TRANSFORMABLE.id for diagnostic in problems.diagnostics):
            yield from _of_the_shorthand(template, context.macro_name)
        return
    except UsageError as error:
        message = f"the expanded template was not checked: {error.message}"
        rule, level = CHECKED.id, CHECKED.level
        yield (
            Diagnostic(file=template.name, span=Span(), rule=rule, level=level, message=message),
            (),
        )
        return
    yield from _in_expanded(template, expansion, linter, is_linted=is_linted)


def _of_the_shorthand(template: Template, macro_name: str) -> Iterator[_Found]:
    """Yield how triggers are misspelled in a template that does not reach the macro."""
    for finding in certain(findings(template.values, macro_name)):
        diagnostic = Diagnostic(
            file=template.name,
            span=template.span(finding.path),
            rule=finding.rule.id,
            level=finding.rule.level,
            message=str(finding.problem),
        )
        yield diagnostic, ()


def _in_expanded(
    template: Template, expansion: transforms.Processed, linter: Linter, *, is_linted: bool
) -> Iterator[_Found]:
    reading = expansion.reading
    triggers = {trigger.logical_id: trigger for trigger in reading.triggers}
    created_for = triggers | {
        name: triggers[trigger] for name, trigger in reading.additions.created_for.items()
    }
    created_for |= {undo_of(name, expansion.template): triggers[name] for name in triggers}
    linted = reading.fragment if is_linted else {}
    outlines = _outlines(expansion.template, linted)
    for match in linter.expansion_matches(_without(outlines, expansion.template, linted)):
        if match.rule in _ABOUT_SOURCE or _is_in_outline(match.path, outlines):
            continue
        path = authors_path(match.path, template.values, [*triggers.values()], created_for)
        yield _diagnostic(match, template, template.span(path)), path


def _outlines(expanded: Mapping[str, Json], linted: Mapping[str, Json]) -> dict[str, Json]:
    """Return the resources that the linter has seen already, without their properties."""
    before = section(linted, "Resources")
    return {
        name: {key: value for key, value in resource.items() if key not in _LINTED}
        for name, resource in section(expanded, "Resources").items()
        if name in before
        and type_of(resource) == type_of(before[name])
        and properties_of(resource) == properties_of(before[name])
    }


def _without(
    outlines: Mapping[str, Json], expanded: Mapping[str, Json], linted: Mapping[str, Json]
) -> Mapping[str, Json]:
    """Return what the linter has not seen of an expansion, and the outlines it refers to.

    What is left out takes a linter as long as the template itself. A dependency that the macro has
    added is correct; those of the author were in the template.
    """
    if not outlines:
        return expanded
    resources = {
        name: {key: value for key, value in resource.items() if key != "DependsOn"}
        for name, resource in section(expanded, "Resources").items()
        if name not in outlines
    }
    mentioned = {reference.name for reference in mentions(list(resources.values())).references}
    resources |= {name: outline for name, outline in outlines.items() if name in mentioned}
    rest = {name: part for name, part in expanded.items() if part != linted.get(name)}
    declared = {name: expanded[name] for name in _DECLARATIONS if name in expanded}
    return {**rest, **declared, "Resources": resources}


def _is_in_outline(path: TemplatePath, outlines: Mapping[str, Json]) -> bool:
    """Return whether a match is about what an outline leaves out."""
    match path:
        case ["Resources", str(name)] | ["Resources", str(name), "Properties", *_]:
            return name in outlines
    return False


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


def _new(in_expansion: Iterable[_Found], in_source: Iterable[Match]) -> Iterator[Diagnostic]:
    """Yield what the source does not have too, at the same place or as the same problem."""
    known: set[tuple[str, TemplatePath | int]] = set()
    messages: set[tuple[str, str, TemplatePath]] = set()
    for match in in_source:
        known.add((match.rule, match.path or match.span.line))
        message = " ".join(match.message.split())
        messages |= {(match.rule, message, owner) for owner in ((), match.path[:_RESOURCE_DEPTH])}
    for diagnostic, path in dict.fromkeys(in_expansion):
        rule, line = diagnostic.rule, diagnostic.span.line
        is_repeated = (rule, diagnostic.message, path[:_RESOURCE_DEPTH]) in messages
        if not is_repeated and known.isdisjoint(((rule, path), (rule, line))):
            yield diagnostic
