"""The two sides of an update: a stack as it stands, and the template that is to update it.

Knows which value a parameter has on each, and what a client adds to a template on its way. Refuses
to ask AWS: what it said is given.
"""

from collections.abc import Iterator, Mapping

from cfn_trigger import environment
from cfn_trigger.deployment import stacks
from cfn_trigger.prediction.predict import NOTHING, Before
from cfn_trigger.template import parameters, transforms
from cfn_trigger.template.intrinsics import AtDeployment, Open, Secret, Side
from cfn_trigger.template.source import Template, section
from macro.cloudformation import is_secret
from macro.model import Json


def against_stack(
    template: Template,
    said: Mapping[str, str],
    deployed: stacks.Deployed | None,
    stored: Mapping[str, str] | None = None,
) -> tuple[Before, Side]:
    """Put a template beside the stack that it is to update, or beside none.

    `stored` is what names in the parameter store stand for now, as far as that is known.
    """
    declared = section(template.values, "Parameters")
    if deployed is None:
        return NOTHING, of_template(template, said, {})
    names = parameters.settled(declared, said, deployed.values)
    now = {
        p: (stored or {})[name]
        for p, name in stored_names(declared, names)
        if name in (stored or {})
    }
    known = {**names, **{p: v for p, v in deployed.looked_up.items() if p not in said}, **now}
    constants = stacks.pseudo_parameters(deployed.stack_id)
    values = {name: value for name, value in known.items() if name in declared}
    opened = {p: one for p, one in _stored(declared).items() if p not in now}
    for name in (name for name, one in declared.items() if is_secret(one)):
        opened[name] = Secret(name, is_given=name in said or name not in deployed.values)
    setting = transforms.Setting(values=values, region=constants["AWS::Region"])
    expanded = transforms.expanded(template, setting).template
    after = Side(template=expanded, values=values, opened=opened, constants=constants)
    failed = frozenset(name for name, status in deployed.statuses.items() if "FAILED" in status)
    return Before(side=_as_deployed(deployed, now), failed=failed), after


def _as_deployed(deployed: stacks.Deployed, now: Mapping[str, str]) -> Side:
    """Give the side of a stack as it stands; `now` are the parameters that can be compared."""
    declared = section(deployed.template, "Parameters")
    comparable = now.keys() & deployed.looked_up.keys()
    opened = {p: one for p, one in _stored(declared).items() if p not in comparable}
    secrets = {
        name: Secret(name, is_given=False) for name, one in declared.items() if is_secret(one)
    }
    return Side(
        template=deployed.template,
        values={**deployed.values, **deployed.looked_up},
        opened=opened | secrets,
        constants=stacks.pseudo_parameters(deployed.stack_id),
    )


def stored_names(
    declared: Mapping[str, Json], values: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the parameters from the parameter store, with their names there."""
    for name in _stored(declared):
        if name in values:
            yield name, values[name]


def of_template(template: Template, said: Mapping[str, str], old_said: Mapping[str, str]) -> Side:
    """Give a side of a template that no stack was asked about."""
    declared = section(template.values, "Parameters")
    values = parameters.settled(declared, {**said, **old_said})
    setting = transforms.Setting(values=values, region=environment.region())
    expanded = transforms.expanded(template, setting).template
    return Side(template=expanded, values=values, opened=_stored(declared), constants={})


def _stored(declared: Mapping[str, Json]) -> dict[str, Open]:
    return {
        name: AtDeployment(f"parameter {name!r}")
        for name, one in declared.items()
        if parameters.is_stored(one)
    }
