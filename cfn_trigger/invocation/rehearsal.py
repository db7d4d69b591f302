"""Rehearses a trigger's request: what a deployment would do with it, without a deployment.

Knows how to carry a request to its end. The decisions, the invocation and the verdict are the
provider's own code. Refuses to know how the request is built (`request`) and sent (`transport`).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from cfn_trigger.deployment.provider_steps import after_step
from cfn_trigger.deployment.state import Line, TriggerRun
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.request import TriggerRequest
from trigger_provider.answer import answer
from trigger_provider.calls import invocation, stop
from trigger_provider.decision import Clock, decide, reason_to_skip
from trigger_provider.request import ABSENT, InvocationType, Outcome, Progress, Request
from trigger_provider.service import carry_out
from trigger_provider.transport import Effects, Reply

_LONGEST_INVOCATION: Final = 905.0
"""Seconds: a little longer than the longest invocation that Lambda allows."""

_MASK: Final = "****"


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalEffects:
    """What a rehearsal needs from the outside; tests replace it.

    `call` is like the provider's `signed_call`; `show` takes lines as they come.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    call: Callable[..., Reply]
    show: Callable[[Line], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a request ended: what CloudFormation would receive, and how long it took.

    `reason` is empty unless it failed. `expect` is empty if nothing was expected or compared. Only
    a RequestResponse has a result.
    """

    trigger: str
    request: str
    invocation_type: InvocationType
    event: Any
    status: Literal["SUCCESS", "FAILED"]
    reason: str
    result: Any
    expect: Literal["", "met", "not met"]
    physical_id: str
    attributes: Mapping[str, str]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return an object with these fields."""
        return asdict(self)


def rehearse(trigger_request: TriggerRequest, effects: RehearsalEffects) -> Rehearsal:
    """Carry a request to its end; raises UsageError if a deployment would not run the handler."""
    began = effects.now()
    # CloudFormation is not waiting here, so one part of a trigger of hours may take all of them.
    request = trigger_request.request._replace(
        handler_arn=trigger_request.function, service_timeout=math.inf
    )
    now = began.timestamp()
    progress = Progress(began=now, sent=now, rolling_back=False)
    if reason := reason_to_skip(request, progress):
        raise UsageError(f"{request.name}: a deployment would not run it; {reason}")
    event = json.loads(invocation(request, progress)[0])
    progress, outcome = _followed(request, progress, effects)
    body, reason = answer(request, progress, outcome)
    result = None if outcome.result is ABSENT else outcome.result
    attributes = body.get("Data", {})
    return Rehearsal(
        trigger=request.name,
        request=request.kind,
        invocation_type=request.invocation_type,
        event=event,
        status="FAILED" if reason else "SUCCESS",
        reason=reason,
        result=_MASK if request.no_echo else result,
        expect=_comparison(request, outcome),
        physical_id=body["PhysicalResourceId"],
        attributes=dict.fromkeys(attributes, _MASK) if request.no_echo else attributes,
        seconds=round((effects.now() - began).total_seconds(), 3),
    )


def _comparison(request: Request, outcome: Outcome) -> Literal["", "met", "not met"]:
    match outcome:
        case _ if request.expect is ABSENT:
            return ""
        case Outcome(kind="done"):
            return "met"
        case Outcome(is_unexpected=True):
            return "not met"
    return ""


def _followed(
    request: Request, progress: Progress, effects: RehearsalEffects
) -> tuple[Progress, Outcome]:
    """Do what the provider decides until it would answer; unlike there, time is unlimited."""
    run = TriggerRun(began=effects.now())

    def log(name: str, **details: Any) -> None:
        nonlocal run
        step = {"step": name, "trigger": request.name, **details}
        run, lines = after_step(run, step, name=request.name, at=effects.now())
        for line in lines:
            effects.show(line)

    def clock() -> Clock:
        return Clock(effects.now().timestamp(), math.inf)

    def never(*_: Any) -> Any:
        raise AssertionError("a rehearsal sends no answer")

    provider = Effects(clock=clock, sleep=never, call=effects.call, put=never, log=never)
    while (action := decide(request, progress, clock())).step != "respond":
        log(action.step, attempt=progress.failures + 1, seconds=action.seconds)
        if action.step == "wait":  # the provider would also check whether the update is cancelled
            effects.sleep(action.seconds)
        else:
            action = action._replace(seconds=min(action.seconds, _LONGEST_INVOCATION))
            progress = carry_out(action, request, progress, provider, log)
            is_last = progress.failures >= request.max_attempts
            if not (is_last or request.no_echo):
                _show_failure(progress.outcome, request.name, effects)
    if execution := progress.outcome.execution:
        log("stop", status=stop(execution, action.outcome, provider).status)
    return progress, action.outcome


def _show_failure(outcome: Outcome, trigger: str, effects: RehearsalEffects) -> None:
    """Show why an attempt failed; the provider's log has only the type of its error."""
    if outcome.kind == "failed":
        message = outcome.message
        effects.show(
            Line(at=effects.now(), kind="trigger", name=trigger, message=message, tone="bad")
        )
