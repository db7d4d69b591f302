"""Sends an order through the queue and looks for it in the table."""

import json
import os
from typing import Any
from uuid import uuid4

import boto3

queue = boto3.resource("sqs").Queue(os.environ["QUEUE_URL"])
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send an order in the first invocation, then poll until the worker has stored it."""
    order = event.get("EventState") or send_order(event["Apples"])
    stored = orders.delete_item(Key={"id": order}, ReturnValues="ALL_OLD").get("Attributes")
    if not stored:
        return {"Status": "IN_PROGRESS", "EventState": order, "RetryAfter": 1}
    print("the worker took", order)
    return {"Cents": int(stored["Cents"])}


def send_order(apples: int) -> str:
    """Send an order, and return its id."""
    order = f"self-test-{uuid4()}"
    queue.send_message(MessageBody=json.dumps({"Id": order, "Apples": apples}))
    return order
