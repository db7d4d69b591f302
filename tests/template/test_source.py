"""Reading templates: values as CloudFormation sees them, and the line of each."""

import json

import pytest

from cfn_trigger.errors import Span, TemplateProblems
from cfn_trigger.template.source import parse_template
from cfn_trigger.terminal.diagnostics import rendered

YAML = """\
Transform: Trigger
Resources:
  Run:
    Type: Custom::Trigger
    Properties:
      Handler: !GetAtt Migrate.Arn
      ExecuteAfter: [Table, !Ref Queue]
      Payload: {Since: 2024-01-01, 5: five}
"""


def shown(text: str) -> str:
    with pytest.raises(TemplateProblems) as caught:
        parse_template(text, "t.yaml")
    return rendered(caught.value.diagnostics, caught.value.texts).plain


def test_values_are_read_as_json_with_short_forms_written_out() -> None:
    properties = parse_template(YAML, "t.yaml").values["Resources"]["Run"]["Properties"]

    assert properties == {
        "Handler": {"Fn::GetAtt": ["Migrate", "Arn"]},
        "ExecuteAfter": ["Table", {"Ref": "Queue"}],
        "Payload": {"Since": "2024-01-01", "5": "five"},
    }


@pytest.mark.parametrize(
    ("key", "read"), [("2012-10-17", "2012-10-17"), ("17", "17"), ("1.5", "1.5"), ("On", "true")]
)
def test_a_key_that_is_not_a_string_is_read_as_one(key: str, read: str) -> None:
    text = f"Mappings: {{Dates: {{{key}: {{Day: 2012-10-17}}}}}}\nResources: {{}}\n"

    assert parse_template(text, "t").values["Mappings"] == {"Dates": {read: {"Day": "2012-10-17"}}}


def test_json_is_read_too() -> None:
    assert parse_template('{\t"Resources": {}}', "t.json").values == {"Resources": {}}


def test_an_escape_in_two_parts_is_a_character_in_json() -> None:
    text = json.dumps({"Resources": {"Run": {"Type": "😀", "Properties": {"A": 1}}}}, indent=1)

    template = parse_template(text, "t.json")

    assert "\\ud83d" in text
    assert template.values == json.loads(text)
    assert template.span(("Resources", "Run", "Properties")).line == 5


@pytest.mark.parametrize(
    "written", ["2024-01-01T00:00:00Z", "2024-01-01 10:00:00 +2", "2024-01-01", "2024-13-45"]
)
def test_a_date_is_the_string_that_its_author_wrote(written: str) -> None:
    text = f"Resources: {{Run: {{Type: A, {written}: {written}}}}}\n"

    template = parse_template(text, "t")

    assert template.values["Resources"]["Run"] == {"Type": "A", written: written}
    assert template.span(("Resources", "Run", written)).column == 28


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "Resources: {}\n---\nA: 1\n",
            (
                "2:1: error[E0000] cannot be read: expected a single document in the stream, but"
                " found another document"
            ),
        ),
        (
            "Resources: {A: !!set {b}}\n",
            (
                "1:16: error[E0000] cannot be read: could not determine a constructor for the tag"
                " 'tag:yaml.org,2002:set'"
            ),
        ),
        (
            "Resources:\n  A: &a [*a]\n",
            "2:6: error[E0000] cannot be read: found unconstructable recursive node",
        ),
        (
            '{"Resources": {"A": "\\ud83d\\ude00", "A": 1}}',
            '1:38: error[E0000] cannot be read: Duplicate found "A"',
        ),
    ],
)
def test_what_json_cannot_express_is_reported_where_it_is_written(text: str, problem: str) -> None:
    assert shown(text).splitlines()[0] == f"t.yaml:{problem}"


@pytest.mark.parametrize(
    ("transform", "place", "column"),
    [
        ("[{Nam: Trigger}, Trigger]", "Transform.0", 13),
        ("[Trigger, !Ref Name]", "Transform.1", 22),
        ("!Ref Name", "Transform", 1),
        ("[Trigger, null]", "Transform.1", 22),
        ("[[Trigger]]", "Transform.0", 13),
        ("{Name: !Ref Name}", "Transform", 1),
        ("5", "Transform", 1),
    ],
)
def test_every_transform_has_a_name(transform: str, place: str, column: int) -> None:
    with pytest.raises(TemplateProblems) as caught:
        parse_template(f"Transform: {transform}\nResources: {{}}\n", "t.yaml")

    (diagnostic,) = caught.value.diagnostics
    remedy = "write its name, or a map with its Name and its Parameters"
    assert diagnostic.message == f"{place}: does not name a macro; {remedy}"
    assert diagnostic.span.column == column


@pytest.mark.parametrize(
    ("path", "span"),
    [
        (("Resources", "Run"), Span(line=3, column=3, width=3)),
        (("Resources", "Run", "Properties", "Handler"), Span(line=6, column=7, width=7)),
        (("Resources", "Run", "Properties", "ExecuteAfter", 0), Span(line=7, column=22, width=5)),
        (("Resources", "Run", "Properties", "ExecuteAfter", 1), Span(line=7, column=29, width=10)),
        (("Resources", "Run", "Properties", "Payload", "Since"), Span(line=8, column=17, width=5)),
        (("Resources", "Run", "Properties", "Timeout"), Span(line=5, column=5, width=10)),
        (("Outputs",), Span(line=1, column=1, width=1)),
    ],
)  # fmt: skip
def test_a_value_stands_where_its_key_does_or_as_deep_as_there_is_one(
    path: tuple[str | int, ...], span: Span
) -> None:
    assert parse_template(YAML, "t.yaml").span(path) == span


def test_text_that_is_not_yaml_is_a_problem_with_its_line() -> None:
    assert shown("Resources:\n  A: 'open\n  B: 2\n").startswith("t.yaml:4:1: error[E0000]")
    assert shown("Resources:\n  A: b: c\n") == (
        "t.yaml:2:7: error[E0000] cannot be read: mapping values are not allowed in this"
        " context\n"
        " 2 |   A: b: c\n"
        "   |       ^\n"
    )


def test_a_repeated_key_is_a_problem_with_both_lines() -> None:
    assert shown("Resources:\n  A: {}\n  A: {}\n") == (
        "t.yaml:2:3: error[E0000] cannot be read: Duplicate found 'A'\n"
        " 2 |   A: {}\n"
        "   |   ^\n"
        "\n"
        "t.yaml:3:3: error[E0000] cannot be read: Duplicate found 'A'\n"
        " 3 |   A: {}\n"
        "   |   ^\n"
    )


@pytest.mark.parametrize("text", ["", "just a text", "[]", "Resources: []", "a: b"])
def test_a_map_without_resources_is_not_a_template(text: str) -> None:
    assert shown(text).splitlines()[0] == "t.yaml:1:1: error[E0000] is not a template"
    assert shown(text).splitlines()[-1] == "   = it has no map of Resources"


def test_a_section_or_resource_without_a_value_is_a_problem() -> None:
    assert shown(
        "Parameters:\n#  A: {Type: String}\nResources:\n  Orders:\n  Jobs: {Type: T}\n"
    ) == (
        "t.yaml:1:1: error[E0000] Parameters: is empty, which CloudFormation refuses\n"
        " 1 | Parameters:\n"
        "   | ^^^^^^^^^^\n"
        "   = remove it\n"
        "\n"
        "t.yaml:4:3: error[E0000] Orders: is empty, which CloudFormation refuses\n"
        " 4 |   Orders:\n"
        "   |   ^^^^^^\n"
        "   = remove it\n"
    )


@pytest.mark.parametrize("section", ["Parameters", "Mappings", "Conditions", "Outputs"])
def test_a_section_that_is_not_a_map_is_a_problem(section: str) -> None:
    assert shown(f"{section}: []\nResources: {{}}\n").splitlines()[0] == (
        f"t.yaml:1:1: error[E0000] {section}: must be a map, as CloudFormation requires"
    )


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("", "is empty, which CloudFormation refuses"),
        ("[]", "must be a map, as CloudFormation requires"),
    ],
)
def test_metadata_of_a_resource_that_is_not_a_map_is_a_problem(metadata: str, problem: str) -> None:
    assert shown(f"Resources:\n  A:\n    Metadata: {metadata}\n").splitlines()[0] == (
        f"t.yaml:3:5: error[E0000] A.Metadata: {problem}"
    )
