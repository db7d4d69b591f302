"""`cfn-trigger expand`: the template that CloudFormation would get from the macro.

Knows the report and how it is written. Refuses to know how a template is expanded. It serves what
refuses macros, such as StackSets with service-managed permissions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click

from cfn_trigger import environment
from cfn_trigger.template import parameters, rewrite, transforms
from cfn_trigger.template.source import Template, parsed
from cfn_trigger.template.triggers import triggers
from cfn_trigger.terminal import console, options
from macro.cloudformation import as_map
from macro.model import TRANSFORM, Json

ONCE: Final = (
    "an expanded template cannot say it, and runs the trigger once; put a parameter that changes"
    " into its Payload"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An expanded template, as values and as YAML near to the author's, with its transforms.

    `left` are the names of those that have yet to run.
    """

    template: Mapping[str, Json]
    text: str
    ran: tuple[str, ...]
    left: tuple[str, ...]


def report(template: Template, setting: transforms.Setting) -> Report:
    """Expand a template; raises TemplateProblems with its problems."""
    expansion = transforms.expanded(template, setting)
    return Report(
        template=expansion.template,
        text=rewrite.in_yaml(template, expansion.template),
        ran=expansion.ran,
        left=tuple(one.name for one in transforms.listed(expansion.template)),
    )


@click.command()
@options.template_argument
@options.parameter_options
@click.option("--sam", is_flag=True, help="Run SAM and AWS::LanguageExtensions too.")
@options.json_option
def command(
    source: str, pairs: tuple[str, ...], parameters_file: str | None, *, sam: bool, as_json: bool
) -> None:
    """Write the template without the shorthand, as the macro makes it.

    TEMPLATE is a file, or - for standard input. The author's order and comments are kept. A
    transform that was run is no longer in the template's list.
    """
    template = parsed(environment.read_text(source), source)
    setting = transforms.Setting(
        values=parameters.settled_for(template, pairs, parameters_file),
        region=environment.region(),
        with_aws=sam,
        packaged=True,
    )
    made = report(template, setting)
    if TRANSFORM not in made.ran:
        console.note(f"{source}: its Transform does not name {TRANSFORM}")
    for name, own in triggers(made.template).items():
        if "Deployment" in as_map(own.get("Fingerprint")):
            console.note(f"{source}: {name}.ExecuteOnEveryDeployment: {ONCE}")
    if as_json:
        console.show_json(made.template)
    else:
        click.echo(made.text, nl=False)
