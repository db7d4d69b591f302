"""Quotas of CloudFormation and IAM that an expanded template must keep."""

import json
from typing import Any, Final

import pytest

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import (
    Template,
    expanded,
    function,
    get,
    of_type,
    problems,
    ref,
    resources,
    sub,
    table,
    template,
    trigger,
)

LONGEST_NAME: Final = "f" * 64
LONGEST_ARN: Final = f"arn:aws-iso-f:lambda:us-isof-south-1:123456789012:function:{LONGEST_NAME}"
MOST_HANDLERS: Final = 24
MOST_CHARACTERS: Final = 10_240
MOST_IN_A_MANAGED_POLICY: Final = 6_144


def tables(number: int) -> Template:
    return {f"Table{n}": table() for n in range(number)}


def handlers(number: int) -> Template:
    """Build a template of so many functions, with a trigger each."""
    functions = {f"Do{n}": function() for n in range(number)}
    return template(**functions, **{f"Run{n}": trigger(f"Do{n}") for n in range(number)})


def resolved(value: Any) -> Any:
    """Resolve intrinsic functions to the longest ARN of a function there is."""
    match value:
        case {"Fn::GetAtt": _} | {"Ref": _}:
            return LONGEST_ARN
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(resolved(part) for part in parts)
        case dict():
            return {name: resolved(item) for name, item in value.items()}
        case list():
            return [resolved(item) for item in value]
    return value


def characters(fragment: Template) -> int:
    """Count what the policies of the provider's role will have, without white space."""
    emitted = resources(fragment)
    documents = [
        policy["PolicyDocument"]
        for policy in emitted["TriggerProviderRole"]["Properties"]["Policies"]
    ]
    documents += [
        resource["Properties"]["PolicyDocument"]
        for resource in emitted.values()
        if resource["Type"] == "AWS::IAM::Policy"
    ]
    return sum(len(json.dumps(resolved(item), separators=(",", ":"))) for item in documents)


def managed(fragment: Template) -> list[int]:
    """Return how many handlers each managed policy permits to invoke."""
    statements = [
        it["Properties"]["PolicyDocument"]["Statement"][0]
        for it in resources(fragment).values()
        if it["Type"] == "AWS::IAM::ManagedPolicy"
    ]
    return [len(statement["Resource"]) // 2 for statement in statements]


def too_large(size: int) -> str:
    """Return the problem for so many characters of policies."""
    return (
        f"TriggerProviderRole: needs up to {size} characters of inline policies; "
        "a role holds 10240; set ProviderRole to a role that may invoke them"
    )


# ---- resources


def test_a_template_of_five_hundred_resources_is_expanded() -> None:
    emitted = resources(template(Run=trigger(), **tables(492)))

    assert len(emitted) == 500


def test_too_many_resources_with_the_added_ones_are_a_problem() -> None:
    assert problems(template(Run=trigger(), **tables(493))) == [
        (
            "Resources: 501 with those created for triggers; CloudFormation allows 500; "
            "split the template"
        )
    ]


def test_a_template_without_triggers_may_have_any_number() -> None:
    fragment = template(**tables(600))

    assert expanded(fragment) == fragment


def test_the_resources_of_a_function_defined_with_its_trigger_count() -> None:
    run = of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}})

    assert len(resources(template(Run=run, **tables(489)))) == 500
    assert problems(template(Run=run, **tables(490))) == [
        (
            "Resources: 501 with those created for triggers; CloudFormation allows 500; "
            "split the template"
        )
    ]


# ---- characters of policies


def test_the_most_handlers_that_a_role_holds_policies_for_are_allowed() -> None:
    assert problems(handlers(MOST_HANDLERS)) == []
    assert characters(handlers(MOST_HANDLERS)) <= MOST_CHARACTERS


def test_one_handler_more_has_its_permission_in_a_managed_policy() -> None:
    fragment = handlers(MOST_HANDLERS + 1)

    assert problems(fragment) == []
    assert managed(fragment) == [23, 2]


@pytest.mark.parametrize("number", [25, 48, 49, 150])
def test_a_managed_policy_is_never_too_large(number: int) -> None:
    for policy in resources(handlers(number)).values():
        if policy["Type"] == "AWS::IAM::ManagedPolicy":
            document = resolved(policy["Properties"]["PolicyDocument"])
            assert len(json.dumps(document, separators=(",", ":"))) <= MOST_IN_A_MANAGED_POLICY


def test_a_policys_characters_are_never_counted_too_low() -> None:
    most = characters(handlers(MOST_HANDLERS))
    one_policy = most - characters(handlers(MOST_HANDLERS - 1))

    assert most + one_policy > MOST_CHARACTERS


@pytest.mark.parametrize(
    "outside",
    [
        [{"Fn::ImportValue": f"Shared{n}"} for n in range(MOST_HANDLERS + 2)],
        [get("Nested", f"Outputs.Arn{n}") for n in range(MOST_HANDLERS + 2)],
        [sub(f"${{Nested.Outputs.Arn{n}}}") for n in range(MOST_HANDLERS + 2)],
    ],
    ids=["import", "attribute", "substitution"],
)
def test_a_handler_outside_the_template_counts_with_the_longest_arn(outside: list[Any]) -> None:
    runs = {f"Run{n}": trigger(arn) for n, arn in enumerate(outside)}
    fragment = template(Nested=of_type("AWS::CloudFormation::Stack"), **runs)

    assert managed(fragment) == [23, 3]


def test_any_number_of_triggers_may_share_a_handler() -> None:
    runs = {f"Run{n}": trigger() for n in range(100)}

    assert problems(template(**runs)) == []


def test_with_a_role_of_the_authors_any_number_of_handlers_is_allowed() -> None:
    role = "arn:aws:iam::123456789012:role/triggers"
    deployment = Deployment(settings={"ProviderRole": role})

    emitted = expand(handlers(100), deployment).fragment

    assert len(emitted["Resources"]) == 1 + 200 + 3


def test_policies_of_other_roles_do_not_count() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 20_000}]}
    more = of_type(
        "AWS::IAM::Policy", PolicyName="More", Roles=[ref("Role")], PolicyDocument=document
    )

    assert problems(template(Role=of_type("AWS::IAM::Role"), More=more, Run=trigger())) == []


def test_a_policy_that_the_author_attaches_to_the_providers_role_counts() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 20_000}]}
    roles = [ref("TriggerProviderRole")]
    more = of_type("AWS::IAM::Policy", PolicyName="More", Roles=roles, PolicyDocument=document)

    assert problems(template(More=more, Run=trigger())) == [too_large(20_798)]


@pytest.mark.parametrize("document", [{}, {"PolicyDocument": None}, {"PolicyDocument": "odd"}])
def test_a_policy_of_an_odd_shape_is_cloudformations_to_refuse(document: Template) -> None:
    roles = [ref("TriggerProviderRole")]
    more = of_type("AWS::IAM::Policy", PolicyName="More", Roles=roles, **document)

    assert problems(template(More=more, Run=trigger())) == []


def test_all_quotas_are_reported() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 20_000}]}
    roles = [ref("TriggerProviderRole")]
    more = of_type("AWS::IAM::Policy", PolicyName="More", Roles=roles, PolicyDocument=document)
    fragment = template(More=more, Run=trigger(), **tables(493))

    assert problems(fragment) == [
        (
            "Resources: 502 with those created for triggers; CloudFormation allows 500; "
            "split the template"
        ),
        too_large(20_798),
    ]


def test_too_many_resources_are_a_problem_beside_all_others() -> None:
    written = tables(499) | {"Migrate": function(), "Run": trigger("Migrate", Timout=5)}

    assert problems(template(**written)) == [
        "Run.Timout: unknown property; did you mean 'Timeout'?",
        (
            "Resources: 507 with those created for triggers; CloudFormation allows 500;"
            " split the template"
        ),
    ]


def test_quotas_of_policies_are_reported_with_other_problems() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 20_000}]}
    roles = [ref("TriggerProviderRole")]
    more = of_type("AWS::IAM::Policy", PolicyName="More", Roles=roles, PolicyDocument=document)
    wrong = trigger(ExecuteAfter=["Nothing"], Timeout=0)

    assert problems(template(More=more, Run=wrong)) == [
        "Run.Timeout: must be a whole number from 1 to 43200, not 0",
        "Run.ExecuteAfter: no resource 'Nothing' in the template",
        too_large(20_798),
    ]


def test_quotas_of_policies_are_not_known_if_the_role_may_be_the_authors() -> None:
    fragment = handlers(1)
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "x" * 20_000}]}
    roles = [ref("TriggerProviderRole")]
    fragment["Resources"]["More"] = of_type(
        "AWS::IAM::Policy", PolicyName="More", Roles=roles, PolicyDocument=document
    )
    misspelled = Deployment(settings={"ProviderRol": "arn:aws:iam::123456789012:role/triggers"})

    with pytest.raises(TemplateError) as caught:
        expand(fragment, misspelled)

    assert [problem.place for problem in caught.value.problems] == [
        "Transform.Parameters.ProviderRol"
    ]
