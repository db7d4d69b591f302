"""The projects that `cfn-trigger new` writes, deployed as their README says."""

from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.stacks import Stack


@pytest.fixture
def project(stack: Stack, tmp_path: Path) -> Path:
    return tmp_path / stack.name


def test_a_project_for_sam_fills_its_table(stack: Stack, project: Path) -> None:
    run("new", str(project), "--sam")

    built = stack.clients.sam("build", cwd=project)
    deployed = stack.clients.sam("deploy", "--no-progressbar", cwd=project)

    assert built.exit_code == 0, built.stderr
    assert deployed.exit_code == 0, deployed.stderr
    assert rows_and_result(stack) == ({"apple": "30", "pear": "45"}, "2")


def test_a_plain_project_fills_its_table(stack: Stack, project: Path) -> None:
    run("new", str(project), "--plain")
    stack.clients.boto("s3").create_bucket(Bucket=stack.name)

    packaged = stack.clients.aws(
        *("cloudformation", "package", "--template-file", "template.yaml"),
        *("--s3-bucket", stack.name, "--output-template-file", "packaged.yaml"),
        cwd=project,
    )
    deployed = stack.clients.aws(
        *("cloudformation", "deploy", "--template-file", "packaged.yaml"),
        *("--stack-name", stack.name, "--capabilities", "CAPABILITY_IAM"),
        cwd=project,
    )

    assert packaged.exit_code == 0, packaged.stderr
    assert deployed.exit_code == 0, deployed.stderr
    assert rows_and_result(stack) == ({"apple": "30", "pear": "45"}, "2")


def rows_and_result(stack: Stack) -> tuple[dict[str, str], str]:
    """Return the cents of each article in the table, and what the handler returned."""
    outputs = stack.outputs()
    items = stack.clients.boto("dynamodb").scan(TableName=outputs["TableName"])["Items"]
    return {item["Article"]["S"]: item["Cents"]["N"] for item in items}, outputs["Rows"]
