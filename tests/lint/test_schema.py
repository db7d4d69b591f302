"""What the JSON Schemas for editors know: spelling and types, of what stands in every template."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator

from cfn_trigger.lint import schema
from macro.cloudformation import Resources
from macro.readers import InvalidValueError, Lookup
from macro.shorthand import OF_METADATA, PROPERTIES, RETRY, SETTINGS, Property
from tests.support.golden_cases import FOLDER, cases, template

JSON: Final = schema.template(in_yaml=False)
YAML: Final = schema.template(in_yaml=True)
TRIGGER: Final = schema.trigger()

RUN: Final = "Resources/Run/Properties"
WRONG: Final = {
    "function-is-not-a-map": [
        "Resources/Emptied/Properties/Function",
        "Resources/Listed/Properties/Function",
        "Resources/Named/Properties/Function",
    ],
    "function-with-a-local-path": ["Resources/Seed/Properties/Function/Code"],
    "both-handler-and-function": [RUN],
    "handler-is-not-a-reference": [
        "Resources/Counted/Properties/Handler",
        "Resources/Emptied/Properties/Handler",
        "Resources/Listed/Properties/Handler",
        "Resources/Mapped/Properties/Handler",
        "Resources/Switched/Properties/Handler",
    ],
    "number-out-of-range": [
        f"{RUN}/PollInterval",
        f"{RUN}/Retry/BackoffRate",
        f"{RUN}/Retry/Interval",
        f"{RUN}/Retry/MaxInterval",
        f"{RUN}/Timeout",
    ],
    "unknown-property-without-a-suggestion": [
        "Resources/Migrate/Metadata/Trigger",
        RUN,
        "Transform/Parameters",
    ],
    "retry-is-not-a-map": [f"{RUN}/Retry"],
    "undo-without-a-handler": [f"{RUN}/OnRollback"],
    "unknown-retry-key": [f"{RUN}/Retry"],
    "both-role-and-policies": [f"{RUN}/Function"],
    "selector-beside-a-wrong-retry": ["Resources/Run/Properties/Retry/MaxAttempts"],
    "selector-of-the-wrong-type": [
        f"{RUN}/ExecuteAfter",
        f"{RUN}/ExecuteBefore",
        f"{RUN}/ExecuteOnResourceChange",
    ],
    "value-is-not-a-boolean": [
        f"{RUN}/Enabled",
        f"{RUN}/ExecuteOnDelete",
        f"{RUN}/ExecuteOnRollback",
        f"{RUN}/NoEcho",
    ],
    "value-of-the-wrong-type": [
        f"{RUN}/Enabled",
        f"{RUN}/InvocationType",
        f"{RUN}/Retry/MaxAttempts",
        f"{RUN}/Timeout",
    ],
    "value-in-the-wrong-case": [f"{RUN}/InvocationType", f"{RUN}/OnFailure"],
    "arn-of-another-service": [f"{RUN}/Handler"],
    "in-function-metadata": ["Resources/Migrate/Metadata/Trigger/Timeout"],
    "no-handler": [RUN],
    "transform-parameters": [
        "Transform/0/Parameters",
        "Transform/0/Parameters/LogRetentionInDays",
        "Transform/0/Parameters/Runtime",
        "Transform/0/Parameters/SubnetIds",
    ],
    "policies-are-not-statements": [f"{RUN}/Function/Policies/0"],
    "properties-are-not-a-map": [
        "Resources/Counted/Properties",
        "Resources/Listed/Properties",
        "Resources/Migrate/Metadata/Trigger",
        "Resources/Named/Properties",
    ],
    "selectors-are-not-a-list": [
        f"{RUN}/ExecuteAfter",
        f"{RUN}/ExecuteBefore",
        f"{RUN}/ExecuteOnResourceChange",
    ],
    "several-at-once": [RUN],
    "malformed-transform-parameters": [
        "Transform/Parameters/KmsKeyArn",
        "Transform/Parameters/PermissionsBoundary",
        "Transform/Parameters/ProviderRole",
        "Transform/Parameters/RolePath",
    ],
    "unknown-property": [RUN],
    "tags-and-a-limit": [
        "Transform/Parameters/MaxConcurrentTriggers",
        "Transform/Parameters/Tags",
    ],
}
"""The golden problems of spelling and type, and where a schema sees them."""

MAY_BE_TAGGED: Final = {
    "handler-is-not-a-reference": ["Resources/Listed/Properties/Handler"],
    "value-is-not-a-boolean": [f"{RUN}/Enabled"],
    "value-of-the-wrong-type": [f"{RUN}/InvocationType"],
    "value-in-the-wrong-case": [f"{RUN}/InvocationType"],
    "arn-of-another-service": [f"{RUN}/Handler"],
    "in-function-metadata": ["Resources/Migrate/Metadata/Trigger/Timeout"],
    "malformed-transform-parameters": [
        "Transform/Parameters/PermissionsBoundary",
        "Transform/Parameters/ProviderRole",
        "Transform/Parameters/RolePath",
    ],
}
"""Of these, what might be a short tag to a language server that does not see tags."""


def wrong(known: schema.Schema, value: Any) -> list[str]:
    """List where a value violates a schema."""
    through_json = json.loads(json.dumps(value))
    errors = Draft7Validator(known).iter_errors(through_json)
    return sorted({"/".join(map(str, error.absolute_path)) for error in errors})


def run(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Run": {"Type": "Custom::Trigger", "Properties": properties}}}


class TagBlind(yaml.SafeLoader):
    """Reads YAML as its language server does: a tag is what stands behind it."""

    def untagged(self, _tag: str, node: yaml.Node) -> Any:
        match node:
            case yaml.ScalarNode():
                return self.construct_scalar(node)
            case yaml.SequenceNode():
                return self.construct_sequence(node, deep=True)
            case yaml.MappingNode():
                return self.construct_mapping(node, deep=True)
        raise AssertionError(node)


TagBlind.add_multi_constructor("!", TagBlind.untagged)


@pytest.mark.parametrize("known", [JSON, YAML, TRIGGER])
def test_every_schema_is_one(known: schema.Schema) -> None:
    Draft7Validator.check_schema(known)


@pytest.mark.parametrize("case", cases("expected.yaml"))
def test_a_template_that_the_macro_takes_is_as_the_schemas_have_it(case: str) -> None:
    assert wrong(JSON, template(case)) == []
    assert wrong(YAML, template(case)) == []


def test_a_language_server_that_does_not_see_tags_finds_no_fault_with_them() -> None:
    paths = [FOLDER / case / "template.yaml" for case in cases("expected.yaml")]
    texts = [path.read_text() for path in (*paths, *Path("examples").rglob("template.yaml"))
             if path.exists()]  # fmt: skip

    assert any("!GetAtt" in text for text in texts)
    assert [wrong(YAML, yaml.load(text, TagBlind)) for text in texts] == [[] for _ in texts]  # noqa: S506 (a safe loader)


@pytest.mark.parametrize("case", cases("problem.txt"))
def test_a_problem_of_spelling_is_seen_where_it_stands(case: str) -> None:
    assert wrong(JSON, template(case)) == WRONG.get(case.removeprefix("problem-"), [])


@pytest.mark.parametrize("case", cases("problem.txt"))
def test_in_yaml_what_may_be_a_tag_passes(case: str) -> None:
    name = case.removeprefix("problem-")
    seen = [one for one in WRONG.get(name, []) if one not in MAY_BE_TAGGED.get(name, [])]

    assert seen == wrong(YAML, template(case))


@pytest.mark.parametrize(
    "value",
    ["120", 120, {"Ref": "Seconds"}, 1, 43200],
    ids=["text", "number", "ref", "1", "12 hours"],
)
def test_a_setting_is_a_literal_or_a_parameter(value: Any) -> None:
    assert wrong(TRIGGER, {"Handler": "Migrate", "Timeout": value}) == []


@pytest.mark.parametrize("value", [0, 43201, "soon", None, {"Fn::Sub": "5"}, [5]])
def test_a_setting_is_nothing_else(value: Any) -> None:
    assert wrong(TRIGGER, {"Handler": "Migrate", "Timeout": value}) == ["Timeout"]


@pytest.mark.parametrize(
    "value", [{"Ref": "Migrate"}, {"Fn::GetAtt": ["Migrate", "Arn"]}, "Migrate", {"Fn::If": []}]
)
def test_a_handler_is_a_name_or_any_intrinsic_function(value: Any) -> None:
    assert wrong(TRIGGER, {"Handler": value}) == []


def test_a_trigger_with_a_service_token_is_left_alone() -> None:
    assert wrong(JSON, run(ServiceToken={"Fn::GetAtt": ["Theirs", "Arn"]}, Anything=1)) == []
    assert wrong(JSON, run(ServiceToken=" ", Handler="Migrate")) == []
    assert wrong(JSON, run(ServiceToken=" ", Anything=1)) == [RUN]


def test_metadata_and_transforms_of_others_are_left_alone() -> None:
    theirs = {"Type": "AWS::SQS::Queue", "Metadata": {"Trigger": 5}}
    other = {"Name": "Other", "Parameters": {"Anything": 1}}

    assert wrong(JSON, {"Transform": [other, "Third"], "Resources": {"Jobs": theirs}}) == []


def test_every_property_is_described() -> None:
    def described(known: schema.Schema) -> Iterable[str]:
        return (name for name, one in known["properties"].items() if one.get("description"))

    assert set(described(TRIGGER)) == set(PROPERTIES)
    assert set(described(TRIGGER["definitions"]["Retry"])) == set(RETRY)
    assert set(described(JSON["definitions"]["MetadataTrigger"])) == set(OF_METADATA)
    assert set(described(JSON["definitions"]["Settings"])) == set(SETTINGS)


def test_a_property_says_what_it_means_takes_and_is_otherwise() -> None:
    assert TRIGGER["properties"]["Timeout"] == {
        "description": "Seconds for all attempts, waits and polls together."
        " Value: a whole number from 1 to 43200.",
        "default": 900,
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 43200},
            {"type": "string", "pattern": r"^\d+(\.\d*)?$"},
            {"$ref": "#/definitions/Parameter"},
        ],
    }


def test_what_refers_to_another_schema_is_described_all_the_same() -> None:
    # In draft 7, nothing next to a $ref counts.
    assert TRIGGER["properties"]["Retry"] == {
        "description": "How to retry a failed handler."
        " Value: a map of MaxAttempts, Interval, BackoffRate, MaxInterval.",
        "allOf": [{"$ref": "#/definitions/Retry"}],
    }


# ---- the schema of a property, and what reads it


ANY: Final[tuple[Any, ...]] = (
    None, True, "TRUE", "false", "False", 0, 1, 5, 5.0, 0.5, 120, 1e9, "0", "5", "5.", "5.5", "-5",
    " 5", "", " ", "Migrate", "arn:aws:sqs:eu-central-1:123456789012:jobs", "/", "/deployment/",
    "Fail",
    "arn:aws:lambda:eu-central-1:123456789012:function:migrate:live", "arm64", "python3.13",
    "arn:aws:iam::123456789012:role/triggers", "arn:aws:iam::123456789012:policy/boundary",
    "arn:aws:kms:eu-central-1:123456789012:key/1", "Event", "event", 30, 31, "30", 512, "sg-1,sg-2",
    [], [""], [" "], ["Orders"], ["Orders", {"Ref": "Orders"}], [5], [None], [[]], {}, {"A": 1},
    {"Ref": "Given"}, {"Ref": "Migrate"}, {"Fn::GetAtt": ["Migrate", "Arn"]}, {"Fn::Sub": "x"},
    {"Ref": "Given", "B": 1}, {"MaxAttempts": 3}, {"MaxAttempts": 0}, {"Colour": 1},
    {"Code": {"ZipFile": "x"}}, {"Code": "./x"}, {"CodeUri": "x"}, {"Role": "r", "Policies": []},
    {"Policies": [{}]}, {"Policies": {}}, {"Policies": ["x"]},
)  # fmt: skip

LOOKUP: Final = Lookup(
    resources=Resources(Migrate={"Type": "AWS::Lambda::Function"}),
    declared={"Given": {"Type": "String"}},
    values={"Given": "5"},
)

BY_VALUE: Final = ({"Ref": "Given"}, {"Ref": "Migrate"}, {"Fn::GetAtt": ["Migrate", "Arn"]})
"""What is judged by its value, or by what it names, which no schema sees."""


def is_read(known: Property, value: Any) -> bool:
    try:
        known.accepts.read(value, LOOKUP)
    except InvalidValueError:
        return False
    return True


def is_right(known: Property, value: Any) -> bool:
    whole = {"definitions": TRIGGER["definitions"], "allOf": [known.accepts.schema]}
    return bool(Draft7Validator(whole).is_valid(value))


def is_seen(known: Property, value: Any) -> bool:
    """Whether a schema can check it: not the range of a number in a string, nor what exists."""
    is_text = isinstance(value, str) and value.replace(".", "").isdigit()
    is_name = known is PROPERTIES["Handler"] and isinstance(value, str | dict)
    return not is_text and not is_name and value not in BY_VALUE


@pytest.mark.parametrize("name", [*PROPERTIES, *RETRY, *SETTINGS])
def test_a_schema_and_a_reader_accept_the_same_values(name: str) -> None:
    known = {**PROPERTIES, **RETRY, **SETTINGS}[name]

    assert [value for value in ANY if is_read(known, value) and not is_right(known, value)] == []
    assert [
        value
        for value in ANY
        if is_seen(known, value) and is_right(known, value) and not is_read(known, value)
    ] == []


def test_a_trigger_without_properties_is_wrong() -> None:
    assert wrong(JSON, {"Resources": {"Run": {"Type": "Custom::Trigger"}}}) == ["Resources/Run"]
