"""What SAM makes of a template, for who comes after it in the list of transforms.

Knows SAM's own translator, which newer versions of cfn-lint do not run any more. It wants code to
be uploaded already; before a deployment an address stands in for each local path.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from boto3 import Session
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from macro.cloudformation import SERVERLESS, SERVERLESS_TRANSFORM, as_map, type_of
from macro.model import Json

_LOCAL: Final = ("CodeUri", "ContentUri", "DefinitionUri")
_UPLOADED: Final = "s3://uploaded/by-a-deployment"


def is_transformed(template: Mapping[str, Json]) -> bool:
    """Tell whether nothing is left for SAM to transform."""
    resources = as_map(template.get("Resources")).values()
    return not any(type_of(resource).startswith(SERVERLESS) for resource in resources)


def transformed(template: Mapping[str, Json], region: str) -> dict[str, Json] | None:
    """Let SAM transform a template; gives none where SAM refuses it, which is its own to say.

    Parameters have the values of their defaults.
    """
    mutable = json.loads(json.dumps({**template, "Transform": SERVERLESS_TRANSFORM}))
    stand_in_for_local_code(mutable, lambda _: _UPLOADED)
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it tells of its own metrics
    translator = Translator({}, Parser(), boto_session=Session(region_name=region))
    try:
        made: dict[str, Json] = translator.translate(mutable, {})
    except InvalidDocumentException:
        return None
    return json.loads(json.dumps(made))  # type: ignore[no-any-return] # a map stays one


def stand_in_for_local_code(template: Json, address: Callable[[str], str]) -> None:
    """Put an address where a template names a path, as a deployment will; in place."""
    for properties in _with_code(template):
        for name in _LOCAL:
            if isinstance(path := properties.get(name), str):
                properties[name] = address(path)


def _with_code(template: Json) -> Iterator[dict[str, Json]]:
    """Give the properties that may name code: of SAM's resources, and of all of a kind."""
    yield from (one for one in as_map(template.get("Globals")).values() if isinstance(one, dict))
    for resource in as_map(template.get("Resources")).values():
        properties = as_map(resource).get("Properties")
        if type_of(resource).startswith(SERVERLESS) and isinstance(properties, dict):
            yield properties
