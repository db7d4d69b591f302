"""The transforms of a template, run here in the order of its list, as CloudFormation runs them.

Knows the list, and what each transform gets. Refuses to transform anything itself: the macro, `sam`
and `language_extensions` do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cfn_trigger import catalog
from cfn_trigger.errors import AwsTransformError, Diagnostic, TemplateProblems, UsageError
from cfn_trigger.template import language_extensions, parameters, places, sam
from cfn_trigger.template.artifacts import Uploads, with_addresses
from cfn_trigger.template.intrinsics import Unknown
from cfn_trigger.template.source import Template, TemplatePath
from cfn_trigger.template.unexpanded import has_macro_of_another_name, unexpanded
from macro.cloudformation import LANGUAGE_EXTENSIONS, SERVERLESS_TRANSFORM, as_map, section
from macro.errors import TemplateError
from macro.expand import Expansion, expand
from macro.model import TRANSFORM, Deployment, Json
from macro.reading import Reading

_OF_AWS: Final = frozenset({SERVERLESS_TRANSFORM, LANGUAGE_EXTENSIONS})
"""The transforms of AWS that run here."""

_NAMED_OTHERWISE: Final = "if the macro has another name in your account, pass --macro-name NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One entry of a template's list, as it is written and in its parts."""

    name: str
    written: Json
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How a template is transformed: with which values of parameters (strings), where and by whom.

    `with_aws` runs AWS's own transforms too. Unless `accepts_local_code`, SAM refuses code at a
    local path, as in a deployment. `macro_name` is the name of the macro in the author's account.
    The values of `unknown_parameters`, and of pseudo parameters that are not in
    `pseudo_parameters`, are not known here. `uploads` tells the address of code at a local path.
    """

    values: Mapping[str, str]
    region: str = "us-east-1"
    request_id: str = "every deployment has its own"
    with_aws: bool = True
    accepts_local_code: bool = True
    macro_name: str = TRANSFORM
    unknown_parameters: Mapping[str, Unknown] = field(default_factory=dict)
    pseudo_parameters: Mapping[str, str] = field(default_factory=dict)
    uploads: Uploads | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """A template after its transforms, the names of those that ran, and what the macro read.

    `template` still lists the transforms that did not run. `reading` is empty if the macro is not
    in the list.
    """

    template: dict[str, Json]
    reading: Reading
    ran: tuple[str, ...]


def transforms_of(template: Mapping[str, Json]) -> tuple[Transform, ...]:
    """Return the transforms of a template in the order in which they run."""
    return tuple(
        Transform(
            name=str(places.name_of(entry)),
            written=entry,
            parameters=as_map(as_map(entry).get("Parameters")),
        )
        for entry in places.transforms(template)
    )


def overtaken(template: Mapping[str, Json], macro_name: str = TRANSFORM) -> tuple[str, ...]:
    """Return the transforms before the macro that cannot run here, so that the macro runs first.

    What they make of a template is known only in a deployment.
    """
    names = [transform.name for transform in transforms_of(template)]
    before = names[: names.index(macro_name)] if macro_name in names else []
    return tuple(name for name in before if name not in _OF_AWS)


def refuse_overtaking(template: Template, macro_name: str = TRANSFORM) -> None:
    """Raise TemplateProblems if the macro cannot run in its turn, since others cannot run here."""
    is_list = isinstance(template.values.get("Transform"), list)
    names = [transform.name for transform in transforms_of(template.values)]
    problems = []
    for name in overtaken(template.values, macro_name):
        path = ("Transform", names.index(name)) if is_list else ("Transform",)
        message = f"Transform: {name!r} runs before {macro_name!r}, and cannot run here"
        remedy = f"put it after {macro_name!r}, or deploy this template with both macros"
        problems.append(_diagnostic(template, path, f"{message}; {remedy}", catalog.MEANING))
    if problems:
        raise TemplateProblems(problems, {template.name: template.text})


def process(template: Template, context: Context) -> Processed:
    """Run the transforms of an author's template.

    Raises TemplateProblems for what a transform refuses or nothing expands, and UsageError for
    parameters without a value that the macro needs.
    """
    missed = unexpanded(template.values, context.macro_name)
    problems = [
        _diagnostic(template, each.path, str(each.problem), catalog.EXPANDED) for each in missed
    ]
    cause: Exception | None = None
    try:
        processed = process_values(template.values, context)
    except TemplateError as error:
        problems += _macro_diagnostics(error, template, context)
        cause = error
    except AwsTransformError as error:
        problems += _aws_diagnostics(error, template)
        cause = error
    except UsageError:
        if not problems:
            raise
    else:
        if not problems:
            return processed
    hint = (
        _NAMED_OTHERWISE
        if missed and has_macro_of_another_name(template.values, context.macro_name)
        else _hint(template, context)
    )
    raise TemplateProblems(problems, {template.name: template.text}, hint=hint) from cause


def _diagnostic(
    template: Template, path: TemplatePath, message: str, rule: catalog.Rule
) -> Diagnostic:
    return Diagnostic(
        file=template.name,
        span=template.span(path),
        rule=rule.id,
        message=message,
        level=rule.level,
    )


def _macro_diagnostics(
    error: TemplateError, template: Template, context: Context
) -> list[Diagnostic]:
    return [
        _diagnostic(
            template,
            places.path_of(problem, template.values, context.macro_name),
            str(problem),
            catalog.BY_KIND[problem.kind],
        )
        for problem in error.problems
    ]


def _aws_diagnostics(error: AwsTransformError, template: Template) -> list[Diagnostic]:
    return [
        _diagnostic(
            template,
            path or (("Resources", logical_id) if logical_id else ("Transform",)),
            f"{logical_id}: {message}" if logical_id else message,
            catalog.TRANSFORMABLE,
        )
        for (logical_id, message), path in zip(error.problems, error.paths, strict=True)
    ]


def _hint(template: Template, context: Context) -> str:
    """Return what else to do if the command line may be the cause; empty if it is not."""
    names = [transform.name for transform in transforms_of(template.values)]
    before = names[: names.index(context.macro_name)] if context.macro_name in names else []
    skipped = [name for name in before if name in _OF_AWS]
    if skipped and not context.with_aws:
        skipped_names = " and ".join(skipped)
        return f"{skipped_names} did not run before {context.macro_name}; --sam runs what AWS would"
    runs_sam = context.with_aws and SERVERLESS_TRANSFORM in names
    if runs_sam and not context.accepts_local_code and sam.has_local_code(template.values):
        return "code at a local path must be uploaded first; expand what `sam package` writes"
    return ""


def process_values(template: Mapping[str, Json], context: Context) -> Processed:
    """Run the transforms of a template in their order, and leave those that cannot be run here.

    Raises TemplateError for what the macro refuses, AwsTransformError for what AWS's transforms
    refuse, UsageError for parameters without a value that the macro needs.
    """
    fragment = {name: body for name, body in template.items() if name != "Transform"}
    if context.uploads is not None:
        fragment = with_addresses(fragment, context.uploads)
    values = parameters.macro_values(section(fragment, "Parameters"), context.values)
    left: list[Json] = []
    ran: list[str] = []
    reading = Reading(fragment=fragment, deployment=Deployment(parameters=values))
    for transform in transforms_of(template):
        match transform.name:
            case name if name == context.macro_name:
                _refuse_missing_turns(map(places.name_of, left), fragment, context)
                expansion = _by_the_macro(fragment, transform, values, context)
                reading, fragment = expansion.reading, dict(expansion.fragment)
            case name if name == SERVERLESS_TRANSFORM and context.with_aws:
                fragment = sam.transformed(
                    fragment,
                    values,
                    region=context.region,
                    accepts_local_code=context.accepts_local_code,
                )
            case name if name == LANGUAGE_EXTENSIONS and context.with_aws:
                fragment = language_extensions.extended(
                    fragment,
                    context.values,
                    unknown_parameters=context.unknown_parameters,
                    pseudo_parameters=context.pseudo_parameters,
                )
                left += [transform.written] if language_extensions.is_needed(fragment) else []
            case _:
                left.append(transform.written)
                continue
        ran.append(transform.name)
    return Processed(
        template=_with_transforms(template, fragment, left),
        reading=reading,
        ran=tuple(ran),
    )


def _refuse_missing_turns(
    left: Iterable[Json], fragment: Mapping[str, Json], context: Context
) -> None:
    """Raise UsageError if a transform of AWS has to make resources before the macro sees them."""
    for name in left:
        is_needed = (name == SERVERLESS_TRANSFORM and not sam.is_transformed(fragment)) or (
            name == LANGUAGE_EXTENSIONS
            and not context.with_aws
            and language_extensions.has_loops(fragment)
        )
        if is_needed:
            remedy = "pass --sam to run it here too"
            raise UsageError(f"{name} runs before {context.macro_name}; {remedy}")


def _with_transforms(
    template: Mapping[str, Json], fragment: Mapping[str, Json], left: list[Json]
) -> dict[str, Json]:
    """Return a fragment with what is left of the list, in the order of the author's sections."""
    transform = {"Transform": left[0] if len(left) == 1 else left} if left else {}
    sections = {**fragment, **transform}
    order = dict.fromkeys([*template, *sections])
    return {name: sections[name] for name in order if name in sections}


def _by_the_macro(
    fragment: Mapping[str, Json],
    transform: Transform,
    values: parameters.MacroValues,
    context: Context,
) -> Expansion:
    deployment = Deployment(
        parameters=values,
        request_id=context.request_id,
        settings=parameters.resolved_references(transform.parameters, values),
    )
    try:
        expansion = expand(fragment, deployment)
    except TemplateError:
        if not values.missed:
            raise
    else:
        if not values.missed:
            return expansion
    names = ", ".join(map(repr, values.missed))
    have = f"parameter {names} has" if len(values.missed) == 1 else f"parameters {names} have"
    raise UsageError(f"{have} no value and no default; pass --parameter NAME=VALUE")
