"""Predictions at a terminal, and in a comment: each verdict, its reasons, and a summary.

Knows both layouts, and what Markdown would read as its own. Refuses to predict.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.text import Text

from cfn_trigger.prediction.predict import Prediction, Verdict
from cfn_trigger.prediction.summary import summary

_COLORS: Final[Mapping[Verdict, str]] = {
    "will run": "bold green", "will not run": "dim", "unknown until deployment": "bold yellow",
}  # fmt: skip
_UNDO: Final = "if the deployment is rolled back"


def rendered(predicted: Iterable[Prediction]) -> Text:
    """Render predictions, in the order in which they come."""
    listed = tuple(predicted)
    between = [Text()] if listed else []
    return Text("\n").join([*rows(listed), *between, Text(summary(listed))])


def rows(predicted: Iterable[Prediction]) -> Iterator[Text]:
    """Yield the lines of predictions: the verdict of each, and the reasons below it."""
    listed = tuple(predicted)
    width = max((len(prediction.trigger) for prediction in listed), default=0)
    for prediction in listed:
        line = Text(f"{prediction.trigger:<{width}}  ", style="bold")
        yield line.append(prediction.verdict, style=_COLORS[prediction.verdict])
        yield from (Text(f"{'':<{width}}    {reason}") for reason in _reasons(prediction))


def _reasons(prediction: Prediction) -> Iterator[str]:
    yield from prediction.because
    if prediction.undone_by:
        yield f"undone by {', '.join(prediction.undone_by)} {_UNDO}"


def as_comment(predicted: Iterable[Prediction], template: str, notes: Iterable[str] = ()) -> str:
    """Return predictions as a comment in GitHub's Markdown, with the reasons folded away.

    `notes` list what could not be predicted.

    What a template or a person wrote is not read as Markdown, HTML or a mention.
    https://github.github.com/gfm/
    """
    listed = tuple(predicted)
    lines = [f"### Triggers of {_code(template)}", ""]
    if listed:
        lines += ["| Trigger | Deployment |", "|---|---|"]
        lines += map(_row, listed)
        reasons = _reasons_of_all(listed)
        fence = "`" * max(_longest_run(reasons) + 1, 3)
        lines += ["", "<details><summary>Why</summary>", "", f"{fence}text", reasons, fence, ""]
        lines += ["</details>", ""]
    for note in notes:
        lines += [f"Not planned: {_code(note)}", ""]
    return "\n".join([*lines, summary(listed), ""])


def _reasons_of_all(predicted: Iterable[Prediction]) -> str:
    """Return the triggers with their reasons below them, as plain text."""
    lines = []
    for prediction in predicted:
        lines.append(prediction.trigger)
        lines += [f"  {' '.join(reason.split())}" for reason in _reasons(prediction)]
    return "\n".join(lines)


def _row(prediction: Prediction) -> str:
    name = _code(prediction.trigger).replace("|", "\\|")
    return f"| {name} | {_emphasized(prediction.verdict)} |"


def _emphasized(verdict: Verdict) -> str:
    return verdict if verdict == "will not run" else f"**{verdict}**"


def _code(text: str) -> str:
    """Return text as a code span that no character of it ends."""
    line = " ".join(text.split())
    fence = "`" * (_longest_run(line) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
