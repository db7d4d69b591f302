"""Where nodes and comments begin and end in a text."""

import pytest
from yaml import YAMLError

from cfn_trigger.template.syntax import Node, read_comments, read_tree


def written(node: Node, text: str) -> str:
    return text[node.start : node.end]


@pytest.mark.parametrize(
    "value",
    [
        "plain", "'single'", '"double"', "!Ref A", "!GetAtt A.B", "&a x",
        "[a, b]", "{a: b}", "!Sub [a, {b: c}]", "", "|\n  a\n  b", ">-\n  a\n\n  b", "two\n  lines",
    ],
)  # fmt: skip
def test_a_value_ends_before_what_follows(value: str) -> None:
    text = f"Key: {value}\n\n# comment\nNext: 1\n"

    ((_, node), _) = read_tree(text).entries

    assert written(node, text) == value


def test_a_block_that_keeps_its_line_breaks_ends_after_them() -> None:
    text = "Key: |+\n  a\n\nNext: 1\n"

    ((_, node), _) = read_tree(text).entries

    assert written(node, text) == "|+\n  a\n\n"


def test_a_block_collection_ends_with_its_last_item() -> None:
    text = "A:\n  B:\n    - x\n    - y   # last\n  # after\nC: 1\n"

    ((_, node), _) = read_tree(text).entries

    assert written(node, text) == "B:\n    - x\n    - y"
    assert node.column == 2


def test_an_alias_is_where_it_is_written() -> None:
    text = "A: &a {B: 1}\nC: *a\n"

    ((_, anchored), (_, alias)) = read_tree(text).entries

    assert (anchored.anchor, written(alias, text), alias.style) == ("a", "*a", "*")
    assert (anchored.has_alias(), read_tree(text).has_alias()) == (False, True)


def test_comments_are_those_of_yaml() -> None:
    text = """\
%YAML 1.1
--- # start
A: "# quoted"  # one
B: a#b
C: | # header
  # script
D: [x, # in brackets
  y]
# end
"""

    assert [comment.text for comment in read_comments(text)] == [
        "# start", "# one", "# header", "# in brackets", "# end",
    ]  # fmt: skip
    assert all(text.startswith(each.text, each.start) for each in read_comments(text))


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_a_text_without_a_document_has_no_tree(text: str) -> None:
    with pytest.raises(ValueError, match="no document"):
        read_tree(text)


def test_a_text_that_is_not_yaml_has_no_tree() -> None:
    with pytest.raises(YAMLError):
        read_tree("A: [")
