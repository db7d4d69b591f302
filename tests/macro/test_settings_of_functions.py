"""What the transform's own parameters mean for a function that is defined with its trigger."""

from typing import Any

from macro.expand import expand
from macro.model import Deployment
from tests.support.templates import Template, of_type, template

CODE = {"ZipFile": "def handler(event, context): ..."}


def resources_with(settings: Template, **properties: Any) -> Template:
    run = of_type("Custom::Trigger", Function={"Code": CODE, **properties})
    expanded: Template = dict(expand(template(Run=run), Deployment(settings=settings)).fragment)
    resources: Template = expanded["Resources"]
    return resources


def test_a_boundary_and_a_path_hold_for_its_role_too() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"

    role = resources_with({"PermissionsBoundary": boundary, "RolePath": "/x/"})["RunRole"][
        "Properties"
    ]

    assert (role["PermissionsBoundary"], role["Path"]) == (boundary, "/x/")


def test_retention_and_key_hold_for_its_log_group_too() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1"

    group = resources_with({"LogRetentionInDays": 7, "KmsKeyArn": key})["RunLogGroup"]

    assert group["Properties"] == {"RetentionInDays": 7, "KmsKeyId": key}


def test_a_function_in_a_network_may_make_its_network_interfaces() -> None:
    network = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}

    role = resources_with({}, VpcConfig=network)["RunRole"]["Properties"]

    assert [policy["PolicyName"] for policy in role["Policies"]] == ["WriteLogs", "JoinVpc"]
    statement = role["Policies"][1]["PolicyDocument"]["Statement"][0]
    assert "ec2:CreateNetworkInterface" in statement["Action"]


def test_a_function_outside_a_network_may_not() -> None:
    role = resources_with({})["RunRole"]["Properties"]

    assert [policy["PolicyName"] for policy in role["Policies"]] == ["WriteLogs"]
