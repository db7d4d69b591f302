"""The decision as a table: rows that a person chose, with what `decide` makes of their cells.

Enumerates every cell, gives each to the first row that fits, and writes what `decide` says of a
row's cells; they must all say the same. Knows what tells cells apart, not what it leads to.
`python -m tests.provider.decision_table > docs/decision-table.md` writes the document.
"""

import itertools
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from tests.provider.world import STACK_ID
from trigger_provider.decision import Action, Clock, decide
from trigger_provider.request import Outcome, Progress, Request, RequestType

Cell = Mapping[str, str]

NOW: Final = 1_800_000_000.0
TIMEOUT: Final = 3000.0
SERVICE_TIMEOUT: Final = 3600.0
HEAD: Final = """\
# The decision table

What the provider does next is a pure function of the request, of what is known so far and of the
clock: `decide` in `trigger_provider/decision.py`.
This table is generated from that function. In each situation, the first row that fits applies.

"""
FOOT: Final = """
- *undo*: an Update or a Delete of the undo of a trigger, with a run that it could undo. A Create of
  an undo is an `undo of nothing`, and so is a request about a run of an earlier deployment.
- *settings only*: an Update that changes nothing that a run depends on. `last run failed` includes
  the case that the stack's events do not show how the last run ended.
- *rolling back*: `yes` if the stack was rolling back when the request was sent; `unknown` as long
  as CloudFormation does not say; `since` if the stack was canceled or deleted after the request.
- *last outcome*: `refused` proves that the handler did not run, and so does `denied`, while a new
  permission propagates in IAM. `running`: a durable execution, which is stopped before any answer.
  `crowded`: refused a second time because there was no free concurrency. `final`: another attempt
  would fail too.
- *time left*: of `Timeout`. A pause that would end later does not begin. While it is not known
  whether the stack rolls back, no Timeout passes; `no` then means that CloudFormation no longer
  waits.
- *next start*: a pause is over `now`, or ends `later` in this execution, or `after this execution`.
- *execution*: `fresh` until it has started the handler, looked or waited; `short` when it has less
  time left than the handler's own timeout, than one and a half times the longest attempt so far, or
  than a minute; `spent` after so many executions that the next one must be waited for; `ending`
  when less than a minute is left.

Not in the table: the Delete that follows a canceled Create of a durable handler first waits a
minute, in which the Create stops the execution that it started.

Written by `python -m tests.provider.decision_table > docs/decision-table.md`; a test compares.
"""
OUTCOMES: Final = {
    "none": Outcome("none"),
    "done": Outcome("done"),
    "pending": Outcome("pending"),
    "running": Outcome("pending", execution="arn"),
    "failed": Outcome("failed", "E", "no"),
    "final": Outcome("failed", "E", "no", is_final=True),
    "crowded": Outcome("refused", "TooManyRequestsException", "no", is_crowded=True),
    "refused": Outcome("refused", "TooManyRequestsException", "no"),
    "denied": Outcome("refused", "AccessDeniedException", "no"),
    "denied for a minute": Outcome("refused", "AccessDeniedException", "no"),
}
EXECUTIONS: Final = {  # seconds left of it, of the longest attempt and of the function's timeout
    "fresh": [(899.0, 0.0, 3.0), (899.0, 700.0, 900.0), (199.0, 0.0, 600.0)],
    "used": [(800.0, 0.0, 3.0), (899.0, 500.0, 600.0), (81.0, 0.0, 3.0)],
    "short": [(300.0, 295.0, 300.0), (400.0, 0.0, 600.0)],
    "spent": [(400.0, 0.0, 600.0)],
    "ending": [(59.0, 0.0, 3.0)],
}
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("Create", "Update", "Delete", "undo", "undo of nothing"),
    "settings": (
        "defaults",
        "`Enabled: false`",
        "`ExecuteOnDelete`",
        "`ExecuteOnDelete`, never created",
        "`ExecuteOnRollback`",
        "settings only",
        "settings only, last run failed",
    ),
    "rolling back": ("no", "yes", "unknown", "since"),
    "last outcome": tuple(OUTCOMES),
    "attempts left": ("yes", "no"),
    "time left": ("yes", "no", "less than the pause"),
    "next start": ("now", "later", "after this execution"),
    "execution": tuple(EXECUTIONS),
}
RUN_ON_DELETE: Final = ("`ExecuteOnDelete`", "`ExecuteOnDelete`, never created")
UNKNOWN: Final[dict[str, tuple[str, ...]]] = {
    "request": ("Update", "undo"),
    "rolling back": ("unknown",),
}
WAITING: Final = ("later", "after this execution")
ROWS: Final[tuple[dict[str, tuple[str, ...]], ...]] = (
    {"settings": ("`Enabled: false`",)},
    {"request": ("undo of nothing",)},
    {"request": ("undo",), "rolling back": ("no", "since")},
    {"request": ("Delete",), "settings": ("`ExecuteOnDelete`, never created",)},
    {"request": ("Delete",), "settings": ("not `ExecuteOnDelete`",)},
    {"request": ("Update",), "settings": ("not `ExecuteOnRollback`",), "rolling back": ("yes",)},
    {"request": ("Update",), "settings": ("settings only",), "rolling back": ("not unknown",)},
    UNKNOWN | {"time left": ("no",)},
    UNKNOWN | {"next start": WAITING, "time left": ("yes",), "execution": ("ending",)},
    UNKNOWN | {"next start": WAITING},
    UNKNOWN,
    {"last outcome": ("done",)},
    {"last outcome": ("final",)},
    {"last outcome": ("failed",), "attempts left": ("no",)},
    {"last outcome": ("denied for a minute",)},
    {"last outcome": ("failed",), "rolling back": ("since",)},
    {"rolling back": ("since",)},
    {"last outcome": ("failed", "refused", "crowded", "denied"), "time left": ("no",)},
    {"time left": ("no",)},
    {
        "last outcome": ("failed", "refused", "crowded", "denied"),
        "time left": ("less than the pause",),
        "next start": WAITING,
    },
    {"time left": ("less than the pause",), "next start": WAITING},
    {"next start": WAITING, "execution": ("not ending",)},
    {"next start": WAITING},
    {"last outcome": ("running",), "time left": ("yes",), "execution": ("ending",)},
    {"last outcome": ("running",)},
    {"execution": ("fresh",)},
    {"last outcome": ("crowded",), "time left": ("yes",), "execution": ("not spent",)},
    {"time left": ("less than the pause",)},
    {"execution": ("used",)},
    {"last outcome": ("pending",), "execution": ("spent",)},
    {"execution": ("spent",)},
    {},
)


# ---- what decide says of a cell


def situations(cell: Cell) -> Iterator[tuple[Request, Progress, Clock]]:
    """Return the situations that a cell stands for, the handler not looked at yet."""
    left_of_timeout = {"yes": 2500.0, "no": -1.0, "less than the pause": 15.0}[cell["time left"]]
    for left, longest, function_timeout in EXECUTIONS[cell["execution"]]:
        pause = {"now": -5.0, "later": 20.0, "after this execution": left + 600}[cell["next start"]]
        is_unknown = cell["rolling back"] == "unknown"
        is_over = is_unknown and cell["time left"] == "no"
        sent = NOW - (SERVICE_TIMEOUT if is_over else 100)
        progress = Progress(
            began=NOW + left_of_timeout - TIMEOUT,
            sent=sent,
            status="" if is_unknown else "UPDATE_IN_PROGRESS",
            rolling_back={"yes": True, "unknown": None}.get(cell["rolling back"], False),
            has_failed=None if is_unknown else "last run failed" in cell["settings"],
            ask_at=NOW + pause,
            refusals=2,
            hops=2 if cell["execution"] == "spent" else 0,
            function_timeout=function_timeout,
            failures={"yes": 1, "no": 2}[cell["attempts left"]],
            refused_since=NOW - (61 if cell["last outcome"] == "denied for a minute" else 9),
            resume_at=NOW + pause,
            longest=longest,
            cancelled="ROLLBACK_IN_PROGRESS" if cell["rolling back"] == "since" else "",
            outcome=OUTCOMES[cell["last outcome"]],
            fresh=cell["execution"] == "fresh",
        )
        for asked in requests(cell):
            yield asked, progress, Clock(NOW, left)


def requests(cell: Cell) -> Iterator[Request]:
    kinds = {"undo": ("Update", "Delete"), "undo of nothing": ("Create", "Update", "Delete")}
    runs = {"undo": {"RunId": "r"}, "undo of nothing": {}}
    for kind in kinds.get(cell["request"], (cell["request"],)):
        yield request({**cell, "request": kind})._replace(run=runs.get(cell["request"]))


def request(cell: Cell) -> Request:
    settings = cell["settings"]
    old_id = "Run-create-failed" if "never created" in settings else "own"
    event = {"StackId": STACK_ID, "RequestId": "r", "LogicalResourceId": "Run"}
    return Request(
        event,
        cast("RequestType", cell["request"]),
        "Run",
        "" if cell["request"] == "Create" else old_id,
        enabled="Enabled" not in settings,
        execute_on_delete=settings in RUN_ON_DELETE,
        execute_on_rollback="Rollback" in settings,
        unchanged="settings only" in settings,
        timeout=TIMEOUT,
        service_timeout=SERVICE_TIMEOUT,
        max_attempts=2,
    )


def actions(cell: Cell) -> set[str]:
    """Return what is done in the situations of a cell."""
    descriptions = set()
    for asked, progress, clock in situations(cell):
        first = described(decide(asked, progress, clock))
        again = described(decide(asked, progress._replace(ready=True), clock))
        descriptions.add(first if first == again else f"{first} until it is ready, then {again}")
    return descriptions


def described(action: Action) -> str:
    if action.step != "respond":
        return action.step
    outcome = action.outcome
    message = outcome.message
    match outcome.kind:
        case "done":
            return "respond: done"
        case "skipped":
            return f"respond: nothing to run, {message}"
    last = any(outcome.error == known.error for known in OUTCOMES.values() if known.error)
    reason = "the last outcome" if last else "not done" if "not done" in message else outcome.error
    return f"respond: failed, {reason}" + (" and Timeout" if "Timeout is" in message else "")


# ---- the table


def cells() -> Iterator[dict[str, str]]:
    """Return every combination of what the columns tell apart."""
    for values in itertools.product(*COLUMNS.values()):
        yield dict(zip(COLUMNS, values, strict=True))


def fits(row: Mapping[str, tuple[str, ...]], cell: Cell) -> bool:
    return all(any(means(value, cell[column]) for value in row[column]) for column in row)


def means(value: str, of_cell: str) -> bool:
    without = value.removeprefix("not ")
    return (of_cell != without) if without != value else of_cell == value


def rows() -> list[tuple[dict[str, tuple[str, ...]], str]]:
    """Return each row with the one action of its cells."""
    actions_by_row: list[set[str]] = [set() for _ in ROWS]
    for cell in cells():
        actions_by_row[next(number for number, row in enumerate(ROWS) if fits(row, cell))] |= (
            actions(cell)
        )
    for row, those in zip(ROWS, actions_by_row, strict=True):
        if len(those) != 1:
            raise ValueError(f"{row} leads to {sorted(those)}")
    return [(row, those.pop()) for row, those in zip(ROWS, actions_by_row, strict=True)]


def document() -> str:
    """Return the text of docs/decision-table.md."""
    columns = [*COLUMNS, "action"]
    lines: list[list[Any]] = [columns, ["---"] * len(columns)]
    for row, action in rows():
        lines.append([*(", ".join(row.get(column, ("any",))) for column in COLUMNS), action])
    return HEAD + "".join(f"| {' | '.join(line)} |\n" for line in lines) + FOOT


if __name__ == "__main__":
    sys.stdout.write(document())
