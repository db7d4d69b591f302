"""Rules for cfn-lint: what the macro will refuse, at the line where it is written.

Knows cfn-lint. Refuses to find problems itself (`problems`). cfn-lint requires a ServiceToken of
every custom resource. The override spec next to this module, `custom-resource.json`, removes that
requirement, and the first rule here restores it for custom resources other than triggers.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cfnlint.context.context import Resource
from cfnlint.decode import decode
from cfnlint.helpers import TRANSFORM_LANGUAGE_EXTENSION
from cfnlint.jsonschema import ValidationError
from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.rules.jsonschema.CfnLintKeyword import CfnLintKeyword
from cfnlint.template import Template

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.lint.problems import Finding, Kind, Report, report
from cfn_trigger.template.language_extensions import with_subs
from cfn_trigger.template.places import name_of
from cfn_trigger.template.sam import is_transformed, transformed
from cfn_trigger.template.source import through_json
from macro.cloudformation import SERVERLESS_TRANSFORM
from macro.model import TRANSFORM, TRIGGER_TYPE, Json

_REQUIRED: Final = "E3003"


class ServiceToken(CfnLintKeyword):  # type: ignore[misc] # cfn-lint has no types
    """Report custom resources without a ServiceToken, as cfn-lint does, except triggers."""

    id = "E9500"
    shortdesc = "Custom resources other than triggers have a ServiceToken"
    description = f"What E3003 reports, except for a {TRIGGER_TYPE}"
    tags = ("resources", "trigger")

    def __init__(self) -> None:
        super().__init__(keywords=["cfn-trigger/CustomResource"])
        self.child_rules = {_REQUIRED: None}

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
    """A rule about one kind of problem that the macro finds."""

    kind: Kind
    tags = ("resources", "trigger")

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Match every problem of this kind."""
        turn = _turn_of_the_macro(cfn)
        findings = (finding for finding in turn.report.findings if finding.kind == self.kind)
        return [_match(finding, turn) for finding in findings]


class Transformed(_MacroRule):
    """A trigger that no transform expands reaches CloudFormation, which cannot create it."""

    id = "E9501"
    kind = "transform"
    shortdesc = f"Triggers are in templates with the transform {TRANSFORM}"
    description = f"A {TRIGGER_TYPE} is expanded by the transform {TRANSFORM}, and by nothing else"

    def initialize(self, cfn: Template) -> None:
        """Add the resources that triggers become: a template may refer to them."""
        for name, resource in _turn_of_the_macro(cfn).report.resources.items():
            cfn.context.resources.setdefault(name, Resource(resource))


class Spelling(_MacroRule):
    """A trigger has only known properties, and each has a value that it accepts."""

    id = "E9502"
    kind = "spelling"
    shortdesc = "Triggers are written as the shorthand defines"
    description = "Every property of a trigger is known, and has a value that it accepts"


class Sense(_MacroRule):
    """A trigger can run, in the order that it asks for."""

    id = "E9503"
    kind = "sense"
    shortdesc = "Triggers are consistent with their template"
    description = (
        "What a trigger selects exists, its dependencies form no cycle, and nothing fails later"
    )


class Size(_MacroRule):
    """A template that expands to more than CloudFormation accepts by body is passed through S3."""

    id = "I9504"
    kind = "size"
    shortdesc = "Templates with triggers expand to what CloudFormation accepts by body"
    description = "An expanded template that is larger has to be passed through S3"


class Risk(_MacroRule):
    """A trigger that is allowed but may surprise: the macro logs a warning."""

    id = "W9505"
    kind = "risk"
    shortdesc = "Triggers have no hidden risk"
    description = (
        "The failure of an asynchronous trigger is reported somewhere, and nothing that a handler "
        "runs can change unnoticed"
    )


# ---- the template as the macro receives it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """The report on a template, and the template with its lines."""

    report: Report
    marked: Template


@lru_cache(maxsize=1)
def _turn_of_the_macro(cfn: Template) -> _Turn:
    """Return the report on a template as the transforms before the macro leave it.

    cfn-lint runs AWS::LanguageExtensions, and in older versions SAM, wherever they are in the list.
    If that is more than runs before the macro, the file is read again; if it is less, SAM's own
    translator runs here.
    """
    listed = cfn.transform_pre["Transform"]
    names = [name_of(transform) for transform in listed]
    position = names.index(TRANSFORM) if TRANSFORM in names else len(names)
    before, after = names[:position], names[position:]
    is_done = is_transformed(cfn.template)
    ran = {TRANSFORM_LANGUAGE_EXTENSION, *([SERVERLESS_TRANSFORM] if is_done else [])}
    if not ran.isdisjoint(name for name in after if isinstance(name, str)):
        if not cfn.filename:
            return _uncertain(cfn.template, cfn)
        cfn = _read_again(cfn, before=before)
    whole = {**_repeated(cfn, before), "Transform": listed}
    if SERVERLESS_TRANSFORM not in before or is_transformed(whole):
        return _Turn(report=report(whole), marked=cfn)
    plain = through_json(whole)
    try:
        without_transform = transformed(plain, {}, region=cfn.regions[0])
    except AwsTransformError:
        return _uncertain(whole, cfn)
    after_sam = without_transform | {"Transform": plain["Transform"]}
    return _Turn(report=report(after_sam), marked=cfn)


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


def _uncertain(template: Mapping[str, Json], marked: Template) -> _Turn:
    """Return the findings that hold although the template is not as the macro receives it.

    SAM adds and renames resources, so names and order are not certain.
    """
    everything = report(template)
    certain = tuple(
        finding
        for finding in everything.findings
        if finding.kind == "transform"
        or (finding.kind == "spelling" and not finding.problem.place.endswith(".Handler"))
    )
    return _Turn(report=dataclasses.replace(everything, findings=certain), marked=marked)


def _match(finding: Finding, turn: _Turn) -> RuleMatch:
    path = list(finding.path)
    location = turn.marked.get_location_yaml(turn.marked.template, path)
    return RuleMatch(path, str(finding.problem), **({"location": location} if location else {}))
