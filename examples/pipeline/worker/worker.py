"""Stores the orders that arrive through the queue and the topic."""

import json
import os
from typing import Any

import boto3

CENTS_PER_APPLE = 30
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> None:
    """Store the orders of one batch."""
    for record in event["Records"]:
        order = json.loads(record["body"] if "body" in record else record["Sns"]["Message"])
        cents = order["Apples"] * CENTS_PER_APPLE
        orders.put_item(Item={"id": order["Id"], "Cents": cents})
