"""What a template says about its triggers: all that is known before anything is built.

Knows no stage: each adds what it finds, and those who show, check or draw a template ask the same
value, so that nobody reads a template twice.
"""

from collections.abc import Mapping
from typing import NamedTuple

from macro.additions import Additions
from macro.cloudformation import Resources
from macro.errors import Problem
from macro.model import NOTHING, Deployment, Json, Settings, Trigger
from macro.ordering import Order
from macro.references import Survey


class Reading(NamedTuple):
    """A template as the macro understands it; one without triggers and problems holds no more.

    `definitions` are the resources that triggers define, by the trigger's logical id, `resources`
    these and the author's, without the shorthand in their metadata. `undos` are in the form of
    triggers, with preliminary ids (`undo`). What is spelled wrongly in
    one of the `triggers` is as if it were not written.
    """

    fragment: Mapping[str, Json]
    deployment: Deployment
    triggers: tuple[Trigger, ...] = ()
    undos: tuple[Trigger, ...] = ()
    settings: Settings = Settings()
    definitions: Mapping[str, Mapping[str, Json]] = NOTHING
    resources: Resources = Resources()
    survey: Survey = Survey()
    additions: Additions = Additions()
    order: Order = Order()
    spelling_problems: tuple[Problem, ...] = ()
    """Problems of one property each: it is unknown, or does not accept its value."""
    meaning_problems: tuple[Problem, ...] = ()
    """Problems of a trigger in its template: an unknown name, a cycle, what cannot work."""

    @property
    def is_ordered(self) -> bool:
        """Whether every trigger was read and ordered, even if there are problems."""
        return all(trigger.logical_id in self.order.watched for trigger in self.triggers)

    @property
    def are_settings_misspelled(self) -> bool:
        """Whether the transform's own parameters are not all understood."""
        return any(problem.place.startswith("Transform.") for problem in self.spelling_problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return all problems of the template."""
        return (*self.spelling_problems, *self.meaning_problems)
