"""`cfn-trigger check`: every problem of templates, at the author's own lines.

Knows whose line a finding belongs to: what cfn-lint finds in the expansion is said where the author
wrote it, or of the trigger that it was made for. Refuses to judge: cfn-lint and the macro do.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import click
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner
from cfnlint.runner.template.runner import run_template_by_data, run_template_by_file_path

from cfn_trigger import environment
from cfn_trigger.errors import Diagnostic, Level, Span, TemplateProblems, UsageError
from cfn_trigger.lint import configuration
from cfn_trigger.template import parameters, places, transforms
from cfn_trigger.template.source import Template, parsed, section
from cfn_trigger.terminal import console, diagnostics, options
from macro.model import TRANSFORM, Json, Trigger
from macro.readers import is_shorthand

Path = tuple[str | int, ...]

_LEVELS: Final[Mapping[str, Level]] = {
    "error": "error", "warning": "warning", "informational": "info",
}  # fmt: skip
_OF_THE_WRITTEN: Final = frozenset({"W2001", "W7001", "W8001"})
"""What is unused can be told of the author's text alone: the macro uses some of it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What a linter says: by which rule, how badly, and where, as a path and as a place."""

    rule: str
    level: Level
    message: str
    span: Span
    path: Path = ()


class Linter(Protocol):
    """Lints a template as it is written (its text and name), or values that were made of one."""

    def written(self, template: Template) -> Iterable[Linted]:
        """Lint the author's text."""

    def made(self, values: Mapping[str, Json]) -> Iterable[Linted]:
        """Lint an expansion."""


Status = Literal["checked", "passed over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in one file; one that has no triggers is passed over."""

    file: str
    status: Status
    findings: tuple[Diagnostic, ...] = ()


def report(
    text: str, name: str, setting: Callable[[Template], transforms.Setting], linter: Linter
) -> Report:
    """Find every problem of a template's text."""
    if TRANSFORM not in text:
        return Report(file=name, status="passed over")
    try:
        template = parsed(text, name)
    except TemplateProblems as error:
        is_template = "Resources:" in text or '"Resources"' in text
        found = error.diagnostics if is_template else ()
        return Report(file=name, status="checked" if found else "passed over", findings=found)
    if not _has_triggers(template):
        return Report(file=name, status="passed over")
    written = tuple(_written(template, linter))
    made = _new(_made(template, setting(template), linter), written)
    return Report(file=name, status="checked", findings=(*written, *made))


def _has_triggers(template: Template) -> bool:
    names = [transform.name for transform in transforms.listed(template.values)]
    resources = template.values["Resources"].values()
    return TRANSFORM in names or any(is_shorthand(one) for one in resources)


def _written(template: Template, linter: Linter) -> Iterator[Diagnostic]:
    for one in linter.written(template):
        yield _finding(one, template, one.span)


def _finding(one: Linted, template: Template, span: Span) -> Diagnostic:
    return Diagnostic(
        file=template.name,
        span=span,
        rule=one.rule,
        level=one.level,
        message=" ".join(one.message.split()),
    )


def _made(template: Template, setting: transforms.Setting, linter: Linter) -> Iterator[Diagnostic]:
    try:
        expansion = transforms.expanded(template, setting)
    except TemplateProblems as error:
        yield from error.diagnostics
        return
    except UsageError as error:
        said = f"what it expands to was not checked: {error.message}"
        yield Diagnostic(
            file=template.name, span=Span(), rule="trigger", level="info", message=said
        )
        return
    reading = expansion.reading
    triggers = {trigger.logical_id: trigger for trigger in reading.triggers}
    created_for = triggers | {
        name: triggers[trigger] for name, trigger in reading.additions.created_for.items()
    }
    for one in linter.made(expansion.template):
        if one.rule not in _OF_THE_WRITTEN:
            path = authors_path(one.path, template.values, [*triggers.values()], created_for)
            yield _finding(one, template, template.span(path))


def authors_path(
    path: Path,
    template: Mapping[str, Json],
    triggers: Sequence[Trigger],
    created_for: Mapping[str, Trigger],
) -> Path:
    """Say where the author wrote what stands at a path of the expansion."""
    match path:
        case ["Resources", str(name), *rest]:
            trigger = created_for.get(name)
            written = section(template, "Resources").get(name)
            if trigger is None and written is None:
                trigger = triggers[0] if triggers else None
            if trigger is None:
                return path
            base = places.path(trigger.place, template)
            return (*base, *_within(name, rest, trigger))
    return path


def _within(name: str, rest: Sequence[str | int], trigger: Trigger) -> Path:
    """Say where in a trigger something stands that was made of it."""
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


def _new(made: Iterable[Diagnostic], written: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Leave out what the author's text has said already: by a rule at a line, or word for word."""
    rules = {(one.rule, one.span.line) for one in written}
    messages = {one.message for one in written}
    for one in dict.fromkeys(made):
        is_the_macros = one.rule == "trigger" and one.message in messages
        if not is_the_macros and (one.rule, one.span.line) not in rules:
            yield one


# ---- cfn-lint, and the command


@dataclass(slots=True)
class CfnLint:
    """cfn-lint, as the `.cfnlintrc` of this folder configures it, taught the shorthand."""

    runner: Any = field(init=False)

    def __post_init__(self) -> None:
        arguments = ["--append-rules", configuration.RULES]
        arguments += ["--override-spec", str(configuration.SPEC)]
        self.runner = Runner(ConfigMixIn(arguments))

    def written(self, template: Template) -> Iterator[Linted]:
        """Lint the author's text."""
        if template.name == environment.STANDARD_INPUT:
            yield from self._data(template.text)
        else:
            config, rules = self.runner.config, self.runner.rules
            yield from map(
                _linted,
                run_template_by_file_path(template.name, config, rules, ignore_bad_template=False),
            )

    def made(self, values: Mapping[str, Json]) -> Iterator[Linted]:
        """Lint an expansion."""
        yield from self._data(json.dumps(values))

    def _data(self, text: str) -> Iterator[Linted]:
        marked, _ = decode_str(text)
        yield from map(_linted, run_template_by_data(marked, self.runner.config, self.runner.rules))


def _linted(match: Any) -> Linted:
    is_one_line = match.linenumber == match.linenumberend
    width = match.columnnumberend - match.columnnumber if is_one_line else 1
    return Linted(
        rule=match.rule.id,
        level=_LEVELS[match.rule.severity],
        message=match.message,
        span=Span(line=match.linenumber, column=match.columnnumber, width=max(1, width)),
        path=tuple(getattr(match, "path", None) or ()),
    )


@click.command()
@click.argument("sources", metavar="TEMPLATE...", nargs=-1, required=True)
@options.parameter_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    pairs: tuple[str, ...],
    parameters_file: str | None,
    *,
    as_json: bool,
) -> None:
    """Show every problem of templates, with its line.

    cfn-lint's findings are among them, those in what a template expands to as well. Files without
    triggers are passed over.
    """
    said = parameters.given(pairs, parameters_file)

    def setting(template: Template) -> transforms.Setting:
        declared = section(template.values, "Parameters")
        parameters.all_known(said, declared, template.name)
        values = parameters.settled(declared, said)
        return transforms.Setting(values=values, region=environment.region())

    texts = {source: environment.read_text(source) for source in sources}
    linter = CfnLint()
    reports = [report(text, name, setting, linter) for name, text in texts.items()]
    found = [one for each in reports for one in each.findings]
    if as_json:
        console.show_json([one.as_json() for one in found])
    else:
        if found:
            console.show(diagnostics.rendered(found, texts))
        console.show(_summary(reports))
    ctx.exit(1 if any(one.level != "info" for one in found) else 0)


def _summary(reports: Sequence[Report]) -> str:
    checked = sum(one.status == "checked" for one in reports)
    count = sum(len(one.findings) for one in reports)
    said = [f"{checked} template{'' if checked == 1 else 's'} checked"]
    if over := len(reports) - checked:
        said.append(f"{over} without triggers passed over")
    said.append(f"{count or 'no'} problem{'' if count == 1 else 's'}")
    return ", ".join(said)
