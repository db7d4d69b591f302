"""`cfn-trigger run`: one trigger's handler, run now, as a deployment would run it."""

import json
from typing import Any
from uuid import uuid4

import click

from cfn_trigger import environment
from cfn_trigger.deployment import aws
from cfn_trigger.deployment.logs import Tail, Tails, log_group
from cfn_trigger.deployment.stack import read_snapshot
from cfn_trigger.deployment.state import Line
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.rehearsal import RehearsalEffects, rehearse
from cfn_trigger.invocation.request import (
    RunOptions,
    TriggerRequest,
    build_request,
)
from cfn_trigger.invocation.transport import Caller, sender
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import parse_template
from cfn_trigger.terminal import console, lines, options, rehearsals
from trigger_provider.request import ABSENT, RequestType


@options.command(
    "cfn-trigger run template.yaml RunMigration --stack shop",
    """cfn-trigger run template.yaml RunMigration --stack shop --payload '{"DryRun": true}'""",
)
@options.template_argument
@click.argument("trigger")
@click.option("--stack", metavar="NAME", required=True, help="The deployed stack.")
@click.option(
    "--request-type",
    type=click.Choice(["Create", "Update", "Delete"]),
    default="Create",
    show_default=True,
)
@click.option(
    "--payload",
    metavar="JSON|@FILE",
    help="JSON, or @ and the path of a JSON file. Merged into the trigger's Payload key by key.",
)
@options.parameter_options
@options.macro_name_option
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    trigger: str,
    *,
    stack: str,
    request_type: RequestType,
    payload: str | None,
    overrides: Overrides,
    location: aws.Location,
    macro_name: str,
    as_json: bool,
) -> None:
    """Run the handler of TRIGGER now, with the event it would receive.

    Runs the function that the stack has deployed, with the settings and payload in TEMPLATE.
    Deploys nothing, and sends nothing to CloudFormation. Exit codes: 0 done, 1 failed, 130
    interrupted by Ctrl-C, which does not stop the handler.
    """
    template = parse_template(environment.read_text(source), source)
    run_options = RunOptions(
        trigger=trigger,
        request_type=request_type,
        request_id=str(uuid4()),
        parameters=overrides.of(template),
        payload=parse_payload(payload),
        macro_name=macro_name,
    )
    snapshot = read_snapshot(stack, aws.client("cloudformation", location))
    request = build_request(template, snapshot, run_options)
    for note in request.notes:
        console.note(f"{trigger}: {note}")
    try:
        rehearsal = rehearse(request, _effects(request, location, as_json=as_json))
    except KeyboardInterrupt:
        console.note(f"{trigger}: the handler may still be running")
        raise
    if as_json:
        console.show_json(rehearsal.as_json())
    else:
        for line in rehearsals.rendered(rehearsal):
            console.show(line)
    ctx.exit(1 if rehearsal.reason else 0)


def parse_payload(text: str | None) -> Any:
    """Parse `--payload`: JSON, or `@` and the path of a JSON file; raises UsageError otherwise."""
    if text is None:
        return ABSENT
    try:
        return json.loads(environment.read_text(text[1:]) if text.startswith("@") else text)
    except ValueError as error:
        raise UsageError(
            f"--payload: must be JSON, or @ and the path of a JSON file ({error})"
        ) from error


def _effects(request: TriggerRequest, location: aws.Location, *, as_json: bool) -> RehearsalEffects:
    """Return AWS, or what the environment points to, and this machine's clock."""
    terminal = console.console(stderr=as_json)
    client = aws.client("lambda", location)
    tail = Tail(
        logs=aws.client("logs", location),
        group=log_group(request.function, client),
        source=request.label,
        since=int(environment.now().timestamp() * 1000),
    )

    def show(line: Line) -> None:
        lines.show(line, terminal)

    caller = Caller(
        send=sender(client.meta.endpoint_url, client.meta.region_name),
        tails=Tails(note=console.note, tails={tail.source: tail}),
        source=tail.source,
        show=show,
        now=environment.now,
    )
    return RehearsalEffects(
        now=environment.now, sleep=environment.sleep, call=caller.call, show=show
    )
