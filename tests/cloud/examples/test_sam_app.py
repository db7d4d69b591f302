"""examples/sam-app: built and deployed as its README says; a smoke test of what SAM made."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cloud.examples.example import EXAMPLES, done, printed, replaced, rows
from tests.support.clients import Outcome
from tests.support.stacks import Stack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the example, because `sam build` writes next to the template."""
    return shutil.copytree(EXAMPLES / "sam-app", tmp_path / "sam-app")


def build_and_deploy(stack: Stack, folder: Path) -> Outcome:
    built = stack.clients.sam("build", cwd=folder)
    assert built.exit_code == 0, built.stderr
    return stack.clients.sam("deploy", "--stack-name", stack.name, "--no-progressbar", cwd=folder)


def edges(stack: Stack, logical_id: str) -> list[str]:
    deployed = stack.clients.boto("cloudformation").get_template(
        StackName=stack.name, TemplateStage="Processed"
    )
    return list(deployed["TemplateBody"]["Resources"][logical_id]["DependsOn"])


def ordered(stack: Stack) -> object:
    answered = stack.clients.boto("lambda").invoke(
        FunctionName=stack.outputs()["Shop"], Payload=json.dumps({"Id": "one", "Apples": 1})
    )
    return json.loads(answered["Payload"].read())


def test_the_smoke_test_runs_after_everything_that_sam_creates(stack: Stack, folder: Path) -> None:
    outcome = build_and_deploy(stack, folder)

    assert outcome.exit_code == 0, outcome.stderr
    made = done(stack)
    before = made[: made.index("SmokeTestTrigger")]
    assert {"Orders", "Shop", "ShopRole", "ShopAliaslive", "ShopFails"}.issubset(before)
    assert any(name.startswith("ShopVersion") for name in before)
    # The local cloud makes one resource after another: only the template shows what has to wait.
    assert "ShopFails" in edges(stack, "SmokeTestTrigger")
    assert printed(stack, "SmokeTest") == ["the order was written down"]
    assert rows(stack, "Orders") == []


def test_a_changed_shop_is_tested_again_and_rolled_back_if_it_fails(
    stack: Stack, folder: Path
) -> None:
    build_and_deploy(stack, folder)
    shop = folder / "shop" / "shop.py"
    good = shop.read_text()

    shop.write_text(replaced(good, "= 30", "= 40 - 10"))
    assert build_and_deploy(stack, folder).exit_code == 0
    assert printed(stack, "SmokeTest") == ["the order was written down"] * 2

    shop.write_text(replaced(good, "    orders.put_item(Item=order)\n", ""))
    assert build_and_deploy(stack, folder).exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.reason("SmokeTestTrigger").startswith(
        "LookupError: the shop has not written the order down; "
    )
    assert ordered(stack) == {"id": "one", "Cents": 30}
    assert rows(stack, "Orders") == [{"id": "one", "Cents": 30}]
