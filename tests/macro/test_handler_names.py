"""A handler outside the template, by any name that Lambda takes, of any region."""

from typing import Any, Final

import pytest

from tests.support.templates import (
    Template,
    expanded,
    get,
    of_type,
    problems,
    ref,
    sub,
    template,
    trigger,
    when,
)

ARN: Final = "arn:aws:lambda:us-east-1:123456789012:function:edge"
PREFIX: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
HERE: Final = "arn:${AWS::Partition}:lambda:${AWS::Region}:"


def parameter(kind: str = "String", **more: Any) -> Template:
    return {"Parameters": {"Which": {"Type": kind, **more}}}


def resource_of(expansion: Template) -> Any:
    """Return what the provider's permission to invoke is about."""
    (policy,) = (
        resource["Properties"]["PolicyDocument"]["Statement"]
        for name, resource in expansion["Resources"].items()
        if name.startswith("TriggerProviderInvoke") and name != "TriggerProviderInvokeConfig"
    )
    ((statement),) = policy
    return statement["Resource"]


def handler_of(expansion: Template) -> Any:
    return expansion["Resources"]["Run"]["Properties"]["HandlerArn"]


@pytest.mark.parametrize(
    ("handler", "arn"),
    [
        (get("Live", "AliasArn"), ref("Live")),
        (get("Fixed", "FunctionArn"), ref("Fixed")),
        ({"Fn::GetAtt": "Live.AliasArn"}, ref("Live")),
        (sub("${Live.AliasArn}"), sub("${Live.AliasArn}")),
    ],
)
def test_the_arn_of_an_alias_or_a_version_may_be_an_attribute(handler: Any, arn: Any) -> None:
    version = of_type("AWS::Lambda::Version", FunctionName=ref("Migrate"))
    alias = of_type(
        "AWS::Lambda::Alias",
        FunctionName=ref("Migrate"), FunctionVersion=get("Fixed", "Version"), Name="live",
    )  # fmt: skip
    fragment = template(Fixed=version, Live=alias, Run=trigger(handler))

    assert handler_of(expanded(fragment)) == arn


@pytest.mark.parametrize(
    ("handler", "attribute"),
    [(get("Live", "FunctionArn"), "FunctionArn"), (get("Fixed", "Version"), "Version")],
)
def test_another_attribute_of_an_alias_or_a_version_is_a_problem(
    handler: Any, attribute: str
) -> None:
    live = of_type("AWS::Lambda::Alias", FunctionName=ref("Migrate"), Name="live")
    fixed = of_type("AWS::Lambda::Version", FunctionName=ref("Migrate"))

    assert problems(template(Live=live, Fixed=fixed, Run=trigger(handler))) == [
        f"Run.Handler: must be the function's 'Arn', not its {attribute!r}"
    ]


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("migrate", sub(PREFIX + "${Which}")),
        ("migrate:live", sub(PREFIX + "${Which}")),
        ("function:migrate", sub(HERE + "${AWS::AccountId}:${Which}")),
        ("123456789012:function:migrate", sub(HERE + "${Which}")),
        ("123456789012:function:migrate:7", sub(HERE + "${Which}")),
        (
            "us-east-1:123456789012:function:migrate",
            sub("arn:${AWS::Partition}:lambda:${Which}"),
        ),
        (ARN, ref("Which")),
        (f"{ARN}:live", ref("Which")),
        ("{{resolve:ssm:/migrate}}", ref("Which")),
    ],
)
def test_a_parameter_may_hold_any_name_of_a_function(value: str, arn: Any) -> None:
    expansion = expanded(template(parameter(), Run=trigger(ref("Which"))), Which=value)

    assert handler_of(expansion) == arn
    assert resource_of(expansion) == [arn, {"Fn::Join": [":", [arn, "*"]]}]


@pytest.mark.parametrize(
    "sections",
    [parameter(NoEcho=True), parameter("AWS::SSM::Parameter::Value<String>")],
)
def test_a_parameter_whose_value_is_not_known_holds_an_arn(sections: Template) -> None:
    expansion = expanded(template(sections, Run=trigger(ref("Which"))), Which="/a name")

    assert handler_of(expansion) == ref("Which")


def test_a_parameter_that_holds_no_name_is_a_problem() -> None:
    run = template(parameter(), Run=trigger(ref("Which")))

    assert problems(run, Which="my function") == [
        "Run.Handler: 'Which' is 'my function', not the name or ARN of a function"
    ]


@pytest.mark.parametrize(
    ("written", "arn"),
    [
        ("123456789012:function:migrate", sub(HERE + "123456789012:function:migrate")),
        ("theirs:live", sub(PREFIX + "theirs:live")),
        (
            sub("${AWS::StackName}-migrate"),
            {"Fn::Join": ["", [sub(PREFIX), sub("${AWS::StackName}-migrate")]]},
        ),
        (
            when("Production", ref("Which"), ARN),
            when("Production", sub(PREFIX + "${Which}"), ARN),
        ),
        (sub("${Which}-load"), {"Fn::Join": ["", [sub(PREFIX), sub("${Which}-load")]]}),
        ({"Fn::ImportValue": "Shared"}, {"Fn::ImportValue": "Shared"}),
        (sub("arn:${AWS::Partition}:lambda:us-east-1:1:function:a"),) * 2,
        (ARN, ARN),
    ],
)
def test_a_name_may_be_written_or_computed(written: Any, arn: Any) -> None:
    sections = parameter() | {"Conditions": {"Production": {"Fn::Equals": [ref("Which"), "live"]}}}
    expansion = expanded(template(sections, Run=trigger(written)), Which="migrate")

    assert handler_of(expansion) == arn


def test_a_name_that_is_written_alone_is_a_logical_id() -> None:
    assert problems(template(Run=trigger("Migrat"))) == [
        "Run.Handler: no 'Migrat' in the template; did you mean 'Migrate'?"
    ]
    assert problems(template(Run=trigger("Migrate:live"))) == [
        "Run.Handler: no 'Migrate:live' in the template; did you mean 'Migrate'?"
    ]
