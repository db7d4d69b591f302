"""`cfn-trigger graph`: what runs before and after each trigger, and through which property."""

import click

from cfn_trigger import environment
from cfn_trigger.ordering import formats
from cfn_trigger.ordering.levels import stack_order
from cfn_trigger.template import transforms
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import parse_template
from cfn_trigger.terminal import console, options, orders


@options.command(
    "cfn-trigger graph template.yaml",
    "cfn-trigger graph template.yaml --format svg > order.svg",
    alternatives=[("--json", "--format")],
)
@options.template_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "svg"]),
    default="text",
    show_default=True,
)
@click.option(
    "--reasons",
    "with_reasons",
    is_flag=True,
    help="Show for every resource, not only for triggers, which property makes it wait.",
)
@options.parameter_options
@options.macro_name_option
@options.region_option
@options.json_option
def command(
    source: str,
    form: str,
    overrides: Overrides,
    *,
    macro_name: str,
    region: str,
    with_reasons: bool,
    as_json: bool,
) -> None:
    """Show what runs before and after each trigger, and through which property.

    Drawings leave out edges that others imply.
    """
    template = parse_template(environment.read_text(source), source)
    values = overrides.values_of(template)
    context = transforms.Context(values=values, region=region, macro_name=macro_name)
    for name in transforms.overtaken(template.values, macro_name):
        console.note(f"{source}: {name} runs before {macro_name} in a deployment, but not here")
    order = stack_order(template, context)
    match form:
        case _ if as_json:
            console.show_json(formats.as_json(order))
        case "mermaid":
            click.echo(formats.mermaid(order, with_reasons=with_reasons), nl=False)
        case "dot":
            click.echo(formats.dot(order, with_reasons=with_reasons), nl=False)
        case "svg":
            click.echo(formats.drawing(order, with_reasons=with_reasons), nl=False)
        case _:
            content = orders.rendered(order, width=console.width(), with_reasons=with_reasons)
            console.show(content)
