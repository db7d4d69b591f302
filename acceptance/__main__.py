"""`make acceptance` proves the promises in the account of the current credentials, and asks AWS.

Knows consent, the real clients, and the removal of everything, also when it is interrupted.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from acceptance import answers, macro
from acceptance.account import Account, NotAsExpectedError
from acceptance.kit import run

PREFIX: Final = "cfn-trigger-acceptance"
DESCRIPTION: Final = """\
It creates stacks whose names begin with {prefix}- (the macro, every example, one stack for the
promises and one for each question) and a bucket, and deletes them again. That takes about
{minutes} minutes and costs less than one US dollar at the public prices, mostly for Lambda,
Kinesis and DynamoDB.
"""
MINUTES: Final = 60
MINUTES_IF_LONG: Final = 100


def main() -> None:
    """Run everything; exit with code 1 if a promise is broken or something is left behind."""
    options = _options()
    account = _account(f"{PREFIX}-{uuid4().hex[:6]}")
    _describe(account, is_long=options.long)
    if not options.yes and not _has_consent():
        sys.exit("nothing was created")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with removed_in_the_end(account), reported(), _sam(account) as sam:
            for line in run(account, sam, is_long=options.long, today=_today, record=answers.save):
                print(line, flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    answers.write_page()
    print(f"\nThe answers are in {answers.PAGE.relative_to(answers.ROOT)}")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make acceptance", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="do not ask for consent")
    parser.add_argument("--long", action="store_true", help="include what takes over 15 minutes")
    return parser.parse_args()


def _account(prefix: str) -> Account:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        create: Any = boto3.client
        return clients.setdefault(service, create(service))

    return Account(prefix=prefix, client=client, sleep=time.sleep)


def _describe(account: Account, *, is_long: bool) -> None:
    try:
        identity = account.client("sts").get_caller_identity()
        region = account.client("cloudformation").meta.region_name
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"there are no usable AWS credentials, or no region: {error}")
    minutes = MINUTES_IF_LONG if is_long else MINUTES
    print(f"Account {identity['Account']}, region {region}, as {identity['Arn']}\n")
    print(DESCRIPTION.format(prefix=account.prefix, minutes=minutes), flush=True)


def _has_consent() -> bool:
    if not sys.stdin.isatty():
        sys.exit("there is no terminal to ask for consent; pass YES=1 to give it")
    return input("Continue? [y/N] ").strip().lower() in {"y", "yes"}


@contextmanager
def _sam(account: Account) -> Iterator[macro.Sam]:
    """Provide the SAM CLI with a bucket, which is emptied and deleted in the end."""
    s3, bucket = account.client("s3"), account.name("packages")
    region = s3.meta.region_name
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = shutil.which("sam") or "sam"
            environment = dict(os.environ) | {"SAM_CLI_TELEMETRY": "0"}
            yield macro.Sam(
                program=program, environment=environment, folder=Path(folder), bucket=bucket
            )
    finally:
        _delete_bucket(s3, bucket)


def _delete_bucket(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
    s3.delete_bucket(Bucket=bucket)


@contextmanager
def reported() -> Iterator[None]:
    """Report at once what ends the block, before anything is removed, and exit with code 1."""
    try:
        yield
    except (NotAsExpectedError, ClientError, BotoCoreError) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        sys.exit(1)


@contextmanager
def removed_in_the_end(account: Account) -> Iterator[None]:
    """Delete everything when the block ends, however it ends; say what is left."""
    try:
        yield
    finally:
        print("\nRemoving everything", flush=True)
        left = list(account.remove_everything())
        print("\n".join(f"  {line}" for line in left) or "  nothing is left", flush=True)
        if left:
            sys.exit(f"delete what is left by hand; every name begins with {account.prefix}")


if __name__ == "__main__":
    main()
