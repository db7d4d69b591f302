"""Fills the table of prices. CloudFormation runs `handler` during a deployment."""

import os
from typing import Any

import boto3


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Put the rows of the trigger's Payload into the table."""
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    return seed(table, event["Rows"])


def seed(table: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Put rows into a table, and return the attributes of the trigger.

    A row that is put twice is one row, so a retry does no harm.
    """
    for row in rows:
        table.put_item(Item=row)
        print("put", row["Article"])
    return {"Rows": len(rows)}
