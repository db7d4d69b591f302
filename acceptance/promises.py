"""What cfn-trigger promises, step by step in the life of one stack.

Knows for each step how often the handler runs and where the stack ends. Steps build on each other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

from acceptance.account import Account, NotAsExpectedError
from acceptance.macro import move_provider, of_macro

STACK: Final = "promises"
TEMPLATE: Final = Path(__file__).parent / "templates" / "promises.yaml"
LONG_POLL: Final = 16 * 60
"""Seconds: longer than one execution of a function, so that the provider hands over to another."""

_POLLS_BEFORE_CANCEL: Final = 120


class Operation(Enum):
    """How a step changes the stack."""

    CREATE = "create"
    UPDATE = "update"
    CANCELED_UPDATE = "canceled update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation, and what must hold after it."""

    promise: str
    values: Mapping[str, str]
    status: str
    runs: int
    operation: Operation = Operation.UPDATE
    options: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Account], None] | None = None
    """What to change in the account before the step."""


STEPS: Final = (
    Step(
        promise="a trigger runs once when the stack is created",
        operation=Operation.CREATE,
        values={},
        status="CREATE_COMPLETE",
        runs=1,
    ),
    Step(
        promise="a trigger whose handler is unchanged does not run",
        values={"Unrelated": "2"},
        status="UPDATE_COMPLETE",
        runs=0,
    ),
    Step(
        promise="a trigger whose handler changed runs once",
        values={"Unrelated": "2", "Handled": "2"},
        status="UPDATE_COMPLETE",
        runs=1,
    ),
    Step(
        promise="a handler that fails is rolled back and does not run on the way back",
        values={"Unrelated": "3", "Handled": "3", "Behavior": "fail"},
        status="UPDATE_ROLLBACK_COMPLETE",
        runs=1,
    ),
    Step(
        promise="a failure after the trigger is rolled back without another run",
        values={"Unrelated": "4", "Handled": "4", "FailsAfterwards": "yes"},
        status="UPDATE_ROLLBACK_COMPLETE",
        runs=1,
    ),
    Step(
        promise="a failure without rollback stays a failure",
        values={"Unrelated": "5", "Handled": "5", "Behavior": "fail"},
        status="UPDATE_FAILED",
        runs=1,
        options={"DisableRollback": True},
    ),
    Step(
        promise="the next update of a stack that failed runs the trigger again",
        values={"Unrelated": "5", "Handled": "6"},
        status="UPDATE_COMPLETE",
        runs=1,
        options={"DisableRollback": True},
    ),
    Step(
        promise="a canceled update stops the polls",
        operation=Operation.CANCELED_UPDATE,
        values={"Unrelated": "7", "Handled": "7", "Behavior": "poll 2400"},
        status="UPDATE_ROLLBACK_COMPLETE",
        runs=1,
    ),
    Step(
        promise="the provider's code moves into a layer without running a trigger",
        prepare=move_provider,
        values={"Unrelated": "8", "Handled": "6"},
        status="UPDATE_COMPLETE",
        runs=0,
    ),
    Step(
        promise="a provider whose code is in a layer runs a trigger",
        values={"Unrelated": "8", "Handled": "9"},
        status="UPDATE_COMPLETE",
        runs=1,
    ),
)
LONG_STEP: Final = Step(
    promise="a handler that polls for more than 15 minutes completes",
    values={"Unrelated": "10", "Handled": "10", "Behavior": f"poll {LONG_POLL}"},
    status="UPDATE_COMPLETE",
    runs=1,
)


def keep(account: Account, macro: str, steps: Sequence[Step]) -> Iterator[str]:
    """Play the life of one stack, and delete it; yield each promise that was kept.

    Raises NotAsExpectedError for the first one that was not.
    """
    template = of_macro(TEMPLATE.read_text(), macro)
    total = 0
    for step in steps:
        status = _carry_out(step, account, template)
        before, total = total, runs(account)
        if (status, total - before) != (step.status, step.runs):
            raise NotAsExpectedError(
                f"{step.promise}: expected {step.status} after {step.runs} runs; the stack is "
                f"{status} after {total - before} runs; {account.failures(STACK) or 'none failed'}"
            )
        yield step.promise
    if (status := account.delete(STACK)) != "DELETE_COMPLETE":
        raise NotAsExpectedError(f"a stack with a trigger can be deleted: it is {status}")
    yield "a stack with a trigger can be deleted"


def _carry_out(step: Step, account: Account, template: str) -> str:
    if step.prepare:
        step.prepare(account)
    request = {"Parameters": dict(step.values), **step.options}
    match step.operation:
        case Operation.CREATE:
            return account.create(STACK, template, **request)
        case Operation.UPDATE:
            return account.update(STACK, template, **request)
        case Operation.CANCELED_UPDATE:
            before = runs(account)
            account.begin_update(STACK, template, **request)
            _wait_for_a_run(account, before)
            return account.cancel_update(STACK)


def _wait_for_a_run(account: Account, before: int) -> None:
    for _ in range(_POLLS_BEFORE_CANCEL):
        if runs(account) > before:
            return
        account.sleep(account.poll_seconds)
    raise NotAsExpectedError(f"the handler has not run again; it has run {before} times")


def runs(account: Account) -> int:
    """Return how often the handler has run."""
    table = account.outputs(STACK).get("Runs")
    if not table:
        return 0  # the stack was not created
    item = account.client("dynamodb").get_item(
        TableName=table, Key={"Id": {"S": "runs"}}, ConsistentRead=True
    )
    return int(item.get("Item", {}).get("Started", {}).get("N", 0))
