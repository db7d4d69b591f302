"""What cfn-lint says of triggers: the macro's own words, at the line that they are about."""

from pathlib import Path
from typing import Final

import pytest

from cfn_trigger.catalog import RULES, Rule, page_of
from cfn_trigger.lint.rules import Expanded, Meaning, Risk, ServiceToken, Size, Spelling
from macro.cloudformation import BODY_LIMIT
from tests.support.golden_cases import FOLDER, cases, expected
from tests.support.linting import (
    findings_in,
    findings_in_text,
    findings_without_rules,
    trigger_findings,
)
from tests.support.templates import SAM

LOOPS: Final = "AWS::LanguageExtensions"

MIGRATE: Final = """\
  Migrate:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: "def handler(event, context): pass"}
      Handler: index.handler
      Runtime: python3.13
      Role: arn:aws:iam::123456789012:role/migrate
"""
MIGRATE_OF_SAM: Final = """\
  Migrate:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ./migrate, Handler: app.handler, Runtime: python3.13}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return tmp_path / "template.yaml"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# ---- every problem, at its line


@pytest.mark.parametrize("case", cases("problem.txt"))
def test_what_the_macro_refuses_is_reported_word_for_word(case: str) -> None:
    messages = [
        finding.split(" ", 2)[2]
        for finding in trigger_findings(findings_in(FOLDER / case / "template.yaml"))
    ]

    assert sorted(expected(case).text.splitlines()) == sorted(messages)


def test_a_problem_stands_at_the_key_that_its_place_names(template: Path) -> None:
    text = f"""\
Transform:
  - Name: Trigger
    Parameters:
      MemorySize: 1
Conditions:
  TriggerProviderCondition: !Equals [!Ref AWS::Region, eu-central-1]
Resources:
{MIGRATE}\
  TriggerProvider:
    Type: AWS::SQS::Queue
  Run:
    Type: Custom::Trigger
    Condition: TriggerProviderCondition
    Properties:
      Handler: !Ref Migrate
      ExecuteAfter:
        - Nobody
      Retry:
        MaxAttempts: 3
  InMetadata:
    Type: AWS::Lambda::Function
    Metadata:
      Trigger:
        Timeout: soon
    Properties:
      Code: {{ZipFile: "def handler(event, context): pass"}}
      Handler: index.handler
      Runtime: python3.13
      Role: arn:aws:iam::123456789012:role/migrate
  Bare:
    Type: Custom::Trigger
"""

    assert findings_in(written(template, text)) == [
        (
            "4:7 E9502 Transform.Parameters.MemorySize: must be a whole number from 128 to 10240, "
            "not 1"
        ),
        (
            "6:3 E9503 TriggerProviderCondition: is reserved for a condition that is created for"
            " triggers; rename yours"
        ),
        (
            "15:3 E9503 TriggerProvider: is reserved for a resource that is created for"
            " triggers; rename yours"
        ),
        "23:11 E9503 Run.ExecuteAfter: no resource 'Nobody' in the template",
        (
            "30:9 E9502 InMetadata.Metadata.Trigger.Timeout:"
            " must be a whole number from 1 to 43200, not 'soon'"
        ),
        "36:3 E9502 Bare: has no Handler; name the function to run",
    ]


def test_a_trigger_without_the_transform_stands_at_its_type(template: Path) -> None:
    text = f"""\
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
"""
    need = "is a trigger, and no transform expands it; add Trigger to the Transform"

    assert findings_in(written(template, text)) == [f"10:5 E9501 Run: {need}"]


def test_a_template_whose_expansion_is_too_large_for_its_body_is_reported_as_information(
    template: Path,
) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Notes:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: {"x" * 4_000}
  Run:
    Type: Custom::Trigger
    Metadata: {{Note: {"y" * BODY_LIMIT}}}
    Properties:
      Handler: !Ref Migrate
"""
    (match,) = findings_in(written(template, text))

    assert match.startswith("2:1 I9504 Resources: expands to ")
    assert match.endswith(
        " bytes; CloudFormation accepts 51200 in a request, so pass it through S3"
    )


def test_a_template_that_fits_a_body_with_the_provider_in_a_layer_says_so(template: Path) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Metadata: {{Note: {"y" * 40_000}}}
    Properties:
      Handler: !Ref Migrate
"""
    (match,) = findings_in(written(template, text))

    assert match.startswith("2:1 I9504 Resources: expands to ")
    assert match.endswith(
        " bytes; CloudFormation accepts 51200 in a request, so pass it through S3,"
        " or keep the provider's code in a layer"
    )


def test_a_template_that_expands_beyond_any_limit_is_a_problem(template: Path) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      Timeout: 43200
      Payload: {"x" * 60_000}
"""
    found = findings_in(written(template, text))

    (match,) = (each for each in found if " E9503 " in each)
    assert match.startswith("2:1 E9503 Resources: expands to ")
    assert match.endswith(
        " bytes; CloudFormation accepts 1000000 at most; split the template or shorten its payloads"
    )


def test_a_payload_that_no_update_sees_is_warned_of(template: Path) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      Payload: {"y" * 3000}
"""
    (match,) = findings_in(written(template, text))

    assert match == (
        "14:7 W9505 Run.Payload: the next update's event will lack Old, since 3,006 bytes do not "
        "fit there; keep the payload under 2,000 bytes if the handler reads Old"
    )


def test_an_asynchronous_trigger_whose_failure_nobody_sees_is_a_risk(template: Path) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      InvocationType: Event
"""

    assert findings_in(written(template, text)) == [
        (
            "14:7 W9505 Run.InvocationType: a failure of 'Migrate' would go unnoticed, since"
            " Lambda drops the event; give the trigger a FailureDestination or the function a"
            " dead-letter queue"
        )
    ]


# ---- other custom resources


def test_other_custom_resources_are_judged_as_without_us(template: Path) -> None:
    text = f"""\
Transform: Trigger
Conditions:
  InTest: !Equals [!Ref AWS::Region, eu-central-1]
Resources:
{MIGRATE}\
  Complete:
    Type: Custom::Other
    Properties: {{ServiceToken: !GetAtt Migrate.Arn, Anything: 1}}
  Theirs:
    Type: Custom::Trigger
    Properties: {{ServiceToken: !GetAtt Migrate.Arn, Anything: 1}}
  WithoutToken:
    Type: Custom::Other
    Properties:
      Handler: !Ref Migrate
  WithoutAnything:
    Type: AWS::CloudFormation::CustomResource
  SometimesWithout:
    Type: Custom::Other
    Properties:
      ServiceToken: !If [InTest, !GetAtt Migrate.Arn, !Ref AWS::NoValue]
  OfTheWrongKind:
    Type: Custom::Other
    Properties:
      ServiceToken: [1]
"""
    path = written(template, text)
    without_rules = findings_without_rules(path)

    assert without_rules == findings_in(path)
    assert len(without_rules) == 4


def test_the_rule_that_others_have_a_token_can_be_ignored_as_always(template: Path) -> None:
    text = f"""\
Metadata: {{cfn-lint: {{config: {{ignore_checks: [E3003]}}}}}}
Resources:
{MIGRATE}\
  WithoutToken:
    Type: Custom::Other
"""

    assert findings_in(written(template, text)) == []


# ---- other transforms


def test_after_sam_the_macro_sees_what_sam_made(template: Path) -> None:
    text = f"""\
Transform: [{SAM}, Trigger]
Resources:
{MIGRATE_OF_SAM}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      ExecuteAfter: [MigrateRole, 'AWS::Lambda::*']
      ExecuteBefore: ['AWS::S3::*']
"""

    assert findings_in(written(template, text)) == [
        "11:23 E9503 Run.ExecuteBefore: 'AWS::S3::*' matches no resource"
    ]


def test_a_trigger_before_sam_is_a_problem_at_its_transform(template: Path) -> None:
    text = f"""\
Transform: [Trigger, {SAM}]
Resources:
{MIGRATE_OF_SAM}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      ExecuteBefore: [MigrateRole]
      Timeout: 0
"""

    assert findings_in(written(template, text)) == [
        (
            "1:13 E9503 Transform: Trigger runs before SAM has transformed 'Migrate'; write"
            f" Transform: [{SAM}, Trigger]"
        ),
        "11:7 E9502 Run.Timeout: must be a whole number from 1 to 43200, not 0",
    ]


def test_without_a_file_only_certain_problems_of_a_trigger_before_sam_are_reported() -> None:
    text = f"""\
Transform: [Trigger, {SAM}]
Resources:
{MIGRATE_OF_SAM}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: Migrate.Alias
      ExecuteAfter: ['AWS::Serverless::*']
      Timeout: 0
"""

    assert findings_in_text(text) == [
        "11:7 E9502 Run.Timeout: must be a whole number from 1 to 43200, not 0"
    ]


LOOP: Final = """\
  Fn::ForEach::Runs:
    - Name
    - [First, Second]
    - Run${Name}:
        Type: Custom::Trigger
        Properties:
          Handler: !Ref Migrate
          Timeout: 0
"""


def test_a_loop_is_repeated_before_the_macros_turn(template: Path) -> None:
    text = f"Transform: [{LOOPS}, Trigger]\nResources:\n{MIGRATE}{LOOP}"
    need = "must be a whole number from 1 to 43200, not 0"

    assert findings_in(written(template, text)) == [
        f"17:11 E9502 RunFirst.Timeout: {need}",
        f"17:11 E9502 RunSecond.Timeout: {need}",
    ]


def test_a_loop_that_is_repeated_too_late_is_a_problem(template: Path) -> None:
    text = f"Transform: [Trigger, {LOOPS}]\nResources:\n{MIGRATE}{LOOP}"

    assert findings_in(written(template, text)) == [
        (
            "10:3 E9502 Fn::ForEach::Runs: contains a trigger and is not expanded yet;"
            " put AWS::LanguageExtensions before Trigger in the list of transforms"
        )
    ]


def test_between_others_the_macro_sees_what_those_before_it_made(template: Path) -> None:
    text = f"""\
Transform: [{LOOPS}, Trigger, {SAM}]
Resources:
{MIGRATE_OF_SAM}\
{LOOP}\
          ExecuteAfter: [MigrateRole]
"""
    need = "must be a whole number from 1 to 43200, not 0"

    assert findings_in(written(template, text)) == [
        (
            "1:38 E9503 Transform: Trigger runs before SAM has transformed 'Migrate'; write"
            f" Transform: [{SAM}, Trigger]"
        ),
        f"13:11 E9502 RunFirst.Timeout: {need}",
        f"13:11 E9502 RunSecond.Timeout: {need}",
    ]


# ---- what the transform makes


def test_a_template_may_refer_to_what_triggers_become_and_define(template: Path) -> None:
    text = """\
Transform: Trigger
Resources:
  Migrate:
    Type: AWS::Lambda::Function
    Metadata:
      Trigger: {Timeout: 5}
    Properties:
      Code: {ZipFile: "def handler(event, context): pass"}
      Handler: index.handler
      Runtime: python3.13
      Role: arn:aws:iam::123456789012:role/migrate
  Run:
    Type: Custom::Trigger
    DependsOn: MigrateTrigger
    Properties:
      Function:
        Code: {ZipFile: "def handler(event, context): pass"}
        Handler: index.handler
        Runtime: python3.13
Outputs:
  Rows: {Value: !GetAtt MigrateTrigger.Rows}
  Arn: {Value: !GetAtt RunFunction.Arn}
  Role: {Value: !GetAtt RunRole.Arn}
  Nothing: {Value: !Ref RunTable}
"""
    (match,) = findings_in(written(template, text))

    assert match.startswith("24:13 E6101 'RunTable' is not one of ['Migrate', 'Run', ")


# ---- whatever YAML holds


@pytest.mark.parametrize("key", ["1", "true", "1.5"])
def test_keys_that_are_not_strings_become_strings(template: Path, key: str) -> None:
    text = f"""\
Transform: Trigger
Resources:
{MIGRATE}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
      Payload: {{{key}: {key}}}
      Timeout: 0
"""

    assert trigger_findings(findings_in(written(template, text))) == [
        "15:7 E9502 Run.Timeout: must be a whole number from 1 to 43200, not 0"
    ]


@pytest.mark.parametrize("key", ["1", "true", "2026-11-21", "1.5"])
def test_a_template_of_others_is_linted_whatever_its_keys(template: Path, key: str) -> None:
    text = f"Metadata: {{{key}: {key}}}\nResources:\n{MIGRATE}"

    # E4002: cfn-lint has its own opinion of such values, but goes on.
    assert [
        finding for finding in findings_in(written(template, text)) if " E4002 " not in finding
    ] == []


@pytest.mark.parametrize("transform", ["", "5", "{Name: 5}", "[]", "[[]]", "{Parameters: []}"])
def test_a_transform_that_is_none_is_cfn_lints_to_refuse(template: Path, transform: str) -> None:
    assert (
        trigger_findings(
            findings_in(written(template, f"Transform: {transform}\nResources:\n{MIGRATE}"))
        )
        == []
    )


def test_a_resource_that_is_none_is_cfn_lints_to_refuse(template: Path) -> None:
    assert (
        trigger_findings(
            findings_in(written(template, "Transform: Trigger\nResources: {Run: 5}\n"))
        )
        == []
    )


# ---- descriptions of the rules


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_rule_is_documented_under_its_id(rule: Rule) -> None:
    page = Path("docs/rules.md").read_text()

    assert f"| [`{rule.id}`](#{rule.id.lower()}) | {rule.level} | {rule.title} |\n" in page
    assert f"\n## {rule.id}\n" in page


def test_cfn_lint_has_what_the_catalog_says_of_its_rules() -> None:
    classes = [ServiceToken, Expanded, Spelling, Meaning, Size, Risk]

    assert [(each.id, each.shortdesc) for each in classes] == [
        (rule.id, rule.title) for rule in RULES if "9500" <= rule.id[1:] < "9506"
    ]


def test_a_rule_points_to_its_documentation_if_the_package_names_one() -> None:
    assert page_of("E9501", "") == ""
    assert page_of("E9501", "https://docs.example/trigger/index.html") == (
        "https://docs.example/trigger/rules.html#e9501"
    )
    assert page_of("W9505", "https://code.example/main/docs/index.md") == (
        "https://code.example/main/docs/rules.md#w9505"
    )


@pytest.mark.parametrize("spelling", ["'Queue${Name}'", "!Sub 'Queue${Name}'"])
def test_a_selector_may_have_the_variable_of_its_loop(template: Path, spelling: str) -> None:
    text = f"""\
Transform: [{LOOPS}, Trigger]
Resources:
  Fn::ForEach::Each:
    - Name
    - [Red, Blue]
    - Queue${{Name}}: {{Type: AWS::SQS::Queue}}
      Seed${{Name}}:
        Type: Custom::Trigger
        Properties:
          Handler: arn:aws:lambda:eu-central-1:123456789012:function:seed
          ExecuteAfter: [{spelling}, NoSuch]
"""
    message = "ExecuteAfter: no resource 'NoSuch' in the template"

    column = text.splitlines()[10].index("NoSuch") + 1
    assert findings_in(written(template, text)) == [
        f"11:{column} E9503 SeedBlue.{message}",
        f"11:{column} E9503 SeedRed.{message}",
    ]
