"""The problems of a template as it is written, found by the macro's own stages.

Knows what a template does not say about its deployment: the values of parameters. A parameter with
a default has that value; for any other, only problems that do not depend on its value are reported.
Refuses to judge: the macro does.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cfn_trigger.catalog import BY_KIND, EXPANDED, SPELLING, Rule
from cfn_trigger.template.artifacts import NOT_PACKAGED
from cfn_trigger.template.parameters import (
    effective_values,
    is_stored,
    macro_values,
    resolved_references,
)
from cfn_trigger.template.places import name_of, path_of, transforms
from cfn_trigger.template.sam import IMAGE
from cfn_trigger.template.source import TemplatePath, through_json
from cfn_trigger.template.unexpanded import unexpanded
from macro.check import size_limit
from macro.cloudformation import (
    BODY_LIMIT,
    FUNCTION_TYPES,
    as_map,
    is_secret,
    properties_of,
    section,
    type_of,
)
from macro.embedding import embed
from macro.errors import Problem, TemplateError
from macro.expand import Expansion, build, read
from macro.model import METADATA_KEY, TRANSFORM, TRIGGER_TYPE, Deployment, Json
from macro.readers import PARAMETER, is_shorthand
from macro.reading import Reading
from macro.risks import risks
from macro.shorthand import ON_ROLLBACK, PROPERTIES, RETRY, SETTINGS, Property


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem, the rule that it breaks, and where it is in the template."""

    rule: Rule
    path: TemplatePath
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings of the macro in a template, and the resources that its triggers become.

    `resources` are the triggers and what they define, by logical id: their template may refer to
    them.
    """

    findings: tuple[Finding, ...]
    resources: Mapping[str, Json]


def report(written: Mapping[Any, Any], macro_name: str = TRANSFORM) -> Report:
    """Find what the macro will report for a template.

    `written` is the template as the macro receives it, with its Transform: as the transforms before
    the macro have left it. A template without triggers has no problems.
    """
    template = through_json(written)
    missed = tuple(
        Finding(rule=EXPANDED, path=each.path, problem=each.problem)
        for each in unexpanded(template, macro_name)
    )
    if macro_name not in map(name_of, transforms(template)):
        return Report(findings=missed, resources={})
    request = _request(template, macro_name, trial=0)
    reading = read(*request)
    first = _findings(reading, template, macro_name)
    others = [
        _findings(read(*other), template, macro_name)
        for other in _others(request, template, macro_name)
        if first
    ]
    in_all = (finding for finding in first if all(finding in other for other in others))
    return Report(findings=(*missed, *in_all), resources=_created(reading))


def certain(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that hold even if a transform before the macro has not run.

    SAM adds and renames resources, so names and order are not certain without it.
    """
    return tuple(
        finding
        for finding in findings
        if finding.rule == EXPANDED
        or (finding.rule == SPELLING and "Handler" not in finding.path[-1:])
    )


def findings(written: Mapping[Any, Any], macro_name: str = TRANSFORM) -> tuple[Finding, ...]:
    """Find what the macro will report for a template."""
    return report(written, macro_name).findings


def _created(reading: Reading) -> dict[str, Json]:
    resources: dict[str, Json] = {}
    for trigger in reading.triggers:
        resources[trigger.logical_id] = {**trigger.attributes, "Type": TRIGGER_TYPE}
        resources |= reading.definitions[trigger.logical_id]
    return resources


_TRIALS: Final = 3
"""Values that are tried for a parameter that has none: as many as any property has choices."""


_Request = tuple[dict[str, Json], Deployment]
"""What the macro receives: the fragment, and the rest of its event."""


def _others(first: _Request, template: Json, macro_name: str) -> Iterator[_Request]:
    """Yield the requests of the other trials; none if every parameter has a value."""
    for trial in range(1, _TRIALS):
        if (request := _request(template, macro_name, trial)) != first:
            yield request


def _request(template: Json, macro_name: str, trial: int) -> _Request:
    """Return what the macro receives if parameters without a value have the values of a trial."""
    transform = next(entry for entry in transforms(template) if name_of(entry) == macro_name)
    declared = section(template, "Parameters")
    parameters = _Parameters(declared=declared, values=_defaults(template), trial=trial)
    fragment = {name: section for name, section in template.items() if name != "Transform"}
    if isinstance(resources := fragment.get("Resources"), dict):
        fragment["Resources"] = {
            name: _uploaded(_settled(resource, parameters)) for name, resource in resources.items()
        }
    deployment = Deployment(
        parameters=dict.fromkeys(parameters.declared, "") | parameters.values,
        settings=dict(_settings(transform, parameters)),
    )
    return fragment, deployment


_BUCKETS: Final = (NOT_PACKAGED, "bucket")
"""The buckets that stand for a local path after SAM: ours, and cfn-lint's."""
_IMAGES: Final = (IMAGE, "s3://bucket/value")
"""The images that stand for one that is not built yet: ours, and cfn-lint's."""
_UPLOADED: Final = {"S3ObjectVersion": NOT_PACKAGED}
_PUSHED: Final = {"ImageUri": f"{NOT_PACKAGED}@sha256:{'0' * 64}"}


def _uploaded(resource: Json) -> Json:
    """Return a resource whose local code is named by its content, as if it were uploaded."""
    properties = properties_of(resource)
    uploaded = {
        name: {**code, **(_UPLOADED if code.get("S3Bucket") in _BUCKETS else _PUSHED)}
        for name in ("Code", "Content")
        if (code := section(properties, name)).get("S3Bucket") in _BUCKETS
        or code.get("ImageUri") in _IMAGES
    }
    return {**resource, "Properties": {**properties, **uploaded}} if uploaded else resource


def _findings(reading: Reading, template: Json, macro_name: str) -> tuple[Finding, ...]:
    """Return the problems of a template, and the risks of what has none."""
    try:
        expansion = build(reading)
    except TemplateError as error:
        owners = {problem.place.partition(".")[0] for problem in error.problems}
        others = (
            risk
            for risk in (risks(reading) if reading.is_ordered else ())
            if risk.place.partition(".")[0] not in owners
        )
        return tuple(_located((*error.problems, *others), template, macro_name))
    return tuple(_located((*risks(reading), *_excess(expansion)), template, macro_name))


def _located(problems: Iterable[Problem], template: Json, macro_name: str) -> Iterator[Finding]:
    for problem in problems:
        path = path_of(problem, template, macro_name)
        yield Finding(rule=BY_KIND[problem.kind], path=path, problem=problem)


def _excess(expansion: Expansion) -> Iterator[Problem]:
    """Yield a problem if the expanded template is too large, or too large for a request."""
    size = expansion.size
    if too_large := tuple(size_limit(size)):
        yield from too_large
    elif size > BODY_LIMIT:
        limit = f"CloudFormation accepts {BODY_LIMIT} in a request, so pass it through S3"
        fits_with_layer = len(json.dumps(embed(expansion.fragment, _LAYER))) <= BODY_LIMIT
        remedy = ", or keep the provider's code in a layer" if fits_with_layer else ""
        yield Problem("Resources", f"expands to {size} bytes; {limit}{remedy}", kind="size")


_LAYER: Final = (
    "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:cfn-trigger-Trigger-provider:99"
)
"""An ARN of the usual length, to estimate the size of a template with a layer."""


# ---- parameters: known values, and stand-ins for the others


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameters:
    """The parameters of a template, those with a known value, and which trial it is."""

    declared: Mapping[str, Json]
    values: dict[str, Json]
    trial: int

    def referred(self, value: Json) -> str:
        """Return the name of the parameter that a value refers to; empty if it refers to none."""
        match value:
            case {"Ref": str(name)} if len(value) == 1 and name in self.declared:
                return name
        return ""

    def stand_ins(self, known: Property) -> list[Json]:
        """Return a value that a property accepts; none if its reader does not list any.

        If there are several choices, each trial returns another.
        """
        options = known.accepts.schema.get("anyOf", [])
        enumerated = [choice for option in options for choice in option.get("enum", ())]
        examples = [choice for option in options for choice in option.get("examples", ())]
        switches = [True, False] if {"type": "boolean"} in options else []
        choices = [*enumerated, *examples, *switches]
        return choices[self.trial % len(choices) :][:1] if choices else []


def _defaults(template: Mapping[str, Json]) -> dict[str, Json]:
    """Return the default values of parameters, as CloudFormation passes them to a macro.

    The default of a parameter from Parameter Store is a name there, not a value.
    """
    declared = {
        name: parameter
        for name, parameter in section(template, "Parameters").items()
        if not is_stored(parameter)
    }
    return macro_values(declared, effective_values(declared, {}))


def _settled(resource: Json, parameters: _Parameters) -> Json:
    """Return a resource with literals where its trigger refers to parameters without a value."""
    metadata = as_map(as_map(resource).get("Metadata"))
    if is_shorthand(resource) and isinstance(properties := resource.get("Properties"), dict):
        return {**resource, "Properties": dict(_literals(properties, PROPERTIES, parameters))}
    if type_of(resource) in FUNCTION_TYPES and isinstance(metadata.get(METADATA_KEY), dict):
        trigger = dict(_literals(metadata[METADATA_KEY], PROPERTIES, parameters))
        return {**resource, "Metadata": {**metadata, METADATA_KEY: trigger}}
    return resource


_MAPS: Final[Mapping[str, Mapping[str, Property]]] = {"Retry": RETRY, "OnRollback": ON_ROLLBACK}
"""The properties that are maps of settings."""


def _literals(
    written: Mapping[str, Json], known: Mapping[str, Property], parameters: _Parameters
) -> Iterator[tuple[str, Json]]:
    for name, value in written.items():
        parameter = parameters.referred(value)
        is_known = parameter in parameters.values or is_secret(parameters.declared.get(parameter))
        if name in _MAPS and isinstance(value, dict) and not parameter:
            yield name, dict(_literals(value, _MAPS[name], parameters))
        elif not parameter or is_known or not _is_setting(known.get(name)):
            yield name, value
        else:
            yield from ((name, literal) for literal in parameters.stand_ins(known[name]))


def _is_setting(known: Property | None) -> bool:
    return known is not None and PARAMETER in known.accepts.schema.get("anyOf", ())


def _settings(transform: Json, parameters: _Parameters) -> Iterator[tuple[str, Json]]:
    """Yield the transform's own parameters, as CloudFormation resolves them for the macro."""
    written = section(transform, "Parameters")
    for name, value in resolved_references(written, parameters.values).items():
        if isinstance(value, list):
            yield name, [parameters.referred(item) or item for item in value]
        elif not parameters.referred(value):
            yield name, value
        elif name in SETTINGS:
            yield from ((name, literal) for literal in parameters.stand_ins(SETTINGS[name]))
