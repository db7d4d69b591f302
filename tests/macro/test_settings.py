"""What holds for the provider of the whole stack: the transform's own parameters."""

import json
from typing import Any, Final

import pytest

from macro.errors import TemplateError
from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import (
    REQUEST,
    Template,
    function,
    get,
    of_type,
    table,
    template,
    trigger,
    waits,
)

BOUNDARY: Final = "arn:aws:iam::123456789012:policy/boundary"
ROLE: Final = "arn:aws:iam::123456789012:role/triggers"
KEY: Final = "arn:aws:kms:eu-central-1:123456789012:key/1"
KNOWN: Final = (
    "LogRetentionInDays, PermissionsBoundary, RolePath, ProviderRole, Runtime, MemorySize, "
    "Architecture, KmsKeyArn, SubnetIds, SecurityGroupIds, MaxConcurrentTriggers, Tags"
)
RETENTIONS: Final = (
    "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, "
    "2922, 3288, 3653"
)
IN_A_NETWORK: Final = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}


def emitted(settings: Template, fragment: Template | None = None) -> Template:
    """Expand a template with one trigger under parameters of the transform."""
    given = json.loads(json.dumps(fragment or template(Run=trigger())))
    deployment = Deployment(request_id=REQUEST, settings=json.loads(json.dumps(settings)))
    found: Template = expand(given, deployment).fragment["Resources"]
    return found


def problems_of(settings: Template, fragment: Template | None = None) -> list[str]:
    try:
        emitted(settings, fragment)
    except TemplateError as error:
        return [str(problem) for problem in error.problems]
    return []


def of(resource: str, settings: Template) -> Template:
    found: Template = emitted(settings)[resource]["Properties"]
    return found


# ---- what each does


@pytest.mark.parametrize(
    ("name", "value", "resource", "path", "expected"),
    [
        ("LogRetentionInDays", 7, "TriggerProviderLogGroup", "RetentionInDays", 7),
        ("LogRetentionInDays", "365", "TriggerProviderLogGroup", "RetentionInDays", 365),
        ("KmsKeyArn", KEY, "TriggerProviderLogGroup", "KmsKeyId", KEY),
        ("PermissionsBoundary", BOUNDARY, "TriggerProviderRole", "PermissionsBoundary", BOUNDARY),
        ("RolePath", "/deployment/", "TriggerProviderRole", "Path", "/deployment/"),
        ("RolePath", "/", "TriggerProviderRole", "Path", "/"),
        ("ProviderRole", ROLE, "TriggerProvider", "Role", ROLE),
        ("Runtime", "python3.11", "TriggerProvider", "Runtime", "python3.11"),
        ("Runtime", "python3.14", "TriggerProvider", "Runtime", "python3.14"),
        ("MemorySize", 1024, "TriggerProvider", "MemorySize", 1024),
        ("MemorySize", "128", "TriggerProvider", "MemorySize", 128),
        ("MemorySize", 10240, "TriggerProvider", "MemorySize", 10240),
        ("Architecture", "x86_64", "TriggerProvider", "Architectures", ["x86_64"]),
    ],
)
def test_a_parameter_changes_one_property(
    name: str, value: Any, resource: str, path: str, expected: Any
) -> None:
    assert of(resource, {name: value})[path] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LogRetentionInDays", 7),
        ("KmsKeyArn", KEY),
        ("PermissionsBoundary", BOUNDARY),
        ("RolePath", "/deployment/"),
        ("Runtime", "python3.14"),
        ("MemorySize", 1024),
        ("Architecture", "x86_64"),
    ],
)
def test_a_parameter_changes_one_resource(name: str, value: Any) -> None:
    before, after = emitted({}), emitted({name: value})

    assert len([each for each in after if after[each] != before[each]]) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LogRetentionInDays", 30),
        ("Runtime", "python3.13"),
        ("MemorySize", 512),
        ("Architecture", "arm64"),
    ],
)
def test_a_default_that_is_written_out_changes_nothing(name: str, value: Any) -> None:
    assert emitted({name: value}) == emitted({})


@pytest.mark.parametrize(
    "subnets", [["subnet-1", "subnet-2"], "subnet-1,subnet-2", "subnet-1, subnet-2"]
)
def test_a_provider_in_a_network_has_subnets_and_security_groups(subnets: Any) -> None:
    settings = IN_A_NETWORK | {"SubnetIds": subnets}

    assert of("TriggerProvider", settings)["VpcConfig"] == {
        "SubnetIds": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }


def test_a_provider_in_a_network_may_make_network_interfaces() -> None:
    policies = of("TriggerProviderRole", IN_A_NETWORK)["Policies"]

    assert policies[-1] == {
        "PolicyName": "JoinVpc",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "ec2:AssignPrivateIpAddresses",
                        "ec2:CreateNetworkInterface",
                        "ec2:DeleteNetworkInterface",
                        "ec2:DescribeNetworkInterfaces",
                        "ec2:DescribeSubnets",
                        "ec2:UnassignPrivateIpAddresses",
                    ],
                    "Resource": "*",
                }
            ],
        },
    }


def test_a_provider_in_no_network_may_not() -> None:
    assert "JoinVpc" not in json.dumps(emitted({}))
    assert "VpcConfig" not in of("TriggerProvider", {})


# ---- a role of the author's


def iam(resources: Template) -> list[str]:
    return [name for name, one in resources.items() if one["Type"].startswith("AWS::IAM::")]


@pytest.mark.parametrize("settings", [{}, IN_A_NETWORK])
def test_with_a_role_of_the_authors_no_iam_resource_is_made(settings: Template) -> None:
    assert iam(emitted({"ProviderRole": ROLE} | settings)) == []


def test_with_a_role_of_the_authors_a_trigger_waits_for_no_policy() -> None:
    run = emitted({"ProviderRole": ROLE})["Run"]

    assert run["DependsOn"] == ["TriggerProviderInvokeConfig"]


def test_with_a_role_of_the_authors_a_function_with_one_makes_no_iam_resource() -> None:
    own = {"Code": {"ZipFile": "x"}, "Role": ROLE}
    fragment = template(Run=of_type("Custom::Trigger", Function=own))

    assert iam(emitted({"ProviderRole": ROLE}, fragment)) == []


def test_with_a_provider_role_a_function_without_a_role_adds_no_iam_resource() -> None:
    fragment = template(Run=of_type("Custom::Trigger", Function={"Code": {"ZipFile": "x"}}))

    try:
        created = iam(emitted({"ProviderRole": ROLE}, fragment))
    except TemplateError:
        created = []

    assert created == []


@pytest.mark.parametrize("taken", ["TriggerProviderRole", "TriggerProviderHandOver"])
@pytest.mark.parametrize("role", [table(), of_type("AWS::IAM::Role", Path="/")])
def test_with_a_role_of_the_authors_the_logical_ids_of_its_policies_are_free(
    taken: str, role: Template
) -> None:
    fragment = template(Run=trigger(), **{taken: role})

    assert emitted({"ProviderRole": ROLE}, fragment)[taken] == role


# ---- wrong values


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LogRetentionInDays", 31, f"must be one of {RETENTIONS}, not 31"),
        ("LogRetentionInDays", "soon", f"must be one of {RETENTIONS}, not 'soon'"),
        ("LogRetentionInDays", None, f"must be one of {RETENTIONS}, not null"),
        ("LogRetentionInDays", True, f"must be one of {RETENTIONS}, not true"),
        ("PermissionsBoundary", "boundary", "must be the ARN of a managed policy, not 'boundary'"),
        ("PermissionsBoundary", "", "must be the ARN of a managed policy, not ''"),
        ("PermissionsBoundary", ROLE, f"must be the ARN of a managed policy, not '{ROLE}'"),
        ("RolePath", "deployment", "must be a path such as /deployment/, not 'deployment'"),
        ("RolePath", "/deployment", "must be a path such as /deployment/, not '/deployment'"),
        ("ProviderRole", "triggers", "must be the ARN of a role, not 'triggers'"),
        ("ProviderRole", ["triggers"], "must be the ARN of a role, not a list"),
        ("Runtime", "nodejs22.x", "must be python3.11 or later, not 'nodejs22.x'"),
        ("Runtime", "python3.9", "must be python3.11 or later, not 'python3.9'"),
        ("Runtime", "python3.1", "must be python3.11 or later, not 'python3.1'"),
        ("MemorySize", 127, "must be a whole number from 128 to 10240, not 127"),
        ("MemorySize", 10241, "must be a whole number from 128 to 10240, not 10241"),
        ("MemorySize", 512.5, "must be a whole number from 128 to 10240, not 512.5"),
        ("Architecture", "ARM64", "must be arm64 or x86_64, not 'ARM64'; did you mean 'arm64'?"),
        ("Architecture", ["arm64"], "must be arm64 or x86_64, not a list"),
        ("KmsKeyArn", "alias/logs", "must be the ARN of a key, not 'alias/logs'"),
    ],
)
def test_a_wrong_value_is_reported_with_what_is_accepted(
    name: str, value: Any, expected: str
) -> None:
    assert problems_of({name: value}) == [f"Transform.Parameters.{name}: {expected}"]


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), (5, "5"), ("", "''")])
def test_ids_are_a_list_of_texts(value: Any, shown: str) -> None:
    assert problems_of({"SubnetIds": value, "SecurityGroupIds": value}) == [
        f"Transform.Parameters.SubnetIds: must be a list of ids, not {shown}",
        f"Transform.Parameters.SecurityGroupIds: must be a list of ids, not {shown}",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("subnet-1,", "'subnet-1,'"),
        (" ", "' '"),
        ("subnet-1, ,subnet-2", "'subnet-1, ,subnet-2'"),
        ([" "], "a list"),
    ],
)
def test_an_id_is_never_empty(value: Any, shown: str) -> None:
    told = problems_of({"SubnetIds": value, "SecurityGroupIds": value})

    assert told == [
        f"Transform.Parameters.SubnetIds: must be a list of ids, not {shown}",
        f"Transform.Parameters.SecurityGroupIds: must be a list of ids, not {shown}",
    ]


@pytest.mark.parametrize("wrong", ["SubnetIds", "SecurityGroupIds"])
def test_ids_that_are_wrong_are_not_also_missing(wrong: str) -> None:
    assert problems_of(IN_A_NETWORK | {wrong: 5}) == [
        f"Transform.Parameters.{wrong}: must be a list of ids, not 5"
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("LogRetention", "; did you mean 'LogRetentionInDays'?"),
        ("memorysize", "; did you mean 'MemorySize'?"),
        ("Colour", f"; known properties are {KNOWN}"),
    ],
)
def test_an_unknown_parameter_is_reported_with_the_nearest(name: str, hint: str) -> None:
    assert problems_of({name: 5}) == [f"Transform.Parameters.{name}: unknown property{hint}"]


@pytest.mark.parametrize("alone", ["SubnetIds", "SecurityGroupIds"])
def test_subnets_and_security_groups_go_together(alone: str) -> None:
    assert problems_of({alone: ["id-1"]}) == [
        "Transform.Parameters.SubnetIds: goes together with SecurityGroupIds; set both or neither"
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"PermissionsBoundary": BOUNDARY},
        {"RolePath": "/a/"},
        {"PermissionsBoundary": BOUNDARY, "RolePath": "/a/"},
    ],
)
def test_a_role_of_the_authors_is_used_as_it_is(more: Template) -> None:
    assert problems_of({"ProviderRole": ROLE} | more) == [
        (
            "Transform.Parameters.ProviderRole: is used as it is; "
            "remove PermissionsBoundary and RolePath"
        )
    ]


def test_every_wrong_parameter_is_reported() -> None:
    assert problems_of({"Runtime": "ruby3.4", "Colour": 5, "MemorySize": 1}) == [
        "Transform.Parameters.Runtime: must be python3.11 or later, not 'ruby3.4'",
        f"Transform.Parameters.Colour: unknown property; known properties are {KNOWN}",
        "Transform.Parameters.MemorySize: must be a whole number from 128 to 10240, not 1",
    ]


def test_a_wrong_parameter_is_reported_with_the_problems_of_the_template() -> None:
    fragment = template(Run=trigger(Timeout=0))

    assert problems_of({"MemorySize": 1}, fragment) == [
        "Run.Timeout: must be a whole number from 1 to 43200, not 0",
        "Transform.Parameters.MemorySize: must be a whole number from 128 to 10240, not 1",
    ]


# ---- what they leave alone


@pytest.mark.parametrize("settings", [{}, {"MemorySize": 1024}, {"Colour": 5}, IN_A_NETWORK])
def test_nothing_happens_without_triggers(settings: Template) -> None:
    fragment = template(Orders=table())

    assert emitted(settings, fragment) == fragment["Resources"]


@pytest.mark.parametrize(
    "settings", [{"MemorySize": 1024}, {"Runtime": "python3.14"}, {"ProviderRole": ROLE}]
)
def test_a_change_of_the_provider_runs_no_trigger_again(settings: Template) -> None:
    before, after = emitted({})["Run"], emitted(settings)["Run"]

    assert after["Properties"] == before["Properties"]


def test_a_trigger_waits_for_its_handler_whatever_its_role() -> None:
    fragment = template(
        Migrate=function(Role=get("Role")),
        Role=of_type("AWS::IAM::Role"),
        More=of_type("AWS::IAM::Policy", PolicyName="More", Roles=[{"Ref": "Role"}]),
        Run=trigger(),
    )

    assert waits(fragment) == ["More"]
    assert "More" in emitted({"ProviderRole": ROLE}, fragment)["Run"]["DependsOn"]
