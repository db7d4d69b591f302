"""`cfn-trigger expand`: the template that CloudFormation would get from the macro.

Knows what an expanded template can no longer express. Refuses to know how a template is expanded.
"""

from typing import Final

import click

from cfn_trigger import environment
from cfn_trigger.template import rewrite, transforms
from cfn_trigger.template.parameters import Overrides
from cfn_trigger.template.source import parse_template
from cfn_trigger.template.triggers import triggers
from cfn_trigger.terminal import console, options
from macro.cloudformation import as_map

ONCE: Final = (
    "has no effect once the template is expanded, and the trigger runs once; to run it again,"
    " change a parameter in its Payload"
)


@options.command(
    "cfn-trigger expand template.yaml",
    "cfn-trigger expand --sam packaged.yaml --parameter Stage=prod > expanded.yaml",
)
@options.template_argument
@options.parameter_options
@click.option("--sam", is_flag=True, help="Also run SAM and AWS::LanguageExtensions.")
@options.macro_name_option
@options.region_option
@options.json_option
def command(
    source: str,
    overrides: Overrides,
    *,
    sam: bool,
    macro_name: str,
    region: str,
    as_json: bool,
) -> None:
    """Print the template as the macro expands it.

    TEMPLATE is a file, or - for standard input. What the macro does not change keeps every
    character, and JSON stays JSON. The list of transforms no longer contains those that ran.
    """
    text = environment.read_text(source, keeps_mark=True)
    template = parse_template(text.removeprefix(environment.BYTE_ORDER_MARK), source)
    context = transforms.Context(
        values=overrides.values_of(template),
        region=region,
        with_aws=sam,
        accepts_local_code=False,
        macro_name=macro_name,
    )
    transforms.refuse_overtaking(template, macro_name)
    processed = transforms.process(template, context)
    if macro_name not in processed.ran:
        console.note(f"{source}: its Transform does not list {macro_name}")
    for name, properties in triggers(processed.template).items():
        if "Deployment" in as_map(properties.get("Fingerprint")):
            console.note(f"{source}: {name}.ExecuteOnEveryDeployment: {ONCE}")
    if as_json:
        console.show_json(processed.template)
    else:
        mark = environment.BYTE_ORDER_MARK if text.startswith(environment.BYTE_ORDER_MARK) else ""
        click.echo(mark + rewrite.rewritten(template, processed.template), nl=False)
