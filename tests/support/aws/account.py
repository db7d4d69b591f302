"""An account in a region: many stacks that share one pool, one set of rates and one time.

Knows the quotas that stacks compete for, and what each of them refused. Refuses to know what
happens in one stack: that is `cloud`.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Self

from tests.support.aws.cloud import Cloud
from tests.support.aws.concurrency import Pool
from tests.support.aws.network import FAIR, Reply, Weather, query_error, throttled
from tests.support.aws.requests import Request
from tests.support.aws.stack import USER
from tests.support.aws.stack_events import ACTIONS
from tests.support.aws.steps import Step
from tests.support.aws.template import Provisioned, Template, type_of
from tests.support.aws.virtual_time import FOREVER, START, VirtualTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What an account may do in a region, by default.

    Concurrent executions, and requests a second to the control plane of Lambda, all its actions
    but GetFunction and GetPolicy together:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    CloudFormation does not publish how many requests a second it takes of one action. Its support
    named five for DescribeStacks: https://github.com/aws/aws-sam-cli/issues/2671
    """

    concurrency: float = 1000
    configurations: float = 15
    descriptions: float = 5


@dataclass(slots=True)
class Refusals:
    """How often a quota was asked for, how often it refused, and when first."""

    time: VirtualTime
    asked: int = 0
    refused: int = 0
    first: float = FOREVER  # seconds since the start

    def count(self, *, refused: bool) -> None:
        """Count a request."""
        self.asked += 1
        if refused:
            self.refused += 1
            self.first = min(self.first, self.time.elapsed)


@dataclass(slots=True)
class Rate:
    """A token bucket that holds the tokens of one second, and one at least."""

    per_second: float
    refusals: Refusals
    _tokens: float = field(init=False)
    _filled: float = START

    def __post_init__(self) -> None:
        self._tokens = self._most

    @property
    def _most(self) -> float:
        return max(1, self.per_second)

    def takes(self) -> bool:
        """Take a token, if there is one."""
        now = self.refusals.time.now
        earned = (now - self._filled) * self.per_second
        self._tokens = min(self._most, self._tokens + earned)
        self._filled = now
        taken = self._tokens >= 1
        self._tokens -= taken
        self.refusals.count(refused=not taken)
        return taken


@dataclass(slots=True)
class SharedPool(Pool):
    """The pool of all stacks, which counts what it refuses."""

    refusals: Refusals = field(init=False)

    def __post_init__(self) -> None:
        self.refusals = Refusals(self.time)

    def refusal(self, function: str, *, reserved: float = FOREVER) -> Reply | None:
        """Return why no execution of a function may begin now, if none may."""
        reply = Pool.refusal(self, function, reserved=reserved)
        self.refusals.count(refused=reply is not None)
        return reply


@dataclass(slots=True)
class Deployment:
    """A stack whose triggers are all on their way at once."""

    cloud: Cloud
    steps: list[Step]

    @property
    def is_complete(self) -> bool:
        """Whether all succeeded, and each run that the handler's script has was played."""
        settled = all(step.settled == "complete" for step in self.steps)
        return settled and not self.cloud.handler.script

    @property
    def ended(self) -> float:
        """When the last of them settled, in seconds since the start."""
        return self.cloud.history.events[-1].at - START


@dataclass(slots=True, repr=False)
class Account:
    """The stacks of an account; `with Account(quotas) as account:` ends what still runs."""

    quotas: Quotas = Quotas()
    time: VirtualTime = field(default_factory=lambda: VirtualTime(most_events=20_000_000))
    pool: SharedPool = field(init=False)
    rates: dict[str, Rate] = field(init=False)
    requests: list[Request] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    _dice: Random = field(default_factory=lambda: Random(11))  # noqa: S311 (the same each time)

    def __post_init__(self) -> None:
        self.pool = SharedPool(self.time, limit=self.quotas.concurrency)
        self.rates = {"look": Rate(self.quotas.configurations, Refusals(self.time))}
        for action in sorted(ACTIONS):
            self.rates[action] = Rate(self.quotas.descriptions, Refusals(self.time))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.time.close()

    def stack(self) -> Cloud:
        """Add a stack, with a handler of its own."""
        cloud = Cloud(time=self.time, forecast=self._meets)
        cloud.lambda_service.pool = self.pool
        cloud.lambda_service.queue_delay = lambda: self._dice.uniform(0.2, 3.0)
        cloud.provisioner.requests = self.requests  # which number the RequestIds
        return cloud

    def create(self, cloud: Cloud, template: Template) -> None:
        """Begin to create all of a template."""
        cloud.history.stack_becomes("CREATE_IN_PROGRESS", USER)
        steps = [
            Step(kind="Create", logical_id=name, definition=definition, before=None)
            for name, definition in template.items()
        ]
        self._begin(cloud, steps)

    def update(self, cloud: Cloud, old: Template, template: Template) -> None:
        """Begin to update all of a template, which was created without a failure."""
        cloud.history.stack_becomes("CREATE_IN_PROGRESS", USER)
        for name, definition in old.items():
            of_type = type_of(definition)
            cloud.history.resource_becomes(name, "CREATE_COMPLETE", of_type=of_type)
        cloud.history.stack_becomes("CREATE_COMPLETE")
        cloud.history.stack_becomes("UPDATE_IN_PROGRESS", USER)
        steps = [
            Step(
                kind="Update",
                logical_id=name,
                definition=definition,
                before=Provisioned(definition=old[name], physical_id=f"{name}-1"),
            )
            for name, definition in template.items()
        ]
        self._begin(cloud, steps)

    def _begin(self, cloud: Cloud, steps: list[Step]) -> None:
        self.deployments.append(Deployment(cloud, steps))
        for step in steps:
            cloud.provisioner.begin(step)

    def _meets(self, name: str) -> Weather:
        """Return what a call meets: the refusal of a rate that it exceeds."""
        rate = self.rates.get(name)
        if rate is None or rate.takes():
            return FAIR
        return Weather(instead=REFUSED[name == "look"]())


REFUSED: dict[bool, Callable[[], Reply]] = {
    True: lambda: throttled("CallerRateLimitExceeded"),
    False: lambda: query_error(400, "Throttling", "Rate exceeded"),
}


def questions(request: Request) -> list[float]:
    """Return when a trigger asked CloudFormation, also where a rate refused to answer."""
    return [call.at for call in request.calls if call.name in ACTIONS]


def busiest_minute(moments: Sequence[float]) -> int:
    """Return how many moments of a sorted sequence lie within a minute at most."""
    return max((bisect_left(moments, at + 60) - n for n, at in enumerate(moments)), default=0)
