"""What an upgrade of the macro means for a stack that uses it.

Knows the values. Refuses to know how a stack is read and how its next deployment is predicted.
"""

from dataclasses import asdict, dataclass
from typing import Any

from cfn_trigger.prediction.predict import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class StackImpact:
    """The next deployment of a stack with the template that it has now, expanded by a new macro.

    `problem` says why it cannot be predicted, or that the new macro refuses the template.
    """

    stack: str
    predictions: tuple[Prediction, ...] = ()
    problem: str = ""

    @property
    def runs(self) -> tuple[Prediction, ...]:
        """The triggers that will run, or may."""
        return tuple(each for each in self.predictions if each.verdict != "will not run")

    def as_json(self) -> dict[str, Any]:
        """Return an object: stack, problem, and the predictions of triggers that run or may."""
        return {
            "stack": self.stack,
            "problem": self.problem,
            "runs": [asdict(prediction) for prediction in self.runs],
        }
