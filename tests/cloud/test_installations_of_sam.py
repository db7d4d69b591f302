"""A macro that the SAM CLI has deployed is upgraded and removed by `cfn-trigger`."""

from pathlib import Path

import pytest

from tests.cloud import command
from tests.cloud.conftest import deployed
from tests.support.clients import Clients


@pytest.mark.long
def test_a_macro_that_sam_has_deployed_can_be_upgraded_and_removed(
    clients: Clients, package: Path, tmp_path: Path
) -> None:
    names = ("--stack-name", "of-sam", "--macro-name", "OfSam")
    deployed(clients, package, "--stack-name", "of-sam", "--parameter-overrides", "MacroName=OfSam")
    cloudformation = clients.boto("cloudformation")

    upgraded = command.run(clients, tmp_path, "upgrade", *names, "--yes")

    assert upgraded.exit_code == 0, upgraded.stdout + upgraded.stderr
    assert upgraded.stdout.startswith("cfn-trigger an unknown version → ")
    assert "\nno stack uses it\n" in upgraded.stdout
    assert "\ntemplates use it with Transform: OfSam\n" in upgraded.stdout
    again = command.run(clients, tmp_path, "upgrade", *names)
    assert " is up to date in " in again.stdout

    removed = command.run(clients, tmp_path, "uninstall", *names, "--yes")

    assert removed.exit_code == 0, removed.stdout + removed.stderr
    left = {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]}
    assert {"of-sam", "of-sam-packages"}.isdisjoint(left)
