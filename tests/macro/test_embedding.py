"""The provider's code in a template: as text while it fits, and compressed beyond."""

import json
from typing import Any, Final

from macro.cloudformation import BODY_LIMIT
from macro.embedding import TEXT, compressed, embed
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import Template, template, trigger

PART: Final = TEXT[:30_000]
LONG: Final = {"Metadata": {"Note": "x" * 20_000}}


def template_of(size: int) -> Template:
    """Build a template with a part of the code as text that takes so many bytes of JSON."""
    provider = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": PART}}}
    made: Template = {"Description": "", "Resources": {"TriggerProvider": provider}}
    return made | {"Description": "x" * (size - len(json.dumps(made)))}


def code(template: Any) -> str:
    return str(template["Resources"]["TriggerProvider"]["Properties"]["Code"]["ZipFile"])


def test_a_template_that_fits_a_body_keeps_the_text() -> None:
    embedded = embed(template_of(BODY_LIMIT))

    assert (len(json.dumps(embedded.template)), embedded.is_compressed) == (BODY_LIMIT, False)
    assert embedded.template == template_of(BODY_LIMIT)


def test_a_template_that_would_not_fit_holds_the_code_compressed() -> None:
    embedded = embed(template_of(BODY_LIMIT + 1))

    assert embedded.is_compressed
    assert code(embedded.template) == compressed()
    assert len(json.dumps(embedded.template)) < BODY_LIMIT


def test_nothing_but_the_code_differs_in_a_template_that_is_compressed() -> None:
    made = embed(template_of(BODY_LIMIT + 1)).template

    as_text = json.loads(json.dumps(made))
    as_text["Resources"]["TriggerProvider"]["Properties"]["Code"]["ZipFile"] = PART
    assert as_text == template_of(BODY_LIMIT + 1)


def test_embedding_does_not_change_its_argument() -> None:
    template = template_of(BODY_LIMIT + 1)

    embed(template)

    assert template == template_of(BODY_LIMIT + 1)


def test_an_expansion_is_compressed_by_its_size_alone() -> None:
    for content in ({}, LONG):
        expansion = expand(template(content, Run=trigger()), Deployment())

        as_text = json.loads(json.dumps(expansion.fragment))
        as_text["Resources"]["TriggerProvider"]["Properties"]["Code"]["ZipFile"] = TEXT
        assert expansion.is_compressed == (len(json.dumps(as_text)) > BODY_LIMIT)
        assert expansion.size == len(json.dumps(expansion.fragment))


def test_the_form_of_the_code_is_in_no_fingerprint() -> None:
    small = expand(template(Run=trigger()), Deployment()).fragment["Resources"]["Run"]
    large = expand(template(LONG, Run=trigger()), Deployment()).fragment["Resources"]["Run"]

    assert small == large
