"""The transforms of a template, run in the order in which CloudFormation runs them.

Knows where the emulator keeps what a transform needs: the values of parameters, the functions of
macros, AWS's own transforms. Refuses to know the macro contract (`macro_contract`), and where a
template comes from and goes to (`requests`, `nested_stacks`).
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, TypeAlias
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import engine, language_extensions
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform as sam_transform

from cfn_trigger.local_cloud import macro_contract, macros
from cfn_trigger.local_cloud.macro_contract import (
    JSON,
    Call,
    Template,
    Transform,
    TransformError,
)

ParameterList: TypeAlias = list[dict[str, Any]]
Resolved: TypeAlias = dict[str, dict[str, Any]]

_SAM = "AWS::Serverless-2016-10-31"
_NO_MANAGED_POLICIES = SimpleNamespace(load=dict)
_ONE_LONG_ATTEMPT = Config(read_timeout=930, retries={"total_max_attempts": 1})


def parameter_values(
    template: Template, parameters: ParameterList, previous: Resolved
) -> dict[str, str]:
    """Return the value of each parameter of a template, as the emulator resolves it.

    Raises ValueError, in the emulator's words, for a parameter that has no value.
    """
    resolved: Resolved = engine._resolve_parameters(template, parameters, previous)
    return {name: parameter["Value"] for name, parameter in resolved.items()}


def expanded(template: Template, values: Mapping[str, str], *, limit: int) -> Template:
    """Return a template as its transforms leave it; raises TransformError if one fails."""
    fragment = _checked(
        engine._apply_include_transform(macro_contract.without_transforms(template))
    )
    fragment = _with_snippets(fragment, macro_contract.parameter_values(fragment, values))
    names = [transform.name for transform in macro_contract.declared(template)]
    for transform in macro_contract.declared(template):
        fragment = _applied(transform, fragment, values)
    if language_extensions.TRANSFORM not in names:
        language_extensions.refuse_undeclared(fragment)
    return macro_contract.within(fragment, limit=limit)


def as_root() -> dict[str, Any]:
    """Return the arguments of a boto3 client that calls this cloud as the account's root user."""
    return {
        "endpoint_url": f"http://127.0.0.1:{app._resolve_port()}",
        "region_name": get_region(),
        "aws_access_key_id": get_account_id(),  # the emulator's key of the root user
        "aws_secret_access_key": "unchecked",
        "config": _ONE_LONG_ATTEMPT,
    }


def _checked(fragment: Template) -> Template:
    if isinstance(fragment, engine._TransformFailed):
        raise TransformError(fragment.error)
    return fragment


def _with_snippets(template: Template, seen: dict[str, JSON]) -> Template:
    """Run the macros in a template's parts, the most deeply nested ones first."""
    sections = {name: _with_snippet(section, seen) for name, section in template.items()}
    whole = _called(sections, seen)
    if not isinstance(whole, dict):
        raise TransformError("Template format error: unsupported structure.")
    return whole


def _with_snippet(value: JSON, seen: dict[str, JSON]) -> JSON:
    match value:
        case dict():
            return _called({key: _with_snippet(item, seen) for key, item in value.items()}, seen)
        case list():
            return [_with_snippet(item, seen) for item in value]
        case _:
            return value


def _called(value: dict[str, JSON], seen: dict[str, JSON]) -> JSON:
    calls = macro_contract.snippets(value)
    fragment: JSON = {key: item for key, item in value.items() if key != "Fn::Transform"}
    for call in (_call(transform, seen) for transform in calls):
        payload, raised = _invoked(call, fragment)
        fragment = macro_contract.judged_snippet(call, payload=payload, raised=raised)
    return fragment if calls else value


def _applied(transform: Transform, fragment: Template, values: Mapping[str, str]) -> Template:
    if transform.name == language_extensions.TRANSFORM:
        return _language_extended(fragment, values)
    seen = macro_contract.parameter_values(fragment, values)
    if transform.name == _SAM:
        return _sam(fragment, seen)
    return _macro(transform, fragment, seen)


def _language_extended(fragment: Template, values: Mapping[str, str]) -> Template:
    try:
        extended: Template = language_extensions.apply(fragment, values)
    except language_extensions.LanguageExtensionsError as error:
        raise TransformError(str(error)) from error
    without_nulls: Template = _without_nulls(extended)
    return without_nulls


def _without_nulls(value: Any) -> Any:
    """Leave out nulls, as AWS::LanguageExtensions does.

    https://github.com/aws-cloudformation/cfn-language-discussion/issues/100
    """
    match value:
        case dict():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
        case _:
            return value


def _sam(fragment: Template, values: dict[str, JSON]) -> Template:
    # A copy, since the translator changes its argument.
    mutable = json.loads(json.dumps(fragment)) | {"Transform": _SAM}
    try:
        translated = sam_transform(mutable, values, _NO_MANAGED_POLICIES)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise TransformError(f"Transform {_SAM} failed with: {error.message} {causes}") from error
    return macro_contract.without_transforms(json.loads(json.dumps(translated)))


def _macro(transform: Transform, fragment: Template, values: dict[str, JSON]) -> Template:
    call = _call(transform, values)
    payload, raised = _invoked(call, fragment)
    return macro_contract.judged(call, fragment, payload=payload, raised=raised)


def _call(transform: Transform, values: dict[str, JSON]) -> Call:
    if transform.name.startswith("AWS::"):
        raise macro_contract.unknown(transform.name)
    return Call(
        transform=transform,
        account=get_account_id(),
        region=get_region(),
        request_id=str(uuid4()),
        values=values,
    )


def _invoked(call: Call, fragment: JSON) -> tuple[bytes, bool]:
    """Invoke a macro's function; return the payload, and whether the function raised it."""
    function = macros.function_of(call.transform.name)
    if function is None:
        raise macro_contract.unknown(call.transform_id)
    event = json.dumps(macro_contract.event(call, fragment))
    try:
        response = boto3.client("lambda", **as_root()).invoke(FunctionName=function, Payload=event)
    except ClientError as error:
        raise TransformError(f"Failed to execute transform {call.transform_id}") from error
    return response["Payload"].read(), "FunctionError" in response
