"""Sends an order through the queue and looks for it in the table."""

import json
import os
from typing import Any
from uuid import uuid4

import boto3

queue = boto3.resource("sqs").Queue(os.environ["QUEUE_URL"])
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send it when asked first, then take it back once the worker has written it down."""
    order = event.get("EventState") or sent(event["Apples"])
    found = orders.delete_item(Key={"id": order}, ReturnValues="ALL_OLD").get("Attributes")
    if not found:
        return {"Status": "IN_PROGRESS", "EventState": order, "RetryAfter": 1}
    print("the worker took", order)
    return {"Cents": int(found["Cents"])}


def sent(apples: int) -> str:
    """Send an order, and give its id."""
    order = f"self-test-{uuid4()}"
    queue.send_message(MessageBody=json.dumps({"Id": order, "Apples": apples}))
    return order
