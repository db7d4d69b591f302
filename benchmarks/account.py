"""The provider at the size of an account: many stacks that are deployed at once, in virtual time.

`python -m benchmarks.account` prints, for each scenario, what completed, what it took, and which
quota refused what. RESULTS.md in this folder records the results. They are counts in virtual time,
and so the same on every machine.

Every stack has one trigger and one handler. All requests of CloudFormation are sent in the same
second. The handler returns IN_PROGRESS some times and then its result. The provider is the real
one; Lambda, CloudFormation and the response bucket are the fakes of the tests, which share the
quotas of one account. *Complete* is a trigger whose handler ran to its end, once, and whose stack
succeeded. A *question* is a request to CloudFormation's API, refused or not. *First refused* is in
seconds since the requests were sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.support.aws.account import Account, Quotas, busiest_minute, questions
from tests.support.aws.handler_runs import in_progress, returns
from tests.support.aws.requests import Request
from tests.support.aws.template import Template, trigger
from tests.support.aws.virtual_time import FOREVER

FEWEST_POLLS: Final = 3
NUMBERS_OF_POLLS: Final = 7
TIMEOUT: Final = 3540
MEMORY: Final = 0.5
"""Gigabytes that the provider has by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Stacks that are created or updated at once."""

    stacks: int
    operation: Literal["create", "update"] = "create"
    quotas: Quotas = field(default_factory=Quotas)

    def __str__(self) -> str:
        return f"{self.operation} {self.stacks:,}, concurrency {self.quotas.concurrency:,}"


SCENARIOS: Final = (
    Scenario(stacks=1000),
    Scenario(stacks=1000, operation="update"),
    Scenario(stacks=1000, quotas=Quotas(concurrency=3000)),
    Scenario(stacks=10, quotas=Quotas(concurrency=10)),
    Scenario(stacks=30, operation="update", quotas=Quotas(concurrency=10)),
    Scenario(stacks=50, quotas=Quotas(concurrency=10)),
    Scenario(stacks=100, quotas=Quotas(concurrency=10)),
    Scenario(stacks=1000, quotas=Quotas(concurrency=10)),
)


def deploy(scenario: Scenario) -> Account:
    """Play a scenario to its end; return the account as it is then."""
    with Account(scenario.quotas) as account:
        for number in range(scenario.stacks):
            stack = account.stack()
            polls = FEWEST_POLLS + number % NUMBERS_OF_POLLS
            stack.handler.plays(*[in_progress(poll) for poll in range(polls)], returns({}))
            template: Template = {"Migrate": trigger(Timeout=TIMEOUT)}
            if scenario.operation == "create":
                account.create(stack, template)
            else:
                old = {"Migrate": trigger(Timeout=TIMEOUT, Fingerprint={"Code": "old"})}
                account.update(stack, old, template)
        account.time.run_out()
        return account


# ---- what came of it


def outcome(scenario: Scenario, account: Account) -> str:
    """Format what came of a scenario as a row of the first table."""
    requests = account.requests
    complete = sum(deployment.is_complete for deployment in account.deployments)
    executions = [len(request.executions) for request in requests]
    rates = [questions_per_minute(request) for request in requests]
    seconds = sum(each.ended - each.began for request in requests for each in request.executions)
    return row(
        str(scenario),
        f"{complete:,}",
        f"{max(deployment.ended for deployment in account.deployments) / 60:.1f}",
        f"{sum(executions) / len(executions):.1f} (at most {max(executions)})",
        f"{sum(rates) / len(rates):.1f}",
        str(max(busiest_minute(questions(request)) for request in requests)),
        str(max(busiest_minute(later_questions(request)) for request in requests)),
        f"{seconds * MEMORY / scenario.stacks:.0f}",
    )


def questions_per_minute(request: Request) -> float:
    """Return how often a trigger asked CloudFormation, per minute that its provider ran."""
    seconds: float = sum(each.ended - each.began for each in request.executions)
    return len(questions(request)) / max(1, seconds / 60)


def later_questions(request: Request) -> list[float]:
    """Return when a trigger asked CloudFormation after its first minute."""
    return [at for at in questions(request) if at >= request.sent_at + 60]


def refusals(scenario: Scenario, account: Account) -> str:
    """Format what each quota refused in a scenario as a row of the second table."""
    asked = ("look", "DescribeStacks", "DescribeStackEvents")
    counts = [account.pool.refusals, *(account.rates[each].refusals for each in asked)]
    return row(
        str(scenario),
        *(
            f"{each.refused:,} of {each.asked:,}"
            + (f" ({each.first:.0f} s)" if each.first < FOREVER else "")
            for each in counts
        ),
    )


def row(*cells: str) -> str:
    """Format cells as a row of a table."""
    return f"| {' | '.join(cells)} |"


def report() -> Iterator[str]:
    """Yield the lines of both tables."""
    yield row("stacks", "complete", "minutes", "executions per trigger", "questions per minute",
              "most in a minute", "most in a later minute", "GB-seconds per trigger")  # fmt: skip
    yield row(*["---"] * 8)
    second: list[str] = []
    for scenario in SCENARIOS:
        account = deploy(scenario)
        yield outcome(scenario, account)
        second.append(refusals(scenario, account))
    yield ""
    yield row("refused (first)", "concurrent executions", "GetFunctionConfiguration",
              "DescribeStacks", "DescribeStackEvents")  # fmt: skip
    yield row(*["---"] * 5)
    yield from second


if __name__ == "__main__":
    for line in report():
        print(line, flush=True)
