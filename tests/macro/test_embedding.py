"""The provider's code in a template: as text while it fits, and compressed beyond."""

import json
from types import SimpleNamespace
from typing import Any, Final

from macro.cloudformation import BODY_LIMIT
from macro.embedding import TEXT, compressed, embed
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import Template, template, trigger

PART: Final = TEXT[:30_000]
LONG: Final = {"Metadata": {"Note": "x" * 20_000}}
MOST_COMPRESSED: Final = 18_400


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


def test_the_compressed_code_is_small_and_its_first_line_says_what_it_is() -> None:
    assert len(json.dumps(compressed())) <= MOST_COMPRESSED
    assert compressed().startswith("# The provider of cfn-trigger, compressed for a large template")


def test_the_compressed_code_defines_what_the_text_defines() -> None:
    as_text, unpacked = SimpleNamespace(), SimpleNamespace()

    exec(TEXT, vars(as_text))  # noqa: S102 (it is our own)
    exec(compressed(), vars(unpacked))  # noqa: S102 (as Lambda imports it)

    assert vars(as_text).keys() - {"__builtins__"} <= vars(unpacked).keys()
    assert unpacked.handler.__code__.co_code == as_text.handler.__code__.co_code
    assert unpacked.handler.__code__.co_filename == "embedded.py"


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
