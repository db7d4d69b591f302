"""The transforms, put before the emulator's CloudFormation.

Knows the emulator's inside, and is the only module that does: where a request arrives once it is
authenticated, where a template is expanded, where a failed change set is kept. Refuses to know
the macro contract (`transforms`) and how the server is run (`server`).

Requests reach the emulator as they were sent: only what it takes for "the template with its
transforms applied" comes from here, carried beside the request in a context variable. So
signatures, sizes, capabilities and GetTemplate's two stages stay the emulator's own business.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, TypeAlias
from urllib.parse import parse_qs
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation
from ministack.services.cloudformation import (
    changesets,
    engine,
    handlers,
    helpers,
    language_extensions,
    provisioners,
)
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform as sam_transform

from cfn_trigger.local_cloud import macro_contract, macros
from cfn_trigger.local_cloud.macro_contract import (
    JSON,
    LIMIT_OF_A_BODY,
    LIMIT_OF_AN_OBJECT,
    Call,
    Template,
    Transform,
    TransformError,
)

Request: TypeAlias = dict[str, list[str]]
Response: TypeAlias = tuple[int, dict[str, str], bytes]
Given: TypeAlias = list[dict[str, Any]]
Resolved: TypeAlias = dict[str, dict[str, Any]]
# A nested stack's create or update; the properties are its last argument but one.
Deploy: TypeAlias = Callable[..., tuple[str, dict[str, str]]]
Expand: TypeAlias = Callable[[Template, Given | None, Resolved | None], Template]


_TEMPLATE_ACTIONS = {"CreateStack", "UpdateStack", "CreateChangeSet"}
_SAM = "AWS::Serverless-2016-10-31"
_NESTED = "AWS::CloudFormation::Stack"
_HTTP_API = "AWS::ApiGatewayV2::Api"
# AWS's own domain; the emulator knows only its own.
_API_OF_A_HOST = re.compile(r"^([a-f0-9]{8})\.execute-api\.[a-z0-9-]+\.amazonaws\.com$")
_NO_MANAGED_POLICIES = SimpleNamespace(load=dict)
_ONE_LONG_ATTEMPT = Config(read_timeout=930, retries={"total_max_attempts": 1})

_expansion: ContextVar[Template | None] = ContextVar("expansion", default=None)


def install() -> None:
    """Put macros into the emulator; do it once, before it serves."""
    app.SERVICE_HANDLERS["cloudformation"] = _answer
    # As a module of the emulator's, so that a reset reaches the macros too.
    app.SERVICE_REGISTRY["cloudformation"]["sub_modules"] = ("macros",)
    app._loaded_modules["macros"] = sys.modules[macros.__name__]
    app._EXECUTE_API_RE = _API_OF_A_HOST
    expand = _carried_or(engine._apply_transforms)
    handlers._apply_transforms = changesets._apply_transforms = expand
    types = provisioners._RESOURCE_HANDLERS
    types["AWS::CloudFormation::Macro"] = macros.HANDLERS
    types[_NESTED] |= {
        "create": _with_transforms(types[_NESTED]["create"]),
        "update": _with_transforms(types[_NESTED]["update"]),
    }
    types[_HTTP_API] |= {
        "create": _with_its_address(types[_HTTP_API]["create"]),
        "update": _with_its_address(types[_HTTP_API]["update"]),
    }


def _with_its_address(deploy: Deploy) -> Deploy:
    """Give an HTTP API the address that AWS gives it; `addresses` answers there."""

    def deployed(*arguments: Any) -> tuple[str, dict[str, str]]:
        api, attributes = deploy(*arguments)
        address = f"https://{api}.execute-api.{get_region()}.amazonaws.com"
        return api, attributes | {"ApiEndpoint": address}

    return deployed


def _carried_or(emulator: Expand) -> Expand:
    def apply(
        template: Template, given: Given | None = None, previous: Resolved | None = None
    ) -> Template:
        expansion = _expansion.get()
        if expansion is not None:
            return expansion
        if template.get("Transform"):  # The emulator would silently ignore a macro.
            raise ValueError("transforms need the Query protocol; send the request form-encoded")
        return emulator(template, given, previous)

    return apply


async def _answer(
    method: str, path: str, headers: dict[str, str], body: bytes, query: Request
) -> Response:
    async def forward() -> Response:
        response: Response = await cloudformation.handle_request(method, path, headers, body, query)
        return response

    request = query | parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    action: str = helpers._p(request, "Action")
    if action not in _TEMPLATE_ACTIONS:
        return await forward()
    stack = handlers._resolve_stack(helpers._p(request, "StackName")) or {}
    text, refused = helpers._resolve_template(request)
    if refused:
        return await forward()
    if not text:
        with _carrying(stack.get("_template") or None):
            return await forward()
    template = _parsed(text)
    if template is None or not template.get("Transform"):
        return await forward()
    return await _deployed(request, template, stack, forward)


def _parsed(text: str) -> Template | None:
    try:
        template: Template = engine._parse_template(text)
    except Exception:  # noqa: BLE001 whatever is wrong with it, the emulator has the words
        return None
    return template


async def _deployed(
    request: Request,
    template: Template,
    stack: Mapping[str, Any],
    forward: Callable[[], Awaitable[Response]],
) -> Response:
    is_change_set = helpers._p(request, "Action") == "CreateChangeSet"
    given = helpers._extract_members(request, "Parameters")
    refusal: Response | None = handlers._check_capabilities(
        template, {}, request, macros=not is_change_set
    )
    if refusal is not None:
        return refusal
    limit = LIMIT_OF_A_BODY if helpers._p(request, "TemplateBody") else LIMIT_OF_AN_OBJECT
    try:
        values = _values(template, given, stack.get("_resolved_params", {}))
        expanded = await asyncio.to_thread(_expanded, template, values, limit=limit)
    except (TransformError, ValueError) as error:
        if is_change_set and isinstance(error, TransformError):
            return await _failed_change_set(template, str(error), forward)
        refused: Response = helpers._error("ValidationError", str(error))
        return refused
    with _carrying(expanded):
        return await forward()


@contextmanager
def _carrying(expansion: Template | None) -> Iterator[None]:
    token = _expansion.set(expansion)
    try:
        yield
    finally:
        _expansion.reset(token)


async def _failed_change_set(
    template: Template, reason: str, forward: Callable[[], Awaitable[Response]]
) -> Response:
    """Let the emulator make a change set of an empty template, then call it failed."""
    stand_in: Template = {
        "Parameters": template.get("Parameters", {}),
        "Resources": {"Empty": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
    }
    with _carrying(stand_in):
        status, headers, body = await forward()
    made = re.search(rb"<Id>(.+?)</Id>", body)
    if made:
        cloudformation._change_sets[made[1].decode()].update(
            Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=reason, Changes=[]
        )
    return status, headers, body


def _values(template: Template, given: Given, previous: Resolved) -> dict[str, str]:
    resolved: Resolved = engine._resolve_parameters(template, given, previous)
    return {name: parameter["Value"] for name, parameter in resolved.items()}


def _expanded(template: Template, values: Mapping[str, str], *, limit: int) -> Template:
    fragment = _checked(
        engine._apply_include_transform(macro_contract.without_transforms(template))
    )
    names = [transform.name for transform in macro_contract.declared(template)]
    for transform in macro_contract.declared(template):
        fragment = _applied(transform, fragment, values)
    if language_extensions.TRANSFORM not in names:
        language_extensions.refuse_undeclared(fragment)
    return macro_contract.within(fragment, limit=limit)


def _checked(fragment: Template) -> Template:
    if isinstance(fragment, engine._TransformFailed):
        raise TransformError(fragment.error)
    return fragment


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
    return extended


def _sam(fragment: Template, values: dict[str, JSON]) -> Template:
    # Its own copy: the translator changes what it is given.
    mutable = json.loads(json.dumps(fragment)) | {"Transform": _SAM}
    try:
        translated = sam_transform(mutable, values, _NO_MANAGED_POLICIES)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise TransformError(f"Transform {_SAM} failed with: {error.message} {causes}") from error
    return macro_contract.without_transforms(json.loads(json.dumps(translated)))


def _macro(transform: Transform, fragment: Template, values: dict[str, JSON]) -> Template:
    if transform.name.startswith("AWS::"):
        raise macro_contract.unknown(transform.name)
    call = Call(
        transform=transform,
        account=get_account_id(),
        region=get_region(),
        request_id=str(uuid4()),
        values=values,
    )
    function = macros.function_of(transform.name)
    if function is None:
        raise macro_contract.unknown(call.transform_id)
    event = json.dumps(macro_contract.event(call, fragment))
    try:
        response = boto3.client("lambda", **_as_root()).invoke(FunctionName=function, Payload=event)
    except ClientError as error:
        raise TransformError(f"Failed to execute transform {call.transform_id}") from error
    return macro_contract.judged(
        call, fragment, payload=response["Payload"].read(), raised="FunctionError" in response
    )


def _as_root() -> dict[str, Any]:
    return {
        "endpoint_url": f"http://127.0.0.1:{app._resolve_port()}",
        "region_name": get_region(),
        "aws_access_key_id": get_account_id(),  # The emulator's key of an account's root user.
        "aws_secret_access_key": "unchecked",
        "config": _ONE_LONG_ATTEMPT,
    }


def _with_transforms(deploy: Deploy) -> Deploy:
    """Let a nested stack be made of its template as the transforms leave it."""

    def transformed(*arguments: Any) -> tuple[str, dict[str, str]]:
        *identity, properties, parent = arguments
        template = _nested_template(properties)
        if template is None or not template.get("Transform"):
            return deploy(*arguments)
        provisioners._check_nested_stack_capabilities(parent, template)
        given = [
            {"Key": name, "Value": str(value)}
            for name, value in (properties.get("Parameters") or {}).items()
        ]
        values = _values(template, given, {})
        expanded = _expanded(template, values, limit=LIMIT_OF_AN_OBJECT)
        with _uploaded(json.dumps(expanded)) as url:
            return deploy(*identity, properties | {"TemplateURL": url}, parent)

    return transformed


def _nested_template(properties: Mapping[str, str]) -> Template | None:
    text, _ = helpers._resolve_template({"TemplateURL": [properties.get("TemplateURL", "")]})
    return _parsed(text) if text else None


@contextmanager
def _uploaded(text: str) -> Iterator[str]:
    s3 = boto3.client("s3", **_as_root())
    bucket, key = f"expanded-template-{uuid4()}", "template"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=text)
    try:
        yield f"{s3.meta.endpoint_url}/{bucket}/{key}"
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=bucket)
