"""A bucket's notifications, delivered by S3; the example's file, deployed."""

import json

from tests.cloud.examples.example import deploy, messages, replaced, rows, text
from tests.support.stacks import Stack

TEMPLATE = text("sources/s3")
BROKEN = replaced(TEMPLATE, "catalog.put_item(Item=", "catalog.no_such_thing(")
IMPATIENT = replaced(BROKEN, "Timeout: 60", "Timeout: 12")
# As SAM names the queue that it makes for `OnFailure: {Type: SQS}`.
FAILED = "RegisterEventInvokeConfigOnFailureQueue"


def test_an_upload_reaches_the_catalog_and_nothing_is_left_in_the_bucket(stack: Stack) -> None:
    outcome = deploy(stack, TEMPLATE)

    assert outcome.exit_code == 0, outcome.stderr
    (entry,) = rows(stack, "Catalog")
    assert entry["Name"].startswith("proof/")
    assert (entry["Size"], stack.outputs()["Size"]) == (15, "15")
    left = stack.clients.boto("s3").list_objects_v2(Bucket=stack.physical_id("Uploads"))
    assert left["KeyCount"] == 0


def test_a_consumer_that_raises_fails_the_deployment_and_leaves_no_bucket(stack: Stack) -> None:
    outcome = deploy(stack, replaced(IMPATIENT, "MaxAttempts: 3", "MaxAttempts: 1"))

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert " was uploaded and the catalog does not know it; " in stack.reason("Proof")
    deleted = [name for name, status, _ in stack.events() if status == "DELETE_COMPLETE"]
    assert "Uploads" in deleted


def test_an_upload_that_fails_twice_ends_in_the_failure_destination(stack: Stack) -> None:
    lenient = replaced(IMPATIENT, "Retry: {MaxAttempts: 3}", "OnFailure: Continue")

    outcome = deploy(stack, lenient)

    assert outcome.exit_code == 0, outcome.stderr
    (body,) = messages(stack, FAILED)
    (upload,) = json.loads(body)["requestPayload"]["Records"]
    assert upload["s3"]["object"]["key"].startswith("proof/")
