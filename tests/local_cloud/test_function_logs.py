from typing import Any

import pytest

from cfn_trigger.local_cloud.function_logs import timed
from tests.local_cloud.account import Account, function
from tests.support.clients import Clients

CODE = """
import time
def handler(event, context):
    print('before')
    time.sleep(1)
    print('after')
"""


def events(*messages: str) -> list[dict[str, Any]]:
    return [{"message": message, "timestamp": 90} for message in messages]


@pytest.mark.parametrize(
    ("messages", "times"),
    [
        (["START", "one", "two", "END", "REPORT"], [10, 20, 30, 30, 90]),
        (["START", "one", "added", "two", "END", "REPORT"], [10, 20, 20, 30, 30, 90]),
        (["START", "two", "END", "REPORT"], [10, 30, 30, 90]),
        (["START", "END", "REPORT"], [10, 10, 90]),
    ],
)
def test_a_log_event_has_the_time_at_which_it_was_printed(
    messages: list[str], times: list[int]
) -> None:
    printed = (("START", 10), ("one", 20), ("two", 30))

    assert [event["timestamp"] for event in timed(events(*messages), printed)] == times


def test_lines_that_are_alike_have_times_of_their_own() -> None:
    printed = (("START", 10), ("same", 20), ("same", 30))

    logged = timed(events("START", "same", "same", "REPORT"), printed)

    assert [event["timestamp"] for event in logged] == [10, 20, 30, 90]


def test_the_log_of_a_function_shows_how_long_it_took(account: Account, clients: Clients) -> None:
    stack = account.create(function(CODE, Timeout=30), capabilities=["CAPABILITY_IAM"])
    described = account.cloudformation.describe_stack_resource(
        StackName=stack, LogicalResourceId="Function"
    )
    name = described["StackResourceDetail"]["PhysicalResourceId"]
    clients.boto("lambda").get_waiter("function_active_v2").wait(FunctionName=name)

    clients.boto("lambda").invoke(FunctionName=name)

    logged = clients.boto("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    at = {event["message"].split()[0]: event["timestamp"] for event in logged}
    assert list(at) == ["START", "before", "after", "END", "REPORT"]
    assert at["START"] <= at["before"] <= at["after"] - 1000
    account.delete(stack)
