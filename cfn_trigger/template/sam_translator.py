"""SAM's own translator, called as AWS does: the one place that runs it.

Knows where in its author's template a problem of the translator is. Refuses to know what a template
needs before it can be translated (`sam`).
"""

import json
import logging
from collections.abc import Mapping
from typing import Final

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
from macro.cloudformation import SERVERLESS, SERVERLESS_TRANSFORM, as_map, section, type_of
from macro.model import Json

_HASH_LENGTH: Final = 10
"""How much SAM appends to the logical id of a layer."""


def translated(
    mutable: Json, values: Mapping[str, Json], *, written: Mapping[str, Json], region: str
) -> dict[str, Json]:
    """Return a template without its Transform; it may be changed in place.

    Raises AwsTransformError for what SAM refuses, with the paths in the template as it was written.
    """
    mutable_values = dict(values)
    session = Session(region_name=region)
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # it reports its own metrics
    try:
        # As AWS does: hashes in logical ids stay as Python 2.7 computed them.
        to_py27_compatible_template(mutable, mutable_values)
        translation = Translator({}, Parser(), boto_session=session).translate(
            mutable, mutable_values
        )
    except InvalidDocumentException as error:
        paths = [_path(cause, written) for cause in error.causes]
        problems = [_problem(cause, written) for cause in error.causes]
        raise AwsTransformError(SERVERLESS_TRANSFORM, problems, paths) from error
    plain: dict[str, Json] = json.loads(json.dumps(undo_mark_unicode_str_in_template(translation)))
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
