"""`cfn-trigger plan`: which triggers a deployment will run, and why.

Knows which of the two states comes from AWS. Refuses to predict.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

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
from cfn_trigger.prediction.impact import Update
from cfn_trigger.prediction.nested import Outer, Passed, nested_stacks
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
    alternatives=[("--json", "--markdown"), ("--deployed-stack", "--against")],
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
    if old_pairs and not old_source:
        raise UsageError(
            "--old-parameter: applies only to the template of --against; pass that too"
        )
    template = parse_template(environment.read_text(source), source)
    passed, region = overrides.of(template), aws.local_region(location)
    reader = _Reader(location=location, macro_name=macro_name)
    deployed = None
    if deployed_stack:
        deployed = reader.stack(deployed_stack)
        baseline, after = reader.update(deployed, template, Passed(values=passed))
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
    update = Update(old=baseline.state, new=after, region=region)
    old_path = Path(old_source) if old_source else None
    outer = Outer(path=Path(source), update=update, deployed=deployed, old_path=old_path)
    nested = tuple(nested_stacks(outer, reader))
    predicted += tuple(prediction for each in nested for prediction in each.predictions)
    notes = [f"{source}: {each.note}" for each in nested if each.note]
    for note in notes:
        console.note(note)
    for name in transforms.overtaken(template.values, macro_name):
        console.note(f"{source}: {name} runs before {macro_name} in a deployment, but not here")
        predicted = doubted(predicted, f"{name} may change the template before {macro_name} runs")
    if as_json:
        triggers = [asdict(prediction) for prediction in predicted]
        content = {"triggers": triggers, "summary": counts(predicted)}
        console.show_json(content | ({"notes": notes} if notes else {}))
    elif as_markdown:
        click.echo(as_comment(predicted, source, notes), nl=False)
    else:
        console.show(rendered(predicted))
    has_something_to_run = may_run(predicted) or bool(notes)
    ctx.exit(SOMETHING_RUNS if detailed_exitcode and has_something_to_run else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads templates from files, and stacks from AWS.

    `coming` has values in Parameter Store that will be other ones by then, by their names there.
    """

    location: aws.Location
    macro_name: str
    coming: Mapping[str, str] = field(default_factory=dict)

    def template(self, path: Path) -> Template:
        return parse_template(environment.read_text(str(path)), str(path))

    def stack(self, stack_id: str) -> StackSnapshot:
        with closing(aws.client("cloudformation", self.location)) as cloudformation:
            return read_snapshot(stack_id, cloudformation)

    def state(self, template: Template, passed: Passed, region: str) -> StackState:
        return state_of_template(
            template,
            passed.values,
            region=region,
            macro_name=self.macro_name,
            unknown_parameters=passed.unknown,
        )

    def update(
        self, deployed: StackSnapshot, template: Template, passed: Passed
    ) -> tuple[Baseline, StackState]:
        """Return the states of an update, with all that tells how it begins."""
        stored = {**self._stored(deployed, template, passed), **self.coming}
        baseline, after = states_of_update(
            template,
            passed.values,
            deployed,
            stored,
            macro_name=self.macro_name,
            unknown_parameters=passed.unknown,
        )
        if deployed.template and LANGUAGE_EXTENSIONS in _transform_names(template):
            with closing(aws.client("cloudformation", self.location)) as cloudformation:
                original = original_template(deployed.stack_id, cloudformation)
            rebuilt = rebuilt_state(original, deployed, stored, macro_name=self.macro_name)
            baseline = replace(baseline, rebuilt=rebuilt)
        return baseline, after

    def _stored(
        self, deployed: StackSnapshot, template: Template, passed: Passed
    ) -> dict[str, str]:
        """Read the current values of parameters from Parameter Store."""
        declared = section(template.values, "Parameters")
        values = parameters.effective_values(declared, passed.values, deployed.values)
        names = dict(parameter_store_names(declared, values)).values()
        if not names:
            return {}
        with closing(aws.client("ssm", self.location)) as store:
            return parameter_store_values(names, store)


def _transform_names(template: Template) -> set[str]:
    return {transform.name for transform in transforms.transforms_of(template.values)}


def update_by_another_macro(
    stack: str,
    template: Template,
    location: aws.Location,
    macro_name: str,
    *,
    coming: Mapping[str, str],
) -> tuple[Baseline, StackState]:
    """Return the states of an update whose macro may compute other hashes than the deployed one.

    `coming` has values in Parameter Store that will be other ones by then, by their names there.
    """
    reader = _Reader(location=location, macro_name=macro_name, coming=coming)
    baseline, after = reader.update(reader.stack(stack), template, Passed(values={}))
    if baseline.rebuilt is not None:
        baseline = replace(baseline, rebuilt=NO_STACK.state)
    return baseline, after
