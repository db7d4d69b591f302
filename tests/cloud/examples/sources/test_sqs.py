"""A queue with a dead-letter queue, delivered by an event source mapping; the file, deployed.

With a shorter visibility timeout than AWS allows beside the consumer's own, so that a message is
rejected within seconds.
"""

import json

from tests.cloud.examples.example import deploy, messages, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/sqs")
# Once the good order is shipped and nothing is left in the queue, nothing can be rejected any more.
UNTIL_THE_QUEUE_IS_EMPTY = (
    "while context.get_remaining_time_in_millis() > 10_000:",
    """while not shipped or any(
                    map(
                        int,
                        sqs.get_queue_attributes(
                            QueueUrl=os.environ["ORDERS"],
                            AttributeNames=[
                                "ApproximateNumberOfMessages",
                                "ApproximateNumberOfMessagesNotVisible",
                            ],
                        )["Attributes"].values(),
                    )
                ):""",
)
MAY_LOOK = ("Action: sqs:SendMessage", "Action: [sqs:SendMessage, sqs:GetQueueAttributes]")


def test_a_good_order_is_shipped_and_a_bad_one_is_rejected_after_three_attempts(
    stack: Stack,
) -> None:
    outcome = deploy(stack, TEMPLATE, RetryAfter="1")

    assert outcome.exit_code == 0, outcome.stderr
    order = stack.outputs()["Order"]
    assert rows(stack, "Shipments") == [{"OrderId": order}]
    why = "JSONDecodeError('Expecting value: line 1 column 1 (char 0)')"
    assert stack.log("Ship") == 3 * [f"cannot ship {order} {why}"]

    of_a_batch = {"good": json.dumps({"OrderId": "7"}), "bad": "seven"}
    stack.clients.boto("sqs").send_message_batch(
        QueueUrl=stack.physical_id("Orders"),
        Entries=[{"Id": kind, "MessageBody": body} for kind, body in of_a_batch.items()],
    )

    assert messages(stack, "Rejected") == ["seven"]
    assert rows(stack, "Shipments") == [{"OrderId": "7"}, {"OrderId": order}]


def test_a_mapping_that_forgets_partial_failures_fails_the_deployment(stack: Stack) -> None:
    forgetful = replaced(TEMPLATE, "      FunctionResponseTypes: [ReportBatchItemFailures]\n", "")
    forgetful = replaced(forgetful, *UNTIL_THE_QUEUE_IS_EMPTY)
    forgetful = replaced(forgetful, *MAY_LOOK)
    forgetful = replaced(forgetful, "MaxAttempts: 2", "MaxAttempts: 1")

    outcome = deploy(stack, forgetful, RetryAfter="1")

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    reason = stack.reason("Proof")
    assert "shipped = True of the good order, rejected = False of the bad one; " in reason
