"""Nested stacks, created from their templates as the transforms leave them.

Knows the emulator's handlers of AWS::CloudFormation::Stack. Refuses to know how transforms run.
"""
# ruff: noqa: SLF001 The emulator has no public interface for any of this; its version is pinned.

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import uuid4

import boto3
from ministack.services.cloudformation import engine, helpers, provisioners

from cfn_trigger.local_cloud.macro_contract import LIMIT_OF_AN_OBJECT, Template, has_transforms
from cfn_trigger.local_cloud.transforms import as_root, expanded, parameter_values

# A nested stack's create or update; the properties are its last argument but one.
Deploy: TypeAlias = Callable[..., tuple[str, dict[str, str]]]

_NESTED = "AWS::CloudFormation::Stack"


def install() -> None:
    """Transform the templates of nested stacks. Call it once, before the emulator serves."""
    handlers = provisioners._RESOURCE_HANDLERS[_NESTED]
    handlers |= {
        "create": _with_transforms(handlers["create"]),
        "update": _with_transforms(handlers["update"]),
    }


def _with_transforms(deploy: Deploy) -> Deploy:
    def transformed(*arguments: Any) -> tuple[str, dict[str, str]]:
        *identity, properties, parent = arguments
        template = _template(properties)
        if template is None or not has_transforms(template):
            return deploy(*arguments)
        provisioners._check_nested_stack_capabilities(parent, template)
        parameters = [
            {"Key": name, "Value": str(value)}
            for name, value in (properties.get("Parameters") or {}).items()
        ]
        values = parameter_values(template, parameters, {})
        text = json.dumps(expanded(template, values, limit=LIMIT_OF_AN_OBJECT))
        with _uploaded(text) as url:
            return deploy(*identity, properties | {"TemplateURL": url}, parent)

    return transformed


def _template(properties: Mapping[str, str]) -> Template | None:
    text, _ = helpers._resolve_template({"TemplateURL": [properties.get("TemplateURL", "")]})
    try:
        template: Template | None = engine._parse_template(text) if text else None
    except Exception:  # noqa: BLE001 the emulator reports whatever is wrong
        return None
    return template


@contextmanager
def _uploaded(text: str) -> Iterator[str]:
    s3 = boto3.client("s3", **as_root())
    bucket, key = f"expanded-template-{uuid4()}", "template"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=text)
    try:
        yield f"{s3.meta.endpoint_url}/{bucket}/{key}"
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=bucket)
