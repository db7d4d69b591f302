"""A changed template as text: what did not change stays as it was written."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from cfnlint.decode import decode_str
from hypothesis import given
from hypothesis import strategies as st

from cfn_trigger.template import transforms
from cfn_trigger.template.parameters import read_overrides
from cfn_trigger.template.rewrite import rewritten, rewritten_text
from cfn_trigger.template.source import parse_template, through_json
from cfn_trigger.template.syntax import read_comments, read_tree
from tests.support.golden_cases import EXAMPLES, FOLDER

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


def test_tabs_between_tokens_are_kept() -> None:
    written = WRITTEN.replace("{QueueName: ", "{\t\tQueueName:\t")

    assert "{\t\tQueueName:\t!Sub" in changed(written, Run={"Type": "A"})


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\ufeff", "\r", "\r\n"])
@pytest.mark.parametrize("place", ["key", "value", "sub", "text", "item"])
def test_what_yaml_reads_as_a_line_break_is_escaped(sign: str, place: str) -> None:
    text = f"a{sign}b"
    parts = {
        "key": {text: 1}, "value": {"A": text}, "sub": {"A": {"Fn::Sub": text}},
        "text": {"A": f"x\n{text}"}, "item": {"A": [text, {"Ref": text}]},
    }  # fmt: skip

    written = changed(WRITTEN, Run={"Type": "A", "Properties": parts[place]})

    assert "  Queue:  # of orders\n" in written


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
      # this one
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


@pytest.mark.parametrize(
    "written",
    [
        '{\n  "Resources": {\n    "A": {\n      "Type": "B"\n    }\n  }\n}\n',
        '{\n    "Resources": {\n        "A": {\n            "Type": "B"\n        }\n    }\n}',
        '{\n\t"Resources": {\n\t\t"A": {\n\t\t\t"Type": "B"\n\t\t}\n\t}\n}\n',
        '{"Resources":{"A":{"Type":"B"}}}',
        '{"Resources": {"A": {"Type": "B"}}}\n',
        '{"Resources": {"A": {"Type": "\\u017c"}}}\n',
        '{"Resources": {"A": {"Type": "ż"}}}\n',
    ],
)
def test_json_stays_json_with_its_indentation_and_escapes(written: str) -> None:
    new = json.loads(written)["Resources"]["A"]["Type"].replace("B", "C")

    assert changed(written, A={"Type": new}) == written.replace('"B"', '"C"')


def test_new_keys_of_json_are_the_last() -> None:
    written = '{"Resources": {"B": {"Type": "T"}, "A": {"Type": "T"}}}'

    assert changed(written, A={"Properties": {}, "Type": "T"}, C={"Type": "T"}) == (
        '{"Resources": {"B": {"Type": "T"}, "A": {"Type": "T", "Properties": {}},'
        ' "C": {"Type": "T"}}}'
    )


def test_an_alias_is_written_out_if_its_value_no_longer_is_that_of_its_anchor() -> None:
    written = """\
Resources:
  A: &a
    Type: T
    Properties: {Size: 1}  # small
  B: *a  # the same
  C: *a
"""

    assert (
        changed(written, B={"Type": "T", "Properties": {"Size": 2}})
        == """\
Resources:
  A: &a
    Type: T
    Properties: {Size: 1}  # small
  B:  # the same
    Type: T
    Properties:
      Size: 2
  C: *a
"""
    )


def test_an_anchor_changes_alone() -> None:
    written = """\
Resources:
  A: &a
    Type: T
    Properties: {Size: 1}
  B: *a  # the same
"""

    assert (
        changed(written, A={"Type": "T", "Properties": {"Size": 2}})
        == """\
Resources:
  A: &a
    Type: T
    Properties:
      Size: 2
  B:  # the same
    Type: T
    Properties:
      Size: 1
"""
    )


def test_a_changed_value_keeps_its_quotes_and_a_short_list_its_brackets() -> None:
    written = """\
Resources:
  A:
    Type: 'T'  # single
    Size: "1"
    DependsOn: [B, C]  # both
"""

    assert (
        changed(written, A={"Type": "U", "Size": "2", "DependsOn": ["B", "C", "D"]})
        == """\
Resources:
  A:
    Type: 'U'  # single
    Size: "2"
    DependsOn: [B, C, D]  # both
"""
    )


def test_new_resources_come_before_the_comments_of_what_follows() -> None:
    written = """\
Resources:
  A:
    Type: T
    # Size: 1

  # of the last
  B:
    Type: T
    # Size: 2
  # of the resources

# ---- outputs ----
Outputs: {}"""

    assert (
        changed(written, C={"Type": "T"})
        == """\
Resources:
  A:
    Type: T
    # Size: 1

  # of the last
  B:
    Type: T
    # Size: 2

  C:
    Type: T
  # of the resources

# ---- outputs ----
Outputs: {}"""
    )


def test_line_ends_stay_as_they_are_and_new_lines_end_as_a_carriage_return_asks() -> None:
    written = "Resources:\r\n  A:\n    Type: T  # a\r\n  B: {Type: T}\n"

    assert changed(written, B={"Type": "T", "Size": 1}) == (
        "Resources:\r\n  A:\n    Type: T  # a\r\n  B:\r\n    Type: T\r\n    Size: 1\n"
    )


def test_a_text_without_a_last_line_break_gets_none() -> None:
    assert changed("Resources:\n  A: {Type: T}", B={"Type": "T"}) == (
        "Resources:\n  A: {Type: T}\n  B:\n    Type: T"
    )


def test_a_text_that_has_to_be_written_anew_keeps_its_comments() -> None:
    assert changed("{Resources: {A: {Type: T}}  # all\n}\n", B={"Type": "T"}) == (
        "# all\nResources:\n  A:\n    Type: T\n  B:\n    Type: T\n"
    )


# ---- whole files, in many styles

Styling = Callable[[str], str]
STYLINGS: dict[str, Styling] = {
    "as it is": lambda text: text,
    "with carriage returns": lambda text: text.replace("\n", "\r\n"),
    "without a last line break": lambda text: text.removesuffix("\n"),
}
STYLES = sorted((Path(__file__).parent / "styles").iterdir())
EXPANDED = {path.parent for path in FOLDER.glob("*/expected.yaml")}
FILES = [
    *(path for path in EXAMPLES.rglob("template.yaml") if ".aws-sam" not in path.parts),
    *(path for path in FOLDER.glob("*/template.yaml") if path.parent in EXPANDED),
]
CASES = [(path, styling) for path in STYLES for styling in STYLINGS]
CASES += [(path, "with carriage returns") for path in sorted(FILES)]
WRITTEN_ANEW = {"flow.yaml", "two.json", "four.json", "tabs.json", "compact.json"}


def name_of(case: object) -> str:
    return f"{case.parent.name}/{case.name}" if isinstance(case, Path) else str(case)


def expanded(text: str, name: str) -> tuple[str, object]:
    """Expand a template, and return it with its values."""
    template = parse_template(text, name)
    values = read_overrides((), None, {}).values_of(template)
    fragment = transforms.process(template, transforms.Context(values=values)).template
    return rewritten(template, fragment), fragment


def comments(text: str, name: str) -> list[str]:
    """List the comments of a text in order of the alphabet; JSON has none, and has to be JSON."""
    if name.endswith(".json"):
        json.loads(text)
        return []
    return sorted(comment.text for comment in read_comments(text))


@pytest.mark.parametrize(("path", "styling"), CASES, ids=name_of)
def test_a_file_keeps_what_is_its_authors(path: Path, styling: str) -> None:
    text = STYLINGS[styling](path.read_bytes().decode())

    output, fragment = expanded(text, path.name)

    assert parse_template(output, path.name).values == fragment
    assert comments(output, path.name) == comments(text, path.name)
    assert ("\r" in output) == ("\r" in text)
    assert output.count("\r\n") in (0, output.count("\n"))
    assert expanded(output, path.name)[0] == output


@pytest.mark.parametrize(
    "path", [path for path in STYLES if path.name not in WRITTEN_ANEW], ids=name_of
)
def test_what_is_written_of_an_unchanged_resource_stays_as_it_is(path: Path) -> None:
    text = path.read_text()
    output, fragment = expanded(text, path.name)
    old, new = parse_template(text, path.name).values, cast("Any", fragment)
    unchanged = {
        name: value
        for name, value in old["Resources"].items()
        if value == new["Resources"].get(name) and "*" not in source_of(name, text)
    }

    assert {name: source_of(name, output) for name in unchanged} == {
        name: source_of(name, text) for name in unchanged
    }


def source_of(name: str, text: str) -> str:
    """Return what is written of a resource, from its key to its last character."""
    (resources,) = (value for key, value in read_tree(text).entries if key.text == "Resources")
    ((key, value),) = (entry for entry in resources.entries if entry[0].text == name)
    return text[key.start : value.end]


@given(st.sampled_from(STYLES), st.data())
def test_any_change_is_written_and_no_comment_is_lost(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    template = parse_template(text, path.name)
    new: Any = copy.deepcopy(template.values)
    section = new[data.draw(st.sampled_from(sorted(new)))]
    parent = section if isinstance(section, dict) and section else new
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from(sorted(parent)))
        if isinstance(parent[key], dict) and parent[key] and data.draw(st.booleans()):
            parent = parent[key]
        elif parent is not new:
            parent[data.draw(st.sampled_from([key, "New"]))] = data.draw(changes)
    output = rewritten_text(text, template.values, new, read=read)

    assert read(output) == new
    assert comments(output, path.name) == comments(text, path.name)


def read(text: str) -> Any:
    """Read what need not be a template any more."""
    nodes, _ = decode_str(text)
    return through_json(nodes)


words = st.sampled_from(
    ["", "a", "yes", "12", "- b", "#c", "d # e", "a\nb", "a\n", " f", "!Ref g", "ż"]
)
changes = st.recursive(
    words | st.booleans() | st.integers(-2, 2) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["A", "Ref", "Fn::Sub", "12", "on"]), inner, max_size=3)
    ),
    max_leaves=5,
)
