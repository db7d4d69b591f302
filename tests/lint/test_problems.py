"""What the macro will say of a template, as far as the template alone can tell."""

from typing import Any

import pytest

from cfn_trigger.catalog import RISK, SIZE
from cfn_trigger.lint.problems import findings, report
from cfn_trigger.template.places import transforms
from tests.support.golden_cases import by_sam, cases
from tests.support.golden_cases import template as golden
from tests.support.templates import SAM, function, of_type, ref, table, template, trigger


def messages(written: dict[str, Any]) -> list[str]:
    return [str(finding.problem) for finding in findings(written)]


def using(parameter: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Write a template whose trigger has settings from the parameter `Given`."""
    declared = {"Transform": "Trigger", "Parameters": {"Given": parameter}}
    return template(declared, Orders=table(), Run=trigger(**properties))


def with_settings(parameters: dict[str, Any], **settings: Any) -> dict[str, Any]:
    transform = {"Name": "Trigger", "Parameters": settings}
    return template({"Transform": transform, "Parameters": parameters}, Run=trigger())


TEXT = {"Type": "String"}


@pytest.mark.parametrize("case", cases("expected.yaml"))
def test_a_template_that_the_macro_takes_has_no_problem(case: str) -> None:
    written = golden(case)
    first, *others = transforms(written)
    if first == SAM:
        written = by_sam(written) | {"Transform": others}

    assert [one for one in findings(written) if one.rule not in {SIZE, RISK}] == []


def test_a_template_that_its_author_gave_no_trigger_has_no_problem() -> None:
    assert findings(template({"Transform": "Trigger"}, Orders=table())) == ()
    assert findings({}) == ()


# ---- parameters


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        (TEXT | {"Default": "5"}, []),
        (TEXT | {"Default": "soon"}, ["'soon'"]),
        ({"Type": "Number", "Default": 5}, []),
        ({"Type": "Number", "Default": 0}, ["'0'"]),
        (TEXT | {"Default": True}, ["'true'"]),
        (TEXT, []),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/timeout"}, []),
    ],
)
def test_a_parameter_has_the_value_of_its_default_or_any(
    declared: dict[str, Any], problem: list[str]
) -> None:
    takes = "Run.Timeout: must be a whole number from 1 to 43200, not "

    assert messages(using(declared, Timeout=ref("Given"))) == [f"{takes}{one}" for one in problem]


def test_a_default_is_read_as_cloudformation_passes_it() -> None:
    assert messages(using({"Type": "String", "Default": True}, Enabled=ref("Given"))) == []
    assert messages(
        using({"Type": "CommaDelimitedList", "Default": "Orders, Jobs"}, ExecuteAfter=ref("Given"))
    ) == ["Run.ExecuteAfter: no resource 'Jobs' in the template"]


@pytest.mark.parametrize(
    "properties",
    [
        {"Retry": {"MaxAttempts": {"Ref": "Given"}}},
        {"Retry": {"Interval": {"Ref": "Given"}, "MaxAttempts": 3}},
        {"OnRollback": {"Handler": "Migrate", "Timeout": {"Ref": "Given"}}},
        {"ExecuteAfter": {"Ref": "Given"}},
        {"OnFailure": {"Ref": "Given"}, "Enabled": {"Ref": "Given"}},
        {"InvocationType": {"Ref": "Given"}, "Expect": {"Done": True}},
        {"InvocationType": {"Ref": "Given"}, "FailureDestination": "arn:aws:sqs:x:1:y"},
    ],
)
def test_a_value_that_is_not_known_has_no_problems(properties: dict[str, Any]) -> None:
    assert messages(using(TEXT, **properties)) == []


def test_a_problem_with_every_value_is_reported() -> None:
    assert messages(using(TEXT, InvocationType=ref("Given"), ExecuteAfter=["Jobs"])) == [
        "Run.ExecuteAfter: no resource 'Jobs' in the template"
    ]
    assert messages(using(TEXT, Timout=ref("Given"), Retry=ref("Given"))) == [
        "Run.Timout: unknown property; did you mean 'Timeout'?",
        "Run.Retry: must be a map of MaxAttempts, Interval, BackoffRate, MaxInterval, not Ref",
    ]


def test_a_secret_is_refused_whatever_its_value() -> None:
    assert messages(using(TEXT | {"NoEcho": True}, Timeout=ref("Given"))) == [
        "Run.Timeout: 'Given' is a parameter with NoEcho; use one without"
    ]


def test_in_a_functions_metadata_parameters_are_the_same() -> None:
    migrate = function() | {"Metadata": {"Trigger": {"Timeout": ref("Given")}}}
    declared = {"Transform": "Trigger", "Parameters": {"Given": TEXT}}

    assert messages(template(declared, Migrate=migrate)) == []


# ---- the transform's own parameters, which CloudFormation resolves


def test_the_transforms_own_parameters_have_the_values_of_defaults() -> None:
    default = TEXT | {"Default": "64", "NoEcho": True}

    assert messages(with_settings({"Given": default}, MemorySize=ref("Given"))) == [
        "Transform.Parameters.MemorySize: must be a whole number from 128 to 10240, not '64'"
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"MemorySize": {"Ref": "Given"}},
        {"LogRetentionInDays": {"Ref": "Given"}, "Architecture": {"Ref": "Given"}},
        {"SubnetIds": {"Ref": "Given"}, "SecurityGroupIds": ["sg-1"]},
        {"SubnetIds": [{"Ref": "Given"}, "subnet-2"], "SecurityGroupIds": {"Ref": "Given"}},
        {"ProviderRole": {"Ref": "Given"}},
    ],
)
def test_settings_without_a_value_have_no_problems(settings: dict[str, Any]) -> None:
    assert messages(with_settings({"Given": TEXT | {"NoEcho": True}}, **settings)) == []


# ---- what triggers become


def test_a_trigger_becomes_its_resource_and_what_it_defines() -> None:
    defined = of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}}) | {"Condition": "C"}
    migrate = function() | {"Metadata": {"Trigger": {}}}
    written = template({"Transform": "Trigger"}, Migrate=migrate, Seed=defined)
    types = {
        name: (one["Type"], one.get("Condition")) for name, one in report(written).resources.items()
    }

    assert types == {
        "MigrateTrigger": ("Custom::Trigger", None),
        "Seed": ("Custom::Trigger", "C"),
        "SeedFunction": ("AWS::Lambda::Function", "C"),
        "SeedRole": ("AWS::IAM::Role", "C"),
        "SeedLogGroup": ("AWS::Logs::LogGroup", "C"),
    }


def test_without_the_transform_a_trigger_becomes_nothing() -> None:
    assert report(template(Run=trigger())).resources == {}


def test_risks_of_a_trigger_are_reported_next_to_the_problems_of_another() -> None:
    risky = trigger(InvocationType="Event")
    written = template({"Transform": "Trigger"}, Migrate=function(), Run=risky, Other=trigger(A=1))

    assert [(one.rule.id, one.problem.place) for one in findings(written)] == [
        ("E9502", "Other.A"),
        ("W9505", "Run.InvocationType"),
    ]
