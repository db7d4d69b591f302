"""examples/idempotent: one effect for an event, however often it comes; none is lost in silence."""

import json
from decimal import Decimal
from functools import partial

from tests.cloud.examples.example import (
    deploy,
    messages,
    printed,
    replaced,
    rows,
    text,
)
from tests.support.stacks import Json, Stack
from tests.support.waiting import wait_until

TEMPLATE = text("idempotent")
FUNCTION = "CountDeploymentFunction"
BROKEN = replaced(TEMPLATE, "print(json.dumps(event))", 'raise LookupError("cannot count")')


def counted(stack: Stack, deployments: int) -> bool:
    return {"Id": "deployments", "Deployed": Decimal(deployments)} in rows(stack, "Counts")


def events(stack: Stack) -> list[dict[str, Json]]:
    return [json.loads(line) for line in printed(stack, FUNCTION) if line.startswith("{")]


def test_every_deployment_counts(stack: Stack) -> None:
    for count in (1, 2):
        outcome = deploy(stack, TEMPLATE)

        assert outcome.exit_code == 0, outcome.stderr
        wait_until(partial(counted, stack, count))
    assert len({event["ExecutionId"] for event in events(stack)}) == 2


def test_a_repeated_event_has_no_second_effect(stack: Stack) -> None:
    deploy(stack, TEMPLATE)
    wait_until(partial(counted, stack, 1))
    (event,) = events(stack)

    for _ in range(2):
        again = stack.clients.boto("lambda").invoke(
            FunctionName=stack.physical_id(FUNCTION), Payload=json.dumps(event)
        )
        assert "FunctionError" not in again, again["Payload"].read()

    assert printed(stack, FUNCTION).count("counted before") == 2
    assert counted(stack, 1)


def test_an_event_that_keeps_failing_ends_in_the_queue_and_the_stack_succeeds(stack: Stack) -> None:
    outcome = deploy(stack, BROKEN)

    assert outcome.exit_code == 0, outcome.stderr
    (message,) = messages(stack, "Lost")
    lost = json.loads(message)
    assert lost["requestContext"]["condition"] == "RetriesExhausted"
    assert lost["requestContext"]["approximateInvokeCount"] == 3
    assert lost["requestPayload"]["LogicalResourceId"] == "CountDeployment"
    assert lost["responsePayload"]["errorMessage"] == "cannot count"
    assert rows(stack, "Counts") == []
