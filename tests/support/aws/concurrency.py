"""Who may run at once: the account's pool, and what a function has reserved of it.

Knows slots, and that an execution holds its slot until it ends, whoever still listens.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.aws.network import Reply, throttled
from tests.support.aws.virtual_time import FOREVER, VirtualTime


@dataclass(slots=True)
class Pool:
    """The concurrent executions of an account; a new account may have ten."""

    time: VirtualTime
    limit: float = FOREVER
    running: dict[str, int] = field(default_factory=dict)
    most: int = 0

    @property
    def in_use(self) -> int:
        """How many executions run now."""
        return sum(self.running.values())

    def refusal(self, function: str, *, reserved: float = FOREVER) -> Reply | None:
        """Return why no execution of a function may begin now, if none may."""
        if self.running.get(function, 0) >= reserved:
            return throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self.in_use >= self.limit:
            return throttled("ConcurrentInvocationLimitExceeded")
        return None

    def take(self, function: str) -> Callable[[], None]:
        """Take a slot; return what gives it back."""
        self.running[function] = self.running.get(function, 0) + 1
        self.most = max(self.most, self.in_use)

        def give_back() -> None:
            self.running[function] -= 1

        return give_back

    def hold(self, function: str, seconds: float) -> None:
        """Take a slot for so long."""
        self.time.after(seconds, self.take(function))
