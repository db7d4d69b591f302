"""Whole lives of a stack, drawn from a seed, in which anything that AWS can do may happen.

`play(seed, serve)` plays one life and returns what was broken and what happened. To replay one:
`python -m tests.support.aws.lives SEED`.
"""

import sys
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.support.aws.cloud import Cloud
from tests.support.aws.drawn_triggers import TriggerDraw
from tests.support.aws.drawn_weather import WeatherDraw
from tests.support.aws.durable import DurableExecutions
from tests.support.aws.executions import Serve
from tests.support.aws.promises import broken_promises
from tests.support.aws.template import Other, Template, Trigger
from tests.support.aws.virtual_time import BreachError
from trigger_provider.index import serve as package_serve

AT_REST: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
DURABLE: Final = 0.2  # of lives, their handler is a durable function
KEPT: Final = {"CREATE_FAILED", "UPDATE_FAILED"}


@dataclass(slots=True)
class Life:
    """The life of one stack."""

    cloud: Cloud
    dice: Random
    triggers: TriggerDraw
    weather: WeatherDraw

    @classmethod
    def of(cls, seed: int, cloud: Cloud) -> "Life":
        """Return the life of a seed."""
        dice = Random(seed)  # noqa: S311 (a seed has to play the same life each time)
        is_durable = dice.random() < DURABLE
        if is_durable:
            cloud.handler.durable = DurableExecutions(
                cloud.time,
                execution_timeout=dice.choice((30.0, 700.0, 86_400.0, 86_400.0)),
                unseen_for=dice.choice((0.0, 0.0, 1.5, 20.0)),
                next_pause=dice.choice(((0.0, 0.0), (5.0, 100.0))),
            )
        return cls(cloud, dice, TriggerDraw(dice, is_durable), WeatherDraw(dice, cloud))

    def goes_by(self) -> None:
        """Play a creation, some more operations, and perhaps a deletion."""
        self.weather.begin()
        stack, keeps = self.cloud.stack, self._chance(0.3)
        stack.take_back_status = self.dice.choice(("UPDATE_IN_PROGRESS", "UPDATE_FAILED"))
        stack.announces_take_back = self._chance(0.5)
        stack.rollback_spreads = self._chance(0.5)
        template: dict[str, Trigger | Other] = self.triggers.template()
        self._tell("create", f"keeps {keeps}")
        if self._chance(0.05):
            stack.delete_after(self.dice.choice((0.5, 20.0, 300.0)))
        stack.create(self._perhaps_failing(template, 0.1), disable_rollback=keeps)
        for _ in range(self.dice.choice((0, 1, 2, 3))):
            template = self._goes_on(template)
        if self._chance(0.8) and stack.status != "DELETE_COMPLETE":
            self._tell("delete", "")
            stack.delete()

    def _goes_on(self, template: Template) -> dict[str, Trigger | Other]:
        """Play the next operation that the stack's status allows; return its template."""
        stack = self.cloud.stack
        self.cloud.time.run_for(self.dice.choice((1.0, 60.0, 4000.0)))
        if stack.status in AT_REST or (stack.status in KEPT and self._chance(0.6)):
            return self._update(template)
        if stack.status in KEPT:
            self._tell("rollback-stack", "")
            stack.roll_back()
        elif stack.status == "UPDATE_ROLLBACK_FAILED":
            skip = [name for name in stack.resources if self._chance(0.2)]
            skip = [name for name in skip if name in stack.stable_names]
            self._tell("continue-update-rollback", f"skips {skip}")
            stack.continue_update_rollback(skip=skip)
        return dict(template)

    def _update(self, template: Template) -> dict[str, Trigger | Other]:
        stack = self.cloud.stack
        keeps = stack.status in KEPT or self._chance(0.4)
        changed = self.triggers.next_template(template)
        if self._chance(0.08):
            stack.cancel_update_after(self.dice.choice((0.5, 20.0, 300.0)))
        self._tell("update", f"keeps {keeps}")
        stack.update(self._perhaps_failing(changed, 0.3), disable_rollback=keeps)
        return changed

    def _perhaps_failing(self, template: Template, of_one: float) -> Template:
        return self.triggers.with_a_failure(template) if self._chance(of_one) else template

    def _chance(self, of_one: float) -> bool:
        return self.dice.random() < of_one

    def _tell(self, operation: str, how: str) -> None:
        line = f"{self.cloud.time.elapsed:10.1f}  ==== {operation} {how}: {self.weather.change()}"
        self.weather.notes.append(line)


def play(seed: int, serve: Serve = package_serve) -> tuple[list[str], list[str]]:
    """Play the life of a seed: return the promises that it broke, and its transcript."""
    with Cloud(serve=serve) as cloud:
        life = Life.of(seed, cloud)
        try:
            life.goes_by()
            broken = broken_promises(cloud)
        except (BreachError, AssertionError) as breach:
            broken = [f"{type(breach).__name__} {breach}"]
        return broken, transcript(cloud, life.weather.notes)


def transcript(cloud: Cloud, notes: list[str]) -> list[str]:
    """Return what happened, in the order it happened."""
    lines = [(float(line.split()[0]), line) for line in notes]
    for event in cloud.history.events:
        at = event.at - 1.8e9
        line = f"{event.logical_id} {event.status} {event.physical_id[-30:]} {event.reason[:200]}"
        lines.append((at, f"{at:10.1f}  {line}"))
    for request in cloud.requests:
        at = request.sent_at - 1.8e9
        lines.append((at, f"{at:10.1f}    {request.kind} {str(dict(request.properties))[:400]}"))
        calls = [(call.at - 1.8e9, f"{call.name} {call.status}") for call in request.calls]
        calls += [(each.began - 1.8e9, "execution begins") for each in request.executions]
        calls += [(each.ended - 1.8e9, f"execution {each.end}") for each in request.executions]
        for each in request.attempts:
            run = (
                f"{each.run.ends} {each.run.body[:60]!r} in {each.run.seconds} s of {each.allowed}"
            )
            calls.append((each.began - 1.8e9, f"start: {run}"))
        lines += [(at, f"{at:10.1f}      {request.trigger}: {call}") for at, call in calls]
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


if __name__ == "__main__":
    broken, happened = play(int(sys.argv[1]))
    sys.stdout.write("\n".join([*happened, *(broken or ["no promise was broken"]), ""]))
