"""The transforms of a template, run here in the order of its list, as CloudFormation runs them.

Knows the list, and who does the work: the macro, the SAM translator, and cfn-lint for
AWS::LanguageExtensions. Refuses to do any of it itself.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from boto3 import Session
from cfnlint.template import Template as LintedTemplate
from cfnlint.template.transforms import _language_extensions
from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import (
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)

from cfn_trigger.errors import Diagnostic, TemplateProblems, UsageError
from cfn_trigger.template import parameters, places
from cfn_trigger.template.sam import stand_in_for_local_code
from cfn_trigger.template.source import Template
from macro.cloudformation import as_map, section
from macro.errors import TemplateError
from macro.expand import Expansion as MacroExpansion
from macro.expand import expand
from macro.model import TRANSFORM, Deployment, Json
from macro.reading import Reading

SAM: Final = "AWS::Serverless-2016-10-31"
LOOPS: Final = "AWS::LanguageExtensions"
NOT_PACKAGED: Final = "not-packaged"
"""The bucket that stands in for code at a local path, which only a deployment uploads."""


class AwsTransformError(Exception):
    """What SAM or AWS::LanguageExtensions says against a template: logical id, if any, and text."""

    def __init__(self, transform: str, said: Iterable[tuple[str, str]]) -> None:
        self.transform = transform
        self.said = tuple(said)
        super().__init__(transform, self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """One entry of a template's list."""

    name: str
    written: Json
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a deployment adds to a template: values of parameters by name, as texts, and names.

    `with_aws` lets AWS's own transforms run too, `packaged` says that code at a local path is to
    be refused, as a deployment refuses it.
    """

    values: Mapping[str, str]
    region: str = "us-east-1"
    request_id: str = "every deployment has its own"
    with_aws: bool = True
    packaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What became of a template, what the macro read in it, and which transforms ran.

    `template` names the transforms that have yet to run; `reading` is empty where the macro is not
    among its transforms.
    """

    template: dict[str, Json]
    reading: Reading
    ran: tuple[str, ...]


def listed(template: Mapping[str, Json]) -> tuple[Transform, ...]:
    """List the transforms of a template in the order in which they run."""
    entries = template.get("Transform") or []
    return tuple(
        Transform(
            name=str(entry.get("Name") if isinstance(entry, dict) else entry),
            written=entry,
            parameters=as_map(as_map(entry).get("Parameters")),
        )
        for entry in (entries if isinstance(entries, list) else [entries])
    )


def expanded(template: Template, setting: Setting) -> Expansion:
    """Run the transforms of an author's template; raises TemplateProblems."""
    try:
        return applied(template.values, setting)
    except (TemplateError, AwsTransformError) as error:
        found = diagnostics(error, template)
        hint = _hint(template, setting, found)
        raise TemplateProblems(found, {template.name: template.text}, hint=hint) from error


def diagnostics(
    error: TemplateError | AwsTransformError, template: Template
) -> tuple[Diagnostic, ...]:
    """Return the problems of a template, each with its line."""
    if isinstance(error, TemplateError):
        return tuple(
            Diagnostic(
                file=template.name,
                span=template.span(places.path(problem.place, template.values)),
                rule="trigger",
                message=str(problem),
            )
            for problem in error.problems
        )
    return tuple(
        Diagnostic(
            file=template.name,
            span=template.span(("Resources", logical_id) if logical_id else ("Transform",)),
            rule="sam" if error.transform == SAM else "language-extensions",
            message=f"{logical_id}: {said}" if logical_id else said,
        )
        for logical_id, said in error.said
    )


def _hint(template: Template, setting: Setting, found: Iterable[Diagnostic]) -> str:
    """Say what else to do, where the problem is how the command was called."""
    names = [transform.name for transform in listed(template.values)]
    before = names[: names.index(TRANSFORM)] if TRANSFORM in names else []
    skipped = [name for name in before if name in (SAM, LOOPS)]
    if skipped and not setting.with_aws:
        ran = f"{' and '.join(skipped)} did not run before {TRANSFORM}"
        return f"{ran}; --sam runs what AWS would"
    if any("not a valid S3 Uri" in one.message for one in found):
        return "code at a local path is uploaded first; expand what `sam package` writes"
    return ""


def applied(template: Mapping[str, Json], setting: Setting) -> Expansion:
    """Run the transforms of a template in their order, and leave those that cannot be run here.

    Raises TemplateError for what the macro finds, AwsTransformError for what AWS's transforms
    find, UsageError for parameters without a value that the macro needs.
    """
    fragment = {name: body for name, body in template.items() if name != "Transform"}
    values = parameters.for_a_macro(section(fragment, "Parameters"), setting.values)
    left: list[Json] = []
    ran: list[str] = []
    reading = Reading(fragment=fragment, deployment=Deployment(parameters=values))
    for transform in listed(template):
        match transform.name:
            case name if name == TRANSFORM:
                deployment = Deployment(
                    parameters=values,
                    request_id=setting.request_id,
                    settings=dict(_settings(transform, values)),
                )
                expansion = _by_the_macro(fragment, deployment, values)
                reading, fragment = expansion.reading, dict(expansion.fragment)
            case name if name == SAM and setting.with_aws:
                fragment = _by_sam(fragment, values, setting)
            case name if name == LOOPS and setting.with_aws:
                fragment = _by_language_extensions(fragment, setting)
                left += [transform.written] if _is_left(fragment) else []
            case _:
                left.append(transform.written)
                continue
        ran.append(transform.name)
    return Expansion(
        template=_with_list(template, fragment, left),
        reading=reading,
        ran=tuple(ran),
    )


def _with_list(
    template: Mapping[str, Json], fragment: Mapping[str, Json], left: list[Json]
) -> dict[str, Json]:
    """Put what is left of the list where the list stood."""
    transform = {"Transform": left[0] if len(left) == 1 else left} if left else {}
    order = [name for name in template if name in fragment or name == "Transform"]
    whole = {**fragment, **transform}
    return {name: whole[name] for name in dict.fromkeys([*order, *whole]) if name in whole}


def _settings(transform: Transform, values: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Resolve references to parameters, as CloudFormation does before it calls a macro."""
    for name, value in transform.parameters.items():
        match value:
            case list(items):
                yield name, [_resolved(item, values) for item in items]
            case _:
                yield name, _resolved(value, values)


def _resolved(value: Json, values: Mapping[str, Json]) -> Json:
    name = as_map(value).get("Ref", "")
    return values.get(name, value) if isinstance(name, str) else value


def _by_the_macro(
    fragment: Mapping[str, Json], deployment: Deployment, values: parameters.Values
) -> MacroExpansion:
    try:
        expansion = expand(fragment, deployment)
    except TemplateError:
        if not values.missed:
            raise
    else:
        if not values.missed:
            return expansion
    said = f"{_named(values.missed)} no value and no default"
    raise UsageError(f"{said}; give --parameter NAME=VALUE")


def _named(missed: Iterable[str]) -> str:
    names = [repr(name) for name in missed]
    return f"parameter {names[0]} has" if len(names) == 1 else f"parameters {', '.join(names)} have"


def _by_sam(
    fragment: Mapping[str, Json], values: Mapping[str, Json], setting: Setting
) -> dict[str, Json]:
    mutable = json.loads(json.dumps({**fragment, "Transform": SAM}))
    if not setting.packaged:
        stand_in_for_local_code(mutable, _uploaded)
    given = dict(values)
    to_py27_compatible_template(mutable, given)
    session = Session(region_name=setting.region)
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it tells of its own metrics
    try:
        made = Translator({}, Parser(), boto_session=session).translate(mutable, given)
    except InvalidDocumentException as error:
        raise AwsTransformError(SAM, map(_said, error.causes)) from error
    through_json: dict[str, Json] = json.loads(json.dumps(undo_mark_unicode_str_in_template(made)))
    return {name: body for name, body in through_json.items() if name != "Transform"}


def _said(cause: ExceptionWithMessage) -> tuple[str, str]:
    logical_id = getattr(cause, "_logical_id", "") or getattr(cause, "logical_id", "")
    return str(logical_id), " ".join(str(cause.message).split())


def _uploaded(path: str) -> str:
    is_there = path.startswith(("s3://", "http://", "https://"))
    return path if is_there else f"s3://{NOT_PACKAGED}/{quote(path)}"


def _by_language_extensions(fragment: Mapping[str, Json], setting: Setting) -> dict[str, Json]:
    made = _extended(fragment, setting)
    if made != _extended(fragment, setting):  # cfn-lint makes up what it does not know
        said = "a Fn::ForEach loops over what is not known here; give it by --parameter"
        raise AwsTransformError(LOOPS, [("", said)])
    kept = {name: body for name, body in made.items() if name != "Transform"}
    return {name: fragment["Parameters"] if name == "Parameters" else kept[name] for name in kept}


def _extended(fragment: Mapping[str, Json], setting: Setting) -> dict[str, Json]:
    mutable: Any = json.loads(json.dumps({**fragment, "Transform": LOOPS}))
    declared = mutable.get("Parameters", {})
    for name, value in setting.values.items():
        declared[name]["Default"] = value  # cfn-lint knows no other values
    template = LintedTemplate("", mutable, [setting.region])
    wrong, made = _language_extensions.language_extension(template)
    if wrong or made is None:
        said = [one.message.removeprefix("Error transforming template: ") for one in wrong]
        raise AwsTransformError(LOOPS, [("", one) for one in said])
    through_json: dict[str, Json] = json.loads(json.dumps(made))
    return through_json


def _is_left(fragment: Mapping[str, Json]) -> bool:
    """Tell whether something is left that only AWS::LanguageExtensions itself resolves."""
    text = json.dumps(fragment)
    return any(f'"{name}"' in text for name in ("Fn::Length", "Fn::ToJsonString"))
