"""The macro's own stack: its template is the project's, and its code is in a bucket."""

import json
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cfn_trigger.deployment import macro_package, macro_stack, packages
from cfn_trigger.deployment.macro_stack import Code, DeployedStack, MacroStack
from cfn_trigger.errors import UsageError
from cfn_trigger.template.source import parse_template
from macro.handler import PROVIDER_LAYER
from tests.support.command_line import ROOT

CODE = Code(
    version="1.0.0", function=b"function", provider_layer=b"provider", handler_layer=b"handler"
)
LIMIT_OF_A_BODY = 51_200
HANDLERS = "arn:aws:lambda:eu-west-1:123456789012:layer:handlers:3"
PROVIDER = "arn:aws:lambda:eu-west-1:123456789012:layer:provider:12"


def project_template() -> Any:
    return parse_template((ROOT / "template.yaml").read_text(), "template.yaml").values


def test_the_template_that_is_installed_is_a_copy_of_the_projects() -> None:
    installed = Path(macro_package.__file__).with_name("template.yaml")

    assert installed.read_bytes() == (ROOT / "template.yaml").read_bytes()


def test_only_the_location_of_the_code_and_the_version_differ_from_the_projects_template() -> None:
    template: Any = macro_stack.template("code", CODE)
    expected = project_template()

    for name, uri, key in (
        ("MacroFunction", "CodeUri", CODE.function_key),
        ("ProviderLayer", "ContentUri", CODE.provider_layer_key),
        ("HandlerLayer", "ContentUri", CODE.handler_layer_key),
    ):
        assert template["Resources"][name]["Properties"].pop(uri) == {"Bucket": "code", "Key": key}
        assert expected["Resources"][name]["Properties"].pop(uri) == "."
        del expected["Resources"][name]["Metadata"]
    expected["Metadata"]["AWS::ServerlessRepo::Application"]["SemanticVersion"] = CODE.version
    assert template == expected


def test_the_template_fits_into_a_request() -> None:
    assert len(json.dumps(macro_stack.template("b" * 63, CODE))) < LIMIT_OF_A_BODY


def test_the_keys_of_the_code_follow_from_its_contents() -> None:
    other = replace(CODE, function=b"other")

    assert CODE.objects == {
        CODE.function_key: b"function",
        CODE.provider_layer_key: b"provider",
        CODE.handler_layer_key: b"handler",
    }
    assert other.function_key != CODE.function_key
    assert layer_keys(other) == layer_keys(CODE)


def layer_keys(code: Code) -> tuple[str, str]:
    return code.provider_layer_key, code.handler_layer_key


def test_a_release_with_the_same_layers_publishes_no_layer() -> None:
    other = replace(CODE, version="1.0.1")

    assert other.function_key != CODE.function_key
    assert layer_keys(other) == layer_keys(CODE)


def test_the_version_is_that_of_the_installation() -> None:
    code = macro_stack.installed_code(compile_files=lambda _files, _location: {})

    assert code.version == macro_stack.installed_version() == metadata.version("cfn-trigger")
    assert macro_stack.version(macro_stack.template("code", code)) == code.version
    assert macro_stack.version({"Resources": {}}) == ""


def test_a_template_from_a_checkout_does_not_say_its_version() -> None:
    assert macro_stack.version(project_template()) == ""


def test_the_runtime_of_the_packages_is_that_of_the_function() -> None:
    version = ".".join(map(str, packages.RUNTIME))

    function = project_template()["Resources"]["MacroFunction"]["Properties"]
    assert function["Runtime"] == f"python{version}"


@pytest.mark.parametrize(
    ("macro_name", "name", "expected", "bucket_stack"),
    [
        ("Trigger", None, "cfn-trigger", "cfn-trigger-packages"),
        ("RunIt", None, "cfn-trigger-RunIt", "cfn-trigger-RunIt-packages"),
        ("RunIt", "macro", "macro", "macro-packages"),
    ],
)
def test_every_macro_has_stacks_of_its_own(
    macro_name: str, name: str | None, expected: str, bucket_stack: str
) -> None:
    stack = macro_stack.macro_stack(macro_name, name)

    assert stack == MacroStack(macro_name=macro_name, name=expected)
    assert stack.bucket_stack == bucket_stack


@pytest.mark.parametrize("name", ["", "2nd", "A-b", "x" * 65])
def test_a_name_that_no_macro_may_have_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        macro_stack.refuse_macro_name(name)

    assert caught.value.message == (
        f"--macro-name {name}: must be letters and digits, the first a letter, at most 64 in all"
    )


def test_a_name_that_a_macro_may_have_is_not_refused() -> None:
    macro_stack.refuse_macro_name("Trigger2")


def test_the_choices_of_the_command_are_those_of_the_template() -> None:
    declared = project_template()["Parameters"]["ProviderCode"]

    assert declared["AllowedValues"] == list(macro_stack.PROVIDER_CODES)
    assert declared["Default"] == macro_stack.INLINE


def test_the_template_sets_the_variable_from_which_the_function_reads_the_layer() -> None:
    function = project_template()["Resources"]["MacroFunction"]["Properties"]

    assert [*function["Environment"]["Variables"]] == [PROVIDER_LAYER]


def test_no_version_of_a_layer_is_deleted_with_the_stack() -> None:
    layers = [
        resource["Properties"]["RetentionPolicy"]
        for resource in project_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    ]

    assert layers == ["Retain", "Retain"]


@pytest.mark.parametrize(
    ("parameters", "outputs", "provider_code", "layers"),
    [
        ({}, {}, "Inline", ()),
        ({"ProviderCode": "Inline"}, {"HandlerLayerArn": HANDLERS}, "Inline", ("handlers",)),
        (
            {"ProviderCode": "Layer"},
            {"ProviderLayerArn": PROVIDER, "HandlerLayerArn": HANDLERS},
            "Layer",
            ("handlers", "provider"),
        ),
    ],
)
def test_a_stack_says_where_its_provider_is_and_which_layers_it_has(
    parameters: dict[str, str],
    outputs: dict[str, str],
    provider_code: str,
    layers: tuple[str, ...],
) -> None:
    stack = DeployedStack(
        stack_id="", status="CREATE_COMPLETE", parameters=parameters, outputs=outputs
    )

    assert stack.provider_code == provider_code
    assert stack.layer_names == layers
