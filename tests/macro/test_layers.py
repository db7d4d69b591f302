"""Layers that the template makes: what counts is what is in them."""

from typing import Any, Final

import pytest

from tests.support.templates import (
    Template,
    fingerprint,
    function,
    get,
    of_type,
    ref,
    sub,
    template,
    trigger,
    when,
)

ARN: Final = "arn:aws:lambda:eu-central-1:123456789012:layer:library:1"


def layer(key: Any = "1.zip", **attributes: Any) -> Template:
    return (
        of_type("AWS::Lambda::LayerVersion", Content={"S3Bucket": "code", "S3Key": key})
        | attributes
    )


def entries(library: Template, layers: Any, sections: Template | None = None) -> Template:
    """Date a handler with layers, in a template that makes the layer `Library`."""
    migrate = function(Layers=layers)
    return fingerprint(template(sections, Migrate=migrate, Library=library, Run=trigger()))


@pytest.mark.parametrize(
    "layers",
    [
        [ref("Library")],
        [ARN, ref("Library")],
        [sub("${Library}")],
        [get("Library", "LayerVersionArn")],
        [when("Production", ref("Library"), ARN)],
        when("Production", [ref("Library")]),
    ],
)
def test_a_layers_content_counts(layers: Any) -> None:
    before = entries(layer(), layers)
    after = entries(layer("2.zip"), layers)

    assert {name for name in after if after[name] != before[name]} == {"Layers"}


def test_a_parameter_in_a_layers_content_counts_by_its_value() -> None:
    migrate = function(Layers=[ref("Library")])
    fragment = template(
        {"Parameters": {"Key": {"Type": "String"}}},
        Migrate=migrate,
        Library=layer(ref("Key")),
        Run=trigger(),
    )

    before, after = (fingerprint(fragment, Key=key) for key in ("1.zip", "2.zip"))

    assert before["Layers"] != after["Layers"]
    assert before["References"] == {"Key": ref("Key"), "Library": ref("Library")}


@pytest.mark.parametrize(
    "attributes", [{"DeletionPolicy": "Retain"}, {"Metadata": {"A": 1}}, {"DependsOn": "Migrate"}]
)
def test_attributes_of_a_layers_resource_do_not_count(attributes: Template) -> None:
    layers = [ref("Library")]

    assert entries(layer(**attributes), layers) == entries(layer(), layers)


def test_a_layer_that_the_handler_does_not_use_does_not_count() -> None:
    assert entries(layer(), [ARN]) == entries(layer("2.zip"), [ARN])


def test_another_resource_among_the_layers_does_not_count_by_content() -> None:
    before = entries(of_type("AWS::CloudFormation::Stack", A=1), [get("Library", "Outputs.Arn")])
    after = entries(of_type("AWS::CloudFormation::Stack", A=2), [get("Library", "Outputs.Arn")])

    assert before == after


def test_layers_count_in_their_order() -> None:
    assert entries(layer(), [ARN, ref("Library")]) != entries(layer(), [ref("Library"), ARN])


def test_a_layer_does_not_count_where_a_change_of_the_handler_does_not() -> None:
    run = trigger(ExecuteOnHandlerChange=False)
    migrate = function(Layers=[ref("Library")])

    assert fingerprint(template(Migrate=migrate, Library=layer(), Run=run)) == {}
