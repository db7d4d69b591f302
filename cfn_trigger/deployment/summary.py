"""How a deployment stands now, and how it ended, in lines for a person.

Knows what is worth saying, and what only repeats something else. Refuses to know how the state came
about (`timeline`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from cfn_trigger.deployment.durations import as_words
from cfn_trigger.deployment.provider_steps import poll_count
from cfn_trigger.deployment.reasons import log_group_in
from cfn_trigger.deployment.resources import role_of
from cfn_trigger.deployment.state import (
    DeploymentState,
    Event,
    Line,
    ResourceChange,
    Tone,
    TriggerRun,
)

COMMAND_HINT: Final = "read it: "
"""What precedes a command in a line, which is there to be copied."""

# ---- how it stands


_VERBS: Final[Mapping[str, str]] = {
    "CREATE": "creating",
    "UPDATE": "updating",
    "DELETE": "deleting",
    "IMPORT": "importing",
}


def phase(state: DeploymentState) -> str:
    """Return what CloudFormation does to the stack now, such as `rolling back`."""
    if "CLEANUP" in state.status:
        return "cleaning up"
    if "ROLLBACK" in state.status:
        return "rolling back"
    return _VERBS.get(state.status.partition("_")[0], "in progress")


def running_triggers(state: DeploymentState, now: datetime) -> tuple[str, ...]:
    """Return a line for each trigger that runs now: attempt, polls, duration, progress."""
    return tuple(
        f"{name}: {_run_status(run, now)}" for name, run in state.runs.items() if not run.is_over
    )


def _run_status(run: TriggerRun, now: datetime) -> str:
    hops = f", execution {run.hops + 1}" if run.hops else ""
    waits = ""
    if run.waits_until and run.waits_until > now:
        what = "next poll" if run.was_pending else "next attempt"
        waits = f", {what} in {as_words(run.waits_until - now)}"
    refusal = f": not started: {run.refusal}" if run.refusal else ""
    progress = f": {run.progress}" if run.progress else refusal
    since = as_words(now - run.began)
    return f"attempt {run.attempt}{poll_count(run)}{hops}, {since}{waits}{progress}"


def changing_resources(state: DeploymentState, now: datetime) -> tuple[str, ...]:
    """Return a line for each resource that changes now, and one for all of the plumbing."""
    lines = [
        f"{name} ({resource.type}), {as_words(now - resource.began)}"
        for name, resource in state.resources.items()
        if not resource.is_done and _role(name, resource.type) == "other"
    ]
    plumbing = [
        resource
        for name, resource in state.resources.items()
        if _role(name, resource.type) == "plumbing"
    ]
    done = sum(resource.is_done for resource in plumbing)
    if done < len(plumbing):
        lines.append(f"resources that run the triggers: {len(plumbing) - done} left")
    return tuple(lines)


def _role(name: str, type_: str) -> str:
    return role_of(name.rpartition("/")[2], type_)


# ---- how it ended


def summary(state: DeploymentState) -> tuple[Line, ...]:
    """Return each failure with its whole reason, and how the deployment ended; nothing before."""
    if state.ended is None or state.began is None:
        return ()
    tone: Tone = "good" if state.succeeded else "bad"
    verdict = Line(
        at=state.ended,
        kind="end",
        name=state.stack,
        message=f"{state.stack}: {state.status} after {as_words(state.ended - state.began)}",
        tone=tone,
        weight="outcome",
    )
    causes = () if state.succeeded else causes_of(state.failures)
    canceled = () if state.succeeded else _canceled(state.failures)
    failures = [
        replace(
            verdict,
            kind="failure",
            name=event.name,
            message=_failure_message(event),
            change=_failed_change(event, state),
        )
        for event in causes
    ]
    if canceled:
        message = f"canceled because of that: {', '.join(canceled)}"
        failures.append(replace(verdict, message=message, tone="quiet", weight="event"))
    return (*_forgiven_lines(state), *failures, verdict)


def _forgiven_lines(state: DeploymentState) -> Iterator[Line]:
    for failure in state.forgiven:
        head = f"{failure.trigger} failed, and the deployment went on"
        yield Line(
            at=failure.at,
            kind="failure",
            name=failure.trigger,
            message=f"{head}\n{failure.reason}{_hint(failure.reason)}",
            tone="bad",
            weight="outcome",
        )


def causes_of(failures: Iterable[Event]) -> tuple[Event, ...]:
    """Return the failures that no other one explains, each reason once."""
    causes: dict[str, Event] = {}
    failures = tuple(failures)
    for event in sorted(failures, key=lambda event: event.at):
        match event.reason.kind:
            case "cause" if not (event.is_of_stack and not event.reason.text):
                causes.setdefault(event.reason.text or event.name, event)
            case "consequence" if not _is_explained(event, failures):
                causes.setdefault(event.reason.text, event)
            case _:
                pass
    return tuple(causes.values())


def _is_explained(consequence: Event, failures: Iterable[Event]) -> bool:
    """Whether what a stack's failure follows from is among the failures."""
    within = "" if consequence.is_of_root else f"{consequence.name}/"
    return any(
        event.name.startswith(within)
        and event.name != consequence.name
        and event.reason.kind in ("cause", "consequence")
        for event in failures
    )


def _canceled(failures: Iterable[Event]) -> tuple[str, ...]:
    names = (event.name for event in failures if event.reason.kind == "canceled")
    return tuple(dict.fromkeys(names))


def _failed_change(event: Event, state: DeploymentState) -> ResourceChange:
    return ResourceChange(
        status=event.status,
        type=event.type,
        reason=event.reason.text,
        seconds=None,
        done=state.tally.done,
        total=state.tally.total,
    )


def _failure_message(event: Event) -> str:
    reason = event.reason.text or "CloudFormation gives no reason"
    return f"{event.status} {event.name} ({event.type})\n{reason}{_hint(reason)}"


def _hint(reason: str) -> str:
    group = log_group_in(reason)
    return f"\n{COMMAND_HINT}aws logs tail {group} --since 1h" if group else ""
