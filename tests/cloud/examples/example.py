"""The words of the examples' tests: an example as it lies in its folder, and what its stack did.

Knows where the examples are, how a person deploys one, and how to look at what came of it. Refuses
to know what any of them is for.
"""

from pathlib import Path
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from tests.support.clients import Outcome
from tests.support.stacks import LAMBDA_LINES, Stack
from tests.support.waiting import wait_until

EXAMPLES: Final = Path(__file__).parent.parent.parent.parent / "examples"
BEGINNINGS: Final = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")

Events = list[tuple[str, str, str]]
Json = Any


def text(name: str) -> str:
    """Read an example's template; `name` is its folder, such as `sources/queue`."""
    return (EXAMPLES / name / "template.yaml").read_text()


def deploy(stack: Stack, template: str, **parameters: str) -> Outcome:
    """Deploy a template by `sam deploy`; parameters that are not given keep their values."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    return stack.deploy_text(
        template, *(["--parameter-overrides", *overrides] if overrides else [])
    )


def replaced(template: str, old: str, new: str) -> str:
    """Replace what must be there."""
    assert old in template, f"the example no longer holds {old!r}"
    return template.replace(old, new)


def last_events(stack: Stack) -> Events:
    """List the events of the stack's last create or update, its rollback included."""
    events = stack.events()
    begun = [
        at
        for at, (name, status, _) in enumerate(events)
        if name == stack.name and status in BEGINNINGS
    ]
    return events[begun[-1] :]


def done(stack: Stack, status: str = "CREATE_COMPLETE") -> list[str]:
    """List the logical ids that got a status in the last create or update, in order."""
    return [name for name, its, _ in last_events(stack) if its == status and name != stack.name]


def made_by_the_author(stack: Stack) -> set[str]:
    """List what the last create or update created or started, without what the macro added."""
    begun = {name for name, status, _ in last_events(stack) if status == "CREATE_IN_PROGRESS"}
    return {name for name in begun - {stack.name} if not name.startswith("TriggerProvider")}


def rows(stack: Stack, table: str) -> list[dict[str, Json]]:
    """List the items of a table of the stack, as plain values, always in the same order."""
    response = stack.clients.boto("dynamodb").scan(
        TableName=stack.physical_id(table), ConsistentRead=True
    )
    plain = TypeDeserializer().deserialize
    items = [{name: plain(value) for name, value in item.items()} for item in response["Items"]]
    return sorted(items, key=lambda item: sorted(map(str, item.items())))


def printed(stack: Stack, function: str) -> list[str]:
    """List what a function of the stack has printed so far, wherever it logs."""
    configuration = stack.clients.boto("lambda").get_function_configuration(
        FunctionName=stack.physical_id(function)
    )
    events = stack.clients.boto("logs").filter_log_events(
        logGroupName=configuration["LoggingConfig"]["LogGroup"]
    )["events"]
    lines = [line for event in events for line in event["message"].splitlines()]
    return [line for line in lines if not line.startswith(LAMBDA_LINES)]


def messages(stack: Stack, queue: str) -> list[str]:
    """Wait for messages in a queue of the stack, and take at most ten."""
    taken: list[str] = []

    def take() -> bool:
        received = stack.clients.boto("sqs").receive_message(
            QueueUrl=stack.physical_id(queue), MaxNumberOfMessages=10, WaitTimeSeconds=10
        )
        taken.extend(message["Body"] for message in received.get("Messages", []))
        return bool(taken)

    wait_until(take)
    return taken
