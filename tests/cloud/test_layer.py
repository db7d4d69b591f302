"""The layer with trigger_handler: published with the macro, under the macro's own name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.conftest import ROOT, deployed
from tests.support.clients import Clients, Outcome
from tests.support.stacks import Stack


@pytest.fixture
def other(macro: Outcome, package: Path, clients: Clients) -> Iterator[Stack]:
    """Return the stack of a second copy of the macro, next to the first."""
    assert macro.exit_code == 0
    copy = Stack(name="cfn-trigger-other", clients=clients, folder=ROOT)
    own = ("--stack-name", copy.name, "--parameter-overrides", "MacroName=Other")
    deployed(clients, package, *own)
    yield copy
    copy.delete()


def test_two_copies_of_the_macro_each_have_a_layer_and_a_parameter(
    clients: Clients, other: Stack
) -> None:
    first = Stack(name="cfn-trigger", clients=clients, folder=ROOT).outputs()
    second = other.outputs()

    parameters = [outputs["HandlerLayerParameter"] for outputs in (first, second)]
    layer_arns = [
        clients.boto("ssm").get_parameter(Name=name)["Parameter"]["Value"] for name in parameters
    ]
    layers = [arn.split(":")[6] for arn in layer_arns]
    assert parameters == [
        "/cfn-trigger/Trigger/handler-layer-arn", "/cfn-trigger/Other/handler-layer-arn",
    ]  # fmt: skip
    assert layers == ["cfn-trigger-Trigger-handler", "cfn-trigger-Other-handler"]
    assert layer_arns == [outputs["HandlerLayerArn"] for outputs in (first, second)]


def test_the_layer_outlives_the_copy_that_published_it(clients: Clients, other: Stack) -> None:
    arn = other.outputs()["HandlerLayerArn"]

    other.delete()

    assert clients.boto("lambda").get_layer_version_by_arn(Arn=arn)["LayerVersionArn"] == arn
