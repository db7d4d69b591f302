"""What a person is told when the kit ends early."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from acceptance.__main__ import removed_in_the_end, reported
from acceptance.account import Account, NotAsExpectedError


class Denying:
    """CloudFormation for credentials that have lost their permissions."""

    def describe_stacks(self, **_: str) -> Any:
        error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
        raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type,unused-ignore]


def unused(_: float) -> None:
    raise AssertionError("nothing is waited for")


def test_a_broken_promise_is_reported_also_if_something_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = Account(prefix="kit", client=lambda _: Denying(), sleep=unused, stacks=["kit-macro"])

    with pytest.raises(SystemExit) as ended, removed_in_the_end(account), reported():
        raise NotAsExpectedError("a trigger runs once: it ran twice")

    printed = capsys.readouterr()
    assert printed.err == "\na trigger runs once: it ran twice\n"
    assert printed.out == (
        "\nRemoving everything\n  stack kit-macro: An error occurred (AccessDenied) when calling "
        "the DescribeStacks operation: not authorized\n"
    )
    assert ended.value.code == "delete what is left by hand; every name begins with kit"


def test_a_failure_without_leftovers_exits_with_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account(prefix="kit", client=lambda _: Denying(), sleep=unused)

    with pytest.raises(SystemExit) as ended, removed_in_the_end(account), reported():
        raise NotAsExpectedError("a trigger runs once: it ran twice")

    assert capsys.readouterr().out == "\nRemoving everything\n  nothing is left\n"
    assert ended.value.code == 1
