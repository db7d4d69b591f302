"""A template as SAM leaves it.

Before a deployment, code may be at a local path or not built yet, which SAM's translator refuses.
It also asks AWS for applications of the Serverless Application Repository. Placeholder addresses
stand for both here. Refuses to know the translator itself (`sam_translator`), and the other
transforms.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

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
    # SAM's translator takes a while to import, and most templates do without it.
    from cfn_trigger.template.sam_translator import translated  # noqa: PLC0415

    return translated(mutable, values, written=template, region=region)


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
