"""What SAM makes of a template before the macro's turn, where cfn-lint itself does not run it."""

from typing import Any, Final

import pytest
from cfnlint.decode import decode_str
from cfnlint.template import Template

from cfn_trigger.errors import AwsTransformError
from cfn_trigger.lint.rules import Expanded, Meaning, Spelling
from cfn_trigger.template.sam import is_transformed, transformed
from tests.support.linting import REGION
from tests.support.templates import SAM

FUNCTION: Final = {"CodeUri": "./migrate", "Handler": "app.handler", "Runtime": "python3.13"}


def of_sam(kind: str = "Function", **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


def by_sam(template: dict[str, Any]) -> dict[str, Any]:
    return transformed(template, {}, region=REGION)


def types(translated: dict[str, Any]) -> dict[str, str]:
    return {name: resource["Type"] for name, resource in translated["Resources"].items()}


def test_the_translator_creates_the_resources_of_a_deployment() -> None:
    made = by_sam({"Resources": {"Migrate": of_sam(**FUNCTION)}})

    assert types(made) == {"Migrate": "AWS::Lambda::Function", "MigrateRole": "AWS::IAM::Role"}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("LayerVersion", {"ContentUri": "./layer"}),
        ("Application", {"Location": "./nested.yaml"}),
        ("StateMachine", {"DefinitionUri": "./steps.json", "Role": "arn:aws:iam::1:role/steps"}),
        ("Api", {"DefinitionUri": "./api.yaml", "StageName": "live"}),
        ("Function", {"PackageType": "Image", "ImageUri": "migrate:latest"}),
    ],
)
def test_local_code_is_accepted(kind: str, properties: dict[str, Any]) -> None:
    made = by_sam({"Resources": {"Thing": of_sam(kind, **properties)}})

    assert is_transformed(made)


def test_local_code_of_all_functions_is_accepted() -> None:
    shared = {"Globals": {"Function": FUNCTION}, "Resources": {"Migrate": of_sam()}}

    assert "MigrateRole" in types(by_sam(shared))


def test_parameters_have_the_values_of_their_defaults() -> None:
    template = {
        "Parameters": {"Name": {"Type": "String", "Default": "live"}},
        "Resources": {"Migrate": of_sam(AutoPublishAlias={"Ref": "Name"}, **FUNCTION)},
    }

    assert "MigrateAliaslive" in types(by_sam(template))


def test_a_template_that_sam_refuses_is_an_error_with_logical_ids() -> None:
    with pytest.raises(AwsTransformError) as caught:
        by_sam({"Resources": {"Migrate": of_sam(Handler="x")}})

    assert [logical_id for logical_id, _ in caught.value.problems] == ["Migrate"]


def test_a_template_is_not_changed() -> None:
    template = {"Resources": {"Migrate": of_sam(**FUNCTION)}}
    by_sam(template)

    assert template == {"Resources": {"Migrate": of_sam(**FUNCTION)}}
    assert not is_transformed(template)


TEXT: Final = f"""\
Transform: [{SAM}, Trigger]
Resources:
  Migrate:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: ./migrate, Handler: app.handler, Runtime: python3.13}}
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      ExecuteAfter: [MigrateRole, 'AWS::Lambda::*', Nobody]
  Late:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref MigrateRole
      Timeout: 0
"""


def findings(text: str) -> list[tuple[int, str]]:
    """Return what the rules match in a template that cfn-lint has left to SAM, by line."""
    template, _ = decode_str(text)
    cfn = Template(None, template, [REGION])
    matches = [*Expanded().match(cfn), *Spelling().match(cfn), *Meaning().match(cfn)]
    return [(match.location[0] + 1, match.message) for match in matches]


def test_the_macro_comes_after_sam_if_cfn_lint_does_not_run_sam() -> None:
    named = "'MigrateRole' has type AWS::IAM::Role; name a function, an alias or a version"

    assert findings(TEXT) == [
        (14, f"Late.Handler: {named}"),
        (15, "Late.Timeout: must be a whole number from 1 to 43200, not 0"),
        (10, "Run.ExecuteAfter: no resource 'Nobody' in the template"),
    ]


def test_only_certain_problems_are_reported_if_sam_refuses_the_template() -> None:
    assert findings(TEXT.replace("Runtime: python3.13", "Colour: blue")) == [
        (15, "Late.Timeout: must be a whole number from 1 to 43200, not 0")
    ]


def test_a_missing_transform_is_certain_if_sam_refuses_the_template() -> None:
    without_transform = TEXT.replace(", Trigger]", "]").replace(
        "Runtime: python3.13", "Colour: blue"
    )
    need = "is a trigger, and no transform expands it; add Trigger to the Transform"

    assert findings(without_transform) == [(7, f"Run: {need}"), (12, f"Late: {need}")]


# ---- what the SAM CLI accepts before a deployment


def test_an_image_that_is_not_built_yet_has_a_stand_in() -> None:
    image = of_sam(PackageType="Image")

    made = transformed({"Resources": {"Fn": image}}, {}, region="eu-west-1")

    assert made["Resources"]["Fn"]["Properties"]["Code"] == {
        "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/not-packaged:latest"
    }


@pytest.mark.parametrize("properties", [{}, {"CodeUri": "./src"}, {"InlineCode": "x"}])
def test_code_that_is_not_named_has_a_stand_in(properties: Any) -> None:
    function = of_sam(Runtime="python3.13", Handler="a.b", **properties)

    made = transformed({"Resources": {"Fn": function}}, {}, region="eu-west-1")

    assert made["Resources"]["Fn"]["Type"] == "AWS::Lambda::Function"


APPLICATION: Final = of_sam(
    "Application",
    Location={
        "ApplicationId": "arn:aws:serverlessrepo:us-east-1:123456789012:applications/some-app",
        "SemanticVersion": "1.0.0",
    },
)


def test_an_application_of_the_repository_is_not_asked_for() -> None:
    made = transformed({"Resources": {"Bought": APPLICATION}}, {}, region="eu-west-1")

    assert made["Resources"]["Bought"]["Type"] == "AWS::CloudFormation::Stack"


def test_an_application_of_the_repository_cannot_be_expanded_here() -> None:
    template = {"Resources": {"Bought": APPLICATION}}

    with pytest.raises(AwsTransformError) as caught:
        transformed(template, {}, region="eu-west-1", accepts_local_code=False)

    message = (
        "AWS alone resolves an application of the AWS Serverless Application Repository;"
        " deploy this template with the macro"
    )
    assert caught.value.problems == (("Bought", message),)
