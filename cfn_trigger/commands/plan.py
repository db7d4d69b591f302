"""`cfn-trigger plan`: which triggers a deployment will run, and why.

Knows which of the two states comes from AWS. Refuses to predict.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any, Final

import click

from cfn_trigger import environment
from cfn_trigger.deployment import aws
from cfn_trigger.deployment.stack import (
    StackSnapshot,
    original_template,
    parameter_store_values,
    read_snapshot,
)
from cfn_trigger.errors import UsageError
from cfn_trigger.prediction.predict import doubted, predictions
from cfn_trigger.prediction.snapshots import (
    NO_STACK,
    Baseline,
    parameter_store_names,
    rebuilt_state,
    state_of_template,
    states_of_update,
)
from cfn_trigger.prediction.summary import counts, may_run
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.intrinsics import StackState
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import Template, parse_template
from cfn_trigger.terminal import console, options
from cfn_trigger.terminal.predictions import as_comment, rendered
from macro.cloudformation import LANGUAGE_EXTENSIONS, section

SOMETHING_RUNS: Final = 2
"""The exit code for --detailed-exitcode if a trigger will run, or may.

https://developer.hashicorp.com/terraform/cli/commands/plan
"""


@options.command(
    "cfn-trigger plan template.yaml",
    "cfn-trigger plan template.yaml --deployed-stack shop --region eu-west-1",
    "cfn-trigger plan template.yaml --against old.yaml --old-parameter Stage=test",
    "cfn-trigger plan template.yaml --deployed-stack shop --markdown",
)
@options.template_argument
@click.option("--deployed-stack", metavar="NAME", help="The stack that would be updated.")
@click.option(
    "--against", "old_source", metavar="OLD_TEMPLATE", help="The template before the update."
)
@options.parameter_options
@click.option(
    "--old-parameter",
    "old_pairs",
    metavar="K=V",
    multiple=True,
    help="With --against: the value of a parameter before the update, if it differs.",
)
@options.macro_name_option
@options.aws_options
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a pull request.")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 if nothing will run, 1 after an error, 2 if something will or may run.",
)
@options.json_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    *,
    deployed_stack: str | None,
    old_source: str | None,
    overrides: Overrides,
    location: aws.Location,
    old_pairs: tuple[str, ...],
    macro_name: str,
    as_markdown: bool,
    detailed_exitcode: bool,
    as_json: bool,
) -> None:
    """Show which triggers a deployment of TEMPLATE will run, and why.

    Without --deployed-stack or --against, plans a first deployment. Parameters that are not passed
    keep their deployed values, as with `aws cloudformation deploy`, or have their defaults.

    With --detailed-exitcode, every error has exit code 1.
    """
    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other; pass one")
    if deployed_stack and old_source:
        raise UsageError("--deployed-stack and --against exclude each other; pass one")
    template = parse_template(environment.read_text(source), source)
    passed, region = overrides.of(template), aws.local_region(location)
    if deployed_stack:
        baseline, after = update_of(deployed_stack, template, passed, location, macro_name)
        region = after.pseudo_parameters["AWS::Region"]
    else:
        after = state_of_template(template, passed, region=region, macro_name=macro_name)
        baseline = NO_STACK
    if old_source:
        old = parse_template(environment.read_text(old_source), old_source)
        only_old = parameters.parse_pairs(old_pairs, option="--old-parameter")
        parameters.refuse_unknown(only_old, section(old.values, "Parameters"), old_source)
        before = state_of_template(old, passed | only_old, region=region, macro_name=macro_name)
        baseline = Baseline(state=before)
    predicted = predictions(baseline, after, region=region)
    for name in transforms.overtaken(template.values, macro_name):
        console.note(f"{source}: {name} runs before {macro_name} in a deployment, and not here")
        predicted = doubted(predicted, f"{name} may change the template before {macro_name} runs")
    if as_json:
        triggers = [asdict(prediction) for prediction in predicted]
        console.show_json({"triggers": triggers, "summary": counts(predicted)})
    elif as_markdown:
        click.echo(as_comment(predicted, source), nl=False)
    else:
        console.show(rendered(predicted))
    if detailed_exitcode:
        ctx.exit(SOMETHING_RUNS if may_run(predicted) else 0)


def update_of(
    stack: str,
    template: Template,
    overrides: Mapping[str, str],
    location: aws.Location,
    macro_name: str,
    *,
    coming: Mapping[str, str] | None = None,
) -> tuple[Baseline, StackState]:
    """Read a stack, and what else tells how an update of it begins.

    `coming` has values in Parameter Store that will be other ones by then, by their names there.
    """
    with closing(aws.client("cloudformation", location)) as cloudformation:
        deployed = read_snapshot(stack, cloudformation)
        original = _original(template, deployed, cloudformation)
    stored = _stored(template, overrides, deployed, location) | dict(coming or {})
    baseline, after = states_of_update(template, overrides, deployed, stored, macro_name=macro_name)
    if original is not None:
        rebuilt = rebuilt_state(original, deployed, stored, macro_name=macro_name)
        baseline = replace(baseline, rebuilt=rebuilt)
    return baseline, after


def _original(template: Template, deployed: StackSnapshot, cloudformation: Any) -> Template | None:
    """Read the template that was deployed, if AWS may have written it in its own way."""
    names = {transform.name for transform in transforms.transforms_of(template.values)}
    if LANGUAGE_EXTENSIONS not in names or not deployed.template:
        return None
    return original_template(deployed.stack_id, cloudformation)


def _stored(
    template: Template,
    overrides: Mapping[str, str],
    deployed: StackSnapshot,
    location: aws.Location,
) -> dict[str, str]:
    """Read the current values of parameters from Parameter Store."""
    declared = section(template.values, "Parameters")
    values = parameters.effective_values(declared, overrides, deployed.values)
    names = dict(parameter_store_names(declared, values)).values()
    if not names:
        return {}
    with closing(aws.client("ssm", location)) as store:
        return parameter_store_values(names, store)
