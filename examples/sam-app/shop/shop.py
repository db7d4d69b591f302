"""Accepts orders."""

import os
from typing import Any

import boto3

CENTS_PER_APPLE = 30
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Store an order with its price, and return it."""
    order = {"id": event["Id"], "Cents": event["Apples"] * CENTS_PER_APPLE}
    orders.put_item(Item=order)
    return order
