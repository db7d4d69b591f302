"""The real `aws` and `sam` commands, with a macro."""

import json
from pathlib import Path

from tests.local_cloud.account import Account, Json, probing
from tests.support.clients import Clients, Outcome

FAILED = (
    "Waiter ChangeSetCreateComplete failed: Waiter encountered a terminal failure state: "
    'For expression "Status" we matched expected path: "FAILED" Status: FAILED. '
    "Reason: Transform 123456789012::Probe failed with: the template is not to be."
)


def aws_deploy(clients: Clients, folder: Path, *, stack: str, template: Json) -> Outcome:
    (folder / "template.json").write_text(json.dumps(template))
    return clients.aws(
        "cloudformation",
        "deploy",
        f"--stack-name={stack}",
        "--template-file=template.json",
        cwd=folder,
    )


def sam_deploy(clients: Clients, folder: Path, *, stack: str, template: Json) -> Outcome:
    (folder / "template.json").write_text(json.dumps(template))
    return clients.sam(
        "deploy",
        f"--stack-name={stack}",
        "--template-file=template.json",
        "--capabilities=CAPABILITY_AUTO_EXPAND",
        "--s3-bucket=packages",
        "--no-progressbar",
        cwd=folder,
    )


def test_aws_deploy_shows_why_the_macro_failed_and_succeeds_once_it_is_repaired(
    clients: Clients, account: Account, tmp_path: Path
) -> None:
    stack = account.new_name()

    failed = aws_deploy(clients, tmp_path, stack=stack, template=probing("fail"))
    succeeded = aws_deploy(clients, tmp_path, stack=stack, template=probing())
    failed_again = aws_deploy(clients, tmp_path, stack=stack, template=probing("fail"))

    assert failed.stderr == f"\nFailed to create the changeset: {FAILED}\n"
    assert (succeeded.exit_code, succeeded.stderr) == (0, "")
    assert failed_again.stderr == failed.stderr
    assert failed.exit_code == failed_again.exit_code == 255
    account.delete(stack)


def test_sam_deploy_shows_why_the_macro_failed_and_succeeds_once_it_is_repaired(
    clients: Clients, account: Account, tmp_path: Path
) -> None:
    stack = account.new_name()
    clients.boto("s3").create_bucket(Bucket="packages")

    failed = sam_deploy(clients, tmp_path, stack=stack, template=probing("fail"))
    succeeded = sam_deploy(clients, tmp_path, stack=stack, template=probing())

    assert failed.stderr == (
        f"Error: Failed to create changeset for the stack: {stack}, ex: {FAILED}\n"
    )
    assert failed.exit_code == 1
    assert (succeeded.exit_code, succeeded.stderr) == (0, "")
    account.delete(stack)
