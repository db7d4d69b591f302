"""A template as AWS::LanguageExtensions leaves it, by cfn-lint's implementation.

Knows that cfn-lint invents values that it does not know. Refuses to know the other transforms.
"""

import json
from collections.abc import Mapping
from typing import Any

from cfnlint.template import Template as LintedTemplate
from cfnlint.template.transforms import _language_extensions

from cfn_trigger.errors import AwsTransformError
from macro.cloudformation import LANGUAGE_EXTENSIONS
from macro.model import Json


def extended(
    template: Mapping[str, Json], values: Mapping[str, str], *, region: str
) -> dict[str, Json]:
    """Return a template with its loops repeated, without its Transform.

    `values` are those of parameters. Raises AwsTransformError for what cannot be resolved here.
    """
    first = _by_cfn_lint(template, values, region)
    if first != _by_cfn_lint(template, values, region):  # invented values are random
        message = (
            "an Fn::ForEach loops over a value that is not known here; pass it with --parameter"
        )
        raise AwsTransformError(LANGUAGE_EXTENSIONS, [("", message)])
    kept = {name: section for name, section in first.items() if name != "Transform"}
    return kept | ({"Parameters": template["Parameters"]} if "Parameters" in kept else {})


def is_needed(template: Mapping[str, Json]) -> bool:
    """Return whether a function is left that only AWS::LanguageExtensions itself resolves."""
    text = json.dumps(template)
    return any(f'"{name}"' in text for name in ("Fn::Length", "Fn::ToJsonString"))


def _by_cfn_lint(
    template: Mapping[str, Json], values: Mapping[str, str], region: str
) -> dict[str, Json]:
    mutable: Any = json.loads(json.dumps({**template, "Transform": LANGUAGE_EXTENSIONS}))
    declared = mutable.get("Parameters", {})
    for name, value in values.items():
        declared[name]["Default"] = value  # cfn-lint knows no other values
    linted = LintedTemplate("", mutable, [region])
    matches, extended_template = _language_extensions.language_extension(linted)
    if matches or extended_template is None:
        prefix = "Error transforming template: "
        messages = [match.message.removeprefix(prefix) for match in matches]
        raise AwsTransformError(LANGUAGE_EXTENSIONS, [("", message) for message in messages])
    plain: dict[str, Json] = json.loads(json.dumps(extended_template))
    return plain
