"""The provider's code: as text if a request can hold it, compressed if not, or in a layer."""

import json
from typing import Any, Final

import pytest

from macro.cloudformation import BODY_LIMIT
from macro.embedding import IMPORT, TEXT, compressed, embed
from macro.expand import expand
from macro.handler import handler
from macro.model import Deployment
from tests.support.templates import Template, template, trigger

PART: Final = TEXT[:30_000]
LONG: Final = {"Metadata": {"Note": "x" * 20_000}}
LAYER: Final = "arn:aws:lambda:eu-central-1:123456789012:layer:cfn-trigger-Trigger-provider:7"
IN_LAYER: Final = Deployment(provider_layer=LAYER)
LEAST_WITH_A_LAYER: Final = 48_000
LEAST_COMPRESSED: Final = 30_000


def template_of(size: int) -> Template:
    """Build a template with a part of the code as text that takes so many bytes of JSON."""
    provider = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": PART}}}
    made: Template = {"Description": "", "Resources": {"TriggerProvider": provider}}
    return made | {"Description": "x" * (size - len(json.dumps(made)))}


def provider(template: Any) -> Any:
    return template["Resources"]["TriggerProvider"]["Properties"]


def code(template: Any) -> str:
    return str(provider(template)["Code"]["ZipFile"])


def test_a_template_that_fits_a_body_keeps_the_text() -> None:
    embedded = embed(template_of(BODY_LIMIT))

    assert len(json.dumps(embedded)) == BODY_LIMIT
    assert embedded == template_of(BODY_LIMIT)


def test_a_template_that_would_not_fit_holds_the_code_compressed() -> None:
    embedded = embed(template_of(BODY_LIMIT + 1))

    assert code(embedded) == compressed()
    assert len(json.dumps(embedded)) < BODY_LIMIT


def test_nothing_but_the_code_differs_in_a_template_that_is_compressed() -> None:
    made = embed(template_of(BODY_LIMIT + 1))

    as_text = json.loads(json.dumps(made))
    provider(as_text)["Code"]["ZipFile"] = PART
    assert as_text == template_of(BODY_LIMIT + 1)


def test_a_layer_leaves_an_import_in_a_template_of_any_size() -> None:
    for size in (BODY_LIMIT, BODY_LIMIT + 1):
        embedded = embed(template_of(size), LAYER)

        assert provider(embedded) == {"Code": {"ZipFile": IMPORT}, "Layers": [LAYER]}


@pytest.mark.parametrize("size", [BODY_LIMIT, BODY_LIMIT + 1])
@pytest.mark.parametrize("layer", ["", LAYER])
def test_embedding_does_not_change_its_argument(size: int, layer: str) -> None:
    template = template_of(size)

    embed(template, layer)

    assert template == template_of(size)


def test_an_expansion_is_compressed_by_its_size_alone() -> None:
    for content in ({}, LONG):
        expansion = expand(template(content, Run=trigger()), Deployment())

        as_text = json.loads(json.dumps(expansion.fragment))
        provider(as_text)["Code"]["ZipFile"] = TEXT
        is_larger = len(json.dumps(as_text)) > BODY_LIMIT
        assert code(expansion.fragment) == (compressed() if is_larger else TEXT)
        assert expansion.size == len(json.dumps(expansion.fragment))


def test_with_a_layer_only_the_code_and_the_layer_of_the_provider_differ() -> None:
    fragment = template(Run=trigger())

    in_layer = json.loads(json.dumps(expand(fragment, IN_LAYER).fragment))

    assert provider(in_layer).pop("Layers") == [LAYER]
    assert provider(in_layer).pop("Code") == {
        "ZipFile": (
            "# The provider of cfn-trigger is in this function's layer: "
            "/opt/python/trigger_provider\n"
            "from trigger_provider.index import handler\n"
        )
    }
    embedded = json.loads(json.dumps(expand(fragment, Deployment()).fragment))
    del provider(embedded)["Code"]
    assert in_layer == embedded


def test_a_template_without_triggers_gets_no_layer() -> None:
    fragment = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}

    assert expand(fragment, IN_LAYER).fragment is fragment


def test_the_form_of_the_code_is_in_no_fingerprint() -> None:
    small = expand(template(Run=trigger()), Deployment()).fragment["Resources"]["Run"]
    large = expand(template(LONG, Run=trigger()), Deployment()).fragment["Resources"]["Run"]
    in_layer = expand(template(Run=trigger()), IN_LAYER).fragment["Resources"]["Run"]

    assert small == large == in_layer


@pytest.mark.parametrize(("layer", "least"), [(LAYER, LEAST_WITH_A_LAYER), ("", LEAST_COMPRESSED)])
def test_a_request_leaves_room_for_the_author_of_one_trigger(layer: str, least: int) -> None:
    """All bytes of the template count as the author's, including those of the trigger."""
    for size in (least, least - 1):
        author = template(Run=trigger(Payload=""))
        author["Resources"]["Run"]["Properties"]["Payload"] = "x" * (size - len(json.dumps(author)))

        assert len(json.dumps(author)) == size
        assert expand(author, Deployment(provider_layer=layer)).size <= BODY_LIMIT


# ---- the function's environment


def test_the_macro_reads_the_layer_from_the_environment_of_its_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = {"requestId": "request-1", "fragment": template(Run=trigger())}
    monkeypatch.setenv("PROVIDER_LAYER_ARN", LAYER)

    answer = handler(event, None)

    assert provider(answer["fragment"])["Layers"] == [LAYER]


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_layer_in_the_environment_the_template_has_the_text(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"requestId": "request-1", "fragment": template(Run=trigger())}
    if value is not None:
        monkeypatch.setenv("PROVIDER_LAYER_ARN", value)

    answer = handler(event, None)

    assert code(answer["fragment"]) == TEXT
