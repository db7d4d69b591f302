"""The caret of a problem is at the token that is wrong, in whatever way the template is written.

A token is between « and »; the test takes these marks out and expects a problem at each.
"""

import json
import re
from typing import Any, Final

import pytest
import yaml

from cfn_trigger.errors import Span, TemplateProblems
from cfn_trigger.template.source import parse_template
from cfn_trigger.template.spans import lines
from cfn_trigger.template.transforms import Context, process

_MARKED: Final = re.compile("«([^»]*)»")
HEAD: Final = """\
Transform: Trigger
Resources:
  Orders: {Type: AWS::SQS::Queue}
  Migrate: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Handler: a.b}}
"""
RUN: Final = f"""{HEAD}\
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate
"""
METADATA: Final = f"""{HEAD}\
  Load:
    Type: AWS::Lambda::Function
    Properties: {{Runtime: python3.13, Handler: a.b}}
    Metadata:
      Trigger:
"""
SETTINGS: Final = """\
Transform:
  - Name: Trigger
    Parameters:
      {}
Resources:
  Migrate: {{Type: AWS::Lambda::Function, Properties: {{Runtime: python3.13, Handler: a.b}}}}
  Run: {{Type: Custom::Trigger, Properties: {{Handler: !Ref Migrate}}}}
"""
SAM: Final = """\
Transform: [AWS::Serverless-2016-10-31, Trigger]
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: a, Runtime: python3.13, Handler: a.b}
"""
LOOPS: Final = """\
Transform: [AWS::LanguageExtensions, Trigger]
Resources:
  Fn::ForEach::Each:
    - Name
    - [Red]
"""


def expected(text: str) -> list[Span]:
    spans = []
    for number, line in enumerate(lines(text), 1):
        taken = 0
        for token in _MARKED.finditer(line):
            column = token.start() - taken + 1
            spans.append(Span(line=number, column=column, width=len(token[1])))
            taken += 2
    return spans


def spans_of_problems(text: str) -> list[Span]:
    with pytest.raises(TemplateProblems) as caught:
        process(parse_template(text, "t.yaml"), Context(values={}))
    return sorted({diagnostic.span for diagnostic in caught.value.diagnostics})


def check(marked: str) -> None:
    text = _MARKED.sub(r"\1", marked)
    assert spans_of_problems(text) == expected(marked), text


PROPERTIES: Final = (
    # what is unknown
    "«Timout»: 5",
    "«'Timout'»: 5",
    '«"Timout"»: 5',
    "? «Timout»\n      : 5",
    "«on»: 5",
    "«No»: 5",
    "«2020-01-01»: 5",
    "«5»: 5",
    "«1.5»: 5",
    "«A.B»: 5",
    "«Größe»: 5",
    "«大小»: 5",
    "«😀»: 5",
    # values
    "«Timeout»: soon",
    "«Timeout»: 2020-01-01",
    "«Timeout»:\n        soon",
    "«Timeout»: >-\n        soon",
    "«Timeout»: !Ref Orders",
    "«Enabled»: maybe",
    "«InvocationType»: event",
    "«OnFailure»: [Fail]",
    "«PollInterval»: -1",
    "«Expect»: {A: 1}\n      InvocationType: Event",
    # parts of a map
    "Retry: {«MaxAttemps»: 3}",
    "Retry: {MaxAttempts: 3, «Interval»: soon}",
    'Retry: {"MaxAttempts": 3, «"Interval"»: soon}',
    "Retry:\n        MaxAttempts: 3\n        «Intervall»: 5",
    "Retry: {«on»: 3}",
    "Retry: {«2020-01-01»: 3, «BackoffRate»: 0}",
    "«Retry»: 5",
    "«Retry»: [MaxAttempts]",
    # items of a list
    "ExecuteAfter: [Orders, «Nobody»]",
    "ExecuteAfter: [Orders, «'Nobody'»]",
    'ExecuteAfter: [Orders, «"Nobody"»]',
    "ExecuteAfter: [«Größe», Orders, «AWS::S3::*»]",
    "ExecuteAfter: [Orders, «!Ref Nobody»]",
    "ExecuteAfter: [Orders, «{Ref: Nobody}»]",
    "ExecuteAfter: [Orders, «5», «[Orders]», «2020-01-01», «{A: B}», «null»]",
    "ExecuteAfter:\n        - Orders\n        - «Nobody»\n        - «!Ref Nobdy»",
    "ExecuteAfter:\n      - Orders\n      - «Nobody»  # the last",
    "ExecuteAfter:\n        - >-\n          Orders\n        -   «Nobody»",
    "«ExecuteAfter»: Nobody",
    "«ExecuteAfter»: !Ref Nobody",
    "«ExecuteAfter»: {Ref: Nobody}",
    "«ExecuteAfter»: 5",
    "ExecuteBefore: [Orders, «Migrate»]",
    "ExecuteOnResourceChange: [Orders, «Orderz*»]",
    "ExecuteAfter: [Orders]\n      ExecuteBefore: [«Orders»]",
    # deeper
    'Payload: {A: [1, «"{{resolve:secretsmanager:x}}"»]}',
    "Payload: {A: {«B»: '{{resolve:ssm-secure:x}}'}}",
    "Expect:\n        A:\n          - B: 1\n            «C»: '{{resolve:ssm-secure:x}}'",
    "«Payload»: '{{resolve:secretsmanager:x}}'",
    "OnRollback: {Handler: !Ref Migrate, «Timeout»: soon}",
    "OnRollback: {Handler: !Ref Migrate, «Timout»: 5}",
    "OnRollback: {Handler: !Ref Migrate, Retry: {«MaxAttemps»: 5}}",
    "OnRollback:\n        «Handler»: !Ref Nobody",
    "«Function»: {Code: {ZipFile: x}}",
)  # fmt: skip


@pytest.mark.parametrize("properties", PROPERTIES)
def test_a_problem_of_a_property_is_at_its_key_or_at_the_part_that_is_wrong(
    properties: str,
) -> None:
    check(f"{RUN}      {properties}\n")


@pytest.mark.parametrize(
    "properties",
    [each for each in PROPERTIES if "Function»" not in each and "Migrate»" not in each],
)
def test_a_trigger_in_metadata_has_its_carets_too(properties: str) -> None:
    check(f"{METADATA}        " + properties.replace("\n", "\n  ") + "\n")


@pytest.mark.parametrize(
    "function",
    [
        "{«Code»: ./code}",
        "{«CodeUri»: ./code}",
        "{Code: {ZipFile: x}, «Policies»: {A: B}}",
        "{Code: {ZipFile: x}, Policies: [{Effect: Allow}, «Admin»]}",
        "{Code: {ZipFile: x}, Role: arn, «Policies»: [{Effect: Allow}]}",
    ],
)
def test_a_problem_of_a_function_is_at_its_property(function: str) -> None:
    check(f"{HEAD}  Run: {{Type: Custom::Trigger, Properties: {{Function: {function}}}}}\n")


@pytest.mark.parametrize(
    "resource",
    [
        "{Type: Custom::Trigger, «Properties»: 5}",
        "{Type: Custom::Trigger, «Properties»: [Handler]}",
        "{Type: Custom::Trigger, Properties: {«Handler»: Nobody}}",
        "{Type: Custom::Trigger, Properties: {«Handler»: !Ref Orders}}",
        "{Type: Custom::Trigger, Properties: {«Handler»: !GetAtt Migrate.Name}}",
        "{Type: Custom::Trigger, «Condition»: {A: B}, Properties: {Handler: !Ref Migrate}}",
    ],
)
def test_a_problem_of_an_attribute_is_at_its_key(resource: str) -> None:
    check(f"{HEAD}  Run: {resource}\n")


def test_what_is_missing_is_a_problem_of_the_resource() -> None:
    check(f"{HEAD}  «Run»: {{Type: Custom::Trigger}}\n")
    check(f'{HEAD}  «"Run"»: {{Type: Custom::Trigger, Properties: {{Timeout: 5}}}}\n')


@pytest.mark.parametrize(
    "parameters",
    [
        "«MemorySize»: 1",
        "«Memorysize»: 512",
        "«on»: 1",
        "Tags: [A=B, «C»]",
        'Tags: ["A=B", «"aws:x=y"», «"a=c"»]',
        "Tags:\n        - A=B\n        - «5»",
        "SubnetIds: [subnet-1, «5»]\n      SecurityGroupIds: [sg-1]",
        "«SubnetIds»: [subnet-1]",
        "«Runtime»: nodejs22.x",
        "«LogRetentionInDays»: 2",
        "«ProviderRole»: me",
    ],
)
def test_a_problem_of_a_parameter_of_the_transform_is_at_that_parameter(parameters: str) -> None:
    check(SETTINGS.format(parameters))


@pytest.mark.parametrize(
    "transform",
    [
        "{Name: Trigger, Parameters: {«MemorySize»: 1}}",
        '{"Parameters": {«"MemorySize"»: 1}, "Name": "Trigger"}',
        "[AWS::Foo, {Name: Trigger, Parameters: {Tags: [«x»]}}]",
    ],
)
def test_a_transform_may_be_written_in_several_ways(transform: str) -> None:
    written = SETTINGS.format("MemorySize: 512").splitlines()
    check("\n".join([f"Transform: {transform}", *written[4:]]))


@pytest.mark.parametrize(
    "template",
    [
        "Globals:\n  Function: {«Timout»: 5}\n",
        "Globals: {Function: {Timeout: 5}, «Functions»: {}}\n",
        "Globals:\n  «Function»: 5\n",
        "«Globals»: 5\n",
        "Globals:\n  Function:\n    «Environment»: 5\n",
        "  B: {Type: AWS::Serverless::Function, Properties: {«Policies»: 5, CodeUri: x}}\n",
        "  B: {Type: AWS::Serverless::Function, Properties: {Events: {«Each»: 5}, CodeUri: x}}\n",
        "  «B»: {Type: AWS::Serverless::Api}\n",
    ],
)
def test_what_sam_refuses_is_where_it_is_written(template: str) -> None:
    check(f"{SAM}{template}")


@pytest.mark.parametrize(
    "body",
    [
        "{'Run${Name}': {Type: Custom::Trigger, Properties: {«Handler»: Nobody}}}",
        "{«'Run${Name}'»: {Type: Custom::Trigger}}",
        (
            "{'Run&{Name}': {Type: Custom::Trigger, Properties: {«Timout»: 5, "
            "Handler: !ImportValue x, ExecuteAfter: [«Nobody»]}}}"
        ),
        (
            "{'Fn::ForEach::In': [Other, [A], {'Run${Name}${Other}': {Type: Custom::Trigger,"
            " Properties: {«Handler»: Nobody}}}]}"
        ),
    ],
)
def test_a_problem_of_what_a_loop_makes_is_in_the_loop(body: str) -> None:
    check(f"{LOOPS}    - {body}\n")


@pytest.mark.parametrize(
    "template",
    [
        "«Transform»: Triggers\nResources: {Run: {Type: Custom::Trigger}}\n",
        "Transform: [AWS::Foo, «Triger»]\nResources: {Run: {Type: Custom::Trigger}}\n",
        "«Tranform»: Trigger\nResources: {Run: {Type: Custom::Trigger}}\n",
        "Resources: {Run: {«Type»: Custom::Trigger}}\n",
        "Transform: Trigger\nResources: {Run: {«Type»: Custom::Triger}}\n",
        (
            "Transform: Trigger\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Metadata:\n"
            "      «Triger»: {Timeout: 5}\n    Properties: {Role: x}\n"
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_where_it_is_written(template: str) -> None:
    check(template)


# ---- ways of writing


def one_wrong_item(indent: int | None) -> str:
    template: Any = {
        "Transform": "Trigger",
        "Resources": {
            "Run": {
                "Type": "Custom::Trigger",
                "Properties": {
                    "Handler": "arn:aws:lambda:eu-central-1:123456789012:function:f",
                    "Retry": {"MaxAttempts": 3, "Ma\u00dfe": 1},
                    "ExecuteAfter": ["Run\u00e4"],
                },
            }
        },
    }
    text = json.dumps(template, indent=indent, ensure_ascii=False)
    return text.replace('"Ma\u00dfe"', '«"Ma\u00dfe"»').replace('"Run\u00e4"', '«"Run\u00e4"»')


@pytest.mark.parametrize(
    "text",
    [
        one_wrong_item(None),
        one_wrong_item(2),
        one_wrong_item(1).replace("\n ", "\n\t"),
        one_wrong_item(2).replace("\n", "\r\n"),
        one_wrong_item(2).replace("Custom::", "Custom\\u003a:"),
        one_wrong_item(1).replace("\n ", "\n\t").replace("function:f", "function:f\\/"[:-2]),
    ],
    ids=["on one line", "indented", "with tabs", "with CRLF", "with escapes", "with tabs again"],
)
def test_json_has_its_carets_at_the_quoted_tokens(text: str) -> None:
    check(text)


def test_lines_may_end_as_on_windows() -> None:
    check(f"{RUN}      «Timout»: 5\n      ExecuteAfter:\n      - «Nobody»\n".replace("\n", "\r\n"))


def test_a_comment_or_a_string_may_be_in_any_language() -> None:
    check(f"# größer: 大小 😀\n{RUN}      Payload: {{Größe: 😀😀, x: 大}}\n      «Timout»: 5\n")
    check(f"{RUN}      Retry: {{MaxAttempts: 3, «Größe»: 大小}}\n")


def test_a_caret_in_a_long_line_counts_every_character() -> None:
    check(f"{RUN}      Payload: {{A: {'x' * 5_000}, B: [«'{{{{resolve:ssm-secure:y}}}}'»]}}\n")


def test_what_an_alias_repeats_is_where_it_is_anchored() -> None:
    again = (
        "Retry: &again {«MaxAttemps»: 3}\n      OnRollback: {Handler: !Ref Migrate, Retry: *again}"
    )
    check(f"{RUN}      {again}\n")
    check(f"Metadata: &shared\n  «Timout»: 5\n{RUN}      <<: *shared\n")


def test_block_and_flow_styles_of_a_template_have_the_same_problems() -> None:
    values = yaml.safe_load(one_wrong_item(None).replace("«", "").replace("»", ""))
    for style in (True, False, None):
        text = yaml.safe_dump(values, default_flow_style=style, allow_unicode=True, width=10_000)
        marked = text.replace("Ma\u00dfe", "«Ma\u00dfe»").replace("Run\u00e4", "«Run\u00e4»")
        check(marked)
