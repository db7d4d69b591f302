"""Predictions, counted.

Knows how an outcome is counted in words. Refuses to predict.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, get_args

from cfn_trigger.prediction.predict import Outcome, Prediction

_PLURALS: Final = {"dry run": "dry runs"}


def counts(predicted: Iterable[Prediction]) -> dict[str, int]:
    """Return how many triggers have each outcome, in a fixed order; all outcomes are there."""
    counted = Counter(prediction.outcome for prediction in predicted)
    return {outcome: counted[outcome] for outcome in get_args(Outcome)}


def summary(predicted: Iterable[Prediction]) -> str:
    """Return the counts as a sentence; how many will run is always in it."""
    counted = counts(predicted)
    if not any(counted.values()):
        return "no triggers"
    return ", ".join(
        f"{count} {_PLURALS.get(outcome, outcome) if count > 1 else outcome}"
        for outcome, count in counted.items()
        if count or outcome == "will run"
    )


def may_run(predicted: Iterable[Prediction]) -> bool:
    """Return whether a handler will or may run."""
    return any(prediction.verdict != "will not run" for prediction in predicted)
