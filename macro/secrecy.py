"""Which attributes of resources may be secrets, and so are never repeated.

Knows what AWS marks as sensitive (`secret_attributes`, generated), and what names say where there
is no mark. Refuses to know why anybody repeats an attribute. It errs on the
safe side: an attribute that is wrongly considered a secret is merely not repeated.
"""

import functools
import re
from typing import Final

from macro.secret_attributes import SECRET_ATTRIBUTES

_WITHOUT_SCHEMA: Final = ("AWS::CloudFormation::", "AWS::Serverless::Application")
"""Types whose attributes are returned by code or by another template."""

_PUBLIC: Final = re.compile(
    r"(Arns?|Ids?|Name|Names|Status|State|Time|Type|Version|Url|Uri|Config|Source|JsonKey)$"
)
"""How the names of attributes end that describe a secret without being one."""

_SECRET: Final = re.compile(
    r"Secret|Passw|Passphrase|Credential|Token|ActivationCode"
    r"|(Private|Api|API|Access|Auth|Shared|Stream|Signing|License)Key"
)
_SECRET_TYPE: Final = re.compile(r"(Secret|Password|Credential|Token|Key)s?$")
"""The names of types whose `Value` is a secret."""


@functools.cache
def is_secret_attribute(resource_type: str, attribute: str) -> bool:
    """Return whether an attribute of a resource may be a secret.

    Of types without a public schema (custom resources, nested stacks, other publishers' types)
    every attribute may be.
    """
    if not resource_type.startswith("AWS::") or resource_type.startswith(_WITHOUT_SCHEMA):
        return True
    return attribute in SECRET_ATTRIBUTES.get(resource_type, ()) or is_called_secret(
        resource_type, attribute
    )


def is_called_secret(resource_type: str, attribute: str) -> bool:
    """Return whether an attribute has the name of a secret, such as `ClientSecret`."""
    name = attribute.rpartition(".")[2]
    if name == "Value":
        return bool(_SECRET_TYPE.search(resource_type))
    return bool(_SECRET.search(name)) and not _PUBLIC.search(name)
