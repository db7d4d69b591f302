"""The reasons that CloudFormation gives in its events, as people should read them.

Knows the sentences that CloudFormation puts around a reason, and those that only say that something
else failed: it marks them in no other way. Refuses to know what the reason in them says.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

ReasonKind = Literal["cause", "consequence", "canceled", "initiated", "requested"]
"""What a reason says: why something failed; that something else failed, or was canceled because of
that; that a resource now has its physical id; that someone requested the operation.
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason without the sentences around it; `text` is empty if there is nothing to add."""

    kind: ReasonKind = "cause"
    text: str = ""


NO_REASON: Final = Reason()

_WRAPPERS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # a custom resource
        (
            r"Received response status \[FAILED\] from custom resource\. "
            r"Message returned: (?P<reason>.*?)(?: \(RequestId: [^()\s]+\))?"
        ),
        # a resource type with a handler in CloudFormation's registry
        r'Resource handler returned message: "(?P<reason>.*)" \(RequestToken: [^()]*\)',
        # a wait condition
        r"WaitCondition received failed message: '(?P<reason>.*)' for uniqueId: .*",
        # a nested stack
        r"Embedded stack \S+ was not successfully (?:created|updated|deleted): (?P<reason>.*)",
        # the stack itself, after what made it roll back
        r"(?P<reason>.*?\S)\.?\s+Rollback requested by user\.?",
        # a macro, whose message has no full stop
        r"(?P<reason>Transform \S+ failed with: .*)\.",
    )
)
_CANCELED: Final = re.compile(r"Resource (creation|update|deletion) cancelled\.?", re.IGNORECASE)
_CONSEQUENCE: Final = re.compile(r"The following resource\(s\) failed to \w+: \[.*\]\s*\.?")
_INITIATED: Final = "Resource creation Initiated"
_WITHOUT_CHANGES: Final = (
    "The submitted information didn't contain changes",
    "No updates are to be",
)
_REQUESTED: Final = ("User Initiated", "Transformation succeeded")


def parse_reason(text: str) -> Reason:
    """Return a reason out of the sentences that CloudFormation puts around it.

    `Received response status [FAILED] from custom resource. Message returned: no such table
    (RequestId: 4f7c)` becomes `no such table`.
    """
    text = unwrapped(text)
    if text == _INITIATED:
        return Reason("initiated")
    if text in _REQUESTED:
        return Reason("requested")
    if _CANCELED.fullmatch(text):
        return Reason("canceled")
    if _CONSEQUENCE.fullmatch(text):
        return Reason("consequence", text)
    return Reason("cause", text)


def unwrapped(reason: str) -> str:
    """Return a reason without what is around it; any other reason as it is."""
    text = reason.strip()
    for wrapper in _WRAPPERS:
        if match := wrapper.fullmatch(text):
            return unwrapped(match["reason"])
    return text


def is_without_changes(reason: str) -> bool:
    """Whether a change set failed only because nothing would change."""
    return reason.startswith(_WITHOUT_CHANGES)


# ---- the parts of a reason

_LAST_LINES: Final = "last log lines: "
_CLAUSE: Final = re.compile(rf"; (?=at |attempt \d|{_LAST_LINES}|full log: )")
_FULL_LOG: Final = re.compile(r"full log: ([^\s,]+)")
_MACRO: Final = re.compile(r"(Transform \S+ failed) with: (.*)", re.DOTALL)


def headline(reason: str) -> str:
    """Return what failed, without what the provider adds, or the macro's list of problems."""
    if macro := _MACRO.fullmatch(reason):
        return macro[1]
    return _CLAUSE.split(reason, maxsplit=1)[0]


def log_group_in(reason: str) -> str:
    """Return the log group that a provider's reason names; empty if it names none."""
    match = _FULL_LOG.search(reason)
    return match[1] if match else ""


def reason_lines(reason: str) -> tuple[str, ...]:
    """Split a reason into lines: each part that a provider or the macro has put together.

    What a handler or an author wrote stays whole, whatever punctuation it has.
    """
    if macro := _MACRO.fullmatch(reason):
        return f"{macro[1]} with:", *(f"  {problem}" for problem in macro[2].split(" | "))
    return tuple(line for clause in _CLAUSE.split(reason) for line in _clause_lines(clause))


def _clause_lines(clause: str) -> list[str]:
    if not clause.startswith(_LAST_LINES):
        return clause.splitlines() or [""]
    logged = clause.removeprefix(_LAST_LINES).strip().split(" / ")
    return [_LAST_LINES.strip(), *(f"  {line}" for line in logged)]
