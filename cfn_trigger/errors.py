"""What can go wrong, as values: nothing here prints or ends the program.

Knows which errors a person can act on. Refuses to know terminals and exit codes: `main` prints
every error, and maps it to an exit code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in its parts, `place: problem; remedy`; the first and the last may be empty."""

    place: str
    problem: str
    remedy: str


def parse_message(text: str) -> Message:
    """Return the parts of a message in the form that all messages of this package have."""
    head, _, remedy = text.partition("; ")
    place, colon, problem = head.partition(": ")
    return Message(place=place if colon else "", problem=problem or head, remedy=remedy)


class UsageError(Exception):
    """The command line, or something it refers to, cannot be used; one line says what to do."""

    @property
    def message(self) -> str:
        """What is wrong, and what to do, in one line."""
        return str(self)


class MissingError(UsageError):
    """AWS has no such stack, resource or log group, or does not have it yet."""


class TransientError(UsageError):
    """AWS did not answer a request as it should; a later one may succeed."""


class ThrottledError(TransientError):
    """AWS refused a request because there were too many; a later one may be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Some characters in a line of a file; `line` and `column` count from 1."""

    line: int = 1
    column: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A problem at a span of a file, the rule it breaks, and a message: `problem; remedy`."""

    file: str
    span: Span
    rule: str
    message: str
    level: Level = "error"

    def as_json(self) -> dict[str, Any]:
        """Return a flat object: file, rule, message, level, line, column, width."""
        fields = asdict(self)
        span: dict[str, Any] = fields.pop("span")
        return fields | span


class TemplateProblems(Exception):  # noqa: N818 several problems, and a plural says so
    """A template has problems that keep a command from working with it.

    `texts` are the contents of the files that the diagnostics point into, by name. `hint` is a
    remedy that lies outside the template, if there is one.
    """

    def __init__(
        self, diagnostics: Iterable[Diagnostic], texts: Mapping[str, str], *, hint: str = ""
    ) -> None:
        self.diagnostics = tuple(diagnostics)
        self.texts = texts
        self.hint = hint
        super().__init__("; ".join(diagnostic.message for diagnostic in self.diagnostics))


class AwsTransformError(Exception):
    """SAM or AWS::LanguageExtensions refuses a template.

    `problems` are pairs of a logical id, empty where none is known, and a message. `paths` are the
    paths in the template to them, each empty where only the logical id is known.
    """

    def __init__(
        self,
        transform: str,
        problems: Iterable[tuple[str, str]],
        paths: Sequence[tuple[str | int, ...]] = (),
    ) -> None:
        self.transform = transform
        self.problems = tuple(problems)
        self.paths = tuple(paths) or ((),) * len(self.problems)
        super().__init__(transform, self.problems)
