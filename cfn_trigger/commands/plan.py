"""`cfn-trigger plan`: which triggers a deployment will run, and because of what.

Knows whom to ask, and how the answer is shown. Refuses to know how it comes about (`predictions`).
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Final

import click
from rich.text import Text

from cfn_trigger import environment
from cfn_trigger.deployment import stacks
from cfn_trigger.errors import UsageError
from cfn_trigger.prediction import snapshots
from cfn_trigger.prediction.predict import Before, Prediction, Verdict, predictions
from cfn_trigger.template import parameters
from cfn_trigger.template.intrinsics import Side
from cfn_trigger.template.source import Template, parsed, section
from cfn_trigger.terminal import console, options

_COLORS: Final[Mapping[Verdict, str]] = {
    "will run": "bold green", "will not run": "dim", "unknown until deployment": "bold yellow",
}  # fmt: skip


def _asked(stack: str, template: Template, said: Mapping[str, str]) -> tuple[Before, Side]:
    """Ask AWS for a stack, and for what its parameters stand for in the parameter store."""
    with closing(stacks.connected()) as cloudformation:
        deployed = stacks.read(stack, cloudformation)
    declared = section(template.values, "Parameters")
    names = dict(
        snapshots.stored_names(declared, parameters.settled(declared, said, deployed.values))
    )
    if not names:
        return snapshots.against_stack(template, said, deployed)
    with closing(stacks.connected("ssm")) as store:
        return snapshots.against_stack(
            template, said, deployed, stacks.stored(names.values(), store)
        )


def rendered(found: Iterable[Prediction]) -> Text:
    """Write predictions for a person."""
    listed = tuple(found)
    width = max((len(one.trigger) for one in listed), default=0)
    lines = []
    for one in listed:
        head = Text(f"{one.trigger:<{width}}  ", style="bold")
        lines.append(head.append(one.verdict, style=_COLORS[one.verdict]))
        lines += [Text(f"{'':<{width}}    {why}") for why in one.because]
    return Text("\n").join(lines or [Text("no triggers")])


@click.command()
@options.template_argument
@click.option("--deployed-stack", metavar="NAME", help="The stack that would be updated.")
@click.option("--against", "old_source", metavar="OLD_TEMPLATE", help="The template before.")
@options.parameter_options
@click.option(
    "--old-parameter",
    "old_pairs",
    metavar="K=V",
    multiple=True,
    help="With --against: the value of a parameter before, where it was another.",
)
@options.json_option
def command(
    source: str,
    *,
    deployed_stack: str | None,
    old_source: str | None,
    pairs: tuple[str, ...],
    parameters_file: str | None,
    old_pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say which triggers a deployment of TEMPLATE will run, and because of what.

    Without --deployed-stack and --against it is a first deployment. Parameters that are not given
    keep their deployed values, as with `aws cloudformation deploy`, or have their defaults.
    """
    if deployed_stack and old_source:
        raise UsageError("--deployed-stack and --against exclude each other; give one")
    template = parsed(environment.read_text(source), source)
    said = parameters.given(pairs, parameters_file)
    parameters.all_known(said, section(template.values, "Parameters"), source)
    if old_source:
        old = parsed(environment.read_text(old_source), old_source)
        before = Before(side=snapshots.of_template(old, said, parameters.pairs(old_pairs)))
        after = snapshots.of_template(template, said, {})
    elif deployed_stack:
        before, after = _asked(deployed_stack, template, said)
    else:
        before, after = snapshots.against_stack(template, said, None)
    region = after.constants.get("AWS::Region", environment.region())
    found = predictions(before, after, region=region)
    if as_json:
        console.show_json([asdict(one) for one in found])
    else:
        console.show(rendered(found))
