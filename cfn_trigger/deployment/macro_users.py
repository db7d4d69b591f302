"""The stacks of an account that name a macro in their templates.

Knows which requests tell it. Refuses to know what is done with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from cfn_trigger.deployment import aws
from cfn_trigger.errors import MissingError, ThrottledError, UsageError

PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0

UPDATABLE: Final = (
    "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED", "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS",
)  # fmt: skip
"""The statuses of stacks that may be deployed again, from which the others are left out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
"""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroUsers:
    """Names of stacks, sorted: those that use a macro, and those that could not be read."""

    stacks: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


def macro_users(macro_name: str, cloudformation: Any, sleep: Callable[[float], None]) -> MacroUsers:
    """Look through all stacks of an account and a region, with one request for each."""
    using, unreadable = [], []
    for name in _patiently(partial(_stack_names, cloudformation), sleep):
        try:
            names = _patiently(partial(_transforms, name, cloudformation), sleep)
        except MissingError:  # deleted meanwhile
            continue
        except UsageError:
            unreadable.append(name)
            continue
        # The name may be preceded by an account.
        if any(declared.rpartition("::")[2] == macro_name for declared in names):
            using.append(name)
    return MacroUsers(stacks=tuple(using), unreadable=tuple(unreadable))


def _patiently(request: Callable[[], Result], sleep: Callable[[float], None]) -> Result:
    """Return what a request returns, repeated for as long as it is throttled."""
    pause = PAUSE
    while True:
        try:
            return request()
        except ThrottledError:
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _stack_names(cloudformation: Any) -> list[str]:
    with aws.requesting("the stacks of this region"):
        pages = cloudformation.get_paginator("list_stacks").paginate(
            StackStatusFilter=list(UPDATABLE)
        )
        return sorted(entry["StackName"] for page in pages for entry in page["StackSummaries"])


def _transforms(stack: str, cloudformation: Any) -> list[str]:
    with aws.requesting(f"stack {stack!r}"):
        summary = cloudformation.get_template_summary(StackName=stack)
    declared: list[str] = summary.get("DeclaredTransforms", [])
    return declared
