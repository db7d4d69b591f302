"""A function, an alias or a version of the template is the handler, however its name is written."""

from typing import Any, Final

import pytest

from tests.support.golden_cases import by_sam
from tests.support.templates import (
    Template,
    expanded,
    fingerprint,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    sub,
    template,
    trigger,
    under,
    waiting,
    waits,
    when,
)

PREFIX: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
NAMED: Final = function(FunctionName=sub("${Stage}-seed"), Code={"ZipFile": "1"})
ALIAS: Final = of_type("AWS::Lambda::Alias", FunctionName=ref("Seed"), Name="live")
PARAMETERS: Final = {
    "Parameters": {"Stage": {"Type": "String"}, "Which": {"Type": "String", "Default": ""}}
}


@pytest.mark.parametrize(
    "handler",
    [
        sub(f"{PREFIX}${{Stage}}-seed"),
        sub(f"{PREFIX}test-seed"),
        sub(f"{PREFIX}${{Seed}}"),
        sub(f"{PREFIX}${{Name}}", {"Name": ref("Seed")}),
        {"Fn::Join": [":", ["arn:aws:lambda", ref("AWS::Region"), "1", "function", "test-seed"]]},
        {"Fn::Join": ["", [sub(PREFIX), ref("Stage"), "-seed"]]},
        "arn:aws:lambda:eu-central-1:123456789012:function:test-seed",
        sub("${AWS::AccountId}:function:test-seed"),
        sub("${Stage}-seed"),
        ref("Which"),
    ],
)
def test_a_function_of_the_template_is_the_handler_by_its_name(handler: Any) -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:test-seed"
    fragment = template(PARAMETERS, Seed=NAMED, Run=trigger(handler))
    expansion = expanded(fragment, Stage="test", Which=arn)["Resources"]

    assert "TriggerProviderInvokeSeed" in expansion
    assert "Seed" in expansion["Run"]["DependsOn"] or "Seed" in str(handler)
    assert "Code" in expansion["Run"]["Properties"]["Fingerprint"]


@pytest.mark.parametrize(
    "handler",
    [
        sub(f"{PREFIX}other-seed"),
        "arn:aws:lambda:eu-central-1:123456789012:function:seed",
        {"Fn::ImportValue": "test-seed"},
    ],
)
def test_a_function_of_another_name_is_outside_the_template(handler: Any) -> None:
    fragment = template(PARAMETERS, Seed=NAMED, Run=trigger(handler))

    assert fingerprint(fragment, Stage="test") == {}


@pytest.mark.parametrize(
    "handler",
    [
        sub("${Seed.Arn}:live"),
        sub("${Arn}:live", {"Arn": get("Seed")}),
        {"Fn::Join": [":", [get("Seed"), "live"]]},
        sub(f"{PREFIX}${{Seed}}:live"),
        sub("${Seed}:live"),
    ],
)
def test_an_alias_is_waited_for_however_it_is_named(handler: Any) -> None:
    fragment = template(Seed=function(), Live=ALIAS, Run=trigger(handler))

    assert "Live" in waits(fragment)


@pytest.mark.parametrize(
    "alias",
    [
        of_type("AWS::Lambda::Alias", FunctionName=ref("Seed"), Name="next"),
        of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live"),
    ],
)
def test_another_alias_is_not_waited_for(alias: Template) -> None:
    fragment = template(Seed=function(), Live=alias, Run=trigger(sub("${Seed.Arn}:live")))

    assert "Live" not in waits(fragment)


@pytest.mark.parametrize(
    "named", [ref("Seed"), get("Seed"), "test-seed", sub(f"{PREFIX}test-seed")]
)
def test_an_alias_belongs_to_its_function_however_that_is_named(named: Any) -> None:
    alias = of_type("AWS::Lambda::Alias", FunctionName=named, Name="live")
    seed = function(FunctionName="test-seed")
    run = trigger(sub("${Seed.Arn}:live"))

    assert "Live" in waits(template(Seed=seed, Live=alias, Run=run))
    assert waits(template(Seed=seed, Live=alias, Run=trigger(ref("Live")))) == ["Seed"]


def test_an_alias_that_may_not_be_there_is_waited_for_where_it_is() -> None:
    fragment = template(
        Seed=function(), Live=under("Production", ALIAS), Run=trigger(sub("${Seed.Arn}:live"))
    )

    assert resources(fragment)["Run"]["Metadata"] == {
        "TriggerEdges": [when("Production", ref("Live"))]
    }


def test_an_alias_that_waits_for_its_trigger_is_a_cycle() -> None:
    fragment = template(
        Seed=function(), Live=waiting(ALIAS, "Run"), Run=trigger(sub("${Seed.Arn}:live"))
    )

    assert problems(fragment) == [
        "Run.Handler: closes a cycle: Run -> Live -> Run; remove one of these dependencies"
    ]


def test_a_version_is_waited_for_by_its_number() -> None:
    version = of_type("AWS::Lambda::Version", FunctionName=ref("Seed"))
    fragment = template(
        Seed=function(), Fixed=version, Run=trigger(sub("${Seed.Arn}:${Fixed.Version}"))
    )

    assert problems(fragment) == []
    assert "Fixed" not in waits(fragment)  # the handler's own reference makes it wait


def test_the_latest_version_is_the_function() -> None:
    fragment = template(Live=ALIAS, Seed=function(), Run=trigger(sub("${Seed.Arn}:$LATEST")))

    assert "Live" not in waits(fragment)


def test_the_alias_that_sam_publishes_is_waited_for_by_its_name() -> None:
    sam = of_type(
        "AWS::Serverless::Function", AutoPublishAlias="live", InlineCode="1", Handler="index.h",
        Runtime="python3.13",
    )  # fmt: skip
    made = by_sam({"Resources": {"Seed": sam}})["Resources"]

    assert "SeedAliaslive" in waits(template(**made, Run=trigger(sub("${Seed.Arn}:live"))))
