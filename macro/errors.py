"""What is wrong with a template, and how a message is worded.

Knows the shape of a message: place, then what, then what to do; one line, no final stop, since
CloudFormation appends a sentence of its own. Refuses to know what can be wrong.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

SHOWN = 20
"""The most problems in one message; CloudFormation truncates a longer status reason."""


EXPAND_LOOPS = "put AWS::LanguageExtensions before Trigger in the list of transforms"
"""What to do where a loop has to be expanded before the macro runs."""


Kind = Literal["spelling", "meaning", "risk", "size"]
"""What a problem is about: a property by itself, a trigger in its template, what may surprise, or
the size of the expansion."""


class Selecting(NamedTuple):
    """The step to the item of a list of selectors that has this meaning."""

    selector: str


Steps: TypeAlias = tuple[str | int | Selecting, ...]
"""Keys and items, each within the one before."""


class Problem(NamedTuple):
    """A problem that the author can correct: its place, and a message with a remedy.

    `within` leads from the place, which is a property or a resource, to the part that is wrong.
    """

    place: str
    message: str
    within: Steps = ()
    kind: Kind = "meaning"

    def __str__(self) -> str:
        return " ".join(f"{self.place}: {self.message}".split())


class TemplateError(Exception):
    """A template that cannot be expanded, with all its problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if (more := len(self.problems) - SHOWN) > 0:
            lines.append(f"and {more} more problem{'s' if more > 1 else ''}")
        return " | ".join(lines)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, `; did you mean 'Handler'?`, if there is one."""
    import difflib  # only failures need it, and it takes 2 % of a cold start

    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[matches[0]]!r}?" if matches else ""
