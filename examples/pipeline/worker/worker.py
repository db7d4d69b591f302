"""Writes down the orders that come by queue and by topic."""

import json
import os
from typing import Any

import boto3

CENTS_PER_APPLE = 30
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> None:
    """Take the orders of one delivery."""
    for record in event["Records"]:
        order = json.loads(record["body"] if "body" in record else record["Sns"]["Message"])
        cents = order["Apples"] * CENTS_PER_APPLE
        orders.put_item(Item={"id": order["Id"], "Cents": cents})
