"""Predictions at a terminal: the verdict of each trigger, and the reasons below it.

Knows the layout. Refuses to predict.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.text import Text

from cfn_trigger.prediction.predict import Prediction, Verdict

_COLORS: Final[Mapping[Verdict, str]] = {
    "will run": "bold green", "will not run": "dim", "unknown until deployment": "bold yellow",
}  # fmt: skip


def rendered(predicted: Iterable[Prediction]) -> Text:
    """Render predictions, in the order in which they come."""
    listed = tuple(predicted)
    width = max((len(prediction.trigger) for prediction in listed), default=0)
    lines = []
    for prediction in listed:
        line = Text(f"{prediction.trigger:<{width}}  ", style="bold")
        lines.append(line.append(prediction.verdict, style=_COLORS[prediction.verdict]))
        lines += [Text(f"{'':<{width}}    {reason}") for reason in prediction.because]
        if prediction.undone_by:
            names = ", ".join(prediction.undone_by)
            lines.append(
                Text(f"{'':<{width}}    undone by {names} if the deployment is rolled back")
            )
    return Text("\n").join(lines or [Text("no triggers")])
