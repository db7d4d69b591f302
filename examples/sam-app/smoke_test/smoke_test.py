"""Places an order, as the shop's customers do, and deletes it again."""

import json
import os
from typing import Any

import boto3

shop = boto3.client("lambda")
orders = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the order as the shop has stored it."""
    response = shop.invoke(FunctionName=os.environ["SHOP"], Payload=json.dumps(event))
    if response.get("FunctionError"):
        raise RuntimeError(f"the shop failed: {response['Payload'].read().decode()}")
    deleted = orders.delete_item(Key={"id": event["Id"]}, ReturnValues="ALL_OLD")
    order = deleted.get("Attributes")
    if not order:
        raise LookupError("the shop has not written the order down")
    print("the order was written down")
    return {"Id": order["id"], "Cents": int(order["Cents"])}
