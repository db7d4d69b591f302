"""The layer that adds to the emulator what it lacks.

Knows the parts of the layer, and where the emulator keeps its list of services. Refuses to know
what each part does.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import re
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from ministack import app
from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners

from cfn_trigger.local_cloud import (
    client_contexts,
    custom_resources,
    durable,
    function_logs,
    macros,
    nested_stacks,
    operations,
    requests,
    resource_changes,
    runtimes,
    stack_events,
)

Deploy: TypeAlias = Callable[..., tuple[str, dict[str, str]]]

_PARTS = (
    requests, nested_stacks, custom_resources, stack_events, resource_changes, operations,
    runtimes, function_logs, durable, client_contexts,
)  # fmt: skip
_HTTP_API = "AWS::ApiGatewayV2::Api"
# The emulator expects its own domain here, not AWS's.
_API_OF_A_HOST = re.compile(r"^([a-f0-9]{8})\.execute-api\.[a-z0-9-]+\.amazonaws\.com$")


def install() -> None:
    """Install all parts. Call it once, before the emulator serves."""
    for part in _PARTS:
        part.install()
    # As a module of the emulator, so that a reset deletes macros too.
    app.SERVICE_REGISTRY["cloudformation"]["sub_modules"] = ("macros",)
    app._loaded_modules["macros"] = sys.modules[macros.__name__]
    app._EXECUTE_API_RE = _API_OF_A_HOST
    types = provisioners._RESOURCE_HANDLERS
    types["AWS::CloudFormation::Macro"] = macros.HANDLERS
    types[_HTTP_API] |= {
        "create": _with_its_address(types[_HTTP_API]["create"]),
        "update": _with_its_address(types[_HTTP_API]["update"]),
    }


def _with_its_address(deploy: Deploy) -> Deploy:
    """Set the address of an HTTP API to the one on AWS, which `addresses` serves."""

    def deployed(*arguments: Any) -> tuple[str, dict[str, str]]:
        api, attributes = deploy(*arguments)
        address = f"https://{api}.execute-api.{get_region()}.amazonaws.com"
        return api, attributes | {"ApiEndpoint": address}

    return deployed
