"""A template as SAM leaves it: the one place that runs its translator.

Knows SAM's own translator, and calls it as AWS does. Before a deployment, code may be at a local
path or yet to be built, which the translator refuses, and it asks AWS for applications of the
Serverless Application Repository: an address is the placeholder of each. Refuses to know the other
transforms.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from boto3 import Session
from samtranslator.model.exceptions import (
    ExceptionWithMessage,
    InvalidDocumentException,
    InvalidEventException,
    InvalidResourcePropertyTypeException,
)
from samtranslator.parser.parser import Parser
from samtranslator.plugins.globals.globals import Globals, InvalidGlobalsSectionException
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import (
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.template.artifacts import NOT_PACKAGED
from macro.cloudformation import SERVERLESS, SERVERLESS_TRANSFORM, as_map, section, type_of
from macro.model import Json

IMAGE: Final = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{NOT_PACKAGED}:latest"
"""The placeholder of an image that is not built yet."""
_OF_THE_REPOSITORY: Final = (
    "AWS alone resolves an application of the AWS Serverless Application Repository;"
    " deploy this template with the macro"
)
_CODE_PROPERTIES: Final = ("CodeUri", "ContentUri", "DefinitionUri")
_UPLOADED: Final = ("s3://", "http://", "https://")
_HASH_LENGTH: Final = 10
"""How much SAM appends to the logical id of a layer."""


def is_transformed(template: Mapping[str, Json]) -> bool:
    """Return whether a template has no resources left for SAM to transform."""
    resources = section(template, "Resources").values()
    return not any(type_of(resource).startswith(SERVERLESS) for resource in resources)


def transformed(
    template: Mapping[str, Json],
    values: Mapping[str, Json],
    *,
    region: str,
    accepts_local_code: bool = True,
) -> dict[str, Json]:
    """Return a template as SAM leaves it, without its Transform.

    `values` are those of parameters, as a macro gets them; others have their defaults. Raises
    AwsTransformError for what SAM refuses.
    """
    mutable = json.loads(json.dumps({**template, "Transform": SERVERLESS_TRANSFORM}))
    if accepts_local_code:
        _look_up_paths(mutable, values)
        _replace_local_paths(mutable)
        _add_missing_code(mutable)
        _replace_applications(mutable)
    elif applications := [*_applications(mutable)]:
        raise AwsTransformError(
            SERVERLESS_TRANSFORM, [(name, _OF_THE_REPOSITORY) for name, _ in applications]
        )
    mutable_values = dict(values)
    session = Session(region_name=region)
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it reports its own metrics
    try:
        # As AWS does: hashes in logical ids stay as Python 2.7 computed them.
        to_py27_compatible_template(mutable, mutable_values)
        translated = Translator({}, Parser(), boto_session=session).translate(
            mutable, mutable_values
        )
    except InvalidDocumentException as error:
        paths = [_path(cause, template) for cause in error.causes]
        problems = [_problem(cause, template) for cause in error.causes]
        raise AwsTransformError(SERVERLESS_TRANSFORM, problems, paths) from error
    plain: dict[str, Json] = json.loads(json.dumps(undo_mark_unicode_str_in_template(translated)))
    return {name: section for name, section in plain.items() if name != "Transform"}


def _problem(cause: ExceptionWithMessage, template: Mapping[str, Json]) -> tuple[str, str]:
    """Return the author's logical id of a cause, and its message."""
    logical_id = str(getattr(cause, "_logical_id", "") or getattr(cause, "logical_id", ""))
    message = " ".join(str(cause.message).split())
    written = logical_id[:-_HASH_LENGTH]
    if logical_id not in section(template, "Resources") and written in section(
        template, "Resources"
    ):
        return written, message.replace(logical_id, written)
    return logical_id, message


def _path(cause: ExceptionWithMessage, template: Mapping[str, Json]) -> tuple[str, ...]:
    """Return where a cause is in a template, if that is more exact than a resource."""
    match cause:
        case InvalidGlobalsSectionException():
            return _unsupported_global(section(template, "Globals"))
        case InvalidResourcePropertyTypeException():
            logical_id, _ = _problem(cause, template)
            resource = as_map(section(template, "Resources").get(logical_id))
            keys = str(cause.key_path).split(".")
            shared = type_of(resource).removeprefix(SERVERLESS)
            if keys[0] in section(resource, "Properties"):
                return ("Resources", logical_id, "Properties", *keys)
            if keys[0] in section(section(template, "Globals"), shared):
                return ("Globals", shared, *keys)
        case _ if isinstance(cause.__cause__, InvalidEventException):
            logical_id, _ = _problem(cause, template)
            event = str(cause.__cause__._event_id)  # noqa: SLF001 (nothing else names it)
            return ("Resources", logical_id, "Properties", "Events", event)
    return ()


def _unsupported_global(of_all: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the path to what SAM does not support for all resources of a type."""
    for kind, properties in of_all.items():
        supported = Globals.supported_properties.get(f"{SERVERLESS}{kind}")
        if supported is None or not isinstance(properties, dict):
            return ("Globals", kind)
        for name in properties:
            if name not in supported:
                return ("Globals", kind, name)
    return ("Globals",)


def has_local_code(template: Mapping[str, Json]) -> bool:
    """Return whether code is at a local path, which only a deployment uploads."""
    return any(True for _ in _local_paths(template))


def _look_up_paths(mutable: Json, values: Mapping[str, Json]) -> None:
    """Replace references to parameters that hold where code is; one without a value is a path."""
    declared = section(mutable, "Parameters")
    for properties in _properties(mutable):
        for name in _CODE_PROPERTIES:
            parameter = as_map(properties.get(name)).get("Ref")
            if isinstance(parameter, str) and parameter in declared:
                default = as_map(declared[parameter]).get("Default")
                properties[name] = str(values.get(parameter, default) or parameter)


def _replace_local_paths(mutable: Json) -> None:
    for properties, name in [*_local_paths(mutable)]:
        properties[name] = f"s3://{NOT_PACKAGED}/{quote(properties[name])}"


def _add_missing_code(mutable: Json) -> None:
    """Add a placeholder to functions whose code `sam build` finds in a folder or a Dockerfile."""
    shared = as_map(section(mutable, "Globals").get("Function"))
    for resource in section(mutable, "Resources").values():
        if type_of(resource) != f"{SERVERLESS}Function":
            continue
        properties = resource.setdefault("Properties", {})
        known = {**shared, **as_map(properties)}
        if known.keys().isdisjoint(("CodeUri", "InlineCode", "ImageUri")):
            is_image = known.get("PackageType") == "Image"
            code = {"ImageUri": IMAGE} if is_image else {"CodeUri": f"s3://{NOT_PACKAGED}/."}
            resource["Properties"] = {**as_map(properties), **code}


def _replace_applications(mutable: Json) -> None:
    for name, properties in [*_applications(mutable)]:
        properties["Location"] = f"https://{NOT_PACKAGED}/{quote(name)}"


def _applications(template: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the properties of applications that SAM would ask the repository for, by their id."""
    for name, resource in section(template, "Resources").items():
        if type_of(resource) == f"{SERVERLESS}Application":
            properties = resource.get("Properties")
            if isinstance(properties, dict) and isinstance(properties.get("Location"), dict):
                yield name, properties


def _local_paths(template: Mapping[str, Json]) -> Iterator[tuple[dict[str, Json], str]]:
    """Yield the properties that hold a local path, each as a map and a key."""
    for properties in _properties(template):
        for name in _CODE_PROPERTIES:
            path = properties.get(name)
            if isinstance(path, str) and not path.startswith(_UPLOADED):
                yield properties, name


def _properties(template: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Yield the properties of SAM's resources, and of its Globals."""
    yield from (
        of_all for of_all in section(template, "Globals").values() if isinstance(of_all, dict)
    )
    for resource in section(template, "Resources").values():
        properties = as_map(resource).get("Properties")
        if type_of(resource).startswith(SERVERLESS) and isinstance(properties, dict):
            yield properties
