"""A queue with a dead-letter queue, delivered by an event source mapping; the file, deployed.

What the consumer cannot ship it makes visible again at once, so that it is rejected without the
wait of `RetryAfter`.
"""

import json
from collections.abc import Iterable

from tests.cloud.examples.example import deploy, messages, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/sqs")
AT_ONCE = (
    (
        """print("cannot ship", message["body"], repr(error))
""",
        """print("cannot ship", message["body"], repr(error))
                      boto3.client("sqs").change_message_visibility(
                          QueueUrl=os.environ["ORDERS"],
                          ReceiptHandle=message["receiptHandle"],
                          VisibilityTimeout=0,
                      )
""",
    ),
    (
        "Variables: {SHIPMENTS: !Ref Shipments}",
        "Variables: {SHIPMENTS: !Ref Shipments, ORDERS: !Ref Orders}",
    ),
    (
        "sqs:DeleteMessage, sqs:GetQueueAttributes]",
        "sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:ChangeMessageVisibility]",
    ),
)
# Once the good order is shipped and nothing is left in the queue, nothing can be rejected any more.
UNTIL_THE_QUEUE_IS_EMPTY = (
    (
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
    ),
    ("Action: sqs:SendMessage", "Action: [sqs:SendMessage, sqs:GetQueueAttributes]"),
    ("      FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
    ("MaxAttempts: 2", "MaxAttempts: 1"),
)


def with_changes(template: str, changes: Iterable[tuple[str, str]]) -> str:
    for old, new in changes:
        template = replaced(template, old, new)
    return template


def test_a_good_order_is_shipped_and_a_bad_one_is_rejected_after_three_attempts(
    stack: Stack,
) -> None:
    outcome = deploy(stack, with_changes(TEMPLATE, AT_ONCE))

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
    outcome = deploy(stack, with_changes(TEMPLATE, UNTIL_THE_QUEUE_IS_EMPTY))

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    reason = stack.reason("Proof")
    assert "shipped = True of the good order, rejected = False of the bad one; " in reason
