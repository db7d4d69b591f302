"""CloudFormation's requests, whose templates are transformed before the emulator handles them.

Knows the emulator's internals: where a request arrives once it is authenticated, where a template
is expanded, and where a failed change set is kept. Refuses to know how transforms run
(`transforms`).

Requests reach the emulator as they were sent. Only the template with its transforms applied comes
from here, in a context variable. So signatures, sizes, capabilities and the two stages of
GetTemplate remain the emulator's business.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from ministack import app
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, helpers

from cfn_trigger.local_cloud import macro_contract, operations
from cfn_trigger.local_cloud.macro_contract import (
    LIMIT_OF_A_BODY,
    LIMIT_OF_AN_OBJECT,
    Template,
    TransformError,
)
from cfn_trigger.local_cloud.transforms import (
    ParameterList,
    Resolved,
    expanded,
    parameter_values,
)

Request: TypeAlias = dict[str, list[str]]
Response: TypeAlias = tuple[int, dict[str, str], bytes]
Forward: TypeAlias = Callable[[], Awaitable[Response]]
Expand: TypeAlias = Callable[[Template, ParameterList | None, Resolved | None], Template]

_TEMPLATE_ACTIONS = {"CreateStack", "UpdateStack", "CreateChangeSet"}

_expansion: ContextVar[Template | None] = ContextVar("expansion", default=None)


def install() -> None:
    """Transform the templates of requests. Call it once, before the emulator serves."""
    app.SERVICE_HANDLERS["cloudformation"] = _answer
    expand = _carried_or(engine._apply_transforms)
    handlers._apply_transforms = changesets._apply_transforms = expand


def _carried_or(emulator: Expand) -> Expand:
    def apply(
        template: Template,
        parameters: ParameterList | None = None,
        previous: Resolved | None = None,
    ) -> Template:
        expansion = _expansion.get()
        if expansion is not None:
            return expansion
        if macro_contract.has_transforms(template):  # The emulator would silently ignore a macro.
            raise ValueError("transforms need the Query protocol; send the request form-encoded")
        return emulator(template, parameters, previous)

    return apply


async def _answer(
    method: str, path: str, headers: dict[str, str], body: bytes, query: Request
) -> Response:
    request = query | parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    is_deployment = helpers._p(request, "Action") in _TEMPLATE_ACTIONS
    stack = handlers._resolve_stack(helpers._p(request, "StackName")) if is_deployment else None

    async def forward() -> Response:
        with operations.retryable(stack or {}):
            response: Response = await cloudformation.handle_request(
                method, path, headers, body, query
            )
        return response

    return await (_with_transforms(request, stack or {}, forward) if is_deployment else forward())


async def _with_transforms(
    request: Request, stack: Mapping[str, Any], forward: Forward
) -> Response:
    text, refused = helpers._resolve_template(request)
    if refused:
        return await forward()
    if not text:
        with _carrying(stack.get("_template") or None):
            return await forward()
    template = _parsed(text)
    if template is None or not macro_contract.has_transforms(template):
        return await forward()
    return await _deployed(request, template, stack, forward)


def _parsed(text: str) -> Template | None:
    try:
        template: Template = engine._parse_template(text)
    except Exception:  # noqa: BLE001 the emulator reports whatever is wrong
        return None
    return template


async def _deployed(
    request: Request, template: Template, stack: Mapping[str, Any], forward: Forward
) -> Response:
    is_change_set = helpers._p(request, "Action") == "CreateChangeSet"
    parameters = helpers._extract_members(request, "Parameters")
    refusal: Response | None = handlers._check_capabilities(
        template, {}, request, macros=not is_change_set
    )
    if refusal is not None:
        return refusal
    limit = LIMIT_OF_A_BODY if helpers._p(request, "TemplateBody") else LIMIT_OF_AN_OBJECT
    try:
        macro_contract.declared(template)
        values = parameter_values(template, parameters, stack.get("_resolved_params", {}))
    except (TransformError, ValueError) as error:
        invalid: Response = helpers._error("ValidationError", str(error))
        return invalid
    try:
        expansion = await asyncio.to_thread(expanded, template, values, limit=limit)
    except TransformError as error:
        fail = _failed_change_set if is_change_set else _failed_operation
        return await fail(template, str(error), forward)
    except ValueError as error:
        refused: Response = helpers._error("ValidationError", str(error))
        return refused
    with _carrying(expansion):
        return await forward()


@contextmanager
def _carrying(expansion: Template | None) -> Iterator[None]:
    token = _expansion.set(expansion)
    try:
        yield
    finally:
        _expansion.reset(token)


async def _failed_operation(template: Template, reason: str, forward: Forward) -> Response:
    """Make the emulator accept an empty template, and the operation fail."""
    with _carrying(_stand_in(template)), operations.failing(reason):
        return await forward()


def _stand_in(template: Template) -> Template:
    return {
        "Parameters": template.get("Parameters", {}),
        "Resources": {"Empty": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
    }


async def _failed_change_set(template: Template, reason: str, forward: Forward) -> Response:
    """Make the emulator create a change set of an empty template, and mark it as failed."""
    with _carrying(_stand_in(template)):
        status, headers, body = await forward()
    change_set_id = re.search(rb"<Id>(.+?)</Id>", body)
    if change_set_id:
        cloudformation._change_sets[change_set_id[1].decode()].update(
            Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=reason, Changes=[]
        )
    return status, headers, body
