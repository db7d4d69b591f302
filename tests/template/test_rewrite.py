"""A changed template as text: what did not change stays as it was written."""

import json

from cfn_trigger.template.rewrite import rewritten
from cfn_trigger.template.source import parse_template

WRITTEN = """\
# of the shop
Transform: Trigger
Resources:
  Queue:  # of orders
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${AWS::StackName}-q"}

  # runs once
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !Ref Migrate  # this one
      Number: 010
Outputs:
  Url: {Value: !Ref Queue}
"""


def changed(written: str, **changes: object) -> str:
    template = parse_template(written, "t.yaml")
    values = {name: item for name, item in template.values.items() if name != "Transform"}
    values["Resources"] = values["Resources"] | changes
    text = rewritten(template, values)
    assert parse_template(text, "t.yaml").values == values
    return text


def test_order_comments_and_spelling_are_kept() -> None:
    run = {"Type": "Custom::Trigger", "Properties": {"HandlerArn": {"Fn::GetAtt": ["A", "Arn"]}}}

    assert (
        changed(WRITTEN, Run=run)
        == """\
# of the shop
Resources:
  Queue:  # of orders
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${AWS::StackName}-q"}

  # runs once
  Run:
    Type: Custom::Trigger
    Properties:
      HandlerArn: !GetAtt A.Arn
Outputs:
  Url: {Value: !Ref Queue}
"""
    )


def test_new_values_are_written_as_people_write_them() -> None:
    added = {
        "Properties": {
            "Code": {"ZipFile": "def f():\n    pass\n"},
            "Text": "12:30", "Version": "2012-10-17", "Hex": "0xFF", "Dash": "-", "Yes": "yes",
            "Empty": "", "Number": 5,
            "Sub": {"Fn::Sub": "${A}"}, "Join": {"Fn::Join": ["-", ["a", {"Ref": "B"}]]},
            "If": {"Fn::If": ["C", {"Ref": "D"}, {"Ref": "AWS::NoValue"}]},
            "Import": {"Fn::ImportValue": {"Fn::Sub": "${A}-x"}}, "None": None, "Nothing": [],
        },
        "Type": "AWS::X::Y",
    }  # fmt: skip

    text = changed("Resources: {}\n", New=added)

    assert (
        text.splitlines()[2:]
        == """\
Resources:
  New:
    Type: AWS::X::Y
    Properties:
      Code:
        ZipFile: |
          def f():
              pass
      Text: "12:30"
      Version: "2012-10-17"
      Hex: "0xFF"
      Dash: '-'
      "Yes": "yes"
      Empty: ""
      Number: 5
      Sub: !Sub ${A}
      Join: !Join
        - '-'
        -   - a
            - !Ref B
      If: !If
        - C
        - !Ref D
        - !Ref AWS::NoValue
      Import:
        Fn::ImportValue: !Sub ${A}-x
      None:
      Nothing: []
""".splitlines()[2:]
    )


def test_a_template_in_json_becomes_plain_yaml() -> None:
    assert changed(json.dumps({"Resources": {"A": {"Type": "B"}}})) == (
        "Resources:\n  A:\n    Type: B\n"
    )


def test_an_anchor_is_written_out_if_only_one_of_its_values_changes() -> None:
    written = """\
Resources:
  A: &a
    Type: T
    Properties: {Size: 1}
  B: *a
"""

    text = changed(written, B={"Type": "T", "Properties": {"Size": 2}})

    assert "Size: 1" in text
    assert "Size: 2" in text
