"""What SAM makes of a template before the macro's turn, where cfn-lint itself does not run it."""

from typing import Any, Final

import pytest
from cfnlint.decode import decode_str
from cfnlint.template import Template

from cfn_trigger.lint.rules import Sense, Spelling, Transformed
from cfn_trigger.template.sam import is_transformed, transformed
from tests.support.linting import REGION, SAM

FUNCTION: Final = {"CodeUri": "./migrate", "Handler": "app.handler", "Runtime": "python3.13"}


def of_sam(kind: str = "Function", **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


def types(made: dict[str, Any] | None) -> dict[str, str]:
    assert made is not None
    return {name: one["Type"] for name, one in made["Resources"].items()}


def test_sam_makes_what_a_deployment_will_have() -> None:
    made = transformed({"Resources": {"Migrate": of_sam(**FUNCTION)}}, REGION)

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
def test_code_need_not_be_uploaded(kind: str, properties: dict[str, Any]) -> None:
    made = transformed({"Resources": {"Thing": of_sam(kind, **properties)}}, REGION)

    assert made is not None
    assert is_transformed(made)


def test_neither_need_that_of_all_functions() -> None:
    shared = {"Globals": {"Function": FUNCTION}, "Resources": {"Migrate": of_sam()}}

    assert "MigrateRole" in types(transformed(shared, REGION))


def test_parameters_have_the_values_of_their_defaults() -> None:
    template = {
        "Parameters": {"Name": {"Type": "String", "Default": "live"}},
        "Resources": {"Migrate": of_sam(AutoPublishAlias={"Ref": "Name"}, **FUNCTION)},
    }

    assert "MigrateAliaslive" in types(transformed(template, REGION))


def test_what_sam_refuses_becomes_nothing() -> None:
    assert transformed({"Resources": {"Migrate": of_sam(Handler="x")}}, REGION) is None


def test_a_template_is_not_changed() -> None:
    template = {"Resources": {"Migrate": of_sam(**FUNCTION)}}
    transformed(template, REGION)

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


def said(text: str) -> list[tuple[int, str]]:
    """Say what the rules match in a template that cfn-lint has left to SAM, by line."""
    template, _ = decode_str(text)
    cfn = Template(None, template, [REGION])
    matches = [*Transformed().match(cfn), *Spelling().match(cfn), *Sense().match(cfn)]
    return [(match.location[0] + 1, match.message) for match in matches]


def test_where_cfn_lint_leaves_sam_to_others_the_macro_still_comes_after_it() -> None:
    named = "'MigrateRole' is of AWS::IAM::Role; name a function, an alias or a version"

    assert said(TEXT) == [
        (14, f"Late.Handler: {named}"),
        (15, "Late.Timeout: takes a whole number from 1 to 3540, not 0"),
        (10, "Run.ExecuteAfter: no resource 'Nobody' in the template"),
    ]


def test_where_sam_refuses_the_template_only_what_is_certain_is_said() -> None:
    assert said(TEXT.replace("Runtime: python3.13", "Colour: blue")) == [
        (15, "Late.Timeout: takes a whole number from 1 to 3540, not 0")
    ]


def test_where_sam_refuses_the_template_a_missing_transform_is_certain() -> None:
    without_ours = TEXT.replace(", Trigger]", "]").replace("Runtime: python3.13", "Colour: blue")
    need = "is a trigger, and no transform expands it; add Trigger to the Transform"

    assert said(without_ours) == [(7, f"Run: {need}"), (12, f"Late: {need}")]
