"""Short forms of templates, and their expansions, for tests of one rule each."""

import json
from typing import Any, Final

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from macro.references import Mentions, Reference

Json = Any
Template = dict[str, Json]

NO_VALUE: Final = {"Ref": "AWS::NoValue"}
REQUEST: Final = "6f3ad8a2-request"
SAM: Final = "AWS::Serverless-2016-10-31"


def of_type(name: str, **properties: Json) -> Template:
    """Define a resource; properties with a capital, attributes are added with `|`."""
    return {"Type": name} | ({"Properties": properties} if properties else {})


QUEUE: Final = of_type("AWS::SQS::Queue")


def function(**properties: Json) -> Template:
    return of_type("AWS::Lambda::Function", Handler="index.handler", **properties)


def table(**properties: Json) -> Template:
    return of_type("AWS::DynamoDB::Table", **properties)


def trigger(handler: Json = "Migrate", **properties: Json) -> Template:
    return of_type("Custom::Trigger", Handler=handler, **properties)


def ref(name: str) -> Template:
    return {"Ref": name}


def get(name: str, attribute: str = "Arn") -> Template:
    return {"Fn::GetAtt": [name, attribute]}


def sub(*arguments: Json) -> Template:
    return {"Fn::Sub": arguments[0] if len(arguments) == 1 else list(arguments)}


def when(condition: str, yes: Json, no: Json = NO_VALUE) -> Template:
    return {"Fn::If": [condition, yes, no]}


def under(condition: str, resource: Template) -> Template:
    return resource | {"Condition": condition}


def waiting(resource: Template, *firsts: str) -> Template:
    return resource | {"DependsOn": list(firsts)}


def template(sections: Template | None = None, **resources: Json) -> Template:
    """Build a fragment of resources, with the function `Migrate` by default."""
    return {**(sections or {}), "Resources": {"Migrate": function()} | resources}


def expanded(fragment: Template, **values: Json) -> Template:
    """Expand a template that went through JSON, as every template does on its way to a macro."""
    deployment = Deployment(parameters=values, request_id=REQUEST)
    return dict(expand(json.loads(json.dumps(fragment)), deployment).fragment)


def resources(fragment: Template, **values: Json) -> Template:
    found: Template = expanded(fragment, **values)["Resources"]
    return found


def properties(fragment: Template, name: str = "Run", **values: Json) -> Template:
    """Return the properties of a trigger besides those that every trigger has."""
    usual = {"ServiceToken", "ServiceTimeout", "HandlerArn", "Fingerprint"}
    given = resources(fragment, **values)[name]["Properties"]
    return {key: value for key, value in given.items() if key not in usual}


def fingerprint(fragment: Template, name: str = "Run", **values: Json) -> Template:
    found: Template = resources(fragment, **values)[name]["Properties"]["Fingerprint"]
    return found


def waits(fragment: Template, name: str = "Run") -> list[str]:
    """List the author's resources in a resource's DependsOn."""
    made = "TriggerProvider"
    listed = resources(fragment)[name].get("DependsOn", [])
    return [first for first in listed if not first.startswith(made)]


def problems(fragment: Template, **values: Json) -> list[str]:
    """List the problems of a template; empty if it expands."""
    try:
        expanded(fragment, **values)
    except TemplateError as error:
        return [str(problem) for problem in error.problems]
    return []


def mentions_of(*references: str | Reference) -> Mentions:
    """List what a value mentions, as `Table` or `Table.Arn`."""
    return Mentions(
        references=tuple(
            Reference(*text.partition(".")[::2]) if isinstance(text, str) else text
            for text in references
        )
    )


def turned(value: Any) -> Any:
    """Reverse the key order of every map."""
    match value:
        case dict():
            return {key: turned(value[key]) for key in reversed(value)}
        case list():
            return [turned(item) for item in value]
    return value
