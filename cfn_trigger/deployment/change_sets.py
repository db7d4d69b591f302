"""The change sets of a stack: which one is being executed, and which ones came to nothing.

Knows the requests. Refuses to know what a deployment does with a change set.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfn_trigger.deployment import aws
from cfn_trigger.deployment.reasons import is_without_changes, unwrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set as CloudFormation lists it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ChangeSetSummary.html
    """

    id: str
    name: str
    is_failed: bool
    is_executed: bool
    reason: str

    @property
    def is_empty(self) -> bool:
        """Whether it failed only because nothing would change."""
        return self.is_failed and is_without_changes(self.reason)


def change_sets(stack: str, client: Any) -> Iterator[ChangeSet]:
    """Yield the change sets of a stack, by its name or id; raises UsageError."""
    # The local cloud knows only the name here.
    name = stack.split("/")[1] if stack.startswith("arn:") else stack
    with aws.requesting(f"change sets of stack {name!r}"):
        for page in client.get_paginator("list_change_sets").paginate(StackName=name):
            for summary in page["Summaries"]:
                yield ChangeSet(
                    id=summary["ChangeSetId"],
                    name=summary["ChangeSetName"],
                    is_failed=summary["Status"] == "FAILED",
                    is_executed=summary.get("ExecutionStatus") == "EXECUTE_IN_PROGRESS",
                    reason=unwrapped(summary.get("StatusReason", "")),
                )
