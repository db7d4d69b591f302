"""`cfn-trigger run`: one trigger's handler, run now, as a deployment would run it.

Knows how to follow a request to its end: the decisions, the invocation and the judgement are the
provider's own. Refuses to know how the request is made (`requests`).
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import click

from cfn_trigger import environment
from cfn_trigger.deployment import poller, stacks, timeline
from cfn_trigger.deployment.timeline import Line, Run
from cfn_trigger.errors import MissingError, UsageError
from cfn_trigger.invocation import requests, transport
from cfn_trigger.template import parameters
from cfn_trigger.template.source import parsed
from cfn_trigger.terminal import console, options
from trigger_provider import index

_LAST_CALL: Final = 905.0
"""Seconds: no invocation is longer, and its answer is worth waiting for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a run needs of the world; the tests replace it.

    `call` is as the provider's `signed_call`, and tells lines of the handler's log as they come.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    call: Callable[..., index.Reply]
    tell: Callable[[Line], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended: what CloudFormation would be answered, and why if the handler failed.

    `expect` is `met`, `not met`, or empty where nothing was expected or compared.
    """

    trigger: str
    request: str
    event: Any
    status: str
    reason: str
    result: Any
    expect: str
    physical_id: str
    attributes: Mapping[str, str]
    seconds: float

    def in_json(self) -> dict[str, Any]:
        """Give it for machines."""
        return asdict(self)


def report(made: requests.Made, world: World) -> Report:
    """Run a handler to the end of its request; raises UsageError if a deployment would not."""
    began = world.now()
    request = made.request._replace(handler_arn=made.function)
    known = index.Progress(began=began.timestamp(), rolling_back=False)
    if why := index.reason_to_skip(request, known):
        raise UsageError(f"{request.name}: a deployment would not run it; {why}")
    event = json.loads(index.invocation(request, known)[0])
    known, outcome = _followed(request, known, world)
    answer, reason = index.answer(request, known, outcome)
    masked = request.no_echo
    result = None if outcome.result is index.ABSENT else outcome.result
    return Report(
        trigger=request.name,
        request=request.kind,
        event=event,
        status="FAILED" if reason else "SUCCESS",
        reason=reason,
        result=_MASK if masked else result,
        expect=_compared(request, outcome),
        physical_id=answer["PhysicalResourceId"],
        attributes={
            name: _MASK if masked else value for name, value in answer.get("Data", {}).items()
        },
        seconds=round((world.now() - began).total_seconds(), 3),
    )


_MASK: Final = "****"


def _compared(request: index.Request, outcome: index.Outcome) -> str:
    match outcome:
        case _ if request.expect is index.ABSENT:
            return ""
        case index.Outcome(kind="done"):
            return "met"
        case index.Outcome(error="Expect"):
            return "not met"
    return ""


def _followed(
    request: index.Request, known: index.Progress, world: World
) -> tuple[index.Progress, index.Outcome]:
    """Do what the provider decides until it would answer; nothing here ever runs out of time."""
    run = Run(began=world.now())

    def log(step: str, **more: Any) -> None:
        nonlocal run
        told = {"step": step, "trigger": request.name, **more}
        run, lines = timeline.stepped(run, told, world.now())
        for line in lines:
            world.tell(line)

    def clock() -> index.Clock:
        return index.Clock(world.now().timestamp(), math.inf)

    def never(*_: Any) -> Any:
        raise AssertionError("a run answers nobody")

    effects = index.Effects(clock=clock, sleep=never, call=world.call, put=never, log=never)
    while (action := index.decide(request, known, clock())).do != "respond":
        log(action.do, attempt=known.failures + 1)
        if action.do == "wait":  # the provider would also look whether the stack is cancelled
            world.sleep(action.seconds)
        else:
            action = action._replace(seconds=min(action.seconds, _LAST_CALL))
            known = index.carry_out(action, request, known, effects, log)
            is_last = known.failures >= request.max_attempts
            if not (is_last or request.no_echo):
                _tell_message(known.outcome, request.name, world)
    return known, action.outcome


def _tell_message(outcome: index.Outcome, trigger: str, world: World) -> None:
    """Tell why an attempt failed that is not the last; the log has only the error's type."""
    if outcome.kind == "failed":
        said = outcome.message
        world.tell(Line(at=world.now(), kind="trigger", name=trigger, said=said, tone="bad"))


def standing(name: str, client: Any) -> requests.Standing:
    """Read a stack as it stands; raises UsageError where there is none."""
    try:
        with stacks.asking(f"stack {name!r}"):
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
            resources = [one for page in pages for one in page["StackResourceSummaries"]]
    except MissingError as error:
        region = client.meta.region_name
        raise UsageError(f"no stack {name!r} in {region}; deploy it first") from error
    return requests.Standing(
        name=name,
        deployed=stacks.read(stack["StackId"], client),
        physical_ids={
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in resources
            if one.get("PhysicalResourceId") and one["ResourceStatus"] != "DELETE_COMPLETE"
        },
        outputs={one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])},
    )


# ---- the command


def rendered(made: Report) -> Iterable[str]:
    """Write a report for a person, less what was told while it ran."""
    yield f"{made.status} after {made.seconds:g} s"
    if made.reason:
        yield from (f"  {line}" for line in timeline.spread(made.reason))
        return
    yield f"result: {json.dumps(made.result, ensure_ascii=False)}"
    if made.expect:
        yield f"Expect: {made.expect}"
    yield f"physical id: {made.physical_id}"
    told = {name: value for name, value in made.attributes.items() if name not in _ALWAYS}
    yield "attributes:" if told else "attributes: none"
    width = max(map(len, told), default=0)
    yield from (f"  {name:<{width}}  {value}" for name, value in told.items())
    if left_out := made.attributes.get("Truncated"):
        yield f"attributes that an answer has no room for: {left_out}"


_ALWAYS: Final = ("Result", "Error", "Truncated")


@click.command()
@options.template_argument
@click.argument("trigger")
@click.option("--stack", metavar="NAME", required=True, help="The deployed stack.")
@click.option(
    "--request-type",
    "kind",
    type=click.Choice(["Create", "Update", "Delete"]),
    default="Create",
    show_default=True,
)
@click.option(
    "--payload",
    metavar="JSON|@FILE",
    help="Goes over the trigger's Payload, key by key: other values, or those not known here.",
)
@options.parameter_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    trigger: str,
    *,
    stack: str,
    kind: requests.RequestType,
    payload: str | None,
    pairs: tuple[str, ...],
    parameters_file: str | None,
    as_json: bool,
) -> None:
    """Run the handler of TRIGGER now, with the event it would get, and show log and result.

    The function is the one that the stack has deployed; settings and payload are TEMPLATE's.
    Nothing is deployed, and nothing is told to CloudFormation. Exit codes: 0 it is done, 1 it
    failed, 130 Ctrl-C, which does not end the handler.
    """
    asked = requests.Asked(
        trigger=trigger,
        kind=kind,
        request_id=str(uuid4()),
        values=parameters.given(pairs, parameters_file),
        payload=requests.payload_given(payload, environment.read_text),
    )
    template = parsed(environment.read_text(source), source)
    made = requests.made(template, standing(stack, stacks.connected("cloudformation")), asked)
    for note in made.notes:
        console.note(f"{trigger}: {note}")
    try:
        ended = report(made, _real(made, as_json=as_json))
    except KeyboardInterrupt:
        console.note(f"{trigger}: the handler may still be running")
        ctx.exit(130)
    if as_json:
        console.show_json(ended.in_json())
    else:
        for line in rendered(ended):
            console.show(line)
    ctx.exit(1 if ended.reason else 0)


def _real(made: requests.Made, *, as_json: bool) -> World:
    """Give the world: AWS, or what the environment points to, and this machine's clock."""
    terminal = console.console(stderr=as_json)
    client = stacks.connected("lambda")
    tail = poller.Tail(
        logs=stacks.connected("logs"),
        group=poller.log_group(made.function, client),
        source=made.label,
        since=int(poller.now().timestamp() * 1000),
    )

    def tell(line: Line) -> None:
        poller.show(line, terminal)

    caller = transport.Caller(
        send=transport.sender(client.meta.endpoint_url, client.meta.region_name),
        tails=poller.Tails(note=console.note, tails={tail.source: tail}),
        source=tail.source,
        tell=tell,
        now=poller.now,
    )
    return World(now=poller.now, sleep=poller.sleep, call=caller.call, tell=tell)
