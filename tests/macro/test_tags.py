"""The transform's Tags, on everything that is created and can have tags."""

from typing import Any, Final

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import (
    Template,
    expanded,
    function,
    of_type,
    table,
    template,
    trigger,
    when,
)

TAGS: Final = ["Team=orders", "CostCenter=4711"]
WRITTEN: Final = [{"Key": "Team", "Value": "orders"}, {"Key": "CostCenter", "Value": "4711"}]
SIGNS: Final = "use letters, digits, spaces and _ . : / = + - @"


def tagged(fragment: Template, tags: Any = TAGS) -> Template:
    """Expand a template under Tags, and return the resources."""
    resources: Template = expand(fragment, Deployment(settings={"Tags": tags})).fragment[
        "Resources"
    ]
    return resources


def tags_of(resource: Template) -> Any:
    return resource["Properties"].get("Tags")


def defining(**properties: Any) -> Template:
    return of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}, **properties})


def problems(tags: Any) -> list[str]:
    with pytest.raises(TemplateError) as raised:
        tagged(template(Run=trigger()), tags)
    return [str(problem) for problem in raised.value.problems]


def in_tags(*messages: str) -> list[str]:
    return [f"Transform.Parameters.Tags: {message}" for message in messages]


# ---- what is tagged


def test_every_created_resource_whose_type_can_have_tags_has_them() -> None:
    many = {f"Outside{n}": trigger({"Fn::ImportValue": f"Shared{n}"}) for n in range(30)}
    fragment = template(Run=defining(), **many)
    destination = {"FailureDestination": "arn:aws:sqs:x:1:y", "InvocationType": "Event"}
    fragment["Resources"]["Send"] = trigger(**destination)
    created = {
        name: resource
        for name, resource in tagged(fragment).items()
        if name not in fragment["Resources"]
    }

    assert {resource["Type"] for resource in created.values()} == {
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
    }
    for resource in created.values():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        assert tags_of(resource) == (WRITTEN if "Tags" in schema["properties"] else None)


def test_resources_of_the_authors_are_not_tagged() -> None:
    resources = tagged(template(Run=trigger(), Orders=table(TableName="orders")))

    assert tags_of(resources["Orders"]) is None
    assert tags_of(resources["Migrate"]) is None
    assert tags_of(resources["Run"]) is None


def test_a_function_of_a_trigger_keeps_its_own_tags_and_gets_the_others() -> None:
    own_tags = [{"Key": "Team", "Value": "data"}, {"Key": "Owner", "Value": "me"}]
    resources = tagged(template(Run=defining(Tags=own_tags)))

    assert tags_of(resources["RunFunction"]) == [*own_tags, WRITTEN[1]]
    assert tags_of(resources["RunRole"]) == WRITTEN


def test_a_tag_that_a_condition_chooses_is_the_authors() -> None:
    own_tags = [when("A", {"Key": "Team", "Value": "data"})]

    assert tags_of(tagged(template(Run=defining(Tags=own_tags)))["RunFunction"]) == [
        *own_tags,
        WRITTEN[1],
    ]


def test_tags_that_only_cloudformation_can_resolve_stay_as_they_are() -> None:
    own_tags = when("A", [{"Key": "Team", "Value": "data"}])

    assert tags_of(tagged(template(Run=defining(Tags=own_tags)))["RunFunction"]) == own_tags


def test_tags_run_no_trigger() -> None:
    fragment = template(Run=defining())

    assert tagged(fragment)["Run"] == expanded(fragment)["Resources"]["Run"]


def test_without_tags_nothing_has_any() -> None:
    resources = expanded(template(Run=defining()))["Resources"]

    assert [name for name, resource in resources.items() if "Tags" in resource["Properties"]] == []


# ---- how they are written


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["A=b=c"], [("A", "b=c")]),
        (["A="], [("A", "")]),
        ("A=1, B=2", [("A", "1"), ("B", "2")]),
        ([" A=1"], [("A", "1")]),
        (["app:team/x=1 + 2 @ home"], [("app:team/x", "1 + 2 @ home")]),
        ([f"{'k' * 128}={'v' * 256}"], [("k" * 128, "v" * 256)]),
        ([f"K{n}={n}" for n in range(50)], [(f"K{n}", str(n)) for n in range(50)]),
    ],
)
def test_a_tag_is_a_key_and_what_follows_the_first_equals_sign(
    tags: Any, expected: list[tuple[str, str]]
) -> None:
    resources = tagged(template(Run=trigger()), tags)["TriggerProvider"]

    assert tags_of(resources) == [{"Key": key, "Value": value} for key, value in expected]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (5, ["must be a list of Key=Value, not 5"]),
        ([], ["must be a list of Key=Value, not a list"]),
        (["Team"], ["must be a list of Key=Value, but has 'Team'"]),
        (["=orders"], ["must be a list of Key=Value, but has '=orders'"]),
        ([{"Key": "A"}], ["must be a list of Key=Value, but has a map"]),
        (
            ["aws:a=1"],
            ["has the key 'aws:a'; AWS reserves keys that start with aws:, so choose another"],
        ),
        (
            ["AWS:a=1"],
            ["has the key 'AWS:a'; AWS reserves keys that start with aws:, so choose another"],
        ),
        (
            [f"{'k' * 129}=1"],
            [f"has a tag '{'k' * 20}' whose key has 129 characters; use at most 128"],
        ),
        ([f"A={'v' * 257}"], ["has a tag 'A' whose value has 257 characters; use at most 256"]),
        (["A*=1"], [f"has a tag 'A*' whose key has characters that tags do not allow; {SIGNS}"]),
        (["A=1;2"], [f"has a tag 'A' whose value has characters that tags do not allow; {SIGNS}"]),
        (
            ["Team=a", "team=b"],
            [("has the key 'team' twice: IAM does not distinguish upper and lower case; keep one")],
        ),
        ([f"K{n}={n}" for n in range(51)], ["has 51 tags; use at most 50"]),
        (
            ["Team", "aws:a=1"],
            [
                "must be a list of Key=Value, but has 'Team'",
                "has the key 'aws:a'; AWS reserves keys that start with aws:, so choose another",
            ],
        ),
    ],
)
def test_what_aws_would_refuse_is_a_problem(tags: Any, expected: list[str]) -> None:
    assert problems(tags) == in_tags(*expected)


def test_a_reference_that_cloudformation_did_not_resolve_is_a_problem() -> None:
    assert problems({"Ref": "Missing"}) == in_tags("must be a literal or a Ref to a parameter")


def test_tags_of_a_handler_in_the_template_are_the_authors() -> None:
    fragment = template(Other=function(Tags=[{"Key": "Team", "Value": "x"}]), Run=trigger("Other"))

    assert tagged(fragment)["Other"] == fragment["Resources"]["Other"]
