"""The steps in the provider's log: what they tell about a trigger's request, and their lines.

Knows the steps, whose keys are a contract (docs/troubleshooting.md). Refuses to know where they
are read.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cfn_trigger.deployment.durations import as_words
from cfn_trigger.deployment.reasons import headline
from cfn_trigger.deployment.state import Line, Tone, TriggerRun, Weight


def after_step(
    run: TriggerRun, step: Mapping[str, Any], *, name: str, at: datetime
) -> tuple[TriggerRun, tuple[Line, ...]]:
    """Take in one step of the provider's log, and return the run and its new lines.

    The keys of a step are a contract: docs/troubleshooting.md. `name` is that of the trigger.
    """
    message, tone = _step_message(run, step, f"after {as_words(at - run.began)}{poll_count(run)}")
    weight = _weight(step)
    line = Line(at=at, kind="trigger", name=name, message=message, tone=tone, weight=weight)
    return _run_after_step(run, step, at), (line,) if message else ()


def _weight(step: Mapping[str, Any]) -> Weight:
    """Return how much the line of a step matters.

    An answer is the outcome where CloudFormation's events do not tell it from a success. Most
    deletions run nothing.
    """
    match step:
        case {"step": "respond", "level": "INFO", "type": "Delete"}:
            return "detail"
        case {"step": "respond"}:
            return "outcome"
    return "event"


def _run_after_step(run: TriggerRun, step: Mapping[str, Any], at: datetime) -> TriggerRun:
    changes: dict[str, Any] = {}
    match step["step"]:
        case "wait":
            changes = {"waits_until": at + timedelta(seconds=float(step.get("seconds", 0)))}
        case "hand over":
            changes = {"hops": run.hops + 1}
        case "invoke" | "poll" if run.was_pending:
            changes = {"was_pending": False, "polls": run.polls + 1}
        case "invoke":
            changes = {"attempt": int(step["attempt"]), "is_started": True}
        case "pending":
            progress = str(step.get("progress", ""))
            changes = {"was_pending": True, "refusal": "", "progress": progress}
        case "refused":
            changes = {"refusal": str(step["error"])}
        case "failed":
            changes = {"polls": 0, "is_started": False, "was_pending": False}
            changes |= {"refusal": "", "progress": ""}
    return replace(run, **{"waits_until": None, **changes})


def _step_message(run: TriggerRun, step: Mapping[str, Any], after: str) -> tuple[str, Tone]:
    """Return what to print of a step; an empty message where another line has it."""
    message: tuple[str, Tone] = "", "plain"
    match step["step"]:
        case "invoke" if not (run.was_pending or run.is_started):
            message = f"started, attempt {step['attempt']}", "plain"
        case "pending":
            progress = step.get("progress")
            message = f"in progress {after}{f': {progress}' if progress else ''}", "plain"
        case "refused" if step["error"] != run.refusal:
            message = f"not started {after}: {step['error']}", "plain"
        case "failed":
            message = f"attempt {run.attempt} failed {after}: {step['error']}", "bad"
        case "done":
            message = f"done {after}", "good"
        case "hand over":
            message = f"continues in a fresh execution {after}", "quiet"
        case "respond":
            message = _answer_message(step)
        case "stop":
            message = f"stopped its durable execution {after}", "plain"
        case other if other not in ("ask", "look", "invoke", "poll", "wait", "refused"):
            details = [str(step[key]) for key in ("status", "why", "trace") if step.get(key)]
            message = f"{other}{': ' if details else ''}{' '.join(details)}", "bad"
    return message


def _answer_message(step: Mapping[str, Any]) -> tuple[str, Tone]:
    match step:
        case {"level": "INFO", "reason": str(reason)} if reason:
            return f"did not run: {reason}", "quiet"
        case {"level": "ERROR", "reason": reason}:
            return f"failed, and the deployment goes on: {headline(str(reason))}", "bad"
    return "", "plain"  # the step "done" shows a success, and CloudFormation's event a failure


def poll_count(run: TriggerRun) -> str:
    """Format the number of polls; empty if there were none."""
    return f", poll {run.polls}" if run.polls else ""


def forgiven_reason(step: Mapping[str, Any]) -> str:
    """Return the reason of a failure that CloudFormation is told is a success; empty otherwise."""
    match step:
        case {"step": "respond", "level": "ERROR", "status": "SUCCESS", "reason": str(reason)}:
            return reason
    return ""
