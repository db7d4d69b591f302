"""Whatever stands in any place of a template, it is expanded or its problems are listed.

A template that is right but for one value, which may be anything, is a better test than one that is
odd everywhere: it reaches every stage.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.properties.test_laws import BRIEF
from tests.support.strategies import values
from tests.support.templates import (
    QUEUE,
    Template,
    function,
    get,
    of_type,
    ref,
    sub,
    table,
    trigger,
    under,
    when,
)

WHOLE: Final[Template] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "test"}, "Who": {"Type": "String"}},
    "Mappings": {"Sizes": {"test": {"N": 3}}},
    "Conditions": {"IsTest": {"Fn::Equals": [ref("Stage"), "test"]}},
    "Resources": {
        "Role": of_type("AWS::IAM::Role", RoleName="role", ManagedPolicyArns=["a"]),
        "More": of_type("AWS::IAM::Policy", PolicyName="more", Roles=[ref("Role")]),
        "Logs": of_type("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/migrate"),
        "Libs0123456789": of_type("AWS::Lambda::LayerVersion", Content={"S3Key": "a"}),
        "Migrate": under(
            "IsTest",
            function(
                FunctionName="migrate",
                Role=get("Role"),
                Code={"S3Bucket": "b", "S3Key": "k"},
                Environment={"Variables": {"TABLE": ref("Orders"), "N": sub("${Stage}-a")}},
                Layers=[ref("Libs0123456789")],
                VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": [ref("Group")]},
                Tags=[{"Key": "lambda:createdBy", "Value": "SAM"}],
            ),
        )
        | {"Metadata": {"Trigger": {"ExecuteAfter": ["*"], "Retry": {"MaxAttempts": 2}}}},
        "Config": of_type("AWS::Lambda::EventInvokeConfig", FunctionName=ref("Migrate")),
        "MigrateAliaslive": of_type(
            "AWS::Lambda::Alias",
            FunctionName=ref("Migrate"),
            FunctionVersion=get("MigrateVersion0123456789", "Version"),
            Name="live",
        ),
        "MigrateVersion0123456789": of_type("AWS::Lambda::Version", FunctionName=ref("Migrate")),
        "Group": of_type("AWS::EC2::SecurityGroup", GroupDescription="g"),
        "Open": of_type("AWS::EC2::SecurityGroupIngress", GroupId=ref("Group")),
        "Orders": table(TableName="orders") | {"DependsOn": ["Role"]},
        "Jobs": under("IsTest", QUEUE) | {"Metadata": {"aws:sam:connectors": {"Link": {}}}},
        "Door": of_type("AWS::ApiGateway::RestApi", Name="door"),
        "DoorStage": of_type("AWS::ApiGateway::Stage", RestApiId=ref("Door")),
        "Run": under(
            "IsTest",
            trigger(
                "Migrate.Alias",
                ExecuteAfter=["Door", "Libs", "Link"],
                ExecuteBefore=["AWS::SQS::*"],
                ExecuteOnResourceChange=["Orders"],
                Payload={"N": {"Fn::FindInMap": ["Sizes", ref("Stage"), "N"]}},
                Retry={"MaxAttempts": 3, "Interval": 1},
            ),
        )
        | {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "DependsOn": "Role"},
        "Send": of_type(
            "Custom::Trigger",
            Function={
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Code": {"ZipFile": "x"},
                "Policies": [{"Effect": "Allow", "Action": "a", "Resource": "*"}],
                "LoggingConfig": {"LogFormat": "JSON"},
                "DeadLetterConfig": {"TargetArn": get("Jobs")},
                "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": [ref("Group")]},
            },
            InvocationType="Event",
            FailureDestination=get("Jobs"),
        ),
        "Choose": under("IsTest", trigger(when("IsTest", get("Migrate"), ref("Who")))),
    },
    "Outputs": {"Rows": {"Value": get("Run", "Rows"), "Condition": "IsTest"}},
}
SETTINGS: Final[Template] = {"LogRetentionInDays": 7, "RolePath": "/a/", "SubnetIds": ["a"]}
PARAMETERS: Final[Template] = {"Stage": "test", "Who": "migrate"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within another, and of every key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, dict | list) else ():
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def replaced(template: Template, path: tuple[Any, ...], value: Any) -> Template:
    changed = copy.deepcopy(template)
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


def expands_or_lists_problems(template: Any, deployment: Deployment) -> None:
    try:
        expansion = expand(json.loads(json.dumps(template)), deployment)
    except TemplateError as error:
        assert error.problems  # noqa: PT017 (both outcomes are looked at)
    else:
        assert json.dumps(expansion.fragment)


PLACES: Final = [*places(WHOLE)]
odd_values = values | st.sampled_from([
    {"Ref": "Stage"}, {"Ref": "Nothing"}, {"Fn::Transform": {"Name": "AWS::Include"}},
    [{"Ref": 5}], {"Fn::GetAtt": {}}, {"Fn::Sub": ["${A", {}]}, {"Fn::If": [{}, 1, 2]}, [None],
    {"Fn::ForEach::A": ["A", ["B"], {"C${A}": {}}]}, {"": ""}, "a\nb", 10**400, -0.0, True, [],
    {"Fn::Join": [5, {"A": 1}]}, {"Fn::Select": ["x", []]}, {"Fn::Split": [1]},
])  # fmt: skip


def test_the_template_is_correct() -> None:
    expand(WHOLE, Deployment(parameters=PARAMETERS, settings=SETTINGS | {"SecurityGroupIds": "s"}))


@settings(BRIEF, max_examples=60)
@given(st.sampled_from(PLACES), odd_values)
def test_any_value_in_any_place_is_expanded_or_a_problem(path: Any, value: Any) -> None:
    settings_of_stack = SETTINGS | {"SecurityGroupIds": "s"}
    deployment = Deployment(parameters=PARAMETERS, settings=settings_of_stack)

    expands_or_lists_problems(replaced(WHOLE, path, value), deployment)


@settings(BRIEF, max_examples=20)
@given(st.sampled_from(["Stage", "Who", "Else"]), values, st.sampled_from([*SETTINGS]), values)
def test_any_parameter_is_expanded_or_a_problem(
    name: str, value: Any, setting: str, written: Any
) -> None:
    deployment = Deployment(
        parameters=PARAMETERS | {name: value}, settings=SETTINGS | {setting: written}
    )

    expands_or_lists_problems(WHOLE, deployment)
