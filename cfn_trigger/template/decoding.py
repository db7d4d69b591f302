"""The nodes of a template, with their lines, as cfn-lint reads it.

Knows YAML with CloudFormation's short forms, and JSON, by cfn-lint's reader. Refuses to know what
a template means, and which texts need no such reader (`source`).
"""

from typing import Any

from cfnlint.decode import cfn_json, cfn_yaml, decode_str
from yaml import YAMLError
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from cfn_trigger.template import spans
from cfn_trigger.template.plain_reader import restrict_to_json


class _Loader(cfn_yaml.CfnFullLoader):  # type: ignore[misc] # cfn-lint has no types
    """cfn-lint's loader, except that a date is the string that its author wrote."""


_Loader.add_multi_constructor("!", cfn_yaml.multi_constructor)
restrict_to_json(_Loader)


def decoded(text: str) -> tuple[Any, list[Any]]:
    """Return the nodes of a text as cfn-lint reads it, and its matches if it cannot read it.

    Raises YAMLError for some invalid texts. cfn-lint reads JSON as YAML, but YAML has no escapes
    for a character in two parts, such as an emoji.
    """
    if spans.SURROGATES.search(text) and text.lstrip().startswith("{"):
        try:
            return cfn_json.loads(text), []
        except cfn_json.JSONDecodeError as error:
            return None, error.matches
        except ValueError:
            return _decoded_by_cfn_lint(text)
    try:
        nodes = _Loader(text, None).get_single_data()
    except cfn_yaml.CfnParseError as error:
        return None, error.matches
    except (ComposerError, ConstructorError):
        raise
    except (YAMLError, ValueError):  # it may be JSON with tabs
        return _decoded_by_cfn_lint(text)
    return {} if nodes is None else nodes, []


def _decoded_by_cfn_lint(text: str) -> tuple[Any, list[Any]]:
    decoded_text: tuple[Any, list[Any]] = decode_str(text)
    return decoded_text
