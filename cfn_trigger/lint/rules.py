"""Rules for cfn-lint: what the macro will refuse, at the line where it is written.

Knows cfn-lint. Refuses to find problems itself (`problems`). cfn-lint requires a ServiceToken of
every custom resource. The first rule here patches the schema that says so, and restores the
requirement for custom resources other than triggers.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cfnlint.context.context import Resource
from cfnlint.decode import decode
from cfnlint.helpers import TRANSFORM_LANGUAGE_EXTENSION
from cfnlint.jsonschema import ValidationError
from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.rules.jsonschema.CfnLintKeyword import CfnLintKeyword
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, SchemaPatch
from cfnlint.template import Template

from cfn_trigger import catalog
from cfn_trigger.environment import read_text
from cfn_trigger.errors import AwsTransformError, TemplateProblems, UsageError
from cfn_trigger.lint.macro_name import macro_name
from cfn_trigger.lint.problems import Finding, Report, certain, report
from cfn_trigger.template.language_extensions import with_subs
from cfn_trigger.template.places import name_of, path_of
from cfn_trigger.template.sam import is_transformed, transformed
from cfn_trigger.template.source import Template as SourceTemplate
from cfn_trigger.template.source import TemplatePath, parse_template, through_json
from macro.cloudformation import SERVERLESS_TRANSFORM
from macro.model import TRIGGER_TYPE, Json

_REQUIRED: Final = "E3003"
_KEYWORD: Final = "cfn-trigger/CustomResource"
_PATCH: Final = {
    "Patches": {
        "AWS::CloudFormation::CustomResource": [
            {"op": "add", "path": "/required", "value": []},
            {"op": "add", "path": "/cfnLint", "value": [_KEYWORD]},
        ]
    }
}
"""https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/customize_specifications.md"""


def _documented(rule: catalog.Rule) -> Callable[[type], type]:
    """Return a decorator that gives a rule for cfn-lint what the catalog says about it."""

    def describe(class_: Any) -> type:
        class_.id = rule.id
        class_.shortdesc = rule.title
        class_.description = rule.description
        class_.source_url = rule.page
        class_.tags = ["resources", "trigger"]
        return class_  # type: ignore[no-any-return]

    return describe


@_documented(catalog.WITH_TOKEN)
class ServiceToken(CfnLintKeyword):  # type: ignore[misc] # cfn-lint has no types
    """Report custom resources without a ServiceToken, as cfn-lint does, except triggers."""

    def __init__(self) -> None:
        super().__init__(keywords=[_KEYWORD])
        self.child_rules = {_REQUIRED: None}

    def initialize(self, cfn: Template) -> None:
        """Patch the schema of custom resources, which otherwise requires a ServiceToken."""
        for region in cfn.regions:
            PROVIDER_SCHEMA_MANAGER.patch(SchemaPatch.from_dict(_PATCH), region)

    def validate(
        self, validator: Any, _keyword: str, properties: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        """Yield errors of E3003, as the schema would without the patch."""
        _, resource_type, *_ = validator.context.path.cfn_path
        if resource_type == TRIGGER_TYPE:
            return
        for error in validator.descend(properties, {"required": ["ServiceToken"]}):
            error.rule = self.child_rules[_REQUIRED]
            yield error


class _MacroRule(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint has no types
    """A rule of which the macro finds the problems."""

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Match every problem with this rule."""
        macro_report = _macro_report(cfn)
        findings = (
            finding for finding in macro_report.report.findings if finding.rule.id == self.id
        )
        return [_match(finding, macro_report) for finding in findings]


@_documented(catalog.EXPANDED)
class Expanded(_MacroRule):
    """A trigger that no transform expands reaches CloudFormation, which cannot create it."""

    def initialize(self, cfn: Template) -> None:
        """Add the resources that triggers become: a template may refer to them."""
        for name, resource in _macro_report(cfn).report.resources.items():
            cfn.context.resources.setdefault(name, Resource(resource))


@_documented(catalog.SPELLING)
class Spelling(_MacroRule):
    """A trigger has only known properties, and each has a value that it accepts."""


@_documented(catalog.MEANING)
class Meaning(_MacroRule):
    """A trigger can run, in the order that it asks for."""


@_documented(catalog.SIZE)
class Size(_MacroRule):
    """A template that is too large for a request, once expanded, is passed through S3."""


@_documented(catalog.RISK)
class Risk(_MacroRule):
    """A trigger that is allowed but may surprise: the macro logs a warning."""


# ---- the template as the macro receives it


@dataclass(frozen=True, slots=True, kw_only=True)
class _MacroReport:
    """The report on a template, and the template with its lines."""

    report: Report
    marked: Template


@lru_cache(maxsize=1)
def _macro_report(cfn: Template) -> _MacroReport:
    """Return the report on a template as the transforms before the macro leave it.

    cfn-lint runs AWS::LanguageExtensions, and in older versions SAM, wherever they are in the list.
    If that is more than runs before the macro, the file is read again; if it is less, SAM's own
    translator runs here.
    """
    listed = cfn.transform_pre["Transform"]
    names = [name_of(transform) for transform in listed]
    name = macro_name(cfn.filename)
    position = names.index(name) if name in names else len(names)
    before, after = names[:position], names[position:]
    is_done = is_transformed(cfn.template)
    ran = {TRANSFORM_LANGUAGE_EXTENSION, *([SERVERLESS_TRANSFORM] if is_done else [])}
    if not ran.isdisjoint(name for name in after if isinstance(name, str)):
        if not cfn.filename:
            return _uncertain(cfn.template, cfn, name)
        cfn = _read_again(cfn, before=before)
    whole = {**_repeated(cfn, before), **({"Transform": listed} if listed else {})}
    if SERVERLESS_TRANSFORM not in before or is_transformed(whole):
        return _MacroReport(report=report(whole, name), marked=cfn)
    plain = through_json(whole)
    try:
        without_transform = transformed(plain, {}, region=cfn.regions[0])
    except AwsTransformError:
        return _uncertain(whole, cfn, name)
    after_sam = without_transform | {"Transform": plain["Transform"]}
    return _MacroReport(report=report(after_sam, name), marked=cfn)


def _repeated(cfn: Template, before: list[str]) -> Mapping[str, Json]:
    """Return a template whose loops are repeated as AWS repeats them, in plain text too."""
    if TRANSFORM_LANGUAGE_EXTENSION not in before or not cfn.filename:
        return dict(cfn.template)
    written, _ = decode(cfn.filename)
    repeated = Template(cfn.filename, with_subs({**written, "Transform": before}), cfn.regions)
    repeated.transform()
    return dict(repeated.template)


def _read_again(cfn: Template, *, before: list[str]) -> Template:
    written, _ = decode(cfn.filename)
    listed = written["Transform"]
    written["Transform"] = before
    again = Template(cfn.filename, written, cfn.regions)
    again.transform()
    again.template["Transform"] = listed
    return again


def _uncertain(template: Mapping[str, Json], marked: Template, name: str) -> _MacroReport:
    """Return the findings that hold although the template is not as the macro receives it."""
    everything = report(template, name)
    return _MacroReport(
        report=dataclasses.replace(everything, findings=certain(everything.findings)),
        marked=marked,
    )


def _match(finding: Finding, macro_report: _MacroReport) -> RuleMatch:
    path, location = _location(finding, macro_report.marked)
    known = {"location": location} if location else {}
    return RuleMatch([*path], str(finding.problem), **known)


def _location(finding: Finding, marked: Template) -> tuple[TemplatePath, Any]:
    """Return the path to a finding, and its lines and columns from 0: start and end of each."""
    if (author := _author(marked)) is None:
        return finding.path, marked.get_location_yaml(marked.template, [*finding.path])
    is_written = finding.rule == catalog.EXPANDED
    path = (
        finding.path
        if is_written
        else path_of(finding.problem, author.values, macro_name(marked.filename))
    )
    span = author.span(path)
    line, column = span.line - 1, span.column - 1
    return path, (line, column, line, column + span.width)


@lru_cache(maxsize=1)
def _author(marked: Template) -> SourceTemplate | None:
    """Return the template as its author wrote it; None if it has no file."""
    if not marked.filename:
        return None
    try:
        return parse_template(read_text(marked.filename), marked.filename)
    except (UsageError, TemplateProblems):
        return None
