"""What an expanded template says of its triggers: which there are, and what they run.

Knows how a finished trigger is told from other custom resources. Refuses to know what becomes of
it.
"""

from collections.abc import Mapping

from cfn_trigger.template.source import section
from macro.cloudformation import as_map, type_of
from macro.emit import PROVIDER
from macro.model import TRIGGER_TYPE, Json
from macro.readers import Lookup


def triggers(template: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Give the properties of the triggers, by logical id."""
    token = {"Fn::GetAtt": [PROVIDER, "Arn"]}
    found = {
        name: as_map(as_map(resource).get("Properties"))
        for name, resource in section(template, "Resources").items()
        if type_of(resource) == TRIGGER_TYPE
    }
    return {name: own for name, own in found.items() if own.get("ServiceToken") == token}


def functions(template: Mapping[str, Json], arn: Json) -> tuple[str, ...]:
    """Name the functions of the template that a `HandlerArn` may mean."""
    lookup = Lookup(resources=section(template, "Resources"), declared={}, values={})
    return lookup.functions_in(arn)
