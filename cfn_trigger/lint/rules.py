"""Rules for cfn-lint: what the macro will refuse, at the line where it is written.

Knows cfn-lint, and nothing else here does. Refuses to find problems itself (`problems`). The
override spec beside it, `custom-resource.json`, takes from cfn-lint the rule that every custom
resource has a ServiceToken, and gives it to the first rule here, which spares triggers.
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
    description = f"What E3003 reports for every custom resource but a {TRIGGER_TYPE}"
    tags = ("resources", "trigger")

    def __init__(self) -> None:
        super().__init__(keywords=["cfn-trigger/CustomResource"])
        self.child_rules = {_REQUIRED: None}

    def validate(
        self, validator: Any, _keyword: str, properties: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        """Yield errors of E3003, as the schema would without our patch."""
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
        """Let cfn-lint know what triggers become: a template may refer to it."""
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
    """A trigger that is allowed, and may surprise: the macro's log has it as a warning."""

    id = "W9505"
    kind = "risk"
    shortdesc = "Triggers have no hidden risk"
    description = "The failure of an asynchronous trigger is reported somewhere"


# ---- the template when the macro's turn comes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What the macro says about a template, and the template that knows its lines."""

    report: Report
    marked: Template


@lru_cache(maxsize=1)
def _turn_of_the_macro(cfn: Template) -> _Turn:
    """Return the report on a template as the transforms before the macro leave it.

    cfn-lint runs AWS::LanguageExtensions, and in older versions SAM, wherever they stand in the
    list. What came from a file is read again where that is too much; where it is too little, SAM's
    own translator does the rest.
    """
    listed = cfn.transform_pre["Transform"]
    names = [name_of(transform) for transform in listed]
    ours = names.index(TRANSFORM) if TRANSFORM in names else len(names)
    is_done = is_transformed(cfn.template)
    ran = {TRANSFORM_LANGUAGE_EXTENSION, *([SERVERLESS_TRANSFORM] if is_done else [])}
    if not ran.isdisjoint(name for name in names[ours:] if isinstance(name, str)):
        if not cfn.filename:
            return _uncertain(cfn.template, cfn)
        cfn = _read_again(cfn, before=names[:ours])
    whole = {**cfn.template, "Transform": listed}
    if SERVERLESS_TRANSFORM not in names[:ours] or is_transformed(whole):
        return _Turn(report=report(whole), marked=cfn)
    plain = through_json(whole)
    try:
        made_by_sam = transformed(plain, {}, region=cfn.regions[0])
    except AwsTransformError:
        return _uncertain(whole, cfn)
    after_sam = made_by_sam | {"Transform": plain["Transform"]}
    return _Turn(report=report(after_sam), marked=cfn)


def _read_again(cfn: Template, *, before: list[str]) -> Template:
    written, _ = decode(cfn.filename)
    listed = written["Transform"]
    written["Transform"] = before
    again = Template(cfn.filename, written, cfn.regions)
    again.transform()
    again.template["Transform"] = listed
    return again


def _uncertain(template: Mapping[str, Json], marked: Template) -> _Turn:
    """Keep what is certain of a template that is not as the macro sees it.

    SAM changes what there is, and so who is named and who is waited for.
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
