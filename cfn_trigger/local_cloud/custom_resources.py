"""The requests that custom resources receive, and how CloudFormation treats the responses.

Knows CloudFormation's side of a custom resource:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html. Refuses to know when
a request is due (`resource_changes`) and what a provider is.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import uuid4

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource, provisioners, stacks

Properties: TypeAlias = Mapping[str, Any]

_LIMIT: Final = 4_096
"""Bytes of a response."""

_LONGEST_ID: Final = 1_024
"""Bytes of a physical id."""

_SERVICE_TIMEOUT: Final = 3_600
"""Seconds, if the resource does not set it."""


class FailedCreateError(Exception):
    """A Create that failed; the Delete of its rollback has this physical id."""

    def __init__(self, reason: str, physical_id: str) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


def install() -> None:
    """Make custom resources behave as on AWS. Call it once, before the emulator serves."""
    custom_resource.invoke_custom_resource = _invoke
    refused = provisioners._custom_named_replacement_error

    def changes_no_token(kind: str, old: Properties, new: Properties, *more: Any) -> str | None:
        if is_custom(kind) and old.get("ServiceToken") != new.get("ServiceToken"):
            return "Modifying service token is not allowed."
        reason: str | None = refused(kind, old, new, *more)
        return reason

    provisioners._custom_named_replacement_error = changes_no_token
    stacks._custom_named_replacement_error = changes_no_token


def is_custom(resource_type: str) -> bool:
    """Return whether a type is that of custom resources."""
    return resource_type.startswith("Custom::") or (
        resource_type == "AWS::CloudFormation::CustomResource"
    )


def _invoke(  # noqa: PLR0917 the emulator's signature
    request_type: str,
    logical_id: str,
    properties: Properties,
    stack_name: str,
    stack_id: str,
    resource_type: str,
    physical_id: str | None = None,
    old_props: Properties | None = None,
) -> tuple[str, dict[str, Any]]:
    """Send a request and wait for its response, in a thread of the emulator that may wait.

    Returns the physical id and the attributes. Raises FailedCreateError for a Create that failed
    and RuntimeError for any other request, with the reason that stack events give.
    """
    request_id, token = str(uuid4()), str(uuid4())
    function, configuration, _ = lambda_svc._get_func_record_for_ref(properties["ServiceToken"])
    if function is None or configuration is None:
        raise RuntimeError(f"Function not found: {properties['ServiceToken']}")
    as_sent = custom_resource._normalise_resource_properties
    request = {
        "RequestType": request_type,
        "ServiceToken": properties["ServiceToken"],
        "ResponseURL": custom_resource._response_url(token),
        "StackId": stack_id,
        "RequestId": request_id,
        "LogicalResourceId": logical_id,
        "ResourceType": resource_type,
        "ResourceProperties": as_sent(properties),
    }
    if physical_id is not None:
        request["PhysicalResourceId"] = physical_id
    if old_props is not None:
        request["OldResourceProperties"] = as_sent(old_props)
    arrived = custom_resource.register_token(token)
    record = lambda_svc._execution_record_for_config(function, configuration)
    lambda_svc.invoke_async_with_retry(record, request)
    arrived.wait(timeout=_seconds(properties))
    with custom_resource._lock:
        response = custom_resource._pending.pop(token, {}).get("result")
    reason = _failure(response, request_id)
    physical = str((response or {}).get("PhysicalResourceId") or physical_id or "")
    if reason is None:
        return physical, response.get("Data") or {}
    if request_type == "Create":
        invented = f"{stack_name}-{logical_id}-{uuid4().hex[:12].upper()}"
        raise FailedCreateError(reason, physical or invented)
    raise RuntimeError(reason)


def _seconds(properties: Properties) -> int:
    try:
        return int(properties.get("ServiceTimeout", _SERVICE_TIMEOUT))
    except (TypeError, ValueError):
        return _SERVICE_TIMEOUT


def _failure(response: dict[str, Any] | None, request_id: str) -> str | None:
    """Return why a request failed; None if it succeeded."""
    if response is None:
        return (
            "CloudFormation did not receive a response from your Custom Resource. Please check"
            f" your logs for requestId [{request_id}]. If you are using the Python cfn-response"
            " module, you may need to update your Lambda function so that CloudFormation can"
            " attach the updated version."
        )
    # Compact JSON is never longer than the response, which the emulator has parsed.
    if len(json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode()) > _LIMIT:
        return "Response object is too long."
    if not 0 < len(str(response.get("PhysicalResourceId") or "").encode()) <= _LONGEST_ID:
        return "Invalid PhysicalResourceId"
    if response.get("Status") != "FAILED":
        return None
    return (
        "Received response status [FAILED] from custom resource. Message returned:"
        f" {response.get('Reason', '')} (RequestId: {request_id})"
    )
