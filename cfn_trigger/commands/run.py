"""`cfn-trigger run`: one trigger's handler, run now, as a deployment would run it."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import click
from click.core import ParameterSource

from cfn_trigger import environment
from cfn_trigger.deployment import aws
from cfn_trigger.deployment.logs import Tail, Tails, default_log_group
from cfn_trigger.deployment.stack import read_snapshot
from cfn_trigger.deployment.state import Line
from cfn_trigger.errors import UsageError
from cfn_trigger.invocation.rehearsal import Rehearsal, RehearsalEffects, rehearse
from cfn_trigger.invocation.request import (
    RunOptions,
    TriggerRequest,
    build_request,
    rebuild_request,
)
from cfn_trigger.invocation.transport import Caller, sender
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import Template, parse_template
from cfn_trigger.terminal import console, lines, options, rehearsals
from trigger_provider.request import ABSENT, RequestType


@options.command(
    "cfn-trigger run template.yaml RunMigration --stack shop",
    """cfn-trigger run template.yaml RunMigration --stack shop --payload '{"DryRun": true}'""",
    "cfn-trigger run --deployed-stack shop RunMigration",
    alternatives=[("--stack", "--deployed-stack")],
)
@click.argument("source", metavar="[TEMPLATE]", required=False)
@click.argument("trigger", metavar="TRIGGER", required=False)
@click.option("--stack", metavar="NAME", help="The deployed stack, for a TEMPLATE on disk.")
@click.option(
    "--deployed-stack", metavar="NAME", help="Run a trigger as this stack has deployed it."
)
@click.option(
    "--request-type",
    type=click.Choice(["Create", "Update", "Delete"]),
    help="The type of the request.  [default: Create; with --deployed-stack: Update]",
)
@click.option(
    "--payload",
    metavar="JSON|@FILE",
    help="JSON, or @ and the path of a JSON file, to merge into the trigger's Payload key by key.",
)
@click.option("-y", "--yes", is_flag=True, help="With --deployed-stack: do not ask.")
@options.parameter_options
@options.macro_name_option
@options.aws_options
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str | None,
    trigger: str | None,
    *,
    stack: str | None,
    deployed_stack: str | None,
    request_type: RequestType | None,
    payload: str | None,
    yes: bool,
    overrides: Overrides,
    location: aws.Location,
    macro_name: str,
    as_json: bool,
) -> None:
    """Run the handler of TRIGGER now, with the event it would receive.

    Runs the function that the stack has deployed, with the settings and payload in TEMPLATE. With
    --deployed-stack, these are the deployed ones, and it asks first. Deploys nothing, changes no
    stack, and sends nothing to CloudFormation. Exit codes: 0 done, 1 failed or not run, 130
    interrupted by Ctrl-C, which does not stop the handler.
    """
    source, trigger = _operands(ctx, source, trigger)
    run_options = RunOptions(
        trigger=trigger,
        request_type=request_type or ("Update" if deployed_stack else "Create"),
        request_id=str(uuid4()),
        payload=parse_payload(payload),
        macro_name=macro_name,
    )
    if deployed_stack:
        _refuse_template(ctx, source)
        request = _deployed_request(deployed_stack, run_options, overrides, location)
    else:
        template, name = _required(ctx, source, stack)
        request = _request_of_template(template, name, run_options, overrides, location)
    for note in request.notes:
        console.note(f"{trigger}: {note}")
    if deployed_stack:
        confirm(request, deployed_stack, yes=yes)
    rehearsal = _rehearsed(request, location, as_json=as_json)
    if as_json:
        console.show_json(rehearsal.as_json())
    else:
        for line in rehearsals.rendered(rehearsal):
            console.show(line)
    ctx.exit(1 if rehearsal.reason else 0)


def _operands(
    ctx: click.Context, source: str | None, trigger: str | None
) -> tuple[str | None, str]:
    """Return TEMPLATE, which may come from the project's settings, and TRIGGER."""
    is_passed = ctx.get_parameter_source("source") is ParameterSource.COMMANDLINE
    if trigger:
        return source, trigger
    if not source or not is_passed:
        raise click.UsageError("Missing argument 'TRIGGER'.", ctx)
    return (ctx.default_map or {}).get("source"), source


def _refuse_template(ctx: click.Context, source: str | None) -> None:
    is_from_settings = source == (ctx.default_map or {}).get("source")
    if source and not is_from_settings:
        problem = "--deployed-stack: runs what is deployed"
        raise UsageError(f"{problem}; leave out {source}, or pass --stack instead")


def _deployed_request(
    stack: str, run_options: RunOptions, overrides: Overrides, location: aws.Location
) -> TriggerRequest:
    snapshot = read_snapshot(stack, aws.client("cloudformation", location))
    deployed = Template(name=f"stack {stack!r}", text="", values=dict(snapshot.template))
    return rebuild_request(snapshot, replace(run_options, parameters=overrides.of(deployed)))


def _required(ctx: click.Context, source: str | None, stack: str | None) -> tuple[str, str]:
    if not source:
        raise click.UsageError("Missing argument: TEMPLATE and TRIGGER, or --deployed-stack.", ctx)
    if not stack:
        raise click.UsageError("Missing option '--stack', or '--deployed-stack'.", ctx)
    return source, stack


def _request_of_template(
    source: str,
    stack: str,
    run_options: RunOptions,
    overrides: Overrides,
    location: aws.Location,
) -> TriggerRequest:
    template = parse_template(environment.read_text(source), source)
    run_options = replace(run_options, parameters=overrides.of(template))
    snapshot = read_snapshot(stack, aws.client("cloudformation", location))
    return build_request(template, snapshot, run_options)


def confirm(request: TriggerRequest, stack: str, *, yes: bool) -> None:
    """Show what will be invoked, and ask; ends the command if the answer is not yes.

    Raises UsageError if there is no one to ask.
    """
    for line in rehearsals.question(request):
        console.show(line, stderr=True)
    if yes:
        return
    if not environment.is_interactive():
        problem = f"{request.request.name}: needs a confirmation"
        raise UsageError(f"{problem}; pass --yes, since there is no terminal to ask on")
    if not click.confirm(f"The stack {stack!r} will not be changed. Run it?", err=True):
        console.note(f"{request.request.name}: not run")
        raise click.exceptions.Exit(1)


def _rehearsed(request: TriggerRequest, location: aws.Location, *, as_json: bool) -> Rehearsal:
    try:
        return rehearse(request, _effects(request, location, as_json=as_json))
    except KeyboardInterrupt:
        console.note(f"{request.request.name}: the handler may still be running")
        raise


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
        group=default_log_group(request.function),
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
