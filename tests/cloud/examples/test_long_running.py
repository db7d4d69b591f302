"""examples/long-running: a job that outlasts the function which started it, polled to its end."""

import pytest
from botocore.exceptions import WaiterError

from tests.cloud.examples.example import deploy, replaced, text
from tests.support.stacks import Stack
from tests.support.waiting import QUICKLY

TEMPLATE = text("long-running")
FAILING = replaced(
    TEMPLATE,
    '{"Type": "Pass", "Result": {"Documents": 1200}, "End": true}',
    '{"Type": "Fail", "Cause": "the index is full"}',
)


def executions(stack: Stack) -> list[str]:
    """List how the job's executions have ended."""
    listed = stack.clients.boto("stepfunctions").list_executions(
        stateMachineArn=stack.outputs()["Job"]
    )
    return [one["status"] for one in listed["executions"]]


def test_the_deployment_waits_for_the_job_and_continues_with_its_result(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE, Seconds="10")

    assert outcome.exit_code == 0, outcome.stderr
    assert stack.outputs()["Documents"] == "1200"
    assert executions(stack) == ["SUCCEEDED"]
    first, *looks, last = stack.log("RunJob")
    assert (first, last) == ("started", "looked, SUCCEEDED")
    assert set(looks) == {"looked, RUNNING"}


def test_a_job_that_fails_fails_the_deployment_with_its_cause(stack: Stack) -> None:
    cloudformation = stack.clients.boto("cloudformation")
    cloudformation.create_stack(
        StackName=stack.name,
        TemplateBody=FAILING,
        Parameters=[{"ParameterKey": "Seconds", "ParameterValue": "1"}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    created = cloudformation.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError):
        created.wait(StackName=stack.name, WaiterConfig=QUICKLY)

    assert stack.reason("Reindex").startswith("Failed: the index is full; full log: /aws/lambda/")
