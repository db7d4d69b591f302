"""examples/precondition: nothing is begun that a precondition has not allowed."""

from functools import partial

from tests.cloud.examples.example import (
    deploy,
    done,
    last_events,
    made_by_the_author,
    printed,
    text,
)
from tests.support.stacks import Stack

ASKING = {f"EnoughConcurrency{part}" for part in ("", "Function", "Role", "LogGroup")}
REST = {"Jobs", "Worker", "WorkerRole"}
# A local cloud has as much concurrency as the machine has memory for; on a small one, not 100.
deployed = partial(deploy, template=text("precondition"), LeftForOthers="0")


def free(stack: Stack) -> int:
    settings = stack.clients.boto("lambda").get_account_settings()
    return int(settings["AccountLimit"]["UnreservedConcurrentExecutions"])


def test_everything_is_created_once_the_precondition_holds(stack: Stack) -> None:
    outcome = deployed(stack)

    assert outcome.exit_code == 0, outcome.stderr
    made = done(stack)
    assert set(made[made.index("EnoughConcurrency") + 1 :]) == REST
    assert printed(stack, "EnoughConcurrencyFunction") == [
        f"{free(stack)} concurrent executions are free"
    ]


def test_a_failed_precondition_stops_the_deployment_before_anything_is_created(
    stack: Stack,
) -> None:
    outcome = deployed(stack, Reserved="100000")

    assert outcome.exit_code == 1
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert made_by_the_author(stack) == ASKING
    reason, _, log = stack.reason("EnoughConcurrency").partition("; full log: ")
    assert reason == (
        f"Failed: 100000 concurrent executions are needed, {free(stack)} are free:"
        " raise the account's quota or reserve fewer"
    )
    assert log.endswith("EnoughConcurrencyLogGroup")


def test_an_update_runs_the_precondition_again_and_fails_before_anything_is_changed(
    stack: Stack,
) -> None:
    deployed(stack)

    outcome = deployed(stack, Reserved="100000")

    assert outcome.exit_code == 1
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert REST.isdisjoint(name for name, _, _ in last_events(stack))
